"""The words of a report in its language: gettext catalogues from .po files, numbers as the language prints.

The messages are the English texts themselves; `locale/ru.po` holds their translations and is all that a
translator edits. It is read as it is, without a compiled copy that could be out of date.
"""

from __future__ import annotations

import gettext
import io
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources

from lss_core.domain import Estimate
from lss_core.reports.values import Language, Number

MINUS = "\u2212"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Texts:
    """Translates and prints for one language. `asked` keeps every message that was looked up."""

    language: Language
    asked: set[str] = field(default_factory=set, compare=False)

    def __call__(self, message: str, **values: object) -> str:
        """The message in the language, its {names} filled in; English where there is no translation."""
        self.asked.add(message)
        found = _catalogue(self.language).gettext(message) if message else ""
        return found.format(**values) if values else found

    def number(self, value: float, digits: int = 2, *, signed: bool = False) -> str:
        """'0.86', '0,86'; with a sign '+0.04', '−0.17'."""
        text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
        if float(text) == 0:
            text = f"{0:.{digits}f}"
        text = text.replace("-", MINUS)
        return text.replace(".", ",") if self.language is Language.RUSSIAN else text

    def count(self, value: int) -> str:
        """'4,800', '4 800' with a space that does not break."""
        return f"{value:,}".replace(",", "\u00a0") if self.language is Language.RUSSIAN else f"{value:,}"

    def figure(self, number: Number, *, signed: bool = False) -> str:
        """'0.86 (0.80–0.91)', as the pages show it."""
        if number.value is None:
            return self("undefined")
        value = self.number(number.value, signed=signed)
        if number.interval is None:
            return f"{value} ({self('no interval')})"
        return f"{value} ({self.range(number.interval, signed=signed)})"

    def range(self, own: Estimate, *, signed: bool = False) -> str:
        """'0.80–0.91'; where ends may be negative '−0.39 to +0.06'."""
        low, high = (self.number(end, signed=signed) for end in (own.low, own.high))
        return self("{low} to {high}", low=low, high=high) if signed else f"{low}–{high}"

    def p(self, value: float) -> str:
        """'0.034', '<0.001'."""
        return "<" + self.number(0.001, 3) if value < 0.001 else self.number(value, 3)

    def day(self, at: datetime) -> str:
        """'2026-11-24' or '24.11.2026'."""
        return at.strftime("%d.%m.%Y" if self.language is Language.RUSSIAN else "%Y-%m-%d")

    def moment(self, at: datetime) -> str:
        """A day and the minute, UTC."""
        return f"{self.day(at)} {at:%H:%M} UTC"


@cache
def messages(language: Language) -> Mapping[str, str]:
    """The translations of a language by their English message; none for English."""
    if language is Language.ENGLISH:
        return {}
    file = resources.files("lss_core.reports") / "locale" / f"{language.value}.po"
    return read_po(file.read_text(encoding="utf-8"))


def read_po(text: str) -> dict[str, str]:
    """The messages of a .po file, empty translations left out. Raises ValueError for a line that is none."""
    found: dict[str, str] = {}
    parts = {"msgid": "", "msgstr": ""}
    current = ""
    for number, line in enumerate([*text.splitlines(), 'msgid ""'], start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        keyword, _, rest = line.partition(" ")
        if keyword in parts:
            if keyword == "msgid":
                found |= {parts["msgid"]: parts["msgstr"]} if parts["msgid"] and parts["msgstr"] else {}
                parts = {"msgid": "", "msgstr": ""}
            current, line = keyword, rest
        quoted = _QUOTED.fullmatch(line)
        if quoted is None or not current:
            raise ValueError(f"line {number} of the catalogue is no message: {line}")
        parts[current] += re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted[1])
    return found


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    found = messages(language)
    return gettext.GNUTranslations(io.BytesIO(compiled(found))) if found else gettext.NullTranslations()


def compiled(found: Mapping[str, str]) -> bytes:
    """The catalogue in gettext's binary form (.mo): header, two tables of lengths and offsets, strings."""
    pairs = [(b"", b"Content-Type: text/plain; charset=UTF-8\n")]
    pairs += sorted((one.encode(), other.encode()) for one, other in found.items())
    head = 7 * 4
    at, tables, strings = head + 16 * len(pairs), [b"", b""], b""
    for side in (0, 1):
        for pair in pairs:
            tables[side] += struct.pack("<II", len(pair[side]), at + len(strings))
            strings += pair[side] + b"\0"
    start = struct.pack("<IIIIIII", 0x950412DE, 0, len(pairs), head, head + 8 * len(pairs), 0, 0)
    return start + tables[0] + tables[1] + strings

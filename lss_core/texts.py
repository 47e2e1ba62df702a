"""What people see, in their language: one gettext catalogue for pages, routes, refusals and reports.

The messages are the English texts themselves; `locale/<language>.po` holds their translations and is all
that a translator edits. It is read as it is, without a compiled copy that could be out of date.

The language belongs to the context at work (a page's run, a request), never to the process: the server sets
it with `speak`, and what sets none, the command line among it, speaks English. A text that is made before it
is known who will read it, such as a label or a refusal, is a `Text`: an English string that `translated` can
still say in the reader's language.
"""

from __future__ import annotations

import gettext
import io
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from typing import Any, cast

MINUS = "\u2212"
LEAST_TELLING = 8
"""Letters that a message has outside its fields, to be recognised when they are filled in."""


class Language(StrEnum):
    """What the product is read in."""

    ENGLISH = "en"
    RUSSIAN = "ru"

    @property
    def label(self) -> str:
        """The language's own name for itself."""
        return {Language.ENGLISH: "English", Language.RUSSIAN: "Русский"}[self]


_spoken: ContextVar[Language] = ContextVar("language", default=Language.ENGLISH)


def language() -> Language:
    """The language of the context at work."""
    return _spoken.get()


def speak(chosen: Language) -> None:
    """Speak a language for the rest of the context at work: a page's run, a request."""
    _spoken.set(chosen)


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Speak a language within the block."""
    before = _spoken.set(chosen)
    try:
        yield
    finally:
        _spoken.reset(before)


class Text(str):
    """An English text that knows its message, so that it can be said in another language later.

    As a string it is English, filled in: what logs, exports and the command line take. Whatever is built
    from it by string operations is a plain string and stays English.
    """

    message: str
    plural: str
    values: Mapping[str, object]

    def __new__(cls, message: str, plural: str = "", values: Mapping[str, object] | None = None) -> Text:
        """`plural` is the message for other numbers than one, of `values["n"]`."""
        filled = values or {}
        chosen = plural if plural and filled["n"] != 1 else message
        made = super().__new__(cls, _fill(chosen, filled, Language.ENGLISH))
        made.message, made.plural, made.values = message, plural, filled
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return (Text, (self.message, self.plural, self.values))


def later(message: str, **values: object) -> str:
    """A text to be translated when it is shown. The message is written out: extraction reads the source."""
    return Text(message, values=values)


def later_n(one: str, many: str, n: int, **values: object) -> str:
    """As `later`, for a number of things: `n` chooses the form and fills {n}."""
    return Text(one, many, {"n": n, **values})


def joined(parts: Sequence[str], between: str = ", ") -> str:
    """Texts side by side as one that can still be translated."""
    values = {f"part{place}": part for place, part in enumerate(parts)}
    return Text(between.join(f"{{{name}}}" for name in values), values=values)


def _(message: str, **values: object) -> str:
    """The message in the language of the context, its {names} filled in."""
    return translated(later(message, **values))


def ngettext(one: str, many: str, n: int, **values: object) -> str:
    """The message in the form that the language has for `n` things; {n} is filled in too."""
    return translated(later_n(one, many, n, **values))


def translated(text: str, chosen: Language | None = None) -> str:
    """A `Text` in the language (by default of the context); any other string as it is."""
    if not isinstance(text, Text):
        return text
    own = chosen or language()
    catalogue = _catalogue(own)
    if not text.message:
        return ""
    if text.plural:
        found = catalogue.ngettext(text.message, text.plural, cast(int, text.values["n"]))
    else:
        found = catalogue.gettext(text.message)
    return _fill(found, text.values, own)


def sentence(text: str) -> str:
    """What a refusal says, with a capital and a full stop, in the language of the context."""
    said = translated(text) if isinstance(text, Text) else known(text)
    return f"{said[:1].upper()}{said[1:]}."


def known(message: str, chosen: Language | None = None) -> str:
    """What was kept or sent as an English string, in the language where its catalogue has it.

    Where no message is the string itself, one with fields is that gives it when they are filled in: what the
    database and other processes hold are the finished strings.
    """
    return _known(message, chosen or language()) if message else ""


@lru_cache(maxsize=4096)
def _known(message: str, own: Language) -> str:
    catalogue = _catalogue(own)
    found = catalogue.gettext(message)
    if found != message:
        return found
    for pattern, own_message in _patterns(own):
        if match := pattern.fullmatch(message):
            values = {name: known(value, own) for name, value in match.groupdict().items()}
            return _Filler(own).vformat(catalogue.gettext(own_message), (), values)
    return message


@cache
def _patterns(own: Language) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The messages with fields as patterns of what they give, the most telling first."""
    found = []
    for message in getattr(_catalogue(own), "_catalog", {}):
        if isinstance(message, str) and "{" in message:
            parts = list(string.Formatter().parse(message))
            names = [name for _, name, _, _ in parts if name]
            telling = sum(len(text) for text, *_ in parts)
            if telling >= LEAST_TELLING and all(name.isidentifier() for name in names):
                pattern = "".join(
                    re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, _, _ in parts
                )
                if len(set(names)) == len(names):
                    found.append((telling, re.compile(pattern, re.DOTALL), message))
    return tuple((pattern, message) for _, pattern, message in sorted(found, key=lambda one: -one[0]))


def plural_forms(one: str, many: str, chosen: Language | None = None) -> dict[str, str]:
    """The forms of a message by Unicode's plural category: {'one': '{n} срез', 'few': '{n} среза', …}."""
    from babel import Locale

    own = chosen or language()
    category = Locale.parse(own.value).plural_form
    return {category(n): _catalogue(own).ngettext(one, many, n) for n in range(100, -1, -1)}


def number(value: float, digits: int = 2, *, signed: bool = False, chosen: Language | None = None) -> str:
    """'0.86', '0,86'; with a sign '+0.04', '−0.17'."""
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    if float(text) == 0:
        text = f"{0:.{digits}f}"
    return _local(text.replace("-", MINUS), chosen or language())


def separators() -> str:
    """The decimal mark and the mark between thousands, as Plotly takes them."""
    return "".join(chr(mark) if isinstance(mark, int) else mark for mark in _separators(language()))


def whole(value: int, chosen: Language | None = None) -> str:
    """'4,800', '4 800' with a space that does not break."""
    return _local(f"{value:,}", chosen or language())


def percent(share: float, digits: int = 0, chosen: Language | None = None) -> str:
    """'48 %' of 0.48."""
    return f"{number(100 * share, digits, chosen=chosen)}\u00a0%"


def day(at: datetime, chosen: Language | None = None) -> str:
    """'24 Nov 2026' or '24.11.2026'."""
    from babel.dates import format_date

    own = chosen or language()
    return format_date(at, "dd.MM.yyyy" if own is Language.RUSSIAN else "d MMM yyyy", locale=own.value)


def moment(at: datetime, chosen: Language | None = None) -> str:
    """A day and the minute: '24.11.2026 13:05 UTC'."""
    return f"{day(at, chosen)} {at:%H:%M} UTC"


class _Filler(string.Formatter):
    """Fills in a message: texts in the language too, numbers with its separators."""

    def __init__(self, own: Language) -> None:
        self.own = own

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Text):
            return format(translated(value, self.own), format_spec)
        text = format(value, format_spec)
        return _local(text, self.own) if isinstance(value, float) or format_spec == "," else text


def _fill(message: str, values: Mapping[str, object], own: Language) -> str:
    return _Filler(own).vformat(message, (), values) if values else message


def _local(digits: str, own: Language) -> str:
    """English digits with the language's separators."""
    if own is Language.ENGLISH:
        return digits
    decimal, group = _separators(own)
    return digits.translate({ord("."): decimal, ord(","): group})


@cache
def _separators(own: Language) -> tuple[str, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return get_decimal_symbol(own.value), get_group_symbol(own.value)


@cache
def _catalogue(own: Language) -> gettext.NullTranslations:
    """The translations of a language; none for English, which the messages are in."""
    if own is Language.ENGLISH:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    file = resources.files("lss_core") / "locale" / f"{own.value}.po"
    compiled = io.BytesIO()
    write_mo(compiled, read_po(file.open("rb"), locale=own.value))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)

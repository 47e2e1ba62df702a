"""The words and numbers of a report in its own language, whatever the language of who asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lss_core import texts
from lss_core.domain import Estimate
from lss_core.reports.values import Number
from lss_core.texts import Language, Text, known, later, translated

NO_INTERVAL = later("no interval")


@dataclass(frozen=True)
class Texts:
    """Translates and prints for one language. `asked` keeps every message that was looked up."""

    language: Language
    asked: set[str] = field(default_factory=set, compare=False)

    def __call__(self, message: str, **values: object) -> str:
        """The message in the language, its {names} filled in; English where there is no translation."""
        text = message if isinstance(message, Text) else None
        self.asked.add(text.message if text else message)
        if text or values:
            return translated(text or Text(message, values=values), self.language)
        return known(message, self.language)

    def number(self, value: float, digits: int = 2, *, signed: bool = False) -> str:
        """'0.86', '0,86'; with a sign '+0.04', '−0.17'."""
        return texts.number(value, digits, signed=signed, chosen=self.language)

    def count(self, value: int) -> str:
        """'4,800', '4 800' with a space that does not break."""
        return texts.whole(value, self.language)

    def figure(self, number: Number, *, signed: bool = False) -> str:
        """'0.86 (0.80–0.91)', as the pages show it."""
        if number.value is None:
            return self(later("undefined"))
        value = self.number(number.value, signed=signed)
        if number.interval is None:
            return f"{value} ({self(NO_INTERVAL)})"
        return f"{value} ({self.range(number.interval, signed=signed)})"

    def range(self, own: Estimate, *, signed: bool = False) -> str:
        """'0.80–0.91'; where ends may be negative '−0.39 to +0.06'."""
        low, high = (self.number(end, signed=signed) for end in (own.low, own.high))
        return self(later("{low} to {high}", low=low, high=high)) if signed else f"{low}–{high}"

    def p(self, value: float) -> str:
        """'0.034', '<0.001'."""
        return "<" + self.number(0.001, 3) if value < 0.001 else self.number(value, 3)

    def day(self, at: datetime) -> str:
        """'24 Nov 2026' or '24.11.2026'."""
        return texts.day(at, self.language)

    def moment(self, at: datetime) -> str:
        """A day and the minute, UTC."""
        return texts.moment(at, self.language)

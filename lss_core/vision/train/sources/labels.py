"""Conditions, levels, sides and grades as data sets write them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lss_core.domain import Condition, Grade, Level, Side, Site
from lss_core.errors import TrainingError
from lss_core.vision.train.pictures import NONE_OR_MILD

_CONDITIONS = {
    "spinal_canal_stenosis": Condition.CENTRAL,
    "subarticular_stenosis": Condition.LATERAL_RECESS,
    "neural_foraminal_narrowing": Condition.FORAMINAL,
    **{condition.value: condition for condition in Condition},
}
_GRADES = {
    "normal/mild": NONE_OR_MILD,
    "normal": int(Grade.NONE),
    **{grade.name.lower(): int(grade) for grade in Grade},
    **{str(int(grade)): int(grade) for grade in Grade},
}


def plain(text: str) -> str:
    """Title form as column form: 'Left Neural Foraminal Narrowing', 'L4/L5' as in a column's name."""
    return re.sub(r"[\s/\-]+", "_", text.strip().lower())


def site_of(condition: str, level: str, side: str = "") -> Site:
    """The site that a source names; the side may stand before the condition. Raises ValueError."""
    name, beside = plain(condition), plain(side)
    first, _, rest = name.partition("_")
    if first in set(Side) and rest in _CONDITIONS:
        name, beside = rest, first
    if name not in _CONDITIONS:
        raise ValueError(f"'{condition}' is not a condition")
    if plain(level).upper() not in set(Level):
        raise ValueError(f"'{level}' is not a level")
    if beside and beside not in set(Side):
        raise ValueError(f"'{side}' is not a side")
    if (_CONDITIONS[name] is Condition.CENTRAL) == bool(beside):
        raise ValueError("central sites have no side, all others have one")
    return Site(
        condition=_CONDITIONS[name],
        level=Level(plain(level).upper()),
        side=Side(beside) if beside else None,
    )


def grade_of(text: str) -> int:
    """The grade that a source writes: 0 to 3, by number or name, or NONE_OR_MILD. Raises ValueError."""
    known = text.strip().lower().removesuffix(".0")
    if known not in _GRADES:
        raise ValueError(f"'{text}' is not a grade")
    return _GRADES[known]


def rows_of(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV with their line's number. Raises TrainingError without the columns needed."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in needed if name not in (table.fieldnames or ())]
            if missing:
                reason = f"it has no column {', '.join(missing)}"
                raise TrainingError(
                    path.name, reason=reason, remedy="See docs/train-your-own.md for the columns"
                )
            for row in table:
                yield table.line_num, {key: (value or "").strip() for key, value in row.items() if key}
    except (OSError, UnicodeDecodeError) as error:
        reason = "the file is not there" if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TrainingError(path.name, reason=reason, remedy="Check the path in [[data]]") from error


def wrong(path: Path, line: int, error: ValueError) -> TrainingError:
    """A refusal of a row."""
    return TrainingError(f"{path.name}, row {line}", reason=str(error), remedy="Correct the row")

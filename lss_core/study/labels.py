"""Conditions, levels, sides and grades as data sets and spreadsheets write them."""

from __future__ import annotations

import re

from lss_core.domain import Condition, Grade, Level, Side, Site
from lss_core.texts import later

NONE_OR_MILD = -3
"""A grade of data sets that do not tell none from mild (RSNA's 'Normal/Mild')."""

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
_LEVEL_LETTERS = len("l1_l2")


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
        raise ValueError(later("'{cell}' is not a condition", cell=condition))
    if plain(level).upper() not in set(Level):
        raise ValueError(later("'{cell}' is not a level", cell=level))
    if beside and beside not in set(Side):
        raise ValueError(later("'{cell}' is not a side", cell=side))
    if (_CONDITIONS[name] is Condition.CENTRAL) == bool(beside):
        raise ValueError(later("central sites have no side, all others have one"))
    return Site(
        condition=_CONDITIONS[name],
        level=Level(plain(level).upper()),
        side=Side(beside) if beside else None,
    )


def grade_of(text: str) -> int:
    """The grade that a source writes: 0 to 3, by number or name, or NONE_OR_MILD. Raises ValueError."""
    known = text.strip().lower().removesuffix(".0")
    if known not in _GRADES:
        raise ValueError(later("'{cell}' is not a grade", cell=text))
    return _GRADES[known]


def site_of_column(name: str) -> Site:
    """The site of a column of RSNA's train.csv, 'left_subarticular_stenosis_l4_l5'. Raises ValueError."""
    try:
        return site_of(name[: -_LEVEL_LETTERS - 1], name[-_LEVEL_LETTERS:])
    except ValueError:
        raise ValueError(later("no site has the name of the column '{cell}'", cell=name)) from None

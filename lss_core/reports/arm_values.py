"""What a report is made of where readers read the same cases in two arms, and how long they took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import Estimate


@dataclass(frozen=True, kw_only=True)
class ReaderSlope:
    """One reader's figure in the first arm and in the second; `place` is his among all of the study."""

    name: str
    place: int
    first: float
    second: float


@dataclass(frozen=True, kw_only=True)
class ArmTestPart:
    """The second arm less the first in one figure, readers and cases as samples of many.

    `first` and `second` are the readers' means. `readers_fixed`: the only test that could be made holds for
    these readers alone. Without a test there is a refusal. `noninferior_p` is one-sided.
    """

    figure: str
    units: int = 0
    slopes: tuple[ReaderSlope, ...] = ()
    first: float | None = None
    second: float | None = None
    difference: Estimate | None = None
    statistic: float | None = None
    df: float | None = None
    p: float | None = None
    noninferior_p: float | None = None
    readers_fixed: bool = False
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class OverridePart:
    """What readers did in the second arm whose first grade stood so (`before`) to the model's.

    `after` are what they did, how many did, and how many of these were right.
    """

    before: str
    after: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class ArmsPart:
    """Two arms in one condition: a test a figure, and the overrides, or why there are none."""

    arms: tuple[str, str]
    tests: tuple[ArmTestPart, ...]
    overrides: tuple[OverridePart, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, kw_only=True)
class TimeRow:
    """A reader's minutes a case in an arm: how many cases, quartiles and median."""

    reader: str
    arm: str
    cases: int
    low: float
    median: float
    high: float


@dataclass(frozen=True, kw_only=True)
class TimesPart:
    """Reading times; `medians` by arm are of the readers' medians. `interrupted` sittings are left out."""

    rows: tuple[TimeRow, ...]
    medians: Mapping[str, float]
    interrupted: int
    longest_min: float

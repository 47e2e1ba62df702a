"""p-values of several groups of units adjusted for being several: Holm, a sequence, gatekeeping."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from lss_core.errors import StatisticsError
from lss_core.stats.multiplicity import (
    bonferroni,
    fixed_sequence,
    holm,
    parallel_gatekeeping,
    serial_gatekeeping,
)

NO_PRIMARY = "it needs to be told which groups come first"


class Adjustment(StrEnum):
    """How the p-values of a figure are adjusted over the groups."""

    HOLM = "holm"
    BONFERRONI = "bonferroni"
    FIXED_SEQUENCE = "fixed-sequence"
    SERIAL = "serial-gatekeeping"
    PARALLEL = "parallel-gatekeeping"

    @property
    def ordered(self) -> bool:
        """Whether it matters which groups come first."""
        return self not in (Adjustment.HOLM, Adjustment.BONFERRONI)

    def adjusted(self, first: Sequence[float], then: Sequence[float]) -> tuple[float, ...]:
        """The adjusted p-values of the groups that come first and of the others."""
        if self is Adjustment.HOLM:
            return holm([*first, *then])
        if self is Adjustment.BONFERRONI:
            return bonferroni([*first, *then])
        if self is Adjustment.FIXED_SEQUENCE:
            return fixed_sequence([*first, *then])
        if not (first and then):
            return holm([*first, *then])
        serial = self is Adjustment.SERIAL
        families = serial_gatekeeping((first, then)) if serial else parallel_gatekeeping(first, then)
        return tuple(p for family in families for p in family)


def adjust(groups: Sequence[Mapping[str, Any]], how: Adjustment, primary: Sequence[str]) -> None:
    """Adds to each comparison its p-value adjusted over the groups (in place): p_holm and p_adjusted.

    Each model, other rater and statistic is a family of its own. Groups with a value named in `primary`
    come first, in that order; the rest follow as they stand. Raises StatisticsError where an order is
    needed and none given, and for a value that no group has.
    """
    if how.ordered and not primary:
        remedy = "Name them with --primary, most important first"
        raise StatisticsError(how.value, reason=NO_PRIMARY, remedy=remedy)
    rank = {value: place for place, value in enumerate(primary)}
    last = len(rank)
    places = [
        min((rank.get(value, last) for value in group["by"].values()), default=last) for group in groups
    ]
    for value, place in rank.items():
        if place not in places:
            reason = f"no group has the value '{value}'"
            raise StatisticsError("--primary", reason=reason, remedy="Name a value of a column of --by")
    families: dict[tuple[str, ...], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for place, group in sorted(zip(places, groups, strict=True), key=lambda pair: pair[0]):
        for row in group["comparisons"]:
            if "p" in row:
                families[row["model"], row["other"], row["statistic"]].append((place, row))
    for family in families.values():
        rows = [row for _, row in family]
        first = [row["p"] for place, row in family if place < last]
        then = [row["p"] for place, row in family if place == last]
        both = zip(rows, holm([*first, *then]), how.adjusted(first, then), strict=True)
        for row, by_holm, by_order in both:
            row["p_holm"], row["p_adjusted"] = by_holm, by_order

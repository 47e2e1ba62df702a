"""Two arms and reading times as a report's values: those of the Comparison view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lss_core.domain import Condition, RaterKind
from lss_core.errors import StatisticsError
from lss_core.reports.arm_values import ArmsPart, ArmTestPart, OverridePart, ReaderSlope, TimeRow, TimesPart
from lss_core.stats.mrmc.result import Analysis, Fixed
from lss_core.texts import sentence
from lss_core.usecases.result_arms import AFTER, BEFORE, ArmComparison, compare_arms, overrides
from lss_core.usecases.result_cases import unit_rows
from lss_core.usecases.result_comparison import Compared
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.result_times import LONGEST_MIN, reading_times
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def arms_part(data: StudyData, selection: Selection, margin: float) -> ArmsPart | None:
    """The first two arms in each figure at the selection's units; None where there is one arm."""
    if len(data.arms) < 2:
        return None
    readers = [rater.name for rater in data.table.raters if rater.kind is RaterKind.READER]
    tests = tuple(_test(data, selection, figure, readers, margin) for figure in Compared)
    arms = (data.arms[0], data.arms[1])
    try:
        found = overrides(data, selection)
    except StatisticsError as refusal:
        return ArmsPart(arms=arms, tests=tests, refusal=sentence(refusal.reason))
    rows = tuple(
        OverridePart(
            before=before,
            after=tuple(
                (after, found.counts.get((before, after), 0), found.right.get((before, after), 0))
                for after in AFTER
            ),
        )
        for before in BEFORE
    )
    return ArmsPart(arms=arms, tests=tests, overrides=rows)


def times_part(workspace: Workspace, user: User, data: StudyData) -> TimesPart | None:
    """How long the readers took for a case; None where no read has a time."""
    condition = next(own for own in Condition if any(site.condition is own for _, site in data.sites))
    times = reading_times(workspace, user, data.study_id, unit_rows(data, Selection(condition=condition)))
    if not times.sittings:
        return None
    return TimesPart(
        rows=tuple(
            TimeRow(reader=reader, arm=arm, cases=cases, low=low, median=middle, high=high)
            for reader, arm, cases, (low, middle, high) in times.by_reader()
        ),
        medians=times.medians,
        interrupted=times.interrupted,
        longest_min=LONGEST_MIN,
    )


def _test(
    data: StudyData, selection: Selection, figure: Compared, readers: Sequence[str], margin: float
) -> ArmTestPart:
    """The widest test that could be made, or why there is none."""
    try:
        compared = compare_arms(data, selection, figure)
    except StatisticsError as refusal:
        return ArmTestPart(figure=figure.label, refusal=refusal.reason)
    fixed = Fixed.NONE if Fixed.NONE in compared.tests else Fixed.READERS
    tested = compared.tests.get(fixed)
    if tested is None:
        reason = compared.refusals.get(Fixed.NONE, "")
        return ArmTestPart(figure=figure.label, units=compared.units, refusal=reason)
    (own,), means = tested.differences, _means(tested)
    first, second = compared.arms
    return ArmTestPart(
        figure=figure.label,
        units=compared.units,
        slopes=_slopes(compared, readers),
        first=means[first],
        second=means[second],
        difference=own.estimate,
        statistic=own.statistic,
        df=own.df,
        p=own.p_value,
        noninferior_p=own.noninferiority(margin).p_value,
        readers_fixed=fixed is Fixed.READERS,
    )


def _means(tested: Analysis) -> Mapping[str, float]:
    return {own.modality: own.value for own in tested.means}


def _slopes(compared: ArmComparison, readers: Sequence[str]) -> tuple[ReaderSlope, ...]:
    return tuple(
        ReaderSlope(name=name, place=readers.index(name), first=first, second=second)
        for name, (first, second) in compared.values.items()
    )

"""Two arms of the same readers: each reader's figures in both, the test, and what the model changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lss_core.domain import RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.result import Analysis, Fixed
from lss_core.stats.mrmc.study import ReaderStudy
from lss_core.texts import later
from lss_core.usecases.analysis import RatingTable
from lss_core.usecases.rater_statistics import POSITIVE, SCALE
from lss_core.usecases.result_comparison import Compared, check_one_reference, full_readers, renumbered
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import Selection, StudyData

BEFORE = (later("as the model"), later("lower than the model"), later("higher than the model"))
AFTER = (later("kept his grade"), later("took the model's"), later("gave another"))


@dataclass(frozen=True, kw_only=True)
class ArmComparison:
    """The second arm less the first in one figure; `values` by reader in the order of the arms."""

    figure: Compared
    arms: tuple[str, str]
    units: int
    values: Mapping[str, tuple[float, float]]
    tests: Mapping[Fixed, Analysis]
    refusals: Mapping[Fixed, str]

    @property
    def worse(self) -> tuple[str, ...]:
        """The readers who are lower in the second arm."""
        return tuple(name for name, (one, other) in self.values.items() if other < one)


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What readers did in the second arm, by how their first grade stood to the model's.

    `counts[before, after]` and `right[before, after]`, those that were right in the end; BEFORE, AFTER.
    """

    arms: tuple[str, str]
    counts: Mapping[tuple[str, str], int]
    right: Mapping[tuple[str, str], int]


@lru_cache(maxsize=32)
def compare_arms(data: StudyData, selection: Selection, figure: Compared) -> ArmComparison:
    """The first two arms, at the units that every reader of both has graded in both.

    Raises StatisticsError where there are fewer than two arms or no such unit or reader.
    """
    one, other, arms = _two(data, selection)
    names = {r.name for r in full_readers(one)} & {r.name for r in full_readers(other)}
    check_one_reference(full_readers(one))
    if not names:
        reason = later("no reader has answered enough in both arms")
        raise StatisticsError("Arms", reason=reason, remedy=later("Let the readers finish both"))
    readers = sorted(names)
    scores = np.stack([[_grades(table, name) for name in readers] for table in (other, one)])
    graded = np.flatnonzero(~np.isnan(one.truth) & ~np.isnan(scores).any(axis=(0, 1)))
    if not len(graded):
        reason = later("there is no unit that all readers have graded in both arms")
        raise StatisticsError("Arms", reason=reason, remedy=later("Let the readers finish both"))
    truth = one.truth[graded]
    study = ReaderStudy(
        scores=scores[:, :, graded],
        truth=truth if figure is Compared.KAPPA else np.isin(truth, POSITIVE).astype(np.float64),
        patients=renumbered(one.patients[graded]),
        modalities=(arms[1], arms[0]),
        readers=tuple(readers),
        cases=tuple(str(unit) for unit in graded),
    )
    tests, refusals = {}, {}
    for fixed in Fixed:
        try:
            tests[fixed] = obuchowski_rockette(study, figure.measure, fixed=fixed)
        except StatisticsError as refusal:
            refusals[fixed] = refusal.reason
    values: dict[str, tuple[float, float]] = {}
    if tests:
        own = {(f.modality, f.reader): f.value for f in next(iter(tests.values())).figures}
        values = {name: (own[arms[0], name], own[arms[1], name]) for name in readers}
    return ArmComparison(
        figure=figure, arms=arms, units=len(graded), values=values, tests=tests, refusals=refusals
    )


def overrides(data: StudyData, selection: Selection) -> Overrides:
    """Each reader's grades in both arms beside the model's. Raises StatisticsError without two arms."""
    one, other, arms = _two(data, selection)
    model = next((rater for rater in one.raters if rater.kind is RaterKind.MODEL), None)
    if model is None:
        raise StatisticsError("Arms", reason=later("no model has graded the cases"), remedy="Run the model")
    counts: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for reader in full_readers(one):
        first, second = reader.grades, _grades(other, reader.name)
        truth = one.truth if reader.truth is None else np.array([*SCALE, np.nan])[reader.truth]
        for place in np.flatnonzero(~np.isnan(first + second + model.grades + truth)):
            own, then, said = first[place], second[place], model.grades[place]
            before = BEFORE[0 if own == said else 1 if own < said else 2]
            after = AFTER[0 if then == own else 1 if then == said else 2]
            counts[before, after] += 1
            right[before, after] += int(then == truth[place])
    return Overrides(arms=arms, counts=counts, right=right)


def _two(data: StudyData, selection: Selection) -> tuple[RatingTable, RatingTable, tuple[str, str]]:
    if len(data.arms) < 2:
        raise StatisticsError(
            "Two arms",
            reason="the readers have read in one arm only" + (f", '{data.arms[0]}'" if data.arms else ""),
            remedy="Slopes and overrides are shown once each reader has read in a second arm",
        )
    arms = (data.arms[0], data.arms[1])
    one, other = (cut(data, replace(selection, arm=arm)).table for arm in arms)
    return one, other, arms


def _grades(table: RatingTable, name: str) -> np.ndarray:
    return next(rater.grades for rater in table.raters if rater.name == name)

"""Models against the panel of readers: multi-reader multi-case tests with Holm over the conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np

from lss_core.domain import Condition, RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.result import Analysis, Difference, Fixed
from lss_core.stats.mrmc.standalone import standalone
from lss_core.stats.mrmc.study import Measure as MrmcMeasure
from lss_core.stats.mrmc.study import Metric, ReaderStudy
from lss_core.stats.multiplicity import holm
from lss_core.stats.tables import Codes
from lss_core.texts import later
from lss_core.usecases.analysis import RatingTable
from lss_core.usecases.figures import FULL_READER
from lss_core.usecases.rater_statistics import POSITIVE, SCALE, RaterColumn
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import Selection, StudyData

READERS = "Readers"
MARGIN = 0.05
"""The margin of non-inferiority where none is given."""
THRESHOLD = float(min(POSITIVE))
OWN_REFERENCES = later("each reader has a reference of his own; the test needs one for all")


class Compared(StrEnum):
    """What model and readers are compared in; all of their grades, so that like meets like."""

    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    AUC = "auc"
    KAPPA = "kappa"

    @property
    def label(self) -> str:
        """The figure as a table names it."""
        return {
            Compared.SENSITIVITY: later("Sensitivity"),
            Compared.SPECIFICITY: later("Specificity"),
            Compared.AUC: later("AUC of the grades 0 to 3"),
            Compared.KAPPA: later("Kappa, four grades, unweighted"),
        }[self]

    @property
    def measure(self) -> MrmcMeasure:
        """The figure as the tests compute it."""
        if self is Compared.KAPPA:
            return MrmcMeasure(metric=Metric.KAPPA, scale=SCALE)
        return MrmcMeasure(metric=Metric(self.value), threshold=THRESHOLD)


@dataclass(frozen=True, kw_only=True)
class Standalone:
    """A model against the panel in one figure of one condition.

    `units` were graded by the model and by all readers who count; `left_out` were not. `tests` by what is
    fixed, each with its p-value and, in `p_holm`, adjusted over the conditions. Where a test is undefined
    its refusal stands in `refusals`.
    """

    condition: Condition
    figure: Compared
    model: str
    readers: tuple[str, ...] = ()
    units: int = 0
    left_out: int = 0
    positives: int = 0
    patients: int = 0
    model_value: float | None = None
    reader_values: tuple[float, ...] = ()
    tests: Mapping[Fixed, Difference] = field(default_factory=dict)
    refusals: Mapping[Fixed, str] = field(default_factory=dict)
    p_holm: Mapping[Fixed, float] = field(default_factory=dict)
    components: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def readers_mean(self) -> float | None:
        """The mean of the readers' own figures."""
        return sum(self.reader_values) / len(self.reader_values) if self.reader_values else None


def standalone_tests(data: StudyData, selection: Selection) -> tuple[Standalone, ...]:
    """Each model against the readers, in each figure and every condition that the selection's choices have.

    The selection's own condition does not matter: Holm adjusts over all three. Empty without a model.
    """
    return _all_tests(data, replace(selection, condition=Condition.CENTRAL))


@lru_cache(maxsize=32)
def _all_tests(data: StudyData, selection: Selection) -> tuple[Standalone, ...]:
    found = []
    for condition in Condition:
        try:
            table = cut(data, replace(selection, condition=condition)).table
        except StatisticsError:
            continue
        models = [rater for rater in table.raters if rater.kind is RaterKind.MODEL]
        found += [_tested(table, condition, figure, model) for model in models for figure in Compared]
    return _with_holm(found)


def non_inferiority(rows: Sequence[Standalone], fixed: Fixed, margin: float) -> tuple[float | None, ...]:
    """Of each row the one-sided p that the model is worse by less than the margin, adjusted by Holm.

    Over the conditions, within a model and figure; None where there is no test. Raises StatisticsError for
    a margin that is not above 0.
    """
    found: list[float | None] = [None] * len(rows)
    for places in _families(rows, fixed):
        p = [rows[place].tests[fixed].noninferiority(margin).p_value for place in places]
        for place, value in zip(places, holm(p), strict=True):
            found[place] = value
    return tuple(found)


def reader_study(table: RatingTable, model: RaterColumn, figure: Compared) -> tuple[ReaderStudy, int]:
    """Model and readers as two modalities at the units that all have graded, and how many are left out.

    Raises StatisticsError where nobody, or not one reader, has graded them.
    """
    known = ~np.isnan(table.truth)
    readers = full_readers(table)
    check_one_reference(readers)
    if not readers:
        reason = later("no reader has answered enough of the units")
        raise StatisticsError("Comparison", reason=reason, remedy="Let the readers finish their cases")
    columns = [model, *readers]
    graded = np.flatnonzero(known & ~np.isnan(np.stack([own.grades for own in columns])).any(axis=0))
    if not len(graded):
        reason = later("there is no unit that the model and all readers have graded")
        raise StatisticsError("Comparison", reason=reason, remedy="Run the model on the cases that were read")
    scores = np.full((2, len(columns), len(graded)), np.nan)
    scores[0, 0] = model.grades[graded]
    for place, reader in enumerate(readers, start=1):
        scores[1, place] = reader.grades[graded]
    truth = table.truth[graded]
    study = ReaderStudy(
        scores=scores,
        truth=truth if figure is Compared.KAPPA else np.isin(truth, POSITIVE).astype(np.float64),
        patients=renumbered(table.patients[graded]),
        modalities=(model.name, READERS),
        readers=tuple(own.name for own in columns),
        cases=tuple(str(unit) for unit in graded),
    )
    return study, int(known.sum()) - len(graded)


def check_one_reference(readers: Sequence[RaterColumn]) -> None:
    """Raises StatisticsError where readers have references of their own."""
    if any(reader.truth is not None for reader in readers):
        remedy = later("Compare with one reference; Overview has each reader's difference")
        raise StatisticsError(later("Comparison"), reason=OWN_REFERENCES, remedy=remedy)


def full_readers(table: RatingTable) -> list[RaterColumn]:
    """The readers who have answered enough to count."""
    known = ~np.isnan(table.truth)
    readers = (rater for rater in table.raters if rater.kind is RaterKind.READER)
    return [rater for rater in readers if _share(rater, known) >= FULL_READER]


def _tested(table: RatingTable, condition: Condition, figure: Compared, model: RaterColumn) -> Standalone:
    bare = Standalone(condition=condition, figure=figure, model=model.name)
    try:
        study, left_out = reader_study(table, model, figure)
    except StatisticsError as refusal:
        return replace(bare, refusals=dict.fromkeys(Fixed, refusal.reason))
    tests: dict[Fixed, Difference] = {}
    refusals: dict[Fixed, str] = {}
    analysis: Analysis | None = None
    for fixed in Fixed:
        try:
            made = standalone(study, figure.measure, model.name, fixed=fixed)
        except StatisticsError as refusal:
            refusals[fixed] = refusal.reason
            continue
        analysis = analysis or made
        tests[fixed] = made.differences[0]
    positives = study.truth >= THRESHOLD if figure is Compared.KAPPA else study.truth == 1
    bare = replace(
        bare,
        readers=study.readers[1:],
        units=len(study.cases),
        left_out=left_out,
        positives=int(positives.sum()),
        patients=study.n_patients,
        tests=tests,
        refusals=refusals,
    )
    if analysis is None:
        return bare
    return replace(
        bare,
        model_value=analysis.figures[0].value,
        reader_values=tuple(one.value for one in analysis.figures[1:]),
        components=analysis.components,
        notes=analysis.notes,
    )


def _with_holm(rows: list[Standalone]) -> tuple[Standalone, ...]:
    """Each test's p-value adjusted over the conditions, within its model and figure."""
    adjusted: dict[int, dict[Fixed, float]] = {place: {} for place in range(len(rows))}
    for fixed in Fixed:
        for places in _families(rows, fixed):
            values = holm([rows[place].tests[fixed].p_value for place in places])
            for place, value in zip(places, values, strict=True):
                adjusted[place][fixed] = value
    return tuple(replace(row, p_holm=adjusted[place]) for place, row in enumerate(rows))


def _families(rows: Sequence[Standalone], fixed: Fixed) -> list[list[int]]:
    """The places of the tests that are adjusted together: of one model and figure, over the conditions."""
    families: dict[tuple[str, Compared], list[int]] = {}
    for place, row in enumerate(rows):
        if fixed in row.tests:
            families.setdefault((row.model, row.figure), []).append(place)
    return list(families.values())


def _share(rater: RaterColumn, known: np.ndarray) -> float:
    """The share of the known units that a rater has answered, 'not gradable' included."""
    answered = known & (~np.isnan(rater.grades) | rater.refused)
    return float(answered.sum() / max(int(known.sum()), 1)) if (~np.isnan(rater.grades)).any() else 0.0


def renumbered(patients: Codes) -> Codes:
    """Patients as 0 ... P - 1 without gaps."""
    return np.unique(patients, return_inverse=True)[1].astype(np.int64)

"""The scores of a multi-reader multi-case study and what is measured on them.

A case is what is scored once by a reader in a modality: an image, or one site of a patient. A patient
may have several cases; he is what is drawn at random, so all variances are over patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats import agreement, rates, roc
from lss_core.stats.agreement import Weighting
from lss_core.stats.rates import NO_NEGATIVE, NO_POSITIVE
from lss_core.stats.resample import Array, Statistic
from lss_core.stats.roc import Flags
from lss_core.stats.tables import Codes, confusion_tables, encode

Cell = tuple[int, int]
"""A modality and a reader, by their places in the study."""


class Metric(StrEnum):
    """The figure of each reader in each modality."""

    AUC = "auc"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    KAPPA = "kappa"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A metric with what it needs.

    Sensitivity and specificity call a score of `threshold` or more positive. Kappa needs the `scale` of
    the grades, which are both the scores and the truth.
    """

    metric: Metric
    threshold: float = 0.5
    scale: tuple[float, ...] = ()
    weighting: Weighting = Weighting.PLAIN

    @property
    def lowest(self) -> float:
        """The least value the figure can have."""
        return -1.0 if self.metric is Metric.KAPPA else 0.0

    @property
    def label(self) -> str:
        """The figure as a table shows it."""
        if self.metric is Metric.AUC:
            return "empirical AUC"
        if self.metric is Metric.KAPPA:
            return f"Cohen's kappa, {self.weighting.value}"
        return f"{self.metric.value} at a threshold of {self.threshold:g}"


@dataclass(frozen=True, kw_only=True, eq=False)
class ReaderStudy:
    """Scores (modalities, readers, cases), NaN where a reader has not read a case in a modality.

    `truth` (cases,) is 0 or 1, or a grade for kappa; `patients` (cases,) are indices 0 ... P - 1. Raises
    ValueError where the shapes do not fit.
    """

    scores: Array
    truth: Array
    patients: Codes
    modalities: tuple[str, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = (len(self.modalities), len(self.readers), len(self.cases))
        if self.scores.shape != shape or {self.truth.shape, self.patients.shape} != {shape[2:]}:
            raise ValueError("scores are (modalities, readers, cases), truth and patients (cases,)")

    @cached_property
    def n_patients(self) -> int:
        """The number of patients."""
        return int(self.patients.max()) + 1

    @cached_property
    def clustered(self) -> bool:
        """Whether any patient has more than one case."""
        return self.n_patients < len(self.cases)

    @cached_property
    def read(self) -> Flags:
        """Where there is a score: (modalities, readers, cases)."""
        return ~np.isnan(self.scores)

    @cached_property
    def positive(self) -> Flags:
        """The positive cases. Raises StatisticsError for a truth other than 0 and 1, or of one kind."""
        for name, value in zip(self.cases, self.truth, strict=True):
            if value not in (0, 1):
                reason = f"its truth is {value:g}, neither 0 nor 1"
                raise StatisticsError(f"case {name}", reason=reason, remedy="Correct it, or measure kappa")
        for kind, reason in ((1, NO_POSITIVE), (0, NO_NEGATIVE)):
            if not np.any(self.truth == kind):
                raise StatisticsError("reader study", reason=reason, remedy="Add cases")
        return np.asarray(self.truth == 1)

    def named(self, modality: str) -> int:
        """The place of a modality. Raises StatisticsError for one that is not there."""
        if modality not in self.modalities:
            reason = f"there is no such modality among {', '.join(self.modalities)}"
            raise StatisticsError(f"modality {modality}", reason=reason, remedy="Name one of them")
        return self.modalities.index(modality)

    def readers_of(self, modality: int) -> list[Cell]:
        """The cells of the readers who have read any case in the modality."""
        return [(modality, int(reader)) for reader in np.flatnonzero(self.read[modality].any(axis=1))]

    def require(self, cells: Sequence[Cell]) -> None:
        """Raises StatisticsError, naming the first gap, unless each cell has a score of every case."""
        gaps = [(m, r, int(c)) for m, r in cells for c in np.flatnonzero(~self.read[m, r])]
        if gaps:
            m, r, c = gaps[0]
            more = f" and {len(gaps) - 1} more are missing" if len(gaps) > 1 else " is missing"
            reason = (
                f"the score of reader {self.readers[r]}, case {self.cases[c]}, modality "
                f"{self.modalities[m]}{more}, and a fully crossed design needs them all"
            )
            remedy = "Add them, leave those cases out, or use U-statistics with the split-plot design"
            raise StatisticsError("reader study", reason=reason, remedy=remedy)


def statistics_of(study: ReaderStudy, measure: Measure, cells: Sequence[Cell]) -> list[Statistic]:
    """The figure of each cell as a function of the patients' weights. The cells must be complete."""
    return [_statistic(study, measure, study.scores[cell]) for cell in cells]


def _statistic(study: ReaderStudy, measure: Measure, scores: Array) -> Statistic:
    n, patients = study.n_patients, study.patients
    if measure.metric is Metric.KAPPA:
        truth, given = encode(study.truth, measure.scale), encode(scores, measure.scale)
        grades = len(measure.scale)
        tables = confusion_tables(truth, given, patients, grades=grades, n_patients=n)
        return agreement.cohen(tables, measure.weighting)
    if measure.metric is Metric.AUC:
        return roc.auc(roc.concordance(scores, study.positive, patients, n_patients=n))
    truth, called = study.positive.astype(np.int64), (scores >= measure.threshold).astype(np.int64)
    tables = confusion_tables(truth, called, patients, grades=2, n_patients=n)
    return (rates.sensitivity if measure.metric is Metric.SENSITIVITY else rates.specificity)(tables)


def informative(study: ReaderStudy, measure: Measure) -> Codes:
    """The patients whose cases enter the figure: for sensitivity those with a positive case."""
    if measure.metric is Metric.SENSITIVITY:
        return np.unique(study.patients[study.positive])
    if measure.metric is Metric.SPECIFICITY:
        return np.unique(study.patients[~study.positive])
    return np.unique(study.patients)

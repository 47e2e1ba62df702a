"""Results of a study as values: figures with their intervals or refusals, by rater and condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lss_core.domain import Condition, Estimate, RaterKind

FULL_READER = 0.9
"""The least share of sites a reader has answered who counts in the mean reader and in the panel."""


class Measure(StrEnum):
    """What is computed of each rater against the reference."""

    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    AUC = "auc"
    PPV = "ppv"
    NPV = "npv"
    ACCURACY = "accuracy"
    WEIGHTED_SENSITIVITY = "weighted_sensitivity"
    WEIGHTED_SPECIFICITY = "weighted_specificity"
    WEIGHTED_AUC = "weighted_auc"
    KAPPA_BINARY = "kappa_binary"
    KAPPA_GRADED = "kappa_graded"
    KAPPA_QUADRATIC = "kappa_quadratic"

    @property
    def label(self) -> str:
        """The measure as a table's heading shows it."""
        return _LABELS[self]


_LABELS = {
    Measure.SENSITIVITY: "Sensitivity",
    Measure.SPECIFICITY: "Specificity",
    Measure.AUC: "AUC",
    Measure.PPV: "PPV",
    Measure.NPV: "NPV",
    Measure.ACCURACY: "Accuracy",
    Measure.WEIGHTED_SENSITIVITY: "Sensitivity, weighted",
    Measure.WEIGHTED_SPECIFICITY: "Specificity, weighted",
    Measure.WEIGHTED_AUC: "AUC, weighted",
    Measure.KAPPA_BINARY: "Kappa, binary",
    Measure.KAPPA_GRADED: "Kappa, four grades",
    Measure.KAPPA_QUADRATIC: "Kappa, quadratic",
}

BINARY = (Measure.SENSITIVITY, Measure.SPECIFICITY, Measure.AUC)
GRADED = (Measure.WEIGHTED_SENSITIVITY, Measure.WEIGHTED_SPECIFICITY, Measure.WEIGHTED_AUC)
KAPPAS = (Measure.KAPPA_BINARY, Measure.KAPPA_GRADED, Measure.KAPPA_QUADRATIC)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A statistic as it is shown: with its interval, or with the refusal that says what is missing.

    `value` may stand without an interval; without a value only the refusal stands.
    """

    value: float | None = None
    interval: Estimate | None = None
    refusal: str = ""

    @property
    def text(self) -> str:
        """'0.86 (0.80–0.91)', '0.86 (no interval)' or 'undefined'."""
        if self.value is None:
            return "undefined"
        if self.interval is None:
            return f"{self.value:.2f} (no interval)"
        return f"{self.value:.2f} ({self.interval.low:.2f}–{self.interval.high:.2f})"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A ROC curve: points with the threshold from which positive is called."""

    thresholds: tuple[float, ...]
    false_positive_rates: tuple[float, ...]
    sensitivities: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class RaterResult:
    """A rater against the reference.

    `n` units have both grades; at `not_gradable` the rater refused, at `missing` nothing was answered.
    `confusion[truth][rating]` counts units. The mean reader is of `raters` readers, the counts are their
    totals, and there is no confusion matrix. `curve` is of a model with probabilities; other AUCs are of hard
    labels, (sensitivity + specificity) / 2.
    """

    name: str
    kind: RaterKind
    is_mean: bool = False
    raters: int = 1
    n: int
    missing: int
    not_gradable: int
    figures: Mapping[Measure, Figure]
    confusion: tuple[tuple[int, ...], ...] | None = None
    curve: Curve | None = None

    @property
    def is_full(self) -> bool:
        """Whether he has answered enough to count in the mean reader and in the panel."""
        answered = self.n + self.not_gradable
        return self.n > 0 and answered >= FULL_READER * (answered + self.missing)


@dataclass(frozen=True, kw_only=True)
class PanelResult:
    """Agreement within a group of raters on the four grades; readers who answered too little are left out."""

    name: str
    raters: int
    fleiss: Figure
    alpha: Figure


@dataclass(frozen=True, kw_only=True)
class ConditionResult:
    """All of one condition. Raters in the order models, mean reader, readers.

    `grade_counts` are the reference's; `reference_not_gradable` units are left out of everything.
    """

    condition: Condition
    cases: int
    units: int
    grade_counts: tuple[int, ...]
    reference_not_gradable: int
    raters: tuple[RaterResult, ...]
    panels: tuple[PanelResult, ...] = ()

"""Results of a study as values: figures with their intervals or refusals, by rater and condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lss_core.domain import Condition, Estimate, RaterKind
from lss_core.texts import _, later, number

FULL_READER = 0.9
"""The least share of sites a reader has answered who counts in the mean reader and in the panel."""


class Measure(StrEnum):
    """What is computed of each rater against the reference."""

    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"
    AUC = "auc"
    AUC_OF_GRADES = "auc_of_grades"
    PPV = "ppv"
    NPV = "npv"
    ACCURACY = "accuracy"
    WEIGHTED_SENSITIVITY = "weighted_sensitivity"
    WEIGHTED_SPECIFICITY = "weighted_specificity"
    WEIGHTED_AUC = "weighted_auc"
    KAPPA_BINARY = "kappa_binary"
    KAPPA_GRADED = "kappa_graded"
    KAPPA_QUADRATIC = "kappa_quadratic"
    KAPPA_LINEAR = "kappa_linear"
    POSITIVE_LIKELIHOOD_RATIO = "positive_likelihood_ratio"
    NEGATIVE_LIKELIHOOD_RATIO = "negative_likelihood_ratio"
    YOUDEN = "youden_index"
    BALANCED_ACCURACY = "balanced_accuracy"
    MACRO_SENSITIVITY = "macro_sensitivity"
    MACRO_SPECIFICITY = "macro_specificity"
    MICRO_SENSITIVITY = "micro_sensitivity"
    MICRO_SPECIFICITY = "micro_specificity"
    EXACT_AGREEMENT = "exact_agreement"
    WITHIN_ONE = "agreement_within_one"
    MEAN_ABSOLUTE_ERROR = "mean_absolute_error"
    MEAN_ERROR = "mean_error"
    PREVALENCE_INDEX = "prevalence_index"
    BIAS_INDEX = "bias_index"

    @property
    def label(self) -> str:
        """The measure as a table's heading shows it."""
        return _LABELS[self]


_LABELS = {
    Measure.SENSITIVITY: later("Sensitivity"),
    Measure.SPECIFICITY: later("Specificity"),
    Measure.AUC: later("AUC"),
    Measure.AUC_OF_GRADES: later("AUC of the grades"),
    Measure.PPV: later("PPV"),
    Measure.NPV: later("NPV"),
    Measure.ACCURACY: later("Accuracy"),
    Measure.WEIGHTED_SENSITIVITY: later("Sensitivity, weighted"),
    Measure.WEIGHTED_SPECIFICITY: later("Specificity, weighted"),
    Measure.WEIGHTED_AUC: later("AUC, weighted"),
    Measure.KAPPA_BINARY: later("Kappa, binary"),
    Measure.KAPPA_GRADED: later("Kappa, four grades"),
    Measure.KAPPA_QUADRATIC: later("Kappa, quadratic"),
    Measure.KAPPA_LINEAR: later("Kappa, linear"),
    Measure.POSITIVE_LIKELIHOOD_RATIO: later("LR+"),
    Measure.NEGATIVE_LIKELIHOOD_RATIO: later("LR-"),
    Measure.YOUDEN: later("Youden's index"),
    Measure.BALANCED_ACCURACY: later("Balanced accuracy"),
    Measure.MACRO_SENSITIVITY: later("Sensitivity, macro"),
    Measure.MACRO_SPECIFICITY: later("Specificity, macro"),
    Measure.MICRO_SENSITIVITY: later("Sensitivity, micro"),
    Measure.MICRO_SPECIFICITY: later("Specificity, micro"),
    Measure.EXACT_AGREEMENT: later("Exact agreement"),
    Measure.WITHIN_ONE: later("Agreement within one"),
    Measure.MEAN_ABSOLUTE_ERROR: later("Mean absolute error"),
    Measure.MEAN_ERROR: later("Mean error"),
    Measure.PREVALENCE_INDEX: later("Prevalence index"),
    Measure.BIAS_INDEX: later("Bias index"),
}

BINARY = (Measure.SENSITIVITY, Measure.SPECIFICITY, Measure.AUC)
GRADED = (Measure.WEIGHTED_SENSITIVITY, Measure.WEIGHTED_SPECIFICITY, Measure.WEIGHTED_AUC)
KAPPAS = (Measure.KAPPA_BINARY, Measure.KAPPA_GRADED, Measure.KAPPA_QUADRATIC)

ON_THE_PAGE = (*BINARY, Measure.PPV, Measure.NPV, Measure.ACCURACY, *GRADED, *KAPPAS)
"""What the page Results computes; `analyse` computes every measure."""


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
        """'0.86 (0.80–0.91)', '0.86 (no interval)' or 'undefined', in the language spoken."""
        if self.value is None:
            return _("undefined")
        value = number(self.value)
        if self.interval is None:
            return f"{value} ({_('no interval')})"
        return f"{value} ({number(self.interval.low)}–{number(self.interval.high)})"


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
class GroupResult:
    """All of one group of units. Raters in the order models, mean reader, readers.

    `grade_counts` are the reference's; `reference_not_gradable` units are left out of everything.
    """

    cases: int
    units: int
    grade_counts: tuple[int, ...]
    reference_not_gradable: int
    raters: tuple[RaterResult, ...]
    panels: tuple[PanelResult, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ConditionResult(GroupResult):
    """All of one condition."""

    condition: Condition

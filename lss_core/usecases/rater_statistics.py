"""Which statistic of a rater answers to which measure: his grades and the reference's in, statistics out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import Grade, RaterKind
from lss_core.stats import agreement, binary, graded, probabilities, rates, roc
from lss_core.stats.estimates import Ci
from lss_core.stats.resample import Array, Statistic
from lss_core.stats.tables import MISSING, Codes, Tables, confusion_tables, dichotomised, encode
from lss_core.usecases.figures import ON_THE_PAGE, Measure

SCALE = tuple(float(grade) for grade in Grade)
POSITIVE = tuple(int(grade) for grade in Grade if grade.positive)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How ratings are analysed: the grade scale, the codes that are positive, the interval, the measures."""

    scale: tuple[float, ...] = SCALE
    positive: tuple[int, ...] = POSITIVE
    interval: Ci = Ci.BCA
    measures: tuple[Measure, ...] = ON_THE_PAGE


@dataclass(frozen=True, kw_only=True, eq=False)
class RaterColumn:
    """One rater's answers: `grades` (units,) NaN where none, `refused` (units,) where 'not gradable'.

    `probabilities` (units, grades) of a model that gives them, NaN where it gives none; `scores` (units,)
    where a rater gives one (higher: more likely positive). `truth` (units,) are codes of a reference of
    his own, in place of the table's.
    """

    name: str
    kind: RaterKind
    grades: Array
    refused: NDArray[np.bool_]
    probabilities: Array | None = None
    scores: Array | None = None
    truth: Codes | None = None

    def take(self, units: Codes) -> RaterColumn:
        """The same rater at some of the units."""
        return RaterColumn(
            name=self.name,
            kind=self.kind,
            grades=self.grades[units],
            refused=self.refused[units],
            probabilities=None if self.probabilities is None else self.probabilities[units],
            scores=None if self.scores is None else self.scores[units],
            truth=None if self.truth is None else self.truth[units],
        )

    @property
    def has_curve(self) -> bool:
        """Whether his AUC is of a curve; otherwise it is of a hard label."""
        return self.probabilities is not None or self.scores is not None


_OF_BINARY: Mapping[Measure, Callable[[Tables], Statistic]] = {
    Measure.SENSITIVITY: rates.sensitivity,
    Measure.SPECIFICITY: rates.specificity,
    Measure.PPV: rates.positive_predictive_value,
    Measure.NPV: rates.negative_predictive_value,
    Measure.ACCURACY: rates.accuracy,
    Measure.KAPPA_BINARY: agreement.cohen,
    Measure.POSITIVE_LIKELIHOOD_RATIO: binary.positive_likelihood_ratio,
    Measure.NEGATIVE_LIKELIHOOD_RATIO: binary.negative_likelihood_ratio,
    Measure.YOUDEN: binary.youden,
    Measure.BALANCED_ACCURACY: rates.balanced_accuracy,
    Measure.PREVALENCE_INDEX: binary.prevalence_index,
    Measure.BIAS_INDEX: binary.bias_index,
}

_OF_GRADES: Mapping[Measure, Callable[[Tables], Statistic]] = {
    Measure.WEIGHTED_SENSITIVITY: rates.weighted_sensitivity,
    Measure.WEIGHTED_SPECIFICITY: rates.weighted_specificity,
    Measure.KAPPA_GRADED: agreement.cohen,
    Measure.KAPPA_LINEAR: lambda tables: agreement.cohen(tables, agreement.Weighting.LINEAR),
    Measure.KAPPA_QUADRATIC: lambda tables: agreement.cohen(tables, agreement.Weighting.QUADRATIC),
    Measure.MACRO_SENSITIVITY: graded.macro_sensitivity,
    Measure.MACRO_SPECIFICITY: graded.macro_specificity,
    Measure.MICRO_SENSITIVITY: graded.micro_sensitivity,
    Measure.MICRO_SPECIFICITY: graded.micro_specificity,
    Measure.EXACT_AGREEMENT: lambda tables: graded.agreement_within(tables, 0),
    Measure.WITHIN_ONE: lambda tables: graded.agreement_within(tables, 1),
    Measure.MEAN_ABSOLUTE_ERROR: graded.mean_absolute_error,
    Measure.MEAN_ERROR: graded.mean_error,
}


def statistics_of(
    rater: RaterColumn, truth: Codes, patients: Codes, *, n_patients: int, rules: Rules
) -> dict[Measure, Statistic]:
    """The rules' measures of a rater against `truth` (units,), or against the reference of his own."""
    own = truth if rater.truth is None else rater.truth
    codes = encode(rater.grades, rules.scale)
    grades = confusion_tables(own, codes, patients, grades=len(rules.scale), n_patients=n_patients)
    folded = dichotomised(grades, rules.positive)
    of_score: dict[Measure, Callable[[], Statistic]] = {
        Measure.AUC: lambda: roc.auc(concordance_of(rater, truth, patients, n_patients, rules)),
        Measure.AUC_OF_GRADES: lambda: roc.auc(
            concordance_of(by_grades(rater), truth, patients, n_patients, rules)
        ),
        Measure.WEIGHTED_AUC: lambda: roc.weighted_auc(
            own, for_each_grade(rater, rules), patients, n_patients=n_patients
        ),
    }
    found = {}
    for measure in rules.measures:
        if measure in of_score:
            found[measure] = of_score[measure]()
        elif measure in _OF_BINARY:
            found[measure] = _OF_BINARY[measure](folded)
        else:
            found[measure] = _OF_GRADES[measure](grades)
    return found


def pooled_statistics(
    readers: Sequence[RaterColumn], truth: Codes, patients: Codes, *, n_patients: int, rules: Rules
) -> dict[Measure, Statistic]:
    """The rules' measures of the readers' counts added up, as far as counts have them; not the mean reader.

    The AUC is of the pooled hard label, (sensitivity + specificity) / 2. Raises StatisticsError for nobody.
    """
    grades = graded.pooled(
        [
            confusion_tables(
                truth if reader.truth is None else reader.truth,
                encode(reader.grades, rules.scale),
                patients,
                grades=len(rules.scale),
                n_patients=n_patients,
            )
            for reader in readers
        ]
    )
    folded = dichotomised(grades, rules.positive)
    of_counts = {**_OF_BINARY, Measure.AUC: rates.balanced_accuracy}
    found = {measure: of_counts[measure](folded) for measure in rules.measures if measure in of_counts}
    return found | {
        measure: _OF_GRADES[measure](grades) for measure in rules.measures if measure in _OF_GRADES
    }


def concordance_of(
    rater: RaterColumn, truth: Codes, patients: Codes, n_patients: int, rules: Rules
) -> roc.Concordance:
    """How his scores order positive and negative units; units without a reference are left out."""
    own = truth if rater.truth is None else rater.truth
    known = own != MISSING
    positive = np.isin(own, rules.positive)
    return roc.concordance(
        score_of(rater, rules)[known], positive[known], patients[known], n_patients=n_patients
    )


def forecasts(
    rater: RaterColumn, truth: Codes, patients: Codes, rules: Rules
) -> tuple[roc.Flags, Array, Codes]:
    """Whether positive, his probability of that, and the patient of each unit with a reference."""
    known = truth != MISSING
    probability = score_of(replace(rater, scores=None), rules)
    return np.isin(truth[known], rules.positive), probability[known], patients[known]


def probability_statistics(
    rater: RaterColumn, truth: Codes, patients: Codes, *, n_patients: int, rules: Rules
) -> dict[str, Statistic]:
    """The scores of a rater's probabilities by name, 0 the best of each."""
    assert rater.probabilities is not None
    own = forecasts(rater, truth, patients, rules)
    return {
        "ranked_probability_score": probabilities.ranked_probability_score(
            truth, rater.probabilities, patients, n_patients=n_patients
        ),
        "brier_score": probabilities.brier(*own, n_patients=n_patients),
        "expected_calibration_error": probabilities.calibration_error(*own, n_patients=n_patients),
    }


def by_grades(rater: RaterColumn) -> RaterColumn:
    """The rater with his grades as scores: a single grade for everybody, so that AUCs are alike."""
    return replace(rater, scores=rater.grades, probabilities=None)


def score_of(rater: RaterColumn, rules: Rules) -> Array:
    """What speaks for positive (units,): his score, his probability of a positive grade, or 1 and 0."""
    if rater.scores is not None:
        return rater.scores
    return np.asarray(for_each_grade(rater, rules)[:, rules.positive].sum(axis=1))


def for_each_grade(rater: RaterColumn, rules: Rules) -> Array:
    """What speaks for each grade (units, grades): his probabilities, or 1 for the grade that he gave."""
    if rater.probabilities is not None:
        return rater.probabilities
    codes = encode(rater.grades, rules.scale)
    labels = np.where(codes[:, None] == np.arange(len(rules.scale)), 1.0, 0.0)
    labels[codes == MISSING] = np.nan
    return labels

"""What missing and not gradable ratings could change: each figure with all of them wrong, and all right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.tables import MISSING, Codes, encode
from lss_core.stats.units import Bounds, filled, filled_scores
from lss_core.usecases.figures import Measure
from lss_core.usecases.rater_statistics import RaterColumn, Rules, score_of, statistics_of

OF_BINARY = (
    Measure.SENSITIVITY,
    Measure.SPECIFICITY,
    Measure.AUC,
    Measure.AUC_OF_GRADES,
    Measure.PPV,
    Measure.NPV,
    Measure.ACCURACY,
    Measure.KAPPA_BINARY,
)
OF_GRADES = (
    Measure.EXACT_AGREEMENT,
    Measure.WITHIN_ONE,
    Measure.MEAN_ABSOLUTE_ERROR,
    Measure.KAPPA_GRADED,
    Measure.KAPPA_LINEAR,
    Measure.KAPPA_QUADRATIC,
)
BOUNDED = (*OF_BINARY, *OF_GRADES)
"""The figures that have bounds."""


def bounds_of(
    rater: RaterColumn,
    truth: Codes,
    patients: Codes,
    *,
    n_patients: int,
    rules: Rules,
    measures: Sequence[Measure] = BOUNDED,
) -> dict[Measure, Bounds | str]:
    """The bounds of a rater's figures against `truth` (units,), or why there are none.

    Wrong is the farthest grade of the scale; for the figures of positive and negative the farthest on the
    other side, for the AUC of scores below or above all others. A rate and an AUC cannot lie outside; of a
    kappa, whose chance agreement shifts too, the bounds are these two cases and no more.
    """
    found: dict[Measure, Bounds | str] = {}
    for group, positive in ((OF_BINARY, rules.positive), (OF_GRADES, ())):
        asked = replace(rules, measures=tuple(measure for measure in group if measure in measures))
        ends = [
            statistics_of(
                _filled(rater, truth, rules, positive, best=best), truth, patients,
                n_patients=n_patients, rules=asked,
            )
            for best in (False, True)
        ]  # fmt: skip
        for measure in asked.measures:
            try:
                worst, best = (own[measure].value() for own in ends)
            except StatisticsError as refusal:
                found[measure] = refusal.reason
                continue
            found[measure] = Bounds(worst=worst, best=best, missing=_missing(rater, truth, measure, rules))
    return found


def _filled(
    rater: RaterColumn, truth: Codes, rules: Rules, positive: Sequence[int], *, best: bool
) -> RaterColumn:
    codes = filled(
        truth,
        encode(rater.grades, rules.scale),
        grades=len(rules.scale),
        best=best,
        positive=positive,
    )
    scores = None
    if rater.has_curve:
        scores = filled_scores(np.isin(truth, rules.positive), score_of(rater, rules), best=best)
    grades = np.array([*rules.scale, np.nan])[codes]
    return replace(rater, grades=grades, scores=scores, probabilities=None, truth=None)


def _missing(rater: RaterColumn, truth: Codes, measure: Measure, rules: Rules) -> int:
    """How many ratings are missing among the units that the figure is of."""
    positive = np.isin(truth, rules.positive)
    own = {Measure.SENSITIVITY: positive, Measure.SPECIFICITY: ~positive}.get(measure, True)
    given = ~np.isnan(score_of(rater, rules) if measure is Measure.AUC else rater.grades)
    return int(np.sum((truth != MISSING) & own & ~given))

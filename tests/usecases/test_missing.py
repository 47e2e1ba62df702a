"""What missing grades could change, checked by hand arithmetic."""

import numpy as np
import pytest

from lss_core.domain import RaterKind
from lss_core.stats.tables import encode
from lss_core.usecases.figures import Measure
from lss_core.usecases.missing import bounds_of
from lss_core.usecases.rater_statistics import SCALE, RaterColumn, Rules

NONE = np.nan
TRUTH = np.array([3, 3, 2, 2, 2, 0, 0, 0, 1, 1], dtype=float)
GIVEN = np.array([3, NONE, 2, 0, NONE, 0, NONE, 2, NONE, 1])


def bounds(*, truth=TRUTH, given=GIVEN, probabilities=None):
    rater = RaterColumn(
        name="Anna",
        kind=RaterKind.MODEL if probabilities is not None else RaterKind.READER,
        grades=given,
        refused=np.arange(len(given)) == 4,
        probabilities=probabilities,
    )
    own = np.arange(len(given))
    return bounds_of(rater, encode(truth, SCALE), own, n_patients=len(own), rules=Rules())


@pytest.mark.parametrize(
    ("measure", "worst", "best", "missing"),
    [
        # positives 3 3 2 2 2 called + ? + - ?: 2 of 5 to 4 of 5; negatives 0 0 0 1 1 called - ? + ? -
        (Measure.SENSITIVITY, 2 / 5, 4 / 5, 2),
        (Measure.SPECIFICITY, 2 / 5, 4 / 5, 2),
        (Measure.ACCURACY, 4 / 10, 8 / 10, 4),
        (Measure.PPV, 2 / (2 + 3), 4 / (4 + 1), 4),
        (Measure.NPV, 2 / (2 + 3), 4 / (4 + 1), 4),
        (Measure.AUC, 2 / 5, 4 / 5, 4),
        (Measure.KAPPA_BINARY, (0.4 - 0.5) / 0.5, (0.8 - 0.5) / 0.5, 4),
        (Measure.EXACT_AGREEMENT, 4 / 10, 8 / 10, 4),
        (Measure.WITHIN_ONE, 4 / 10, 8 / 10, 4),
        # two errors of 2 grades; the missing 3 2 0 1 as 0 0 3 3 add 3 + 2 + 3 + 2
        (Measure.MEAN_ABSOLUTE_ERROR, 14 / 10, 4 / 10, 4),
        # reference 3 2 3 2 of each grade; given 4 1 2 3 at worst (expected 26 of 100), 3 2 3 2 at best (26)
        (Measure.KAPPA_GRADED, (0.4 - 0.26) / 0.74, (0.8 - 0.26) / 0.74, 4),
    ],
)
def test_the_ends_of_a_figure_with_many_missing_grades_are_those_of_hand_arithmetic(
    measure, worst, best, missing
) -> None:
    own = bounds()[measure]
    assert (own.worst, own.best) == (pytest.approx(worst), pytest.approx(best))
    assert own.missing == missing


def test_missing_probabilities_lie_below_or_above_all_others() -> None:
    shares = np.full((4, 4), NONE)
    shares[0] = [0.05, 0.05, 0.4, 0.5]
    shares[2] = [0.6, 0.2, 0.1, 0.1]
    own = bounds(
        truth=np.array([3.0, 2.0, 0.0, 1.0]), given=np.array([3.0, NONE, 0.0, NONE]), probabilities=shares
    )
    assert (own[Measure.AUC].worst, own[Measure.AUC].best) == (1 / 4, 1.0)  # of four pairs one is known


def test_who_graded_nothing_can_be_anything() -> None:
    own = bounds(given=np.full(10, NONE))
    assert (own[Measure.SENSITIVITY].worst, own[Measure.SENSITIVITY].best) == (0.0, 1.0)
    assert (own[Measure.KAPPA_BINARY].worst, own[Measure.KAPPA_BINARY].best) == (-1.0, 1.0)
    assert own[Measure.ACCURACY].missing == 10

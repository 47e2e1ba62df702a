from __future__ import annotations

import numpy as np
import pytest

from lss_core.errors import StatisticsError
from lss_core.stats import agreement, rates, roc
from lss_core.stats.estimates import Ci, estimate
from lss_core.stats.intervals import jackknife, rao_scott
from lss_core.stats.resample import Interval, Resamples, mean_of
from lss_core.stats.tables import Tables

RNG = np.random.default_rng(4)
TABLES = Tables(RNG.integers(0, 4, (40, 2, 2)).astype(float))
DRAWN = Resamples.draw(40, rng=np.random.default_rng(1), resamples=300)


def test_a_share_has_the_interval_of_counts_that_is_asked_for() -> None:
    statistic = rates.sensitivity(TABLES)
    hits, n = int(TABLES.total[1, 1]), int(TABLES.total[1].sum())
    ours = estimate(statistic, DRAWN, Ci.WILSON)
    assert ours == rates.wilson(hits, n)
    assert all(
        how.of_independent_units == (how.value in "wilson clopper-pearson jeffreys logit") for how in Ci
    )


def test_other_figures_have_bca_where_an_interval_of_counts_is_asked_for() -> None:
    kappa = agreement.cohen(TABLES)
    assert estimate(kappa, DRAWN, Ci.JEFFREYS) == DRAWN.estimate(kappa)
    assert estimate(kappa, DRAWN, Ci.BOOTSTRAP) == DRAWN.estimate(kappa, Interval.PERCENTILE)


def test_robust_means_raoscott_obuchowski_or_the_jackknife() -> None:
    positive, patients = RNG.random(80) < 0.5, np.repeat(np.arange(40), 2)
    pairs = roc.concordance(RNG.normal(positive, 1), positive, patients, n_patients=40)
    assert estimate(rates.accuracy(TABLES), DRAWN, Ci.ROBUST) == rao_scott(rates.accuracy(TABLES))
    assert estimate(roc.auc(pairs), DRAWN, Ci.ROBUST) == roc.obuchowski_interval(pairs)
    assert estimate(agreement.cohen(TABLES), DRAWN, Ci.ROBUST) == jackknife(agreement.cohen(TABLES))


@pytest.mark.parametrize("how", [Ci.BCA, Ci.BOOTSTRAP, Ci.ROBUST])
def test_a_share_of_1_has_wilsons_over_patients(how) -> None:
    perfect = Tables(np.tile(np.eye(2), (40, 1, 1)))
    share = rates.sensitivity(perfect)
    assert estimate(share, DRAWN, how).method == "Wilson over patients"
    mean = mean_of("mean", [share, share])
    assert estimate(mean, DRAWN, how, rate=True).method == "Wilson over patients"


def test_an_undefined_share_is_refused_whatever_the_interval() -> None:
    nobody = rates.sensitivity(Tables(np.zeros((40, 2, 2))))
    for how in Ci:
        with pytest.raises(StatisticsError, match="no unit is positive"):
            estimate(nobody, DRAWN, how)

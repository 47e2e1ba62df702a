"""The covariance of the readers' figures that comes of the sampling of patients, in four ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.kernels import kernels_of
from lss_core.stats.mrmc.study import Cell, Measure, Metric, ReaderStudy, informative, statistics_of
from lss_core.stats.resample import MAX_UNDEFINED_SHARE, Array, Statistic
from lss_core.stats.roc import concordance, obuchowski
from lss_core.stats.tables import Codes
from lss_core.texts import later


class Variance(StrEnum):
    """How the covariance is estimated."""

    DELONG = "delong"
    JACKKNIFE = "jackknife"
    BOOTSTRAP = "bootstrap"
    UNBIASED = "unbiased"


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """The replicates of the bootstrap; chance is passed in."""

    rng: np.random.Generator
    resamples: int = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class Errors:
    """Figures (cells,) and their covariance (cells, cells); `units` (cells,) they rest on."""

    figures: Array
    covariance: Array
    units: tuple[int, ...]
    how: str


def errors_of(
    study: ReaderStudy,
    measure: Measure,
    cells: Sequence[Cell],
    variance: Variance,
    *,
    resampling: Resampling | None = None,
) -> Errors:
    """The figures of complete cells with their covariance over patients.

    DeLong's is for AUCs (Obuchowski 1997 where a patient has several cases), the unbiased one (Gallas)
    for AUC, sensitivity and specificity, the others for any. Raises StatisticsError where a figure or
    the covariance is undefined, ValueError for a bootstrap without `resampling`.
    """
    study.require(cells)
    statistics = statistics_of(study, measure, cells)
    figures = np.array([statistic.value() for statistic in statistics])
    people = informative(study, measure)
    if len(people) < 2:
        reason = later("fewer than two patients have cases that count")
        raise StatisticsError(measure.label, reason=reason, remedy="Add cases")
    how: str = variance.value
    if variance is Variance.DELONG:
        covariance, how = _delong(study, measure, cells)
    elif variance is Variance.JACKKNIFE:
        pseudo = pseudovalues(statistics, figures, people)
        covariance = np.atleast_2d(np.cov(pseudo)) / len(people)
    elif variance is Variance.UNBIASED:
        covariance = kernels_of(study, measure, cells).covariance
    else:
        covariance, how = _bootstrap(statistics, people, study.n_patients, resampling)
    return Errors(figures=figures, covariance=covariance, units=tuple(one.n for one in statistics), how=how)


def pseudovalues(statistics: Sequence[Statistic], figures: Array, people: Codes) -> Array:
    """K figure - (K - 1) figure without the patient: (cells, K), the K patients who count.

    Raises StatisticsError where a figure is undefined without one of them.
    """
    weights = np.ones((len(people), statistics[0].patients))
    weights[np.arange(len(people)), people] = 0
    without = np.stack([statistic.of(weights) for statistic in statistics])
    if np.isnan(without).any():
        reason = f"with one patient left out, the {statistics[0].name} of a reader is undefined"
        raise StatisticsError("jackknife", reason=reason, remedy="Add cases of more patients")
    return np.asarray(len(people) * figures[:, None] - (len(people) - 1) * without)


def _delong(study: ReaderStudy, measure: Measure, cells: Sequence[Cell]) -> tuple[Array, str]:
    if measure.metric is not Metric.AUC:
        reason = f"DeLong's covariance is one of AUCs, not of {measure.metric.value}"
        raise StatisticsError("covariance", reason=reason, remedy="Use the jackknife or the bootstrap")
    pairs = [
        concordance(study.scores[cell], study.positive, study.patients, n_patients=study.n_patients)
        for cell in cells
    ]
    return obuchowski(pairs)[1], "delong" if not study.clustered else "delong, clustered (Obuchowski 1997)"


def _bootstrap(
    statistics: Sequence[Statistic], people: Codes, n_patients: int, resampling: Resampling | None
) -> tuple[Array, str]:
    if resampling is None:
        raise ValueError("a bootstrap needs its random numbers")
    n, replicates = len(people), resampling.resamples
    weights = np.zeros((replicates, n_patients))
    weights[:, people] = resampling.rng.multinomial(n, np.full(n, 1 / n), size=replicates)
    values = np.stack([statistic.of(weights) for statistic in statistics])
    defined = ~np.isnan(values).any(axis=0)
    if defined.sum() < max(2, (1 - MAX_UNDEFINED_SHARE) * replicates):
        share = 1 - defined.mean()
        reason = f"in {share:.0%} of the resamples a figure is undefined"
        raise StatisticsError("bootstrap", reason=reason, remedy="More cases are needed")
    return np.atleast_2d(np.cov(values[:, defined])), f"bootstrap of patients, {replicates} resamples"

"""Obuchowski and Rockette's analysis of variance of readers' figures, with Hillis' degrees of freedom.

The model is figure(i, j) = mu + modality(i) + R(j) + (TR)(i, j) + e(i, j), whose errors are correlated as
all readers saw the same cases: Cov1 for one reader in two modalities, Cov2 for two readers in one, Cov3
for both different. Obuchowski and Rockette 1995, Commun Stat Simul 24:285; Hillis, Obuchowski, Schartz
and Berbaum 2005, Stat Med 24:1579; Hillis 2007, Stat Med 26:596. As OR-DBM MRMC 2.51 and R's MRMCaov.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Errors, Resampling, Variance, errors_of
from lss_core.stats.mrmc.result import (
    NO_VARIANCE,
    Analysis,
    Difference,
    Fixed,
    Mean,
    OverallTest,
    cellwise,
    difference,
    f_test,
    mean,
    satterthwaite,
)
from lss_core.stats.mrmc.study import Measure, ReaderStudy
from lss_core.stats.resample import Array

TRUNCATED = "Cov2 - Cov3 is estimated below 0 and counts as 0"


@dataclass(frozen=True, kw_only=True)
class MeanSquares:
    """Of figures (modalities, readers); NaN where a factor has one level."""

    modality: float
    reader: float
    interaction: float

    @classmethod
    def of(cls, figures: Array) -> MeanSquares:
        """The two-way table's mean squares."""
        t, r = figures.shape
        by_modality, by_reader, centre = figures.mean(axis=1), figures.mean(axis=0), figures.mean()
        rest = figures - by_modality[:, None] - by_reader + centre
        return cls(
            modality=_mean_square(r * np.sum((by_modality - centre) ** 2), t - 1),
            reader=_mean_square(t * np.sum((by_reader - centre) ** 2), r - 1),
            interaction=_mean_square(np.sum(rest**2), (t - 1) * (r - 1)),
        )


@dataclass(frozen=True, kw_only=True)
class Covariances:
    """Averages of a covariance (modalities, readers, modalities, readers); 0 where there is no pair."""

    var: float
    cov1: float
    cov2: float
    cov3: float

    @classmethod
    def of(cls, covariance: Array) -> Covariances:
        """Averages over the pairs of each kind."""
        t, r = covariance.shape[:2]
        everything = float(covariance.sum())
        same = float(np.einsum("ijij->", covariance))
        reader = float(np.einsum("ijkj->", covariance)) - same
        modality = float(np.einsum("ijil->", covariance)) - same
        rest = everything - reader - modality - same
        pairs = (t * r, r * t * (t - 1), t * r * (r - 1), t * (t - 1) * r * (r - 1))
        parts = (same, reader, modality, rest)
        means = [part / n if n else 0.0 for part, n in zip(parts, pairs, strict=True)]
        return cls(var=means[0], cov1=means[1], cov2=means[2], cov3=means[3])

    @property
    def excess(self) -> float:
        """max(Cov2 - Cov3, 0): the model does not allow readers to agree more across modalities."""
        return max(self.cov2 - self.cov3, 0.0)


def obuchowski_rockette(
    study: ReaderStudy,
    measure: Measure,
    *,
    variance: Variance = Variance.JACKKNIFE,
    fixed: Fixed = Fixed.NONE,
    level: float = 0.95,
    resampling: Resampling | None = None,
) -> Analysis:
    """The analysis of a fully crossed study, all pairs of modalities compared.

    Error of a difference of two means of r readers, squared: 2/r times
    random readers and cases: MS(TR) + r max(Cov2 - Cov3, 0), t, df_H = that^2 / (MS(TR)^2 / ((t-1)(r-1)));
    fixed readers: Var - Cov1 + (r - 1) max(Cov2 - Cov3, 0), z; fixed cases: MS(TR), t, (t-1)(r-1).
    Each modality's mean rests on its own data: MS(R) + r max(Cov2, 0), df likewise; with fixed readers
    Var + (r - 1) max(Cov2, 0), with fixed cases MS(R); each divided by r. Raises StatisticsError for a
    gap, one reader taken as random, and where a figure, a covariance or a test is undefined.
    """
    t, r = len(study.modalities), len(study.readers)
    need_readers(r, fixed)
    cells = [(i, j) for i in range(t) for j in range(r)]
    errors = errors_of(study, measure, cells, variance, resampling=resampling)
    figures, covariance = errors.figures.reshape(t, r), errors.covariance.reshape(t, r, t, r)
    squares, parts = MeanSquares.of(figures), Covariances.of(covariance)
    n = errors.units[0]
    overall: OverallTest | None = None
    differences: tuple[Difference, ...] = ()
    if t > 1:
        error, df = _error(squares, parts, t, r, fixed)
        differences = _differences(study.modalities, figures, error, df, level=level, n=n)
        overall = f_test(squares.modality / error, t - 1, df)
    single = [MeanSquares.of(figures[[i]]) for i in range(t)]
    own = [Covariances.of(covariance[i : i + 1, :, i : i + 1]) for i in range(t)]
    means = tuple(
        _mean(study.modalities[i], float(figures[i].mean()), single[i], own[i], r, fixed, measure, level, n)
        for i in range(t)
    )
    return Analysis(
        method="Obuchowski-Rockette, Hillis' degrees of freedom",
        variance=errors.how,
        fixed=fixed,
        measure=measure,
        level=level,
        cases=len(study.cases),
        patients=study.n_patients,
        readers=r,
        figures=cellwise(study, measure, cells, errors, level=level),
        means=means,
        differences=differences,
        overall=overall,
        components=_components(squares, parts, t, fixed),
        reader_differences=_reader_differences(study, errors, level, n) if fixed is Fixed.READERS else (),
        notes=(TRUNCATED,) if fixed is not Fixed.CASES and t > 1 and parts.cov2 < parts.cov3 else (),
    )


def need_readers(readers: int, fixed: Fixed) -> None:
    """Raises StatisticsError for one reader taken as a sample of readers, or for none."""
    if readers < (1 if fixed is Fixed.READERS else 2):
        reason = f"there is {'one reader' if readers else 'no reader'}, and random readers need two or more"
        raise StatisticsError("reader study", reason=reason, remedy="Add readers, or take them as fixed")


def _error(squares: MeanSquares, parts: Covariances, t: int, r: int, fixed: Fixed) -> tuple[float, float]:
    """The denominator of F and its df."""
    if fixed is Fixed.READERS:
        return parts.var - parts.cov1 + (r - 1) * parts.excess, np.inf
    if fixed is Fixed.CASES:
        return squares.interaction, (t - 1) * (r - 1)
    total = squares.interaction + r * parts.excess
    return total, satterthwaite(total, squares.interaction, (t - 1) * (r - 1))


def _differences(
    names: tuple[str, ...], figures: Array, error: float, df: float, *, level: float, n: int
) -> tuple[Difference, ...]:
    values, r = figures.mean(axis=1), figures.shape[1]
    return tuple(
        difference(names[i], names[k], float(values[i] - values[k]), 2 * error / r, df, level=level, n=n)
        for i, k in combinations(range(len(names)), 2)
    )


def _mean(
    name: str,
    value: float,
    squares: MeanSquares,
    parts: Covariances,
    r: int,
    fixed: Fixed,
    measure: Measure,
    level: float,
    n: int,
) -> Mean:
    shared = max(parts.cov2, 0.0)
    if fixed is Fixed.READERS:
        total, df = parts.var + (r - 1) * shared, np.inf
    elif fixed is Fixed.CASES:
        total, df = squares.reader, float(r - 1)
    else:
        total = squares.reader + r * shared
        df = satterthwaite(total, squares.reader, r - 1)
    return mean(name, value, total / r, df, measure=measure, level=level, n=n)


def _components(squares: MeanSquares, parts: Covariances, t: int, fixed: Fixed) -> dict[str, float]:
    """Under Hillis' names; with fixed cases there are the mean squares only."""
    found = {"MS(T)": squares.modality, "MS(R)": squares.reader, "MS(TR)": squares.interaction}
    if fixed is not Fixed.CASES:
        found |= {
            "Var(R)": (squares.reader - squares.interaction) / t - parts.cov1 + parts.cov3,
            "Var(TR)": squares.interaction - parts.var + parts.cov1 + parts.excess,
            "Var(Error)": parts.var,
            "Cov1": parts.cov1,
            "Cov2": parts.cov2,
            "Cov3": parts.cov3,
        }
    return {name: value for name, value in found.items() if not np.isnan(value)}


def _reader_differences(study: ReaderStudy, errors: Errors, level: float, n: int) -> tuple[Difference, ...]:
    """Each reader's own differences, sqrt(2 (Var - Cov1)) of his figures; those that vary not left out."""
    found = []
    r = len(study.readers)
    for j, reader in enumerate(study.readers):
        for i, k in combinations(range(len(study.modalities)), 2):
            contrast = np.zeros(len(errors.figures))
            contrast[i * r + j], contrast[k * r + j] = 1, -1
            squared = float(contrast @ errors.covariance @ contrast)
            if squared > NO_VARIANCE:
                value = float(contrast @ errors.figures)
                names = study.modalities[i], study.modalities[k]
                found.append(difference(*names, value, squared, np.inf, level=level, n=n, reader=reader))
    return tuple(found)


def _mean_square(total: float, df: int) -> float:
    return float(total) / df if df else float("nan")

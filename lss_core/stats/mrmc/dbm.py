"""Dorfman, Berbaum and Metz' analysis of variance of jackknife pseudovalues, as Hillis mended it.

Pseudovalues K figure - (K - 1) figure(without patient k), moved so that their mean is the figure itself,
are analysed as modality x reader x case. Dorfman, Berbaum and Metz 1992, Invest Radiol 27:723; Hillis,
Berbaum and Metz 2008, Acad Radiol 15:647. With random readers and cases, and with fixed cases, it is
Obuchowski and Rockette's with the jackknife. With fixed readers its error is MS(TC), without the
max(Cov2 - Cov3, 0), and F has (t-1)(K-1) degrees of freedom in place of infinitely many. As R's RJafroc.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lss_core.stats.mrmc.covariance import Errors, Variance, errors_of, pseudovalues
from lss_core.stats.mrmc.obuchowski_rockette import need_readers
from lss_core.stats.mrmc.result import (
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
from lss_core.stats.mrmc.study import Measure, ReaderStudy, informative, statistics_of
from lss_core.stats.resample import Array

TRUNCATED = "MS(TC) - MS(TRC) is below 0 and counts as 0"


@dataclass(frozen=True, kw_only=True)
class ThreeWay:
    """Mean squares of values (modalities, readers, patients); NaN where a factor has one level."""

    t: float
    r: float
    c: float
    tr: float
    tc: float
    rc: float
    trc: float

    @classmethod
    def of(cls, values: Array) -> ThreeWay:
        """The balanced three-way table's mean squares."""
        found = {}
        names = ("t", "r", "c")
        for factors in ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)):
            effect = _effect(values, factors)
            df = int(np.prod([values.shape[axis] - 1 for axis in factors]))
            repeats = values.size / np.prod([values.shape[axis] for axis in factors])
            total = repeats * float(np.sum(effect**2))
            found["".join(names[axis] for axis in factors)] = float(total / df) if df else float("nan")
        return cls(**found)


def dorfman_berbaum_metz(
    study: ReaderStudy, measure: Measure, *, fixed: Fixed = Fixed.NONE, level: float = 0.95
) -> Analysis:
    """The analysis of a fully crossed study, all pairs of modalities compared.

    F = MS(T) / error with error and df: random readers and cases MS(TR) + max(MS(TC) - MS(TRC), 0),
    that^2 / (MS(TR)^2 / ((t-1)(r-1))); fixed readers MS(TC), (t-1)(K-1); fixed cases MS(TR),
    (t-1)(r-1). K counts the patients who enter the figure. Raises StatisticsError as
    `obuchowski_rockette` does.
    """
    t, r = len(study.modalities), len(study.readers)
    need_readers(r, fixed)
    cells = [(i, j) for i in range(t) for j in range(r)]
    errors = errors_of(study, measure, cells, Variance.JACKKNIFE)
    values = _centred(study, measure, errors).reshape(t, r, -1)
    squares, n = ThreeWay.of(values), errors.units[0]
    overall: OverallTest | None = None
    differences: tuple[Difference, ...] = ()
    if t > 1:
        error, df = _error(squares, values.shape, fixed)
        differences = _differences(study.modalities, values, error, df, level=level, n=n)
        overall = f_test(squares.t / error, t - 1, df)
    means = tuple(_mean(study.modalities[i], values[[i]], fixed, measure, level=level, n=n) for i in range(t))
    truncated = fixed is Fixed.NONE and t > 1 and squares.tc < squares.trc
    return Analysis(
        method="Dorfman-Berbaum-Metz, Hillis' degrees of freedom",
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
        components=_components(squares, values.shape),
        reader_differences=_reader_differences(study, values, level, n) if fixed is Fixed.READERS else (),
        notes=(TRUNCATED,) if truncated else (),
    )


def _effect(values: Array, factors: tuple[int, ...]) -> Array:
    """The effect of these factors: the mean over the others, less all effects of fewer of them."""
    effect = values.mean(axis=tuple({0, 1, 2} - set(factors)), keepdims=True)
    for size in range(len(factors)):
        for fewer in combinations(factors, size):
            effect = effect - _effect(values, fewer)
    return np.asarray(effect)


def _centred(study: ReaderStudy, measure: Measure, errors: Errors) -> Array:
    cells = [(i, j) for i in range(len(study.modalities)) for j in range(len(study.readers))]
    raw = pseudovalues(statistics_of(study, measure, cells), errors.figures, informative(study, measure))
    return np.asarray(raw - raw.mean(axis=1, keepdims=True) + errors.figures[:, None])


def _error(squares: ThreeWay, shape: tuple[int, ...], fixed: Fixed) -> tuple[float, float]:
    """The denominator of F and its df."""
    t, r, k = shape
    if fixed is Fixed.READERS:
        return squares.tc, (t - 1) * (k - 1)
    if fixed is Fixed.CASES:
        return squares.tr, (t - 1) * (r - 1)
    total = squares.tr + max(squares.tc - squares.trc, 0.0)
    return total, satterthwaite(total, squares.tr, (t - 1) * (r - 1))


def _differences(
    names: tuple[str, ...], values: Array, error: float, df: float, *, level: float, n: int, reader: str = ""
) -> tuple[Difference, ...]:
    centres = values.mean(axis=(1, 2))
    squared = 2 * error / (values.shape[1] * values.shape[2])
    return tuple(
        difference(
            names[i], names[k], float(centres[i] - centres[k]), squared, df, level=level, n=n, reader=reader
        )
        for i, k in combinations(range(len(names)), 2)
    )


def _mean(name: str, values: Array, fixed: Fixed, measure: Measure, *, level: float, n: int) -> Mean:
    """From the modality's own reader x case table."""
    squares, (_, r, k) = ThreeWay.of(values), values.shape
    if fixed is Fixed.READERS:
        total, df = squares.c, float(k - 1)
    elif fixed is Fixed.CASES:
        total, df = squares.r, float(r - 1)
    else:
        total = squares.r + max(squares.c - squares.rc, 0.0)
        df = satterthwaite(total, squares.r, r - 1)
    return mean(name, float(values.mean()), total / (r * k), df, measure=measure, level=level, n=n)


def _components(squares: ThreeWay, shape: tuple[int, ...]) -> dict[str, float]:
    """Mean squares, and the components as ANOVA estimates them, which can be negative.

    Var(R) and Var(TR) are those of Obuchowski and Rockette's model, whose figures they concern.
    """
    t, r, k = shape
    s = squares
    found = {
        "MS(T)": s.t,
        "MS(R)": s.r,
        "MS(C)": s.c,
        "MS(TR)": s.tr,
        "MS(TC)": s.tc,
        "MS(RC)": s.rc,
        "MS(TRC)": s.trc,
        "Var(R)": (s.r - s.tr - s.rc + s.trc) / (t * k),
        "Var(C)": (s.c - s.tc - s.rc + s.trc) / (t * r),
        "Var(TR)": (s.tr - s.trc) / k,
        "Var(TC)": (s.tc - s.trc) / r,
        "Var(RC)": (s.rc - s.trc) / t,
        "Var(TRC) + Var(Error)": s.trc,
    }
    return {name: float(value) for name, value in found.items() if not np.isnan(value)}


def _reader_differences(study: ReaderStudy, values: Array, level: float, n: int) -> tuple[Difference, ...]:
    """Each reader's own differences from his modality x case table; those that do not vary left out."""
    found: list[Difference] = []
    t, _, k = values.shape
    for j, reader in enumerate(study.readers):
        own = values[:, [j]]
        for i, m in combinations(range(t), 2):
            error = ThreeWay.of(own[[i, m]]).tc
            if error > 1e-12:
                names = study.modalities[i], study.modalities[m]
                found += _differences(names, own[[i, m]], error, k - 1, level=level, n=n, reader=reader)
    return tuple(found)

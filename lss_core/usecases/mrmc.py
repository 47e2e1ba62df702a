"""The analysis of a reader study as it is asked for, and its results as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lss_core import __version__
from lss_core.errors import StatisticsError
from lss_core.stats.agreement import Weighting
from lss_core.stats.mrmc.covariance import Resampling, Variance
from lss_core.stats.mrmc.dbm import dorfman_berbaum_metz
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.result import Analysis, Difference, Fixed, MarginTest
from lss_core.stats.mrmc.standalone import standalone, standalone_u_statistics
from lss_core.stats.mrmc.study import Cell, Measure, Metric, ReaderStudy
from lss_core.stats.mrmc.u_statistics import u_statistics
from lss_core.usecases.mrmc_scores import ScoreList, read_scores

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class MrmcRequest:
    """What is asked: the words of the command line.

    `method` is 'or', 'dbm' or 'u-statistic', `design` 'fully-crossed' or 'split-plot'. An empty
    `variance` is the method's own; `control` is the modality that the others are compared with.
    """

    design: str = "fully-crossed"
    metric: str = "auc"
    method: str = "or"
    variance: str = ""
    fix: str = "none"
    standalone: str = ""
    control: str = ""
    threshold: float | None = None
    scale: tuple[float, ...] = ()
    weights: str = Weighting.PLAIN.value
    margin: float | None = None
    level: float = 0.95
    resamples: int = 2000
    seed: int = 1


def analyse_scores(path: Path, request: MrmcRequest) -> Json:
    """The results of a file of scores, ready for JSON: numbers in full, infinite df as null.

    Raises StatisticsError for a bad row, a request that does not hold together, and wherever the
    analysis is undefined.
    """
    scores = read_scores(path)
    study = _ordered(scores.study, request.control)
    analysis = analyse(study, request)
    return {
        "research_use_only": True,
        "software": f"lss_core {__version__}",
        "data": _data(scores, study, request),
        "design": request.design,
        **_results(analysis, request),
    }


def analyse(study: ReaderStudy, request: MrmcRequest) -> Analysis:
    """The analysis that is asked for. Raises StatisticsError as `analyse_scores` does."""
    _check(request)
    measure, fixed, level = _measure(study, request), Fixed(request.fix), request.level
    if request.design == "fully-crossed":
        study.require(_crossed(study, request.standalone))
    if request.method == "u-statistic":
        if request.standalone:
            return standalone_u_statistics(study, measure, request.standalone, fixed=fixed, level=level)
        return u_statistics(study, measure, fixed=fixed, level=level)
    if request.method == "dbm":
        return dorfman_berbaum_metz(study, measure, fixed=fixed, level=level)
    resampling = Resampling(rng=np.random.default_rng(request.seed), resamples=request.resamples)
    variance = Variance(request.variance or Variance.JACKKNIFE)
    if request.standalone:
        return standalone(
            study,
            measure,
            request.standalone,
            variance=variance,
            fixed=fixed,
            level=level,
            resampling=resampling,
        )
    return obuchowski_rockette(
        study, measure, variance=variance, fixed=fixed, level=level, resampling=resampling
    )


def _crossed(study: ReaderStudy, model: str) -> list[Cell]:
    """Every reader in every modality; beside a standalone model, those who have read in each."""
    places = range(len(study.modalities))
    if model:
        return [cell for i in places for cell in study.readers_of(i)]
    return [(i, j) for i in places for j in range(len(study.readers))]


def _check(request: MrmcRequest) -> None:
    """What does not go together."""
    own = {"dbm": "jackknife", "u-statistic": "unbiased"}.get(request.method)
    wrong: dict[tuple[str, str, str], bool] = {
        ("--design", "a split-plot design is analysed by U-statistics", "Add --method u-statistic"): (
            request.design == "split-plot" and request.method != "u-statistic"
        ),
        (
            "--variance",
            f"the method {request.method} has its own variance, {own}",
            "Leave --variance out, or use --method or",
        ): bool(own and request.variance not in ("", own)),
        (
            "--standalone",
            "dbm has no analysis of a standalone model",
            "Use --method or with the jackknife, which is its equal",
        ): bool(request.standalone and request.method == "dbm"),
        ("--level", f"{request.level:g} is no level of an interval", "Give one between 0 and 1"): (
            not 0 < request.level < 1
        ),
        ("--resamples", f"{request.resamples} resamples are too few", "Give 100 or more"): (
            request.resamples < 100
        ),
    }
    for (subject, reason, remedy), found in wrong.items():
        if found:
            raise StatisticsError(subject, reason=reason, remedy=remedy)


def _measure(study: ReaderStudy, request: MrmcRequest) -> Measure:
    metric = Metric(request.metric)
    if metric is Metric.KAPPA:
        if not request.scale:
            reason = "kappa needs the whole scale of the grades"
            raise StatisticsError("--scale", reason=reason, remedy="Name it, such as --scale 0,1,2,3")
        return Measure(metric=metric, scale=request.scale, weighting=Weighting(request.weights))
    if metric is Metric.AUC or request.threshold is not None:
        return Measure(metric=metric, threshold=0.5 if request.threshold is None else request.threshold)
    if set(np.unique(study.scores[study.read])) <= {0.0, 1.0}:
        return Measure(metric=metric)
    reason = f"{metric.value} needs the score from which a case is called positive"
    raise StatisticsError("--threshold", reason=reason, remedy="Give it, such as --threshold 3")


def _ordered(study: ReaderStudy, control: str) -> ReaderStudy:
    """The control last, so that the differences are those of the others from it."""
    if not control:
        return study
    place = study.named(control)
    order = [*(i for i in range(len(study.modalities)) if i != place), place]
    return replace(study, scores=study.scores[order], modalities=tuple(study.modalities[i] for i in order))


def _data(scores: ScoreList, study: ReaderStudy, request: MrmcRequest) -> Json:
    found: Json = {
        "file": scores.name,
        "sha256": scores.sha256,
        "modalities": list(study.modalities),
        "readers": list(study.readers),
        "n_cases": len(study.cases),
        "n_patients": study.n_patients,
    }
    if request.metric != Metric.KAPPA:
        found["n_positive_cases"] = int(study.positive.sum())
        found["n_negative_cases"] = int((~study.positive).sum())
    return found


def _results(analysis: Analysis, request: MrmcRequest) -> Json:
    drawn = request.variance == Variance.BOOTSTRAP
    return {
        "method": analysis.method,
        "n_readers": analysis.readers,
        "metric": request.metric,
        "measure": analysis.measure.label,
        "variance": analysis.variance,
        "fixed": analysis.fixed.value,
        "random": analysis.fixed.label,
        "level": analysis.level,
        "seed": request.seed if drawn else None,
        "resamples": request.resamples if drawn else None,
        "readers": [
            {
                "modality": one.modality,
                "reader": one.reader,
                "estimate": one.value,
                "std_error": one.standard_error,
                "ci_low": one.estimate and one.estimate.low,
                "ci_high": one.estimate and one.estimate.high,
            }
            for one in analysis.figures
        ],
        "modalities": [
            {
                "modality": one.modality,
                "estimate": one.value,
                "std_error": one.standard_error,
                "df": _finite(one.df),
                "ci_low": one.estimate and one.estimate.low,
                "ci_high": one.estimate and one.estimate.high,
            }
            for one in analysis.means
        ],
        "overall": analysis.overall
        and {
            "statistic": analysis.overall.name,
            "value": analysis.overall.value,
            "df1": analysis.overall.df1,
            "df2": _finite(analysis.overall.df2),
            "p_value": analysis.overall.p_value,
        },
        "differences": [_difference(one, request.margin) for one in analysis.differences],
        "reader_differences": [_difference(one, None) for one in analysis.reader_differences],
        "components": dict(analysis.components),
        "notes": list(analysis.notes),
    }


def _difference(one: Difference, margin: float | None) -> Json:
    found: Json = {
        "first": one.first,
        "second": one.second,
        "estimate": one.estimate.value,
        "std_error": one.standard_error,
        "statistic": one.estimate.method,
        "value": one.statistic,
        "df": _finite(one.df),
        "p_value": one.p_value,
        "ci_low": one.estimate.low,
        "ci_high": one.estimate.high,
    }
    if one.reader:
        found["reader"] = one.reader
    if margin is not None:
        tests: dict[str, Callable[[float], MarginTest]] = {
            "noninferiority": one.noninferiority,
            "equivalence": one.equivalence,
        }
        for name, test in tests.items():
            result = test(margin)
            found[name] = {"margin": margin, "p_value": result.p_value, "shown": result.shown}
    return found


def _finite(df: float) -> float | None:
    return None if np.isinf(df) else float(df)

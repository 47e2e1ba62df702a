"""Both streams joined: fitted to sites whose truth is known, and measured on others.

A source that has none and mild as one grade takes part: the probability of its truth is that of
both, it is negative in binary figures, and it has no part in kappa.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from lss_core.domain import Condition, Grade, Probabilities, Site
from lss_core.vision.bundle import Bundle
from lss_core.vision.ensemble import (
    CLASSIFICATION,
    FEATURES,
    MEASUREMENT,
    PARAMETERS,
    Combination,
    Ensemble,
    Ordinal,
    Pooling,
    at_least,
    log_odds,
    median_grade,
)
from lss_core.vision.train.pictures import NONE_OR_MILD

FOLDS = 4
BINS = 10
"""Of the reliability, by the probability of grade 2 or 3."""
RIDGE = 1.0
"""How strongly weights are held near 0, in units of one site's log likelihood."""

LEAST = 1e-4
"""Added to a likelihood, so that one impossible answer does not decide a fit."""
Answers = tuple[Mapping[str, Probabilities], int]
"""What the streams say of a site, and its truth."""

LEAST_SITES = 12
"""Fewer measured sites than this calibrate nothing: the classification stream then speaks alone."""


class Evidence(BaseModel):
    """What the chain saw of one site of a study, and the truth; nothing where not gradable.

    study: a number of its own for each. truth: a grade, or NONE_OR_MILD.
    """

    study: int
    site: str
    truth: int
    measurements: dict[str, float]
    streams: dict[str, Probabilities]
    reason: str | None

    @property
    def condition(self) -> Condition:
        """The site's condition."""
        return Site.parse(self.site).condition


def unfitted() -> Ensemble:
    """An ensemble that only lets the chain run, before there is one."""
    return Ensemble(
        conditions={
            condition: Combination(
                measurement=Ordinal(
                    features=names,
                    means=(0.0,) * len(names),
                    scales=(1.0,) * len(names),
                    weights=(0.0,) * len(names),
                    cuts=(-1.0, 0.0, 1.0),
                ),
                both=as_it_is(CLASSIFICATION),
                alone={name: as_it_is(name) for name in (CLASSIFICATION, MEASUREMENT)},
            )
            for condition, names in FEATURES.items()
        }
    )


def with_ensemble(bundle: Bundle, ensemble: Ensemble) -> Bundle:
    """The bundle with an ensemble on its card."""
    parameters = {**bundle.card.parameters, PARAMETERS: ensemble.model_dump(mode="json")}
    return replace(bundle, card=bundle.card.model_copy(update={"parameters": parameters}))


def fitted(evidence: Sequence[Evidence], condition: Condition) -> Combination:
    """The measurement stream calibrated, and the pools that make the truth likeliest.

    The pools are fitted to answers of calibrations that had not seen the study they answer for.
    """
    own = [one for one in evidence if one.condition is condition and one.reason is None]
    measured = [one for one in own if FEATURES[condition][0] in one.measurements]
    if len(measured) < LEAST_SITES or len({one.truth for one in measured}) < 2:
        return unfitted().conditions[condition]
    folds = np.array([one.study for one in measured]) % FOLDS
    both: list[Answers] = []
    for fold in range(FOLDS):
        others = ordinal_fit([one for one, f in zip(measured, folds, strict=True) if f != fold],
                             FEATURES[condition])  # fmt: skip
        for one in (one for one, f in zip(measured, folds, strict=True) if f == fold):
            answer = others.probabilities(one.measurements)
            if answer is not None:
                both.append(({**one.streams, MEASUREMENT: answer}, one.truth))
    return Combination(
        measurement=ordinal_fit(measured, FEATURES[condition]),
        both=pooling_fit(both, (CLASSIFICATION, MEASUREMENT)),
        alone={
            CLASSIFICATION: pooling_fit([(one.streams, one.truth) for one in own], (CLASSIFICATION,)),
            MEASUREMENT: as_it_is(MEASUREMENT),
        },
    )


def as_it_is(stream: str) -> Pooling:
    """One stream, unchanged: what measures is calibrated by a fit of its own."""
    return Pooling(weights={stream: 1.0}, shifts=(0.0, 0.0, 0.0))


def pooling_fit(answers: Sequence[Answers], names: tuple[str, ...]) -> Pooling:
    """The pool of the named streams by penalised maximum likelihood; no weight is negative.

    The penalty holds the weights near an equal share, and the shifts near 0.
    """
    odds = np.array([[log_odds(streams[name]) for name in names] for streams, _ in answers])
    truth = np.array([held(one) for _, one in answers])

    def cost(parameters: NDArray[np.float64]) -> float:
        weights, shifts = parameters[: len(names)], parameters[len(names) :]
        reached = expit(np.einsum("s,nsk->nk", weights, odds) + shifts)
        penalty = float(((weights - 1 / len(names)) ** 2).sum() + (shifts**2).sum())
        return -log_likelihood(np.minimum.accumulate(reached, 1), truth) + RIDGE * penalty / 2

    start = np.concatenate([np.full(len(names), 1 / len(names)), np.zeros(3)])
    bounds = [(0.0, None)] * len(names) + [(None, None)] * 3
    found = minimize(cost, start, method="L-BFGS-B", bounds=bounds).x.tolist()
    low, middle, high = found[len(names) :]
    return Pooling(weights=dict(zip(names, found, strict=False)), shifts=(low, middle, high))


def log_likelihood(reached: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Of truths (n, 4) as `held` gives them, from falling P(grade >= 1), ... P(grade >= 3): (n, 3)."""
    edges = np.concatenate([np.ones((len(truth), 1)), reached, np.zeros((len(truth), 1))], 1)
    return float(np.log((-np.diff(edges, axis=1) * truth).sum(1) + LEAST).sum())


def held(truth: int) -> NDArray[np.float64]:
    """(4,) 1 for each grade that a truth may be."""
    grades = np.arange(len(Grade))
    return (grades <= Grade.MILD if truth == NONE_OR_MILD else grades == truth).astype(float)


def ordinal_fit(evidence: Sequence[Evidence], features: tuple[str, ...]) -> Ordinal:
    """The proportional odds model of some sites by penalised maximum likelihood (McCullagh 1980)."""
    table = np.array([[one.measurements.get(name, np.nan) for name in features] for one in evidence])
    known = ~np.isnan(table).all(0)
    means, scales = np.zeros(len(features)), np.ones(len(features))
    means[known] = np.nanmean(table[:, known], 0)
    scales[known] = np.maximum(np.nanstd(table[:, known], 0), 1e-6)
    inputs = np.nan_to_num((table - means) / scales)
    truth = np.array([held(one.truth) for one in evidence])

    def cuts_of(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        first, *steps = parameters[len(features) :]
        cuts: NDArray[np.float64] = first + np.concatenate([[0.0], np.cumsum(np.exp(steps))])
        return cuts

    def cost(parameters: NDArray[np.float64]) -> float:
        weights = parameters[: len(features)]
        reached = at_least(inputs @ weights, tuple(cuts_of(parameters)))
        spread = parameters[len(features) + 1 :]
        return -log_likelihood(reached, truth) + RIDGE * float((weights**2).sum() + (spread**2).sum()) / 2

    start = np.concatenate([np.zeros(len(features)), [0.0, 0.0, 0.0]])
    found = minimize(cost, start, method="L-BFGS-B").x
    low, middle, high = cuts_of(found).tolist()
    return Ordinal(
        features=features,
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        weights=tuple(found[: len(features)].tolist()),
        cuts=(low, middle, high),
    )


def results_of(evidence: Sequence[Evidence], condition: Condition, ensemble: Ensemble) -> dict[str, Any]:
    """Binary AUC, sensitivity, specificity, quadratic kappa of the ensemble and of each stream alone,
    beside the share of sites that have a grade at all and why the others have none.

    The ensemble has its reliability besides; see reliability_of.
    """
    own = [one for one in evidence if one.condition is condition]
    graded = [one for one in own if one.reason is None]
    combination = ensemble.conditions[condition]
    found: dict[str, Any] = {"sites": len(own), "gradable": len(graded)}
    if own:
        found["coverage"] = round(len(graded) / len(own), 4)
        found["not gradable"] = dict(Counter(one.reason for one in own if one.reason is not None))
    answers: dict[str, list[tuple[Probabilities, int]]] = {
        "ensemble": [],
        MEASUREMENT: [],
        CLASSIFICATION: [],
    }
    for one in graded:
        streams = {CLASSIFICATION: one.streams[CLASSIFICATION]}
        if (measured := combination.measurement.probabilities(one.measurements)) is not None:
            streams[MEASUREMENT] = measured
        both = combination.combined(streams)
        assert both is not None
        for name, answer in {**streams, "ensemble": both}.items():
            answers[name].append((answer, one.truth))
    for name, pairs in answers.items():
        found |= {f"{name} {figure}": value for figure, value in figures_of(pairs).items()}
    return found | reliability_of(answers["ensemble"])


def reliability_of(answers: Sequence[tuple[Probabilities, int]]) -> dict[str, Any]:
    """How often a site is moderate or severe where the model says so with a probability of p.

    `reliability`: ten bins of p, those that are not empty, each with n, the mean p and the share
    observed. `calibration error`: the mean distance of both, weighted by n (Guo et al. 2017).
    Empty without answers.
    """
    if not answers:
        return {}
    said = np.array([sum(answer[Grade.MODERATE :]) for answer, _ in answers])
    true = np.array([truth >= Grade.MODERATE for _, truth in answers], float)
    which = np.minimum((said * BINS).astype(int), BINS - 1)
    bins = [
        {
            "n": int((which == k).sum()),
            "mean": round(float(said[which == k].mean()), 4),
            "observed": round(float(true[which == k].mean()), 4),
        }
        for k in np.unique(which)
    ]
    error = sum(one["n"] * abs(one["mean"] - one["observed"]) for one in bins) / len(answers)
    return {"calibration error": round(error, 4), "reliability": bins}


def figures_of(answers: Sequence[tuple[Probabilities, int]]) -> Mapping[str, float]:
    """n, AUC, sensitivity and specificity at moderate or worse, quadratic kappa; undefined: absent."""
    truth = np.array([one for _, one in answers], int)
    said = np.array([median_grade(answer) for answer, _ in answers], int)
    positive, called = truth >= Grade.MODERATE, said >= Grade.MODERATE
    figures: dict[str, float] = {"n": len(truth)}
    if len(np.unique(positive)) == 2:
        scores = [sum(answer[Grade.MODERATE :]) for answer, _ in answers]
        figures["AUC"] = float(roc_auc_score(positive, scores))
        figures["sensitivity"] = float(called[positive].mean())
        figures["specificity"] = float((~called[~positive]).mean())
    full = truth >= 0
    if len(np.unique(truth[full])) > 1:
        figures["quadratic kappa"] = float(cohen_kappa_score(truth[full], said[full], weights="quadratic"))
    return {name: round(value, 4) for name, value in figures.items()}

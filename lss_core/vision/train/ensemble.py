"""Fit a bundle's ensemble and measure its whole chain: `python -m lss_core.vision.train.ensemble --help`.

Both are done on synthetic studies no network has learned from: the first part of them fits, the
rest tests. Outlines, levels and pictures are the bundle's own, as on a real case. What was
found is put on the bundle's card.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.optimize import minimize
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from lss_core.domain import Condition, Grade, Probabilities, SeriesRole, Site
from lss_core.vision.bundle import Bundle, load_bundle, write_card
from lss_core.vision.engine import Engine
from lss_core.vision.ensemble import (
    CLASSIFICATION,
    FEATURES,
    MEASUREMENT,
    PARAMETERS,
    Combination,
    Ensemble,
    Ordinal,
    at_least,
    median_grade,
)
from lss_core.vision.train.cache import CachedStudy, cached_studies

ROLES = (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2, SeriesRole.AXIAL_T2)
FOLDS = 4
RIDGE = 1.0
"""How strongly weights are held near 0, in units of one site's log likelihood."""

log = logging.getLogger(__name__)


class Evidence(BaseModel):
    """What the chain saw of one site of a study, and the truth; nothing where not gradable."""

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


def main() -> None:
    """Fit on some studies, test on others, write both to the card."""
    asked = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    bundle = load_bundle(asked.bundle)
    engine = Engine(with_ensemble(bundle, unfitted()), "cpu")
    last = cached_studies(asked.phantoms)[-(asked.fit + asked.test) :]
    seen = [evidence_of(engine, study, asked.evidence) for study in last]
    fitting = [one for study in seen[: asked.fit] for one in study]
    testing = [one for study in seen[asked.fit :] for one in study]
    ensemble = Ensemble(conditions={condition: fitted(fitting, condition) for condition in Condition})
    results = {condition.value: results_of(testing, condition, ensemble) for condition in Condition}
    log.info("%s", json.dumps(results, indent=1))
    card = with_ensemble(bundle, ensemble).card
    noted = {**card.results, "synthetic studies kept apart": results}
    write_card(bundle.folder, card.model_copy(update={"results": noted}))


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
                classification_weight=1.0,
            )
            for condition, names in FEATURES.items()
        }
    )


def with_ensemble(bundle: Bundle, ensemble: Ensemble) -> Bundle:
    """The bundle with an ensemble on its card."""
    parameters = {**bundle.card.parameters, PARAMETERS: ensemble.model_dump(mode="json")}
    return replace(bundle, card=bundle.card.model_copy(update={"parameters": parameters}))


def evidence_of(engine: Engine, study: CachedStudy, folder: Path) -> list[Evidence]:
    """What the chain sees of a study's 25 sites; kept in the folder for the next run."""
    file = folder / f"{study.seed}.json"
    if not file.is_file():
        graded = engine.grade({role: study.volume(role) for role in ROLES})
        _, _, truth = study.truth()
        found = [
            Evidence(
                study=study.seed,
                site=finding.site.key,
                truth=int(truth[finding.site]),
                measurements=dict(finding.measurements),
                streams=dict(finding.streams),
                reason=finding.not_gradable and finding.not_gradable.value,
            )
            for finding in graded.findings.sites
        ]
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([one.model_dump() for one in found]), encoding="utf-8")
        log.info("study %d: %d sites graded", study.seed, sum(one.reason is None for one in found))
    return [Evidence.model_validate(one) for one in json.loads(file.read_text(encoding="utf-8"))]


def fitted(evidence: Sequence[Evidence], condition: Condition) -> Combination:
    """The measurement stream calibrated, and the weight of the other that makes the truth likeliest.

    The weight is chosen on answers of calibrations that had not seen the study they answer for.
    """
    own = [one for one in evidence if one.condition is condition and one.reason is None]
    measured = [one for one in own if FEATURES[condition][0] in one.measurements]
    calibration = ordinal_fit(measured, FEATURES[condition])
    folds = np.array([one.study for one in measured]) % FOLDS
    both: list[tuple[Probabilities, Probabilities, int]] = []
    for fold in range(FOLDS):
        others = ordinal_fit([one for one, f in zip(measured, folds, strict=True) if f != fold],
                             FEATURES[condition])  # fmt: skip
        for one in (one for one, f in zip(measured, folds, strict=True) if f == fold):
            answer = others.probabilities(one.measurements)
            if answer is not None:
                both.append((answer, one.streams[CLASSIFICATION], one.truth))
    return Combination(measurement=calibration, classification_weight=best_weight(both))


def best_weight(answers: Sequence[tuple[Probabilities, Probabilities, int]]) -> float:
    """The weight of the second of two answers, in steps of 0.05, that makes the truths likeliest."""
    first = np.array([one[truth] for one, _, truth in answers], float)
    second = np.array([other[truth] for _, other, truth in answers], float)
    weights = np.linspace(0, 1, 21)
    likelihood = [float(np.log((1 - w) * first + w * second + 1e-3).sum()) for w in weights]
    return float(weights[int(np.argmax(likelihood))])


def ordinal_fit(evidence: Sequence[Evidence], features: tuple[str, ...]) -> Ordinal:
    """The proportional odds model of some sites by penalised maximum likelihood (McCullagh 1980)."""
    table = np.array([[one.measurements.get(name, np.nan) for name in features] for one in evidence])
    known = ~np.isnan(table).all(0)
    means, scales = np.zeros(len(features)), np.ones(len(features))
    means[known] = np.nanmean(table[:, known], 0)
    scales[known] = np.maximum(np.nanstd(table[:, known], 0), 1e-6)
    inputs = np.nan_to_num((table - means) / scales)
    truth = np.array([one.truth for one in evidence])

    def cuts_of(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        first, *steps = parameters[len(features) :]
        cuts: NDArray[np.float64] = first + np.concatenate([[0.0], np.cumsum(np.exp(steps))])
        return cuts

    def cost(parameters: NDArray[np.float64]) -> float:
        weights = parameters[: len(features)]
        reached = at_least(inputs @ weights, tuple(cuts_of(parameters)))
        edges = np.concatenate([np.ones((len(truth), 1)), reached, np.zeros((len(truth), 1))], 1)
        likelihood = -np.diff(edges, axis=1)[np.arange(len(truth)), truth]
        spread = parameters[len(features) + 1 :]
        return float(-np.log(likelihood + 1e-9).sum() + RIDGE * ((weights**2).sum() + (spread**2).sum()) / 2)

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


def results_of(evidence: Sequence[Evidence], condition: Condition, ensemble: Ensemble) -> dict[str, float]:
    """Binary AUC, sensitivity, specificity, quadratic kappa of the ensemble and of each stream alone."""
    own = [one for one in evidence if one.condition is condition]
    graded = [one for one in own if one.reason is None]
    combination = ensemble.conditions[condition]
    found: dict[str, float] = {"sites": len(own), "gradable": len(graded)}
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
    return found


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
    if len(np.unique(truth)) > 1:
        figures["quadratic kappa"] = float(cohen_kappa_score(truth, said, weights="quadratic"))
    return {name: round(value, 4) for name, value in figures.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True, help="its card is written anew")
    parser.add_argument("--phantoms", type=Path, required=True, help="a cache of synthetic studies")
    parser.add_argument("--evidence", type=Path, required=True, help="where what was seen is kept")
    parser.add_argument("--fit", type=int, default=20, help="studies to fit on, of the last ones")
    parser.add_argument("--test", type=int, default=20, help="studies to test on, the very last")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""The stages 'presence' and 'severity': the four classification networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from torch import nn

from lss_core.domain import Condition
from lss_core.errors import TrainingError
from lss_core.vision.bundle import Bundle
from lss_core.vision.classify import PRESENCE, PRESENCE_OUTPUTS, severity_name
from lss_core.vision.networks import regnet
from lss_core.vision.train.arithmetic import Arithmetic
from lss_core.vision.train.classification import (
    IGNORED,
    Examples,
    Pictured,
    Plan,
    answers_of,
    drawn_by_source,
    examples_for,
    figure_of,
)
from lss_core.vision.train.config import ClassifierConfig
from lss_core.vision.train.networks import Trained, apart_of, averaged, run_of, start_weights, told
from lss_core.vision.train.place import Place
from lss_core.vision.train.prepare import pictures_for
from lss_core.vision.train.run import Validate
from lss_core.vision.train.splits import Part

NETWORKS: dict[str, Condition | None] = {PRESENCE: None, **{severity_name(c): c for c in Condition}}


def train_classifier(place: Place, name: str, before: Bundle) -> Trained:
    """Train, or go on training, a network; its figures on the patients kept apart for testing.

    before: the networks there are; severity begins with what presence has learned.
    """
    section = place.config.sections()[name]
    assert isinstance(section, ClassifierConfig), "a network without a section is not trained"
    plan = Plan(
        condition=NETWORKS[name],
        architecture=section.architecture,
        preprocessing=place.config.pictures,
        batch=section.batch,
    )
    pictures, counts = pictures_for(place, Part.TRAIN)
    examples = examples_for(pictures, plan.condition)
    check(name, examples)
    network, begun = _begun(place, name, plan, before, fresh=section.fresh)
    run = run_of(place, name, network, section)
    run.train(
        Pictured(plan=plan, examples=examples, chances=_chances(place, examples, counts)),
        _validate(place, plan),
    )
    found = averaged(place, name, run, section)
    apart = examples_for(pictures_for(place, Part.TEST)[0], plan.condition)
    course = {**told(run, begun, section), "examples": len(examples.index), "pictures": counts}
    fields = {
        "architecture": plan.architecture,
        "inputs": 3,
        "outputs": plan.outputs,
        "preprocessing": plan.preprocessing.model_dump(mode="json"),
        "training": {**course, "apart": apart_of(place, counts)},
        "results": results_of(found, apart, plan, place.arithmetic),
    }
    return Trained(network=found, fields=fields)


def check(name: str, examples: Examples) -> None:
    """Raises TrainingError when there is nothing to learn from, or presence without a negative."""
    if not len(examples.index):
        raise TrainingError(
            name, reason="no [[data]] has an example of it to train on", remedy="Add data with such grades"
        )
    if name != PRESENCE:
        return
    for number, condition in enumerate(PRESENCE_OUTPUTS):
        values = set(examples.wanted[:, number].tolist()) - {IGNORED}
        if len(values) < 2:
            missing = "any grade" if not values else "the grade none" if 1 in values else "a stenosis"
            raise TrainingError(
                name,
                reason=f"no [[data]] has {missing} for {condition}, so its presence cannot be learned",
                remedy='Add data that has, for example kind = "phantom", or take presence from start_from',
            )


def results_of(
    network: nn.Module, examples: Examples, plan: Plan, arithmetic: Arithmetic | None = None
) -> dict[str, float]:
    """On patients kept apart: presence as AUC, severity as quadratic kappa and accuracy, where defined."""
    logits = answers_of(network, examples, plan.preprocessing, arithmetic=arithmetic)
    if plan.condition is None:
        return _presence_results(logits, examples, plan)
    wanted, said = examples.wanted.argmax(1), logits.argmax(1)
    found = {"n": float(len(said))}
    if len(said):
        found["accuracy"] = round(float(np.mean(wanted == said)), 4)
    if len(np.unique(np.concatenate([wanted, said]))) > 1:
        found["quadratic kappa"] = round(float(cohen_kappa_score(wanted, said, weights="quadratic")), 4)
    return found


def _presence_results(logits: np.ndarray, examples: Examples, plan: Plan) -> dict[str, float]:
    found: dict[str, float] = {}
    for number, name in enumerate(plan.outputs):
        known = examples.wanted[:, number] != IGNORED
        found[f"n {name}"] = float(known.sum())
        if len(np.unique(examples.wanted[known, number])) == 2:
            auc = roc_auc_score(examples.wanted[known, number], logits[known, number])
            found[f"AUC {name}"] = round(float(auc), 4)
    return found


def _begun(place: Place, name: str, plan: Plan, before: Bundle, *, fresh: bool) -> tuple[nn.Module, str]:
    torch.manual_seed(place.config.seed)
    network = regnet(plan.architecture, inputs=3, outputs=len(plan.outputs))
    begun = start_weights(place, name, network, fresh=fresh)
    there = before.card.networks.get(PRESENCE)
    if (
        begun != "chance"
        or plan.condition is None
        or there is None
        or there.architecture != plan.architecture
    ):
        return network, begun
    learned, own = before.network(PRESENCE).state_dict(), network.state_dict()
    network.load_state_dict({key: own[key] if key.startswith("fc.") else learned[key] for key in own})
    return network, f"{PRESENCE} of this run, but the last layer"


def _chances(place: Place, examples: Examples, counts: Mapping[str, int]) -> NDArray[np.float64]:
    shares = {entry.name: entry.data.share for entry in place.entries}
    return drawn_by_source(examples, list(counts.values()), [shares[name] for name in counts])


def _validate(place: Place, plan: Plan) -> Validate | None:
    examples = examples_for(pictures_for(place, Part.VALIDATION)[0], plan.condition)
    if not len(examples.index):
        return None
    return lambda network: figure_of(network, examples, plan, place.arithmetic)

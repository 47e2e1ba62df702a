"""Train the four classification networks: `python -m lss_core.vision.train.classifiers --help`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from torch import nn

from lss_core.domain import Condition
from lss_core.vision.bundle import write_network
from lss_core.vision.classify import PRESENCE, Preprocessing, severity_name
from lss_core.vision.train.cache import CachedStudy, cached_studies
from lss_core.vision.train.classification import Examples, Plan, answers_of, examples_for, train
from lss_core.vision.train.pictures import UNKNOWN, Pictures, joined, kept_pictures
from lss_core.vision.train.run import Schedule

NETWORKS: dict[str, Condition | None] = {PRESENCE: None, **{severity_name(c): c for c in Condition}}
ARCHITECTURES = {name: "regnet_y_800mf" if name == PRESENCE else "regnet_y_400mf" for name in NETWORKS}

log = logging.getLogger(__name__)


def main() -> None:
    """Train one network, report how it does on the studies kept apart, write it with its card."""
    asked = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(asked.threads)
    how = Preprocessing()
    learned, apart = split(cached_studies(asked.phantoms), asked.apart)
    pictures = pictures_in(learned, asked.pictures, how)
    if asked.cut_only:
        pictures_in(apart, asked.pictures, how)
        return
    condition = NETWORKS[asked.network]
    plan = Plan(
        condition=condition,
        architecture=ARCHITECTURES[asked.network],
        preprocessing=how,
        schedule=Schedule(minutes=asked.minutes, seed=asked.seed),
    )
    examples = examples_for(pictures, condition)
    log.info("%s: %d pictures of %d studies", asked.network, len(examples.index), len(learned))
    network = train(plan, examples, asked.checkpoint)
    results = results_of(network, examples_for(pictures_in(apart, asked.pictures, how), condition), plan)
    log.info("%s", results)
    card = write_network(
        asked.export,
        asked.network,
        network,
        {
            "architecture": plan.architecture,
            "inputs": 3,
            "outputs": plan.outputs,
            "preprocessing": how.model_dump(mode="json"),
            "training": {
                "minutes": asked.minutes,
                "seed": asked.seed,
                "pictures": len(examples.index),
                "studies": len(learned),
                "apart": [study.seed for study in apart],
            },
            "results": results,
        },
    )
    (asked.export / f"{asked.network}.json").write_text(card.model_dump_json(indent=2), encoding="utf-8")


def split(studies: Sequence[CachedStudy], apart: int) -> tuple[list[CachedStudy], list[CachedStudy]]:
    """Studies to learn from, and the last ones, kept apart to validate and test on."""
    if len(studies) <= apart:
        raise ValueError(f"{len(studies)} studies leave nothing to learn from when {apart} are kept apart")
    return list(studies[: len(studies) - apart]), list(studies[len(studies) - apart :])


def pictures_in(studies: Sequence[CachedStudy], folder: Path, how: Preprocessing) -> Pictures:
    """The pictures of studies, cut now or kept in the folder from an earlier run."""
    return joined(kept_pictures(study, folder, how) for study in studies)


def results_of(network: nn.Module, examples: Examples, plan: Plan) -> dict[str, float]:
    """On studies kept apart, places known: presence as AUC, severity as quadratic kappa and accuracy."""
    logits = answers_of(network, examples, plan.preprocessing)
    if plan.condition is not None:
        wanted, said = examples.wanted.argmax(1), logits.argmax(1)
        return {
            "quadratic kappa, synthetic, true places": float(
                cohen_kappa_score(wanted, said, weights="quadratic")
            ),
            "accuracy, synthetic, true places": float(np.mean(wanted == said)),
            "n": float(len(said)),
        }
    found: dict[str, float] = {}
    for number, name in enumerate(plan.outputs):
        known = examples.wanted[:, number] != UNKNOWN
        if len(np.unique(examples.wanted[known, number])) == 2:
            auc = roc_auc_score(examples.wanted[known, number], logits[known, number])
            found[f"AUC {name}, synthetic, true places"] = float(auc)
            found[f"n {name}"] = float(known.sum())
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--phantoms", type=Path, required=True, help="a cache of synthetic studies")
    parser.add_argument("--pictures", type=Path, required=True, help="where cut pictures are kept")
    parser.add_argument("--apart", type=int, default=40, help="how many studies are kept apart, the last")
    parser.add_argument("--cut-only", action="store_true", help="cut the pictures, train nothing")
    parser.add_argument("--checkpoint", type=Path, required=True, help="taken up again where it is there")
    parser.add_argument("--export", type=Path, required=True, help="folder for the weights and their card")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()

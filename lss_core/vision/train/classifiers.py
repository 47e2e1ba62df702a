"""Train the four classification networks: `python -m lss_core.vision.train.classifiers --help`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from torch import nn

from lss_core.domain import Condition
from lss_core.vision.bundle import write_network
from lss_core.vision.classify import PRESENCE, Preprocessing, severity_name
from lss_core.vision.train.classification import Examples, Plan, answers_of, examples_for, train
from lss_core.vision.train.pictures import UNKNOWN, Pictures, read_pictures
from lss_core.vision.train.run import Schedule

NETWORKS: dict[str, Condition | None] = {PRESENCE: None, **{severity_name(c): c for c in Condition}}
ARCHITECTURE = "regnet_y_800mf"
"""Of all four: stage two can then begin with what stage one has learned."""

log = logging.getLogger(__name__)


def main() -> None:
    """Train one network, report how it does on the studies kept apart, write it with its card."""
    asked = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(asked.threads)
    learned, apart = split(read_pictures(asked.pictures), asked.apart)
    condition = NETWORKS[asked.network]
    plan = Plan(
        condition=condition,
        architecture=ARCHITECTURE,
        preprocessing=Preprocessing(),
        schedule=Schedule(minutes=asked.minutes, seed=asked.seed),
    )
    examples = examples_for(learned, condition)
    studies = len(np.unique(learned.studies))
    log.info("%s: %d pictures of %d studies", asked.network, len(examples.index), studies)
    network = train(plan, examples, asked.checkpoint, start_from=asked.start_from)
    results = results_of(network, examples_for(apart, condition), plan)
    log.info("%s", results)
    card = write_network(
        asked.export,
        asked.network,
        network,
        {
            "architecture": plan.architecture,
            "inputs": 3,
            "outputs": plan.outputs,
            "preprocessing": plan.preprocessing.model_dump(mode="json"),
            "training": {
                "minutes": asked.minutes,
                "seed": asked.seed,
                "pictures": len(examples.index),
                "studies": studies,
                "apart": np.unique(apart.studies).tolist(),
            },
            "results": results,
        },
    )
    (asked.export / f"{asked.network}.json").write_text(card.model_dump_json(indent=2), encoding="utf-8")


def split(pictures: Pictures, apart: int) -> tuple[Pictures, Pictures]:
    """Pictures to learn from, and those of the last studies, kept apart to test on."""
    studies = np.unique(pictures.studies)
    if len(studies) <= apart:
        raise ValueError(f"{len(studies)} studies leave nothing to learn from when {apart} are kept apart")
    last = np.isin(pictures.studies, studies[len(studies) - apart :])
    return pictures.chosen(~last), pictures.chosen(last)


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
    parser.add_argument("--pictures", type=Path, required=True, help="a folder of pictures (see pictures.py)")
    parser.add_argument("--apart", type=int, default=20, help="how many studies are kept apart, the last")
    parser.add_argument(
        "--start-from", type=Path, help="a checkpoint whose weights to begin with, but the last layer"
    )
    parser.add_argument("--checkpoint", type=Path, required=True, help="taken up again where it is there")
    parser.add_argument("--export", type=Path, required=True, help="folder for the weights and their card")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()

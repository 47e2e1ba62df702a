"""Train a U-Net that outlines structures: `python -m lss_core.vision.train.outlines --help`."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from lss_core.domain import SagittalStructure, SeriesRole, Structure
from lss_core.vision.bundle import write_network
from lss_core.vision.networks import UNet
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.augment import Augmentation
from lss_core.vision.train.cache import CachedStudy, cached_studies
from lss_core.vision.train.run import Run, Schedule
from lss_core.vision.train.segmentation import Batches, Source, dice_of
from lss_core.vision.train.slices import SliceSet, absent_in_spider, joined, read_spider, slices_of

BASE = 16
SPIDER_APART = 6
"""Patients of SPIDER kept apart."""
PHANTOMS_APART = 0.08
"""Share of the synthetic studies kept apart: the last ones."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Plane:
    """What differs between the two networks; `slices_each` are taken of each synthetic series."""

    structures: tuple[str, ...]
    roles: tuple[SeriesRole, ...]
    preprocessing: Preprocessing
    shape: tuple[int, int]
    augmentation: Augmentation
    slices_each: int


PLANES = {
    "sagittal": Plane(
        structures=tuple(structure.value for structure in SagittalStructure),
        roles=(SeriesRole.SAGITTAL_T2, SeriesRole.SAGITTAL_T1),
        preprocessing=Preprocessing(spacing_mm=0.9, largest=(448, 448)),
        shape=(240, 192),
        augmentation=Augmentation(),
        slices_each=6,
    ),
    "axial": Plane(
        structures=tuple(structure.value for structure in Structure),
        roles=(SeriesRole.AXIAL_T2,),
        preprocessing=Preprocessing(spacing_mm=0.65, largest=(320, 320)),
        shape=(176, 176),
        augmentation=Augmentation(rotation_degrees=16, scale=1.3, shift=0.06, flip=0.0, class_contrast=0.25),
        slices_each=6,
    ),
}


def main() -> None:
    """Train, report Dice on what was kept apart, write the network with its card."""
    asked = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(asked.threads)
    plane, rng = PLANES[asked.plane], np.random.default_rng(asked.seed)
    train: dict[str, SliceSet] = {}
    apart: dict[str, SliceSet] = {}
    if asked.spider:
        spider = read_spider(asked.spider, plane.structures, plane.preprocessing)
        train["spider"], apart["spider"] = spider.split(SPIDER_APART, rng)
    if asked.phantoms:
        train["phantom"], apart["phantom"] = phantom_slices(cached_studies(asked.phantoms), plane, rng)
    for name, slices in train.items():
        log.info("%s: %d slices, apart: %s", name, len(slices.images), sorted(set(apart[name].patients)))
    network = UNet(inputs=1, outputs=len(plane.structures), base=BASE)
    if asked.start_from:
        network.load_state_dict(torch.load(asked.start_from, weights_only=True)["average"])
    schedule = Schedule(
        peak_rate=asked.rate, weight_decay=1e-3, minutes=asked.minutes, average=0.995, seed=asked.seed
    )
    run = Run(network, schedule, asked.checkpoint)
    implied = {"spider": absent_in_spider}
    sources = [
        Source(slices=slices, augmentation=plane.augmentation, absent=implied.get(name, torch.zeros_like))
        for name, slices in train.items()
    ]
    run.train(Batches(sources=sources, shape=plane.shape).loss)
    averaged = run.averaged()
    results = {f"dice {name}": dice_of(averaged, slices, plane.structures) for name, slices in apart.items()}
    log.info("%s", results)
    card = write_network(
        asked.export,
        asked.plane,
        averaged,
        {
            "architecture": "unet",
            "inputs": 1,
            "outputs": plane.structures,
            "base": BASE,
            "preprocessing": plane.preprocessing.model_dump(mode="json"),
            "training": {
                "steps": run.step,
                "minutes": round(run.seconds / 60, 1),
                "seed": asked.seed,
                "slices": {name: len(slices.images) for name, slices in train.items()},
                "apart": {name: sorted(set(slices.patients)) for name, slices in apart.items()},
            },
            "results": results,
        },
    )
    (asked.export / f"{asked.plane}.json").write_text(card.model_dump_json(indent=2), encoding="utf-8")


def phantom_slices(
    studies: list[CachedStudy], plane: Plane, rng: np.random.Generator
) -> tuple[SliceSet, SliceSet]:
    """Slices of synthetic studies to train on, and of those kept apart."""
    sets = []
    for study in studies:
        for role in plane.roles:
            volume, masks = study.volume(role), study.masks(role)
            count = min(plane.slices_each, len(volume.voxels))
            chosen = rng.choice(len(volume.voxels), count, replace=False).tolist()
            sets.append(slices_of(volume, masks, str(study.seed), plane.preprocessing, chosen))
    border = len(sets) - max(1, round(PHANTOMS_APART * len(studies))) * len(plane.roles)
    return joined(sets[:border]), joined(sets[border:])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plane", choices=PLANES)
    parser.add_argument("--spider", type=Path, help="SPIDER's slices: a folder of images/ and masks/")
    parser.add_argument("--phantoms", type=Path, help="a cache of synthetic studies (see cache.py)")
    parser.add_argument("--start-from", type=Path, help="a checkpoint whose weights to begin with")
    parser.add_argument("--checkpoint", type=Path, required=True, help="taken up again where it is there")
    parser.add_argument("--export", type=Path, required=True, help="folder for the weights and their card")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=3e-3, help="the highest learning rate")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()

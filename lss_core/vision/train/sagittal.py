"""Train the sagittal U-Net: `python -m lss_core.vision.train.sagittal --help`."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import torch

from lss_core.domain import SagittalStructure
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.augment import Augmentation
from lss_core.vision.train.segmentation import Plan, Source, Trainer, dice_of
from lss_core.vision.train.slices import read_spider

STRUCTURES = tuple(structure.value for structure in SagittalStructure)
PREPROCESSING = Preprocessing(spacing_mm=0.9, percentiles=(1.0, 99.0), largest=(448, 448))
HELD_OUT_PATIENTS = 6
log = logging.getLogger(__name__)


def main() -> None:
    """Train on SPIDER, report Dice on the patients kept apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spider", type=Path, required=True, help="folder of images/ and masks/")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(asked.threads)
    spider = read_spider(asked.spider, STRUCTURES, PREPROCESSING)
    train, apart = spider.split(HELD_OUT_PATIENTS, np.random.default_rng(asked.seed))
    log.info("%d slices to train on; apart: %s", len(train.images), sorted(set(apart.patients)))
    plan = Plan(structures=STRUCTURES, shape=(288, 224), minutes=asked.minutes, seed=asked.seed)
    trainer = Trainer(plan, asked.checkpoint)
    trainer.run([Source(slices=train, augmentation=Augmentation())])
    log.info("Dice apart: %s", dice_of(trainer.averaged(), apart, STRUCTURES))


if __name__ == "__main__":
    main()

"""The stage 'segment': a U-Net that outlines structures in one plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from lss_core.errors import TrainingError
from lss_core.vision.networks import UNet
from lss_core.vision.train.networks import Trained, apart_of, averaged, run_of, start_weights, told
from lss_core.vision.train.outline_plans import OutlinePlan, outline_plan, outline_section
from lss_core.vision.train.place import Place
from lss_core.vision.train.prepare import slices_for
from lss_core.vision.train.run import Validate
from lss_core.vision.train.segmentation import Batches, Source, balance, dice_of
from lss_core.vision.train.slices import SliceSet
from lss_core.vision.train.splits import Part


def train_outlines(place: Place, plane: str) -> Trained:
    """Train, or go on training, the network of a plane; Dice on the patients kept apart for testing."""
    plan, section = outline_plan(place.config, plane), outline_section(place.config, plane)
    train = slices_for(place, plane, Part.TRAIN)
    if not train:
        raise TrainingError(
            f"segment.{plane}",
            reason=f"no [[data]] gives outlined {plane} slices to train on",
            remedy='Add some, for example kind = "phantom"',
        )
    torch.manual_seed(place.config.seed)
    network = UNet(inputs=1, outputs=len(plan.structures), base=section.base)
    begun = start_weights(place, plane, network, fresh=section.fresh)
    run = run_of(place, plane, network, section)
    validation = slices_for(place, plane, Part.VALIDATION)
    run.train(
        _batches(place, plane, plan, train), _validate(place, plan, validation, section.validation_slices)
    )
    found, apart = averaged(place, plane, run, section), slices_for(place, plane, Part.TEST)
    assert isinstance(found, UNet), "the average of U-Nets is one"
    shifts = balance(found, validation.values(), plan.structures, place.arithmetic)
    fields = {
        "architecture": "unet",
        "inputs": 1,
        "outputs": plan.structures,
        "base": section.base,
        "preprocessing": plan.preprocessing.model_dump(mode="json"),
        "training": {
            **told(run, begun, section),
            "balanced by": shifts,
            "slices": _counts(train),
            "apart": apart_of(place, train),
        },
        "results": {
            f"dice {name}": dice_of(found, slices, plan.structures, place.arithmetic)
            for name, slices in apart.items()
        },
    }
    return Trained(network=found, fields=fields)


def _batches(place: Place, plane: str, plan: OutlinePlan, train: Mapping[str, SliceSet]) -> Batches:
    by_name = {entry.name: entry for entry in place.entries}
    return Batches(
        sources=[
            Source(
                slices=slices,
                share=by_name[name].data.share,
                augmentation=plan.augmentation,
                absent=by_name[name].source.absent(plane),
            )
            for name, slices in train.items()
        ],
        shape=plan.shape,
        size=outline_section(place.config, plane).batch,
        rarity=outline_section(place.config, plane).rarity,
    )


def _validate(place: Place, plan: OutlinePlan, slices: Mapping[str, SliceSet], most: int) -> Validate | None:
    """Mean Dice over the outlined structures, then over the sources; of `most` slices of each."""
    if not slices:
        return None
    some = [_some(one, most) for one in slices.values()]

    def figure(network: torch.nn.Module) -> float:
        dice = [dice_of(network, one, plan.structures, place.arithmetic) for one in some]
        return float(np.mean([np.mean(list(each.values())) for each in dice]))

    return figure


def _some(slices: SliceSet, most: int) -> SliceSet:
    chosen: Sequence[int] = np.unique(
        np.linspace(0, len(slices.images) - 1, most).round().astype(int)
    ).tolist()
    return SliceSet(
        images=tuple(slices.images[k] for k in chosen),
        bits=tuple(slices.bits[k] for k in chosen),
        known=slices.known,
        patients=tuple(slices.patients[k] for k in chosen),
    )


def _counts(train: Mapping[str, SliceSet]) -> dict[str, int]:
    return {name: len(slices.images) for name, slices in train.items()}

"""Trained networks in the work folder: where a network begins, and how it is kept when it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lss_core.errors import TrainingError
from lss_core.vision.bundle import NetworkCard, write_network
from lss_core.vision.train.config import TrainingSteps
from lss_core.vision.train.place import Place
from lss_core.vision.train.run import Run
from lss_core.vision.train.splits import Part, patients_of
from lss_core.vision.train.whole import write_text


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network with the fields of its card."""

    network: nn.Module
    fields: Mapping[str, Any]


def export_folder(place: Place) -> Path:
    """Where finished networks lie, each with its card beside it."""
    return place.work / "networks"


def is_done(place: Place, name: str) -> bool:
    """Whether a network is trained: its card is written last."""
    return (export_folder(place) / f"{name}.json").is_file()


def keep(place: Place, name: str, trained: Trained) -> NetworkCard:
    """Write a network, then its card."""
    card = write_network(export_folder(place), name, trained.network, trained.fields)
    write_text(export_folder(place) / f"{name}.json", card.model_dump_json(indent=2))
    return card


def start_weights(place: Place, name: str, network: nn.Module, *, fresh: bool) -> str:
    """Give a network the weights of its namesake in `start_from`; what it begins with, in words.

    Raises TrainingError when the namesake is not of the same kind.
    """
    if place.start is None or fresh or name not in place.start.card.networks:
        return "chance"
    weights = place.start.network(name).state_dict()
    if {key: one.shape for key, one in weights.items()} != {
        key: one.shape for key, one in network.state_dict().items()
    }:
        raise TrainingError(
            "start_from",
            reason=f"the network '{name}' of {place.start.label} is of another kind than the one asked for",
            remedy="Choose its architecture and base, or say fresh = true in the network's section",
        )
    network.load_state_dict(weights)
    return f"{place.start.label}, {name}"


def averaged(place: Place, name: str, run: Run, section: TrainingSteps) -> nn.Module:
    """What a run has come to; of the weights it began with, the share `kept` stays in them.

    The middle between a network and what further training made of it is often better than both, and
    forgets less of what the further data do not show (Wortsman et al. 2022, CVPR, 7959).
    """
    found = run.averaged()
    if not section.kept:
        return found
    assert place.start is not None, "the configuration has been checked"
    before = place.start.network(name).state_dict()
    mixed = {
        key: one if not one.is_floating_point() else torch.lerp(one, before[key].to(one), section.kept)
        for key, one in found.state_dict().items()
    }
    found.load_state_dict(mixed)
    return found


def apart_of(place: Place, entries: Iterable[str]) -> dict[str, list[str]]:
    """The patients of some entries' data sets that are kept apart for testing."""
    sets = [entry.data_set for name in entries for entry in place.entries if entry.name == name]
    return {name: patients_of(place.splits[name], Part.TEST) for name in dict.fromkeys(sets)}


def run_of(place: Place, name: str, network: nn.Module, section: TrainingSteps) -> Run:
    """The run of a network, taken up from its checkpoint where there is one."""
    return Run(
        network,
        place.schedule(section),
        place.work / "checkpoints" / f"{name}.pt",
        arithmetic=place.arithmetic,
        teller=place.teller(name),
    )


def told(run: Run, begun: str, section: TrainingSteps) -> dict[str, Any]:
    """What a card says of a run's course; begun: with which weights, of which a share may be kept.

    Nothing that a second run of the same file would tell otherwise: the minutes are in the log.
    """
    return {
        "steps": run.step,
        "best step": run.best_step or run.step,
        "validation figure": None if run.best is None else round(run.best_figure, 5),
        "seed": run.schedule.seed,
        "begun with": begun,
        "kept": section.kept,
    }

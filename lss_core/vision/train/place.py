"""What the stages of a run share: its configuration, sources, splits, work folder and arithmetic."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import torch

from lss_core.domain import Progress, silent
from lss_core.errors import TrainingError
from lss_core.vision.bundle import Bundle, load_bundle
from lss_core.vision.running import device_named
from lss_core.vision.train.arithmetic import Arithmetic, arithmetic_for
from lss_core.vision.train.config import TrainConfig, TrainingSteps
from lss_core.vision.train.data_config import Data
from lss_core.vision.train.run import Schedule
from lss_core.vision.train.sources.base import Case, Source, StudyReader
from lss_core.vision.train.sources.made import source_of
from lss_core.vision.train.splits import Part, Splits, drawn, fixed_parts, kept
from lss_core.vision.train.telling import Teller
from lss_core.vision.train.whole import write_text

_DATA_SETS = {"spider_slices": "spider"}
"""Kinds that hold another kind's patients."""

MADE_AS = 2
"""How slices and pictures are made: raised with each change by which they come out otherwise, so that
a work folder does not mix both. It was not written down before 2, labels twice as fine as the pixels.
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A [[data]] entry with its source and its cases by part."""

    data: Data
    source: Source
    data_set: str
    cases: Mapping[Part, tuple[Case, ...]]

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.data.name


@dataclass(frozen=True, kw_only=True)
class Place:
    """A run: what it is told to do, from what, where, and how it computes."""

    config: TrainConfig
    entries: tuple[Entry, ...]
    splits: Splits
    start: Bundle | None
    arithmetic: Arithmetic
    progress: Progress = silent

    @property
    def work(self) -> Path:
        """The folder with all that a run keeps to go on from."""
        return self.config.work

    def entries_for(self, use: str) -> Iterator[Entry]:
        """The entries that are used so."""
        return (entry for entry in self.entries if use in entry.data.use)

    def file(self, kind: str, entry: Entry, case: Case, ending: str) -> Path:
        """Where something made of a case is kept."""
        return self.work / kind / quote(entry.name, safe="") / f"{quote(case.id, safe='')}{ending}"

    def teller(self, network: str) -> Teller:
        """What tells of a network's run."""
        curves = self.work / "tensorboard" / network if self.config.tensorboard else None
        return Teller(network, progress=self.progress, curves=curves)

    def schedule(self, steps: TrainingSteps) -> Schedule:
        """The schedule of a network's section."""
        return Schedule(
            peak_rate=steps.rate,
            weight_decay=steps.weight_decay,
            warm_up=steps.warm_up,
            steps=steps.steps,
            average=steps.average,
            validate_every=steps.validate_every,
            patience=steps.patience,
            checkpoint_seconds=steps.checkpoint_seconds,
            seed=self.config.seed,
            workers=self.config.workers,
        )


def placed(config: TrainConfig, reader: StudyReader, *, progress: Progress = silent) -> Place:
    """Begin a run, or take it up again in its work folder.

    Raises TrainingError when the configuration, the data or the way slices and pictures are made are
    not those the folder began with, BundleError when `start_from` is no bundle, SettingsError when the
    device is not there.
    """
    device = device_named(config.device)
    if config.threads:
        torch.set_num_threads(config.threads)
    _same_run(config)
    sources = [(data, source_of(data, reader)) for data in config.data]
    cases = [source.cases() for _, source in sources]
    splits = _splits(config, cases)
    kept(config.work / "splits.json", splits)
    entries = tuple(
        Entry(
            data=data,
            source=source,
            data_set=data_set_of(data),
            cases={
                part: tuple(case for case in own if splits[data_set_of(data)][case.patient] is part)
                for part in Part
            },
        )
        for (data, source), own in zip(sources, cases, strict=True)
    )
    return Place(
        config=config,
        entries=entries,
        splits=splits,
        start=None if config.start_from is None else load_bundle(config.start_from),
        arithmetic=arithmetic_for(device, config.precision),
        progress=progress,
    )


def data_set_of(data: Data) -> str:
    """The data set whose patients an entry holds."""
    return data.data_set or _DATA_SETS.get(data.kind, data.kind if data.kind == "spider" else data.name)


def _splits(config: TrainConfig, cases: list[Any]) -> dict[str, dict[str, Part]]:
    patients: dict[str, set[str]] = defaultdict(set)
    fixed: dict[str, dict[str, Part]] = defaultdict(dict)
    for data, own in zip(config.data, cases, strict=True):
        here = {case.patient for case in own}
        patients[data_set_of(data)] |= here
        fixed[data_set_of(data)] |= fixed_parts(here, data.part, data.test_patients, data.validation_patients)
    return {
        name: drawn(name, everyone, config.split, seed=config.seed, fixed=fixed[name])
        for name, everyone in patients.items()
    }


def _same_run(config: TrainConfig) -> None:
    path, now = config.work / "run.json", {**config.fixed(), "made_as": MADE_AS}
    if not path.is_file():
        write_text(path, json.dumps(now, indent=1))
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    if before.get("made_as") != MADE_AS:
        raise TrainingError(
            str(config.work.name),
            reason="another version of this software began this work folder and made its slices otherwise",
            remedy="Name another work folder for a new run",
        )
    changed = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
    if changed:
        raise TrainingError(
            str(config.work.name),
            reason=f"the run in this work folder began with another {', '.join(changed)}",
            remedy="Name another work folder for a new run, or change it back",
        )

"""Trained networks, and those taken from another bundle, put together as a bundle with its card."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
from collections import defaultdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lss_core import __version__
from lss_core.errors import TrainingError
from lss_core.vision.bundle import CARD, Bundle, Card, NetworkCard, TrainingData, load_bundle, write_card
from lss_core.vision.train.left_out import left_out
from lss_core.vision.train.networks import export_folder, is_done
from lss_core.vision.train.place import Place
from lss_core.vision.train.splits import as_lists

SUMMARY = (
    "U-Nets outline structures on sagittal and axial MRI; RegNets say from crops whether stenosis is "
    "present and how severe; an ensemble joins them with grades from the measured outlines."
)


def assemble(place: Place) -> Bundle:
    """The bundle of all networks there are by now, in the work folder; `missing` says which are not."""
    folder = place.work / "bundle" / place.config.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    networks = {}
    for name, section in place.config.sections().items():
        if section is not None and is_done(place, name):
            path = export_folder(place) / f"{name}.json"
            networks[name] = NetworkCard.model_validate_json(path.read_bytes())
            shutil.copyfile(export_folder(place) / networks[name].file, folder / networks[name].file)
        elif section is None and place.start is not None and name in place.start.card.networks:
            networks[name] = place.start.network_card(name)
            shutil.copyfile(place.start.folder / networks[name].file, folder / networks[name].file)
    write_card(folder, card_of(place, networks))
    return load_bundle(folder)


def missing(place: Place) -> list[str]:
    """The networks that are still to be trained."""
    return [
        name
        for name, section in place.config.sections().items()
        if section is not None and not is_done(place, name)
    ]


def card_of(place: Place, networks: dict[str, NetworkCard]) -> Card:
    """The card before the ensemble is fitted; without its stage the ensemble of `start_from`."""
    config, start = place.config, place.start
    taken = [name for name, one in config.sections().items() if one is None and name in networks]
    provenance: dict[str, Any] = {
        "code": f"lss_core {__version__}",
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "device": str(place.arithmetic.device),
        "precision": str(place.arithmetic.dtype).removeprefix("torch."),
        "command": "python -m lss_core train",
        "run": run_of(place),
        "configuration": without_folders(config.fixed()),
        "splits": as_lists(place.splits),
        "left out": left_out(place),
    }
    if start is not None:
        provenance |= {"started from": start.label, "taken from it": taken}
    return Card(
        name=config.name,
        version=config.version,
        made=datetime.datetime.now(datetime.UTC).date().isoformat(),
        summary=config.summary or SUMMARY,
        intended_use=config.intended_use,
        licence=config.licence,
        provenance=provenance,
        training_data=training_data(place),
        networks=networks,
        parameters=start.card.parameters if start is not None and config.ensemble is None else {},
    )


def training_data(place: Place) -> tuple[TrainingData, ...]:
    """The sources with licence and attribution, and what radiologists say of the patients; each once."""
    found: dict[tuple[str, str, str], TrainingData] = {}
    seen: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for entry in place.entries:
        about, data = entry.source.about, entry.data
        key = (about.name, data.licence, data.attribution)
        patients = seen[key] = seen[key] | {case.patient for cases in entry.cases.values() for case in cases}
        told = ", ".join(f"{name}: {n}" for name, n in entry.source.figures(sorted(patients)).items())
        found[key] = TrainingData(
            name=about.name,
            licence=data.licence or about.licence,
            attribution=data.attribution or about.attribution,
            use=f"{about.use}; {len(patients)} patients" + (f" ({told})" if told else ""),
        )
    before = () if place.start is None else place.start.card.training_data
    names = {one.name for one in found.values()}
    return (*found.values(), *(one for one in before if one.name not in names))


def run_of(place: Place) -> str:
    """A short name of the run that its configuration decides."""
    text = json.dumps(place.config.fixed(), sort_keys=True)
    return sha256(text.encode()).hexdigest()[:16]


def without_folders(values: Any) -> Any:
    """A configuration fit to be passed on: of each path only its last name."""
    if isinstance(values, dict):
        return {key: without_folders(value) for key, value in values.items()}
    if isinstance(values, list):
        return [without_folders(value) for value in values]
    return Path(values).name if isinstance(values, str) and os.path.isabs(values) else values


def check_output(place: Place) -> None:
    """Raises TrainingError when another run's bundle, or anything else, lies where this one's is to go."""
    output = place.config.output
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    card = output / CARD
    own = card.is_file() and load_bundle(output).card.provenance.get("run") == run_of(place)
    if not own:
        raise TrainingError(
            output.name,
            reason="the output folder holds something that this run has not made",
            remedy="Name another output, or move it away",
        )


def publish(place: Place, bundle: Bundle) -> Bundle:
    """Put the finished bundle into the output folder, whole or not at all."""
    output = place.config.output
    part = output.with_name(f".part-{output.name}")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(bundle.folder, part)
    write_card(part, bundle.card)
    shutil.rmtree(output, ignore_errors=True)
    os.replace(part, output)
    return load_bundle(output)

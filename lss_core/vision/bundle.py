"""A bundle: networks under `models/<name>/` and the card that says what they are.

No card, no run. The card names each network's file, checksum, architecture, outputs and
preprocessing; code that uses a network takes all of them from here. Weights are
safetensors in float16, computed in float32 or as the device prefers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from lss_core.errors import BundleError
from lss_core.vision.networks import build

CARD = "card.json"
_FETCH = "Fetch the bundle again, or name another with LSS_BUNDLE"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingData(_Part):
    """A source the networks were trained on, with the attribution its licence asks for."""

    name: str
    licence: str
    attribution: str
    use: str


class NetworkCard(_Part):
    """One network: `outputs` name its channels in order, `base` is a U-Net's width.

    `preprocessing` is read by the module that uses the network; `results` are measured
    figures, each name saying what and on which data.
    """

    file: str
    sha256: str
    architecture: str
    inputs: int
    outputs: tuple[str, ...]
    base: int = 16
    preprocessing: Mapping[str, JsonValue] = Field(default_factory=dict)
    training: Mapping[str, JsonValue] = Field(default_factory=dict)
    results: Mapping[str, JsonValue] = Field(default_factory=dict)


class Card(_Part):
    """What a bundle is, what it was made from and how well it did.

    `parameters` holds what is not a network: thresholds, weights of the ensemble, each
    read by the module it is named after. `results` are the chain's measured figures.
    """

    format: Literal[1] = 1
    name: str
    version: str
    made: str
    summary: str
    intended_use: str
    licence: str
    provenance: Mapping[str, JsonValue]
    training_data: tuple[TrainingData, ...]
    networks: Mapping[str, NetworkCard]
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    results: Mapping[str, JsonValue] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A folder whose card was read and whose files have the checksums it states."""

    folder: Path
    card: Card

    @property
    def label(self) -> str:
        """Name and version, as findings state them: 'lss-small 0.1.0'."""
        return f"{self.card.name} {self.card.version}"

    def describe(self) -> str:
        """Name, version and networks in a line, for people."""
        return f"{self.label} ({', '.join(sorted(self.card.networks))})"

    def network_card(self, name: str) -> NetworkCard:
        """The card of a network. Raises BundleError when the bundle has none of that name."""
        if name not in self.card.networks:
            known = ", ".join(sorted(self.card.networks))
            raise _refused(self.folder / CARD, f"there is no network '{name}' (there are: {known})")
        return self.card.networks[name]

    def network(self, name: str) -> nn.Module:
        """A network with its weights in float32, ready for inference on the CPU.

        Raises BundleError unless the tensors of the file are just those of the architecture.
        """
        card = self.network_card(name)
        path = self.folder / card.file
        try:
            network = build(card.architecture, inputs=card.inputs, outputs=len(card.outputs), base=card.base)
            network.load_state_dict(load_file(path), strict=True)
        except SafetensorError as error:
            raise _refused(path, "the file is not safetensors") from error
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:300]
            raise _refused(path, f"the weights do not fit {card.architecture}: {reason}") from error
        return network.eval()


def find_bundle(models_dir: Path, name: str = "") -> Bundle:
    """The bundle of a name among the folders of `models_dir`, or the only one where no name is given.

    Raises BundleError when there is none, or several to choose from.
    """
    if name:
        return load_bundle(models_dir / name)
    found = sorted(path.parent for path in models_dir.glob(f"*/{CARD}"))
    if len(found) == 1:
        return load_bundle(found[0])
    if not found:
        raise BundleError(
            str(models_dir),
            reason="there is no bundle in this folder",
            remedy="Name its folder with LSS_MODELS_DIR",
        )
    names = ", ".join(path.name for path in found)
    raise BundleError(
        str(models_dir), reason=f"there are several bundles ({names})", remedy="Name one with LSS_BUNDLE"
    )


def load_bundle(folder: Path) -> Bundle:
    """The bundle in a folder, its checksums verified.

    Raises BundleError when the card is missing or wrong, or a file is missing or changed.
    """
    path = folder / CARD
    if not path.is_file():
        raise _refused(folder, "there is no card.json, and nothing runs without one")
    try:
        card = Card.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _refused(path, f"the card is wrong at '{place}': {first['msg']}") from error
    for network in card.networks.values():
        file = folder / network.file
        if file.parent != folder or not file.is_file():
            raise _refused(file, "the card names this file, but it is not in the bundle")
        if sha256_of(file) != network.sha256:
            raise _refused(file, "its checksum is not the one on the card")
    return Bundle(folder=folder, card=card)


def write_network(folder: Path, name: str, network: nn.Module, card: Mapping[str, Any]) -> NetworkCard:
    """Write a network's weights to `<name>.safetensors`, float16, and return its card.

    `card` holds the fields of NetworkCard other than `file` and `sha256`.
    Raises ValueError when a weight does not fit float16.
    """
    tensors = {key: _halved(key, tensor) for key, tensor in network.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.safetensors"
    save_file(tensors, file)
    return NetworkCard.model_validate({**card, "file": file.name, "sha256": sha256_of(file)})


def write_card(folder: Path, card: Card) -> None:
    """Write the card; the networks it names must lie in the folder already."""
    text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _halved(key: str, tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_floating_point():
        return tensor.contiguous()
    half = tensor.detach().to("cpu", torch.float16).contiguous()
    if not torch.isfinite(half).all():
        raise ValueError(f"{key} does not fit float16")
    return half


def _refused(subject: Path, reason: str) -> BundleError:
    return BundleError(subject.name, reason=reason, remedy=_FETCH)

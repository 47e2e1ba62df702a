"""No card, no run: what a bundle is refused for, by message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lss_core.errors import BundleError
from lss_core.vision.bundle import Card, find_bundle, load_bundle, sha256_of, write_card, write_network
from lss_core.vision.networks import REGNETS, UNet, regnet


def toy_bundle(folder: Path) -> Path:
    """A bundle of one tiny U-Net."""
    torch.manual_seed(0)
    network = UNet(inputs=1, outputs=2, base=4)
    fields = {"architecture": "unet", "inputs": 1, "outputs": ("disc", "vertebra"), "base": 4}
    card = Card(
        name="toy",
        version="1",
        made="2026-01-01",
        summary="",
        intended_use="tests",
        licence="Apache-2.0",
        provenance={},
        training_data=(),
        networks={"sagittal": write_network(folder, "sagittal", network, fields)},
    )
    write_card(folder, card)
    return folder


def edit_card(folder: Path, **changes: Any) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_network_is_the_same_after_it_was_written_and_loaded(tmp_path: Path) -> None:
    bundle = load_bundle(toy_bundle(tmp_path / "toy"))
    torch.manual_seed(0)
    original = UNet(inputs=1, outputs=2, base=4).eval()
    image = torch.rand(1, 1, 32, 32)
    with torch.inference_mode():
        difference = (bundle.network("sagittal")(image) - original(image)).abs().max()
    assert difference < 1e-2  # float16 keeps three digits
    assert bundle.label == "toy 1"


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"there is no card\.json.*LSS_BUNDLE"):
        load_bundle(tmp_path)


def test_a_card_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    edit_card(toy_bundle(tmp_path), colour="blue")
    with pytest.raises(BundleError, match="the card is wrong at 'colour'"):
        load_bundle(tmp_path)


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    weights = toy_bundle(tmp_path) / "sagittal.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BundleError, match=r"sagittal\.safetensors: its checksum is not the one on the card"):
        load_bundle(tmp_path)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    (toy_bundle(tmp_path) / "sagittal.safetensors").unlink()
    with pytest.raises(BundleError, match="the card names this file, but it is not in the bundle"):
        load_bundle(tmp_path)


def test_a_card_that_names_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    toy_bundle(tmp_path / "bundle")
    networks = json.loads((tmp_path / "bundle" / "card.json").read_text())["networks"]
    networks["sagittal"]["file"] = "../sagittal.safetensors"
    edit_card(tmp_path / "bundle", networks=networks)
    (tmp_path / "bundle" / "sagittal.safetensors").rename(tmp_path / "sagittal.safetensors")
    with pytest.raises(BundleError, match="is not in the bundle"):
        load_bundle(tmp_path / "bundle")


def test_a_missing_tensor_is_refused_by_name(tmp_path: Path) -> None:
    weights = toy_bundle(tmp_path) / "sagittal.safetensors"
    tensors = load_file(weights)
    del tensors["head.bias"]
    save_file(tensors, weights)
    networks = json.loads((tmp_path / "card.json").read_text())["networks"]
    networks["sagittal"]["sha256"] = sha256_of(weights)
    edit_card(tmp_path, networks=networks)
    with pytest.raises(BundleError, match=r"do not fit unet: .*head\.bias"):
        load_bundle(tmp_path).network("sagittal")


def test_a_network_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no network 'axial' \(there are: sagittal\)"):
        load_bundle(toy_bundle(tmp_path)).network("axial")


def test_an_architecture_nobody_knows_is_refused(tmp_path: Path) -> None:
    networks = json.loads((toy_bundle(tmp_path) / "card.json").read_text())["networks"]
    networks["sagittal"]["architecture"] = "resnet"
    edit_card(tmp_path, networks=networks)
    with pytest.raises(BundleError, match="resnet is not one of"):
        load_bundle(tmp_path).network("sagittal")


def test_weights_beyond_float16_are_not_written(tmp_path: Path) -> None:
    network = UNet(inputs=1, outputs=1, base=4)
    with torch.no_grad():
        network.head.bias.fill_(1e6)
    with pytest.raises(ValueError, match=r"head\.bias does not fit float16"):
        write_network(tmp_path, "x", network, {"architecture": "unet", "inputs": 1, "outputs": ("a",)})


def test_a_regnet_takes_as_many_channels_as_asked() -> None:
    network = regnet("regnet_y_400mf", inputs=5, outputs=3).eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 5, 64, 64)).shape == (2, 3)


def test_the_large_regnet_of_the_source_can_be_named() -> None:
    assert "regnet_y_32gf" in REGNETS


def test_the_only_bundle_is_found_without_its_name(tmp_path: Path) -> None:
    toy_bundle(tmp_path / "toy")
    assert find_bundle(tmp_path).describe() == "toy 1 (sagittal)"


def test_an_empty_models_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"there is no bundle in this folder.*LSS_MODELS_DIR"):
        find_bundle(tmp_path)


def test_several_bundles_are_named_and_none_is_guessed(tmp_path: Path) -> None:
    toy_bundle(tmp_path / "a")
    toy_bundle(tmp_path / "b")
    with pytest.raises(BundleError, match=r"several bundles \(a, b\).*LSS_BUNDLE"):
        find_bundle(tmp_path)
    assert find_bundle(tmp_path, "b").folder.name == "b"

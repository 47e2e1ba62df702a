"""The source's own networks: RegNet-Y-800MF for presence, a RegNet-Y-32GF for each condition's severity."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from lss_core.domain import SITES, Condition, check_probabilities
from lss_core.vision.bundle import Bundle, Card, NetworkCard, load_bundle, write_card, write_network
from lss_core.vision.classify import (
    PRESENCE,
    PRESENCE_OUTPUTS,
    SEVERITY_OUTPUTS,
    make_classifier,
    severity_name,
)
from lss_core.vision.networks import regnet
from lss_core.vision.openvino_running import openvino_runner
from lss_core.vision.running import Processor
from lss_core.vision.train.classification import loss_of
from lss_core.vision.train.config import ClassifierConfig, load_config

ROOT = Path(__file__).resolve().parents[2]
HOW = {"pixels": 32, "margin": 0.15, "percentiles": [1, 99]}
LARGE = "regnet_y_32gf"
PARAMETERS = 145_046_770
"""Of torchvision's RegNet-Y-32GF with its 1,000 classes (its documentation)."""

pytestmark = pytest.mark.slow


def card(architecture: str, outputs: tuple[str, ...]) -> dict[str, object]:
    return {"architecture": architecture, "inputs": 3, "outputs": outputs, "preprocessing": HOW}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Random weights; the three conditions share one file, so that it is written once."""
    folder = tmp_path_factory.mktemp("source")
    torch.manual_seed(0)
    small = regnet("regnet_y_800mf", inputs=3, outputs=len(PRESENCE_OUTPUTS))
    large = regnet(LARGE, inputs=3, outputs=len(SEVERITY_OUTPUTS))
    severity = write_network(folder, "severity", large, card(LARGE, SEVERITY_OUTPUTS))
    networks: dict[str, NetworkCard] = {severity_name(condition): severity for condition in Condition}
    presence = card("regnet_y_800mf", PRESENCE_OUTPUTS)
    networks[PRESENCE] = write_network(folder, PRESENCE, small, presence)
    write_card(
        folder,
        Card(
            name="source", version="0", made="", summary="", intended_use="", licence="", provenance={},
            training_data=(), networks=networks,
        ),
    )  # fmt: skip
    return load_bundle(folder)


def test_it_is_the_network_that_the_source_names() -> None:
    network = regnet(LARGE, inputs=3, outputs=1000)
    assert sum(one.numel() for one in network.parameters()) == PARAMETERS


def test_it_is_saved_loaded_and_grades_every_site(bundle: Bundle) -> None:
    classifier = make_classifier(bundle, Processor(device=torch.device("cpu")))
    rng = np.random.default_rng(0)
    answers = classifier({site: [rng.normal(size=(3, 32, 32)).astype(np.float32)] for site in SITES})
    assert set(answers) == set(SITES)
    for probabilities in answers.values():
        check_probabilities(probabilities)


def test_openvino_answers_as_torch_does(bundle: Bundle) -> None:
    name = severity_name(Condition.CENTRAL)
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        exact = torch.softmax(bundle.network(name)(images), 1)
    found = torch.softmax(openvino_runner(bundle, name, None)(images), 1)
    torch.testing.assert_close(found, exact, rtol=0, atol=0.02)


def test_a_configuration_trains_it(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "train-your-own.md").read_text()
    (written,) = [one for one in re.findall(r"```toml\n(name.*?)```", text, re.DOTALL) if LARGE in one]
    (tmp_path / "source.toml").write_text(written)
    sections = load_config(tmp_path / "source.toml").sections()
    asked = [sections[severity_name(condition)] for condition in Condition]
    assert {one.architecture for one in asked if isinstance(one, ClassifierConfig)} == {LARGE}
    section = asked[0]
    assert isinstance(section, ClassifierConfig)
    network = regnet(section.architecture, inputs=3, outputs=len(SEVERITY_OUTPUTS))
    last = network.get_parameter("fc.weight")
    before = last.detach().clone()
    step = torch.optim.SGD(network.parameters(), lr=section.rate)
    loss_of(network(torch.rand(2, 3, 32, 32)), torch.eye(3)[:2], torch.ones(3), Condition.CENTRAL).backward()
    step.step()
    assert torch.isfinite(last).all()
    assert not torch.equal(last, before)

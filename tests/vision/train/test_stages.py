"""The whole run, of networks far too small to be of use: from a file to a bundle, whatever happens."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from lss_core.domain import Condition
from lss_core.errors import TrainingError
from lss_core.phantom import PhantomOptions, make_study
from lss_core.settings import get_settings
from lss_core.usecases.training import train_bundle
from lss_core.vision.bundle import find_bundle
from lss_core.vision.engine import Engine

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = """\
threads = 1
name = "toy"
licence = "Apache-2.0"
output = "models/toy"
work = "runs/toy"

[[data]]
kind = "phantom"
count = 6
sub_slices = 1
sagittal_slices = 7
sagittal_pixels = 128
axial_pixels = 128
slices_each = 2

[split]
validation = 0.17
test = 0.17

[pictures]
pixels = 32

[segment.sagittal]
base = 2
shape = [64, 64]
spacing_mm = 2.0
steps = 4
batch = 2
validate_every = 2
checkpoint_seconds = 0

[segment.axial]
base = 2
shape = [64, 64]
spacing_mm = 1.5
steps = 4
batch = 2
checkpoint_seconds = 0

[presence]
architecture = "regnet_y_400mf"
steps = 3
batch = 4
checkpoint_seconds = 0

[severity.central]
architecture = "regnet_y_400mf"
steps = 1
batch = 4

[severity.lateral_recess]
architecture = "regnet_y_400mf"
steps = 1
batch = 4

[severity.foraminal]
architecture = "regnet_y_400mf"
steps = 1
batch = 4

[ensemble]
fit_studies = 1
test_studies = 1
"""
KILLED_AT = ("axial: step 3", "presence: step 2", "ensemble: test study")
CHILD = """
import os, signal, sys
from pathlib import Path
from lss_core.settings import get_settings
from lss_core.usecases.training import train_bundle

def progress(share, what):
    if what.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

train_bundle(get_settings(), Path(sys.argv[1]), progress=progress)
"""


@pytest.fixture(scope="module", autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def written(folder: Path, text: str = EXAMPLE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "toy.toml").write_text(text)
    return folder / "toy.toml"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an unbroken run."""
    folder = tmp_path_factory.mktemp("whole")
    assert train_bundle(get_settings(), written(folder)).label == "toy 1"
    return folder


def bundle_of(folder: Path) -> dict[str, bytes]:
    """The files of the bundle; the card without the day it was made on, for tests run at midnight too."""
    files = {file.name: file.read_bytes() for file in (folder / "models" / "toy").iterdir()}
    made = json.loads(files["card.json"])["made"].encode()
    return files | {"card.json": files["card.json"].replace(made, b"")}


def test_killed_three_times_a_run_ends_in_the_very_bundle_of_an_unbroken_one(
    whole: Path, tmp_path: Path
) -> None:
    config = written(tmp_path)
    for place in KILLED_AT:
        call = [sys.executable, "-c", CHILD, str(config), place]
        done = subprocess.run(call, cwd=ROOT, capture_output=True, timeout=120, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    assert not (tmp_path / "models").exists()
    train_bundle(get_settings(), config)
    broken, unbroken = bundle_of(tmp_path), bundle_of(whole)
    assert broken.keys() == unbroken.keys() >= {"card.json", "axial.safetensors"}
    assert [name for name in unbroken if broken[name] != unbroken[name]] == []


def test_the_bundle_grades_and_its_card_tells_where_it_comes_from(whole: Path) -> None:
    bundle = find_bundle(whole / "models", "toy")
    small = PhantomOptions(sub_slices=1, sagittal_slices=7, sagittal_pixels=128, axial_pixels=128)
    graded = Engine(bundle, "cpu").grade(make_study(99, options=small).series)
    assert len(graded.findings.sites) == 25
    card = bundle.card
    assert [one.licence for one in card.training_data] == ["Apache-2.0"]
    splits = card.provenance["splits"]["phantom"]  # type: ignore[index,call-overload]
    assert sorted(len(part) for part in splits.values()) == [1, 1, 4]  # type: ignore[union-attr]
    assert card.networks["axial"].training["apart"] == {"phantom": splits["test"]}  # type: ignore[index,call-overload]
    assert card.provenance["torch"] == torch.__version__
    assert str(whole) not in (whole / "models" / "toy" / "card.json").read_text()
    apart = card.results["studies kept apart"]
    assert {condition.value for condition in Condition} <= set(apart)  # type: ignore[arg-type]


def test_what_is_done_is_not_done_again_and_another_configuration_is_refused(whole: Path) -> None:
    told: list[str] = []
    train_bundle(get_settings(), whole / "toy.toml", progress=lambda share, what: told.append(what))
    assert not [what for what in told if "step" in what]
    wider = EXAMPLE.replace("base = 2", "base = 3")
    changed = written(whole / "other", wider.replace('"runs/toy"', '"../runs/toy"'))
    with pytest.raises(TrainingError, match=r"began with another segment.*another work folder"):
        train_bundle(get_settings(), changed)
    another = written(whole / "another", wider.replace('"models/toy"', '"../models/toy"'))
    with pytest.raises(TrainingError, match=r"toy: the output folder holds something that this run has not"):
        train_bundle(get_settings(), another)


def test_one_stage_alone_says_what_is_left(tmp_path: Path) -> None:
    told = train_bundle(get_settings(), written(tmp_path), stages=["segment"])
    assert told.folder is None
    assert told.to_do == (
        "presence", "severity_central", "severity_lateral_recess", "severity_foraminal",
    )  # fmt: skip
    with pytest.raises(TrainingError, match=r"sleep: there is no such stage"):
        train_bundle(get_settings(), written(tmp_path), stages=["sleep"])


def test_networks_without_a_section_come_from_the_bundle_that_is_started_from(
    whole: Path, tmp_path: Path
) -> None:
    head, _, rest = EXAMPLE.partition("[segment.sagittal]")
    presence = rest[rest.index("[presence]") : rest.index("[severity.central]")]
    config = written(tmp_path, f'start_from = "{whole}/models/toy"\n{head}{presence}')
    train_bundle(get_settings(), config)
    made, before = find_bundle(tmp_path / "models"), find_bundle(whole / "models")
    assert made.card.networks["axial"].sha256 == before.card.networks["axial"].sha256
    assert made.card.networks["presence"].sha256 != before.card.networks["presence"].sha256
    assert made.card.networks["presence"].training["begun with"] == "toy 1, presence"
    assert made.card.parameters == before.card.parameters
    mixed = written(tmp_path / "mixed", config.read_text() + "kept = 0.25\n")
    train_bundle(get_settings(), mixed)
    half_way = find_bundle(tmp_path / "mixed" / "models").network("presence").state_dict()
    ends = [bundle.network("presence").state_dict() for bundle in (made, before)]
    for key, one in half_way.items():
        if one.is_floating_point():
            torch.testing.assert_close(one, 0.75 * ends[0][key] + 0.25 * ends[1][key], rtol=2e-3, atol=2e-3)
    wider = config.read_text() + "\n[segment.axial]\nbase = 4\nsteps = 1\n"
    with pytest.raises(TrainingError, match=r"'axial' of toy 1 is of another kind.*fresh = true"):
        train_bundle(get_settings(), written(tmp_path / "wider", wider))

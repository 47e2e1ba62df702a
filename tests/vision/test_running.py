"""Engines answer alike, what OpenVINO compiled is kept, and it reports to nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import openvino
import pytest
import torch
from torch import Tensor

from lss_core.errors import SettingsError
from lss_core.vision import running
from lss_core.vision.bundle import Bundle, Card, load_bundle, write_card, write_network
from lss_core.vision.networks import build
from lss_core.vision.openvino_running import OpenVinoRunner, openvino_runner, requests
from lss_core.vision.running import Processor, TorchRunner, device_named, device_names, make_runner

CPU = torch.device("cpu")
HALF_A_PERCENT = 5e-3
"""What bfloat16, with 8 bits of mantissa, costs a layer or two: of the largest logit."""


def write_bundle(folder: Path, seed: int = 0) -> Bundle:
    torch.manual_seed(seed)
    networks = {}
    for name, architecture, inputs, outputs in (
        ("outline", "unet", 1, ("a", "b", "c")),
        ("grade", "regnet_y_400mf", 3, ("mild", "severe")),
    ):
        network = build(architecture, inputs=inputs, outputs=len(outputs), base=4).eval()
        card = {"architecture": architecture, "inputs": inputs, "outputs": outputs, "base": 4}
        networks[name] = write_network(folder, name, network, card)
    card = Card(
        name="toy", version="1", made="", summary="", intended_use="", licence="", provenance={},
        training_data=(), networks=networks,
    )  # fmt: skip
    write_card(folder, card)
    return load_bundle(folder)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_bundle(tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def compiled(bundle: Bundle) -> dict[str, OpenVinoRunner]:
    return {name: openvino_runner(bundle, name, None) for name in ("outline", "grade")}


def images_for(name: str, count: int = 9) -> Tensor:
    torch.manual_seed(1)
    return torch.rand(count, 1 if name == "outline" else 3, 64, 48)


def exact(bundle: Bundle, name: str, images: Tensor) -> Tensor:
    with torch.inference_mode():
        answers: Tensor = bundle.network(name)(images)
    return answers


@pytest.mark.parametrize("name", ["outline", "grade"])
def test_both_engines_answer_as_the_network_does_in_float32(
    bundle: Bundle, compiled: dict[str, OpenVinoRunner], name: str
) -> None:
    images = images_for(name)
    expected = exact(bundle, name, images)
    for runner in (compiled[name], make_runner(bundle, name, Processor(device=CPU))):
        answers = runner(images)
        assert answers.dtype is torch.float32
        assert answers.device == runner.device == CPU
        assert (answers - expected).abs().max() <= 4 * HALF_A_PERCENT * expected.abs().max()


@pytest.mark.parametrize(
    ("images", "pixels", "streams", "expected"),
    [(10, 128**2, 2, 2), (30, 128**2, 2, 4), (1, 128**2, 2, 1), (8, 400**2, 2, 8), (7, 400**2, 2, 7)],
)
def test_each_stream_has_as_many_requests_as_the_others(
    images: int, pixels: int, streams: int, expected: int
) -> None:
    assert requests(images, pixels, streams) == expected


def test_a_processor_without_bfloat16_computes_in_float32(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "cpu_has_bfloat16", lambda: False)
    answers = make_runner(bundle, "grade", Processor(device=CPU))(images_for("grade"))
    torch.testing.assert_close(answers, exact(bundle, "grade", images_for("grade")), rtol=1e-4, atol=1e-5)
    assert Processor(device=CPU).describe() == "cpu, torch, float32"


def test_each_image_gets_its_own_answer_whatever_their_number_and_size(
    compiled: dict[str, OpenVinoRunner],
) -> None:
    outline = compiled["outline"]
    for count, rows, columns in ((1, 32, 64), (11, 32, 64), (3, 80, 16)):
        images = torch.rand(count, 1, rows, columns)
        answers = outline(images)
        assert answers.shape == (count, 3, rows, columns)
        for image, answer in zip(images, answers, strict=True):
            torch.testing.assert_close(outline(image[None])[0], answer, rtol=0, atol=1e-2)


def test_no_python_function_is_left_to_the_threads_of_openvino(
    compiled: dict[str, OpenVinoRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them let go of it when Python was ending, now and then: a script's exit status was 134."""
    for kind in (openvino.AsyncInferQueue, openvino.InferRequest):
        monkeypatch.setattr(kind, "set_callback", lambda *_: pytest.fail("a callback was set"))
    assert compiled["grade"](images_for("grade")).shape == (9, 2)


def test_a_compiled_network_is_kept_and_taken_again(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = openvino_runner(bundle, "grade", tmp_path / "compiled")
    monkeypatch.setattr(Bundle, "network", lambda *_: pytest.fail("it was compiled anew"))
    second = openvino_runner(bundle, "grade", tmp_path / "compiled")
    images = images_for("grade")
    assert torch.equal(first(images), second(images))


def test_other_weights_are_not_taken_for_those_that_were_compiled(bundle: Bundle, tmp_path: Path) -> None:
    folder, images = tmp_path / "compiled", images_for("grade")
    first = openvino_runner(bundle, "grade", folder)(images)
    other = openvino_runner(write_bundle(tmp_path / "other", seed=5), "grade", folder)(images)
    assert len(list(folder.iterdir())) == 2
    assert not torch.allclose(first, other, atol=1e-2)


@pytest.mark.parametrize("damage", [b"not a network", b""])
def test_a_damaged_compiled_network_is_made_anew(bundle: Bundle, tmp_path: Path, damage: bytes) -> None:
    first = openvino_runner(bundle, "outline", tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage)
    images = images_for("outline")
    assert torch.equal(openvino_runner(bundle, "outline", tmp_path)(images), first(images))
    assert kept.stat().st_size > 1000


def test_a_folder_that_cannot_be_written_costs_no_answer(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    runner = openvino_runner(bundle, "grade", tmp_path / "file" / "compiled")
    assert runner(images_for("grade")).shape == (9, 2)


def test_a_device_that_is_not_there_is_refused() -> None:
    assert device_names()[0] == "cpu"
    with pytest.raises(SettingsError, match="'abacus' is not here"):
        device_named("abacus")


def test_the_setting_chooses_what_runs_networks_on_a_cpu(bundle: Bundle) -> None:
    chosen = {engine: running.processor_named("cpu", engine) for engine in ("auto", "openvino", "torch")}
    assert [one.openvino for one in chosen.values()] == [True, True, False]
    assert isinstance(make_runner(bundle, "grade", chosen["torch"]), TorchRunner)
    assert isinstance(make_runner(bundle, "grade", chosen["auto"]), OpenVinoRunner)


@pytest.fixture
def _without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lss_core.vision.openvino_running")
    monkeypatch.setitem(sys.modules, "openvino", None)


@pytest.mark.usefixtures("_without_openvino")
def test_where_openvino_does_not_load_torch_takes_its_place() -> None:
    assert not running.processor_named("cpu", "auto").openvino


@pytest.mark.usefixtures("_without_openvino")
def test_openvino_asked_for_by_name_is_refused_where_it_does_not_load() -> None:
    with pytest.raises(SettingsError, match=r"LSS_CPU_ENGINE: OpenVINO cannot be loaded.*Choose auto"):
        running.processor_named("cpu", "openvino")


def test_openvino_reports_to_nobody(tmp_path: Path) -> None:
    """A package in the place of `openvino_telemetry` that would tell if it were loaded."""
    package = tmp_path / "openvino_telemetry"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('telemetry was loaded')")
    check = "import lss_core.vision.openvino_running, openvino.tools.ovc.telemetry_utils as t; print(t.tm)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {check}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "telemetry_stub" in done.stdout

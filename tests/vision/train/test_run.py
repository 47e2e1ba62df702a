"""A training run: taken up again to the same result, stopped early, told of while it goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lss_core.errors import TrainingError
from lss_core.vision.networks import UNet
from lss_core.vision.train import telling
from lss_core.vision.train.arithmetic import Arithmetic, arithmetic_for
from lss_core.vision.train.run import Batch, Run, Schedule
from lss_core.vision.train.segmentation import Batches, Source
from lss_core.vision.train.slices import SliceSet
from lss_core.vision.train.telling import Teller

STEPS = 8


class KilledError(Exception):
    """Stands for a kill."""


def batches() -> Batches:
    rng = np.random.default_rng(0)
    slices = SliceSet(
        images=tuple(rng.integers(0, 255, (4, 64, 64), np.uint8)),
        bits=tuple(np.tri(64, k=k, dtype=np.uint32) for k in range(4)),
        known=np.array([True]),
        patients=tuple("abcd"),
    )
    return Batches(sources=[Source(slices=slices)], shape=(32, 32), size=2)


def run_in(folder: Path, teller: Teller | None = None, **changes: float) -> Run:
    torch.manual_seed(0)
    schedule = Schedule(**{"steps": STEPS, "validate_every": 2, "checkpoint_seconds": 0, **changes})  # type: ignore[arg-type]
    return Run(UNet(inputs=1, outputs=1, base=2), schedule, folder / "net.pt", teller=teller)


def brightness(network: nn.Module) -> float:
    with torch.inference_mode():
        return float(network(torch.ones(1, 1, 32, 32)).mean())


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(value, other.state_dict()[key]) for key, value in one.state_dict().items())


def broken_at(folder: Path, stop: int, workers: int) -> nn.Module:
    """KilledError after a step, before its checkpoint, and taken up again."""

    def kill(share: float, what: str) -> None:
        if what.startswith(f"net: step {stop} "):
            raise KilledError

    with pytest.raises(KilledError):
        run_in(folder, Teller("net", progress=kill), workers=workers).train(batches(), brightness)
    again = run_in(folder, workers=workers)
    assert again.step == stop - 1
    again.train(batches(), brightness)
    return again.averaged()


def test_a_run_broken_at_any_step_ends_in_the_very_weights_of_an_unbroken_one(tmp_path: Path) -> None:
    whole = run_in(tmp_path / "whole")
    whole.train(batches(), brightness)
    for stop in range(1, STEPS + 1):
        assert same(whole.averaged(), broken_at(tmp_path / str(stop), stop, workers=stop % 2 * 2)), stop


def test_a_checkpoint_half_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_in(tmp_path)
    run.train(batches())

    def half(state: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise KilledError

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KilledError):
        run.save()
    assert run_in(tmp_path).step == STEPS


def test_a_run_stops_when_the_validation_figure_no_longer_rises_and_keeps_the_best(tmp_path: Path) -> None:
    figures = iter([1.0, 3.0, 2.0, 2.5, 9.0])
    run = run_in(tmp_path, patience=2, steps=100)
    run.train(batches(), lambda network: next(figures))
    assert (run.step, run.best_step, run.best_figure) == (8, 4, 3.0)
    assert run_in(tmp_path, patience=2, steps=100).finished


def test_progress_tells_loss_speed_and_time_left_and_curves_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    told: list[tuple[float, str]] = []
    teller = Teller("net", progress=lambda *what: told.append(what), curves=tmp_path / "curves")
    run_in(tmp_path, teller).train(batches(), brightness)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    for word in ("step 8 of 8", "loss", "validation", "images/s", "left"):
        assert word in told[-1][1]
    assert list((tmp_path / "curves").glob("events*"))


def test_without_tensorboard_a_run_draws_no_curves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    telling._summary_writer.cache_clear()
    run_in(tmp_path, Teller("net", curves=tmp_path / "curves")).train(batches())
    telling._summary_writer.cache_clear()
    assert not (tmp_path / "curves").exists()


def test_a_loss_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    class Broken(Batches):
        def loss(self, network: nn.Module, batch: Batch, arithmetic: Arithmetic) -> Tensor:
            return super().loss(network, batch, arithmetic) * float("nan")

    task = Broken(sources=batches().sources, shape=(32, 32), size=2)
    with pytest.raises(TrainingError, match=r"not a number at step 1.*lower rate"):
        run_in(tmp_path).train(task)


def test_both_devices_compute_in_mixed_precision_and_float16_is_for_gpus() -> None:
    cpu = torch.device("cpu")
    assert arithmetic_for(cpu, "auto").dtype is torch.bfloat16
    assert not arithmetic_for(cpu, "auto").scaled
    assert arithmetic_for(torch.device("cuda"), "float16").scaled
    with pytest.raises(TrainingError, match="float16 is for GPUs"):
        arithmetic_for(cpu, "float16")
    with arithmetic_for(cpu, "float32").autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.float32

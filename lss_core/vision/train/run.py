"""One training run: schedule, running average of the weights, checkpoints to go on from."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)

Loss = Callable[[nn.Module, np.random.Generator], Tensor]
"""The loss of a network on a batch that it draws with the generator."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a run goes: its length in steps or minutes, whichever ends first, and its numbers."""

    peak_rate: float = 1.5e-3
    weight_decay: float = 2e-2
    warm_up: int = 50
    steps: int = 100_000
    minutes: float = 5.0
    average: float = 0.99
    checkpoint_seconds: float = 60.0
    seed: int = 0


class Run:
    """A network in training. The checkpoint, where there is one, is taken up again."""

    def __init__(self, network: nn.Module, schedule: Schedule, checkpoint: Path) -> None:
        self.network, self.schedule, self.checkpoint = network, schedule, checkpoint
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(
            network.parameters(), schedule.peak_rate, weight_decay=schedule.weight_decay
        )
        self.average = {key: value.clone() for key, value in network.state_dict().items()}
        self.rng = np.random.default_rng(schedule.seed)
        self.step, self.seconds = 0, 0.0
        if checkpoint.is_file():
            self._resume()

    def train(self, loss: Loss) -> None:
        """Train until the schedule's end; a checkpoint now and then and at the end."""
        self.network.train()
        begun, saved = time.monotonic() - self.seconds, time.monotonic()
        losses: list[float] = []
        while (share := self._share()) < 1:
            losses.append(self._one_step(loss, share))
            self.step += 1
            self.seconds = time.monotonic() - begun
            if self.step % 50 == 0:
                log.info("step %d, %.0f s, loss %.4f", self.step, self.seconds, float(np.mean(losses[-50:])))
            if time.monotonic() - saved > self.schedule.checkpoint_seconds:
                self.save()
                saved = time.monotonic()
        self.save()

    def averaged(self) -> nn.Module:
        """The network with the running average of its weights, for inference."""
        self.network.load_state_dict(self.average)
        return self.network.eval()

    def _share(self) -> float:
        return max(self.step / self.schedule.steps, self.seconds / 60 / self.schedule.minutes)

    def _one_step(self, loss: Loss, share: float) -> float:
        warm = min(1.0, (self.step + 1) / self.schedule.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.peak_rate * warm * (1 + math.cos(math.pi * share)) / 2
        self.optimiser.zero_grad(set_to_none=True)
        value = loss(self.network, self.rng)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        keep = min(self.schedule.average, self.step / (self.step + 10))
        for key, weight in self.network.state_dict().items():
            if weight.is_floating_point():
                self.average[key].lerp_(weight, 1 - keep)
        return float(value.detach())

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        part = self.checkpoint.with_suffix(".part")
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "rng": json.dumps(self.rng.bit_generator.state),
        }
        torch.save(state, part)
        part.replace(self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.rng.bit_generator.state = json.loads(state["rng"])

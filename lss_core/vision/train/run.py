"""One training run: schedule, running average of the weights, early stopping, checkpoints to go on from.

A step's batch is drawn with a generator of its own, made from the seed and the step's number. So a
run that was killed goes on from its checkpoint to the very result of an unbroken one, and batches
may be drawn ahead by other threads without changing anything.
"""

from __future__ import annotations

import copy
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from lss_core.errors import TrainingError
from lss_core.vision.train.arithmetic import Arithmetic
from lss_core.vision.train.telling import Teller
from lss_core.vision.train.whole import write_whole

Batch = tuple[Tensor, ...]
Validate = Callable[[nn.Module], float]
"""The figure of a network on what is kept apart for validation; more is better."""


class Task(Protocol):
    """What a network learns: batches of `size` examples, and the loss on one."""

    @property
    def size(self) -> int:
        """Examples in a batch."""

    def draw(self, rng: np.random.Generator) -> Batch:
        """A batch, on the CPU."""

    def loss(self, network: nn.Module, batch: Batch, arithmetic: Arithmetic) -> Tensor:
        """The loss of a network on a batch that lies on its device."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a run goes. Its length is in steps: minutes would end elsewhere each time.

    patience: validations without a better figure after which it stops; 0: never.
    workers: threads that draw batches ahead.
    """

    peak_rate: float = 1.5e-3
    weight_decay: float = 2e-2
    warm_up: int = 50
    steps: int = 1000
    average: float = 0.99
    validate_every: int = 250
    patience: int = 0
    checkpoint_seconds: float = 60.0
    seed: int = 0
    workers: int = 0


class Run:
    """A network in training. The checkpoint, where there is one, is taken up again."""

    def __init__(
        self,
        network: nn.Module,
        schedule: Schedule,
        checkpoint: Path,
        *,
        arithmetic: Arithmetic | None = None,
        teller: Teller | None = None,
    ) -> None:
        self.arithmetic = arithmetic or Arithmetic()
        self.network = network.to(self.arithmetic.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.schedule, self.checkpoint, self.teller = schedule, checkpoint, teller or Teller()
        self.optimiser = torch.optim.AdamW(
            network.parameters(), schedule.peak_rate, weight_decay=schedule.weight_decay
        )
        self.scaler = torch.amp.GradScaler("cuda", enabled=self.arithmetic.scaled)
        self.average = {key: value.clone() for key, value in network.state_dict().items()}
        self.best: dict[str, Tensor] | None = None
        self.best_figure, self.best_step, self.stale = -math.inf, 0, 0
        self.step, self.seconds = 0, 0.0
        if checkpoint.is_file():
            self._resume()

    def train(self, task: Task, validate: Validate | None = None) -> None:
        """Train until the schedule's end, or until the validation's figure has stopped to rise."""
        self.network.train()
        begun, saved, first = time.monotonic() - self.seconds, time.monotonic(), self.step
        self.teller.begin(self.step, self.schedule.steps)
        with deterministic(), self._batches(task) as batches:
            while not self.finished:
                loss = self._one_step(task, next(batches))
                self.step += 1
                self.seconds = time.monotonic() - begun
                self.teller.step(
                    self.step, loss=loss, rate=self._rate(), images=(self.step - first) * task.size
                )
                if validate and (self.step % self.schedule.validate_every == 0 or self._last):
                    self._validated(validate)
                if time.monotonic() - saved >= self.schedule.checkpoint_seconds:
                    self.save()
                    saved = time.monotonic()
        self.save()
        self.teller.end(self.step, seconds=self.seconds)

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or it has stopped early."""
        return self._last or (0 < self.schedule.patience <= self.stale)

    def averaged(self) -> nn.Module:
        """The network for inference: the average of its weights where the validation was best, or at last."""
        self.network.load_state_dict(self.best or self.average)
        network: nn.Module = self.network.eval()
        return network

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "numbers": [self.step, self.best_step, self.stale],
            "figures": [self.seconds, self.best_figure],
        }
        write_whole(self.checkpoint, lambda part: torch.save(state, part))

    @property
    def _last(self) -> bool:
        return self.step >= self.schedule.steps

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / self.schedule.warm_up)
        return self.schedule.peak_rate * warm * (1 + math.cos(math.pi * self.step / self.schedule.steps)) / 2

    def _one_step(self, task: Task, batch: Batch) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.optimiser.zero_grad(set_to_none=True)
        there = tuple(self._sent(part) for part in batch)
        value = task.loss(self.network, there, self.arithmetic)
        self.scaler.scale(value).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        keep = min(self.schedule.average, self.step / (self.step + 10))
        for key, weight in self.network.state_dict().items():
            if weight.is_floating_point():
                self.average[key].lerp_(weight, 1 - keep)
        loss = float(value.detach())
        if not math.isfinite(loss):
            raise TrainingError(
                self.checkpoint.stem,
                reason=f"the loss is not a number at step {self.step + 1}",
                remedy='Choose a lower rate, or precision = "float32"',
            )
        return loss

    def _validated(self, validate: Validate) -> None:
        seen = copy.deepcopy(self.network)
        seen.load_state_dict(self.average)
        figure = validate(seen.eval())
        better = figure > self.best_figure
        self.stale = 0 if better else self.stale + 1
        if better:
            self.best = {key: value.clone() for key, value in self.average.items()}
            self.best_figure, self.best_step = figure, self.step
        self.teller.validated(self.step, figure=figure, better=better)

    @contextmanager
    def _batches(self, task: Task) -> Iterator[Iterator[Batch]]:
        """Batches from the next step on, in order, drawn ahead where there are workers."""

        def draw(step: int) -> Batch:
            return task.draw(np.random.default_rng([self.schedule.seed, step]))

        steps = range(self.step, self.schedule.steps)
        if not self.schedule.workers:
            yield map(draw, steps)
            return
        with ThreadPoolExecutor(self.schedule.workers) as pool:
            try:
                yield _ahead(pool, draw, iter(steps), 2 * self.schedule.workers)
            finally:
                pool.shutdown(cancel_futures=True)

    def _sent(self, part: Tensor) -> Tensor:
        """A part of a batch on the device, by pinned memory where that pays."""
        if self.arithmetic.device.type == "cpu":
            return part
        return part.pin_memory().to(self.arithmetic.device, non_blocking=True)

    def _there(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {key: value.to(self.arithmetic.device) for key, value in weights.items()}

    def _resume(self) -> None:
        state: dict[str, Any] = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
        self.network.load_state_dict(state["network"])
        self.average = self._there(state["average"])
        self.best = state["best"] and self._there(state["best"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        self.step, self.best_step, self.stale = state["numbers"]
        self.seconds, self.best_figure = state["figures"]


def _ahead(
    pool: ThreadPoolExecutor, draw: Callable[[int], Batch], steps: Iterator[int], many: int
) -> Iterator[Batch]:
    waiting: deque[Future[Batch]] = deque()
    for step in steps:
        waiting.append(pool.submit(draw, step))
        if len(waiting) >= many:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def deterministic() -> Iterator[None]:
    """Have torch choose deterministic algorithms, and warn of what has none; memory is not filled for it."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to be deterministic
    enabled = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic
    benchmark, filled = torch.backends.cudnn.benchmark, memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warns)
        torch.backends.cudnn.benchmark = benchmark
        memory.fill_uninitialized_memory = filled

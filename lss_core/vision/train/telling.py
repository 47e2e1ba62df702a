"""What a run tells while it goes on: progress with speed and time left, the log, TensorBoard."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from lss_core.domain import Progress, silent

_EVERY = 10
"""Steps between two points of a curve."""
_LOG_SECONDS = 30.0
"""Between two lines of the log."""

_log = structlog.get_logger(__name__)


class Teller:
    """Tells of one network's run. curves: the folder TensorBoard reads; None for no curves."""

    def __init__(self, name: str = "", *, progress: Progress = silent, curves: Path | None = None) -> None:
        self.name, self.progress, self._curves = name, progress, curves
        self._writer: Any = None
        self._steps, self._first, self._figure, self._loss = 1, 0, "", 0.0
        self._begun = self._logged = 0.0

    def begin(self, step: int, steps: int) -> None:
        """A run begins, or goes on after a step; curves drawn beyond it are dropped."""
        self._steps, self._begun, self._first = steps, time.monotonic(), step
        self._logged = self._begun
        if self._curves is not None and (make := _summary_writer()) is not None:
            self._writer = make(str(self._curves), purge_step=step + 1)
        _log.info("training", network=self.name, step=step, steps=steps)

    def step(self, step: int, *, loss: float, rate: float, images: int) -> None:
        """A step is done; `images` have been seen since the run began or went on."""
        seconds = max(time.monotonic() - self._begun, 1e-9)
        speed, left = images / seconds, seconds / (step - self._first) * (self._steps - step)
        self._loss = loss if step - self._first == 1 else 0.95 * self._loss + 0.05 * loss
        self.progress(
            step / self._steps,
            f"{self.name}: step {step} of {self._steps}, loss {self._loss:.3f}{self._figure}, "
            f"{speed:.0f} images/s, {_spoken(left)} left",
        )
        if time.monotonic() - self._logged > _LOG_SECONDS:
            self._logged = time.monotonic()
            _log.info(
                "step", network=self.name, step=step, steps=self._steps, loss=round(self._loss, 4),
                images_per_second=round(speed, 1), seconds_left=round(left),
            )  # fmt: skip
        if step % _EVERY == 0:
            self._draw(step, {"loss": loss, "rate": rate, "images per second": speed})

    def validated(self, step: int, *, figure: float, better: bool) -> None:
        """The network was tried on what is kept apart for validation."""
        self._figure = f", validation {figure:.3f}"
        self._draw(step, {"validation": figure})
        _log.info("validated", network=self.name, step=step, figure=round(figure, 4), better=better)

    def end(self, step: int, *, seconds: float) -> None:
        """A run has ended, after so many seconds of training, those before a kill among them."""
        _log.info("ended", network=self.name, steps=step, minutes=round(seconds / 60, 1))

    def _draw(self, step: int, values: dict[str, float]) -> None:
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)
            self._writer.flush()


@cache
def _summary_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        _log.warning("TensorBoard is not installed: no curves; see requirements-train.txt")
        return None
    return SummaryWriter


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"

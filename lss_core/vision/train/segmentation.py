"""Training of a segmentation network: Dice and cross entropy over the channels a source outlines.

A run can be stopped and taken up again from its checkpoint, and taken further with other
data: the checkpoint holds weights, their running average, optimiser, step and chance.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lss_core.vision.networks import UNet
from lss_core.vision.train.augment import Augmentation, augmented
from lss_core.vision.train.slices import SliceSet

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Slices to draw from, how often (relative to the others) and how to change them."""

    slices: SliceSet
    share: float = 1.0
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run: its length in steps or minutes, whichever ends first, and its numbers."""

    structures: tuple[str, ...]
    shape: tuple[int, int]
    base: int = 16
    batch: int = 8
    peak_rate: float = 3e-3
    steps: int = 100_000
    minutes: float = 30.0
    average: float = 0.995
    checkpoint_seconds: float = 60.0
    seed: int = 0


class Trainer:
    """A network in training, with its checkpoint file."""

    def __init__(self, plan: Plan, checkpoint: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.checkpoint = plan, checkpoint
        self.network = UNet(inputs=1, outputs=len(plan.structures), base=plan.base)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(self.network.parameters(), plan.peak_rate, weight_decay=1e-4)
        self.average = {key: value.clone() for key, value in self.network.state_dict().items()}
        self.rng = np.random.default_rng(plan.seed)
        self.step, self.seconds = 0, 0.0
        if checkpoint.is_file():
            self._resume()

    def run(self, sources: Sequence[Source]) -> None:
        """Train until the plan's end; a checkpoint now and then and at the end."""
        self.network.train()
        begun, saved, losses = time.monotonic() - self.seconds, time.monotonic(), []
        while (share := max(self.step / self.plan.steps, self.seconds / 60 / self.plan.minutes)) < 1:
            rate = (
                self.plan.peak_rate
                * min(1, self.step / 100 + 0.05)
                * (0.51 + 0.49 * math.cos(math.pi * share))
            )
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            losses.append(self._one_step(sources))
            self.step += 1
            self.seconds = time.monotonic() - begun
            if self.step % 50 == 0:
                mean = float(np.mean(losses[-50:]))
                log.info("step %d, %.0f s, rate %.5f, loss %.4f", self.step, self.seconds, rate, mean)
            if time.monotonic() - saved > self.plan.checkpoint_seconds:
                self.save()
                saved = time.monotonic()
        self.save()

    def averaged(self) -> UNet:
        """The network with the running average of its weights, for inference."""
        network = UNet(inputs=1, outputs=len(self.plan.structures), base=self.plan.base)
        network.load_state_dict(self.average)
        return network.eval()

    def _one_step(self, sources: Sequence[Source]) -> float:
        images, targets, known = draw(sources, self.plan, self.rng)
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(images)
        loss = loss_of(logits.float(), targets, known)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        keep = min(self.plan.average, self.step / (self.step + 10))
        for key, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - keep)
        return float(loss.detach())

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

    def start_from(self, checkpoint: Path) -> None:
        """Take the averaged weights of another run, with a fresh optimiser; a resumed run stays as it is."""
        if self.step == 0:
            state = torch.load(checkpoint, weights_only=True)
            self.network.load_state_dict(state["average"])
            self.average = {key: value.clone() for key, value in state["average"].items()}


def draw(sources: Sequence[Source], plan: Plan, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A batch: images (n, 1, rows, columns), targets (n, channels, rows, columns), known (n, channels)."""
    shares = np.array([source.share for source in sources])
    images, targets, known = [], [], []
    numbers = torch.arange(len(plan.structures))[:, None, None]
    for which in rng.choice(len(sources), plan.batch, p=shares / shares.sum()):
        source = sources[which]
        k = int(rng.integers(len(source.slices.images)))
        image, bits = augmented(
            torch.from_numpy(source.slices.images[k]).float() / 255,
            torch.from_numpy(source.slices.bits[k].astype(np.float32)),
            shape=plan.shape,
            rng=rng,
            how=source.augmentation,
        )
        images.append(_renormalised(image))
        targets.append((bits.to(torch.int32)[None] >> numbers) & 1)
        known.append(torch.from_numpy(source.slices.known))
    stacked = torch.stack(images)[:, None].contiguous(memory_format=torch.channels_last)
    return stacked, torch.stack(targets).float(), torch.stack(known).float()


def _renormalised(image: Tensor) -> Tensor:
    values = image.flatten()[::7]
    low = values.kthvalue(max(1, int(0.01 * len(values)))).values
    high = values.kthvalue(int(0.99 * len(values))).values
    return ((image - low) / (high - low).clamp_min(1e-4)).clamp(0, 1)


def loss_of(logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Cross entropy plus one minus the batch's soft Dice, a channel weighing as much as another."""
    cross = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean((2, 3))
    weights = known / known.sum().clamp_min(1)
    probabilities = logits.sigmoid()
    both = ((probabilities * targets).sum((2, 3)) * known).sum(0)
    either = ((probabilities + targets).sum((2, 3)) * known).sum(0)
    there = (known.sum(0) > 0).float()
    dice = (2 * both + 50) / (either + 50)
    return 5 * (cross * weights).sum() + ((1 - dice) * there).sum() / there.sum()


def dice_of(
    network: nn.Module, slices: SliceSet, structures: Sequence[str], stride: int = 16
) -> dict[str, float]:
    """Dice of each outlined structure over all pixels of the set, at the network's spacing."""
    both: NDArray[np.float64] = np.zeros(len(structures))
    either: NDArray[np.float64] = np.zeros(len(structures))
    numbers = np.arange(len(structures), dtype=np.uint32)[:, None, None]
    for image, bits in zip(slices.images, slices.bits, strict=True):
        rows, columns = image.shape
        padding = [0, -columns % stride, 0, -rows % stride]
        inputs = nn.functional.pad(torch.from_numpy(image)[None, None].float() / 255, padding)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            logits = network(inputs.contiguous(memory_format=torch.channels_last))
        found = (logits[0, :, :rows, :columns].float() > 0).numpy()
        truth = ((bits[None] >> numbers) & 1).astype(bool)
        both += (found & truth).sum((1, 2))
        either += found.sum((1, 2)) + truth.sum((1, 2), dtype=float)
    dice = 2 * both / np.maximum(either, 1)
    return {str(name): float(dice[k]) for k, name in enumerate(structures) if slices.known[k]}

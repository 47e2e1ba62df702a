"""What a segmentation network learns from: batches of changed slices, Dice and cross entropy.

A source tells which structures it outlines; the others are left out of the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lss_core.vision.networks import UNet
from lss_core.vision.segment import Canvas, Preprocessing
from lss_core.vision.train.arithmetic import Arithmetic
from lss_core.vision.train.augment import Augmentation, augmented
from lss_core.vision.train.run import Batch
from lss_core.vision.train.slices import FINER, SliceSet

MOST_SHIFT = 3.0
"""By how much `balance` moves a channel's logits at most."""

_COARSE = Preprocessing(spacing_mm=FINER, largest=(2**16, 2**16))
"""From a slice's pixels to the network's, in units of the former."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Slices to draw from, how often (relative to the others) and how to change them.

    absent: from a slice's bits, those of structures that are not outlined but cannot be there.
    """

    slices: SliceSet
    share: float = 1.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    absent: Callable[[Tensor], Tensor] = torch.zeros_like


@dataclass(frozen=True, kw_only=True)
class Batches:
    """Batches of `size` slices of `shape`, drawn from sources by their shares.

    The loss looks at logits brought to the slices' finer pixels as at inference, at every `sparse`-th row and
    column of these, from a random one on: neighbours say much the same, and with many channels the loss
    costs as much as the network. `rarity`: see loss_of.
    """

    sources: Sequence[Source]
    shape: tuple[int, int]
    size: int = 8
    sparse: int = 3
    rarity: float = 10.0

    def draw(self, rng: np.random.Generator) -> Batch:
        """Images (n, 1, rows, columns), bits and absent bits (n, FINER rows, FINER columns), known
        (n, channels), where the loss begins.
        """
        shares = np.array([source.share for source in self.sources])
        images, marked, absent, known = [], [], [], []
        for which in rng.choice(len(self.sources), self.size, p=shares / shares.sum()):
            source = self.sources[which]
            k = int(rng.integers(len(source.slices.images)))
            image, bits = augmented(
                torch.from_numpy(source.slices.images[k]).float() / 255,
                torch.from_numpy(source.slices.bits[k].astype(np.float32)),
                shape=self.shape,
                rng=rng,
                how=source.augmentation,
            )
            images.append(_renormalised(image))
            marked.append(bits.to(torch.int32))
            absent.append(source.absent(marked[-1]))
            known.append(torch.from_numpy(source.slices.known))
        stacked = torch.stack(images)[:, None].contiguous(memory_format=torch.channels_last)
        offset = torch.from_numpy(rng.integers(self.sparse, size=2))
        return stacked, torch.stack(marked), torch.stack(absent), torch.stack(known).float(), offset

    def loss(self, network: nn.Module, batch: Batch, arithmetic: Arithmetic) -> Tensor:
        """The loss of a network on a batch."""
        images, bits, absent, known, offset = batch
        with arithmetic.autocast():
            logits = network(images)
        row, column = offset.tolist()
        some = (..., slice(row, None, self.sparse), slice(column, None, self.sparse))
        targets, nowhere = (_unpacked(part[some], known.shape[1]) for part in (bits, absent))
        fine = nn.functional.interpolate(
            logits.float(), scale_factor=FINER, mode="bilinear", align_corners=False
        )
        return loss_of(fine[some], targets, known, nowhere, self.rarity)


def _unpacked(bits: Tensor, channels: int) -> Tensor:
    numbers = torch.arange(channels, dtype=torch.int32, device=bits.device)[:, None, None]
    return ((bits[:, None] >> numbers) & 1).float()


def _renormalised(image: Tensor) -> Tensor:
    values = image.flatten()[::7]
    low = values.kthvalue(max(1, int(0.01 * len(values)))).values
    high = values.kthvalue(int(0.99 * len(values))).values
    return ((image - low) / (high - low).clamp_min(1e-4)).clamp(0, 1)


def loss_of(
    logits: Tensor, targets: Tensor, known: Tensor, absent: Tensor, most_rarity: float = 10.0
) -> Tensor:
    """Cross entropy plus one minus the batch's soft Dice, a channel weighing as much as another.

    known (n, channels): what the slice's source outlines. absent (n, channels, rows, columns):
    where a structure it does not outline cannot be; that counts in the cross entropy alone.
    Pixels of a structure weigh more the rarer it is, `most_rarity` times at most: small ones are else
    given up at first and hardly come back. The price is outlines that are too wide, since a pixel is then
    called the structure's well below a probability of a half.
    """
    share = targets.mean((0, 2, 3)).clamp(1e-4, 0.5)
    rarity = ((1 - share) / share).sqrt().clamp(1, most_rarity)[:, None, None]
    cross = nn.functional.binary_cross_entropy_with_logits(
        logits, targets, reduction="none", pos_weight=rarity
    )
    told = torch.maximum(known[:, :, None, None], absent)
    probabilities = logits.sigmoid()
    both = ((probabilities * targets).sum((2, 3)) * known).sum(0)
    either = ((probabilities + targets).sum((2, 3)) * known).sum(0)
    there = (known.sum(0) > 0).float()
    dice = (2 * both + 20) / (either + 20)
    return (cross * told).sum() / told.sum().clamp_min(1) + ((1 - dice) * there).sum() / there.sum()


def dice_of(
    network: nn.Module, slices: SliceSet, structures: Sequence[str], arithmetic: Arithmetic | None = None
) -> dict[str, float]:
    """Dice of each outlined structure over all pixels of the set."""
    both: NDArray[np.float64] = np.zeros(len(structures))
    either: NDArray[np.float64] = np.zeros(len(structures))
    for logits, truth in _answers(network, slices, len(structures), arithmetic):
        found = logits > 0
        both += (found & truth).sum((1, 2))
        either += found.sum((1, 2)) + truth.sum((1, 2), dtype=float)
    dice = 2 * both / np.maximum(either, 1)
    return {str(name): round(float(dice[k]), 4) for k, name in enumerate(structures) if slices.known[k]}


def balance(
    network: UNet, sets: Iterable[SliceSet], structures: Sequence[str], arithmetic: Arithmetic | None = None
) -> dict[str, float]:
    """Raise the logits of a channel until as many pixels are found as there are, over slices not trained on.

    What is rare or hard to see is else found too seldom. Returns the shifts by structure, from 0 to
    MOST_SHIFT, never down. A structure that the slices do not show keeps its logits.
    """
    edges = np.linspace(-MOST_SHIFT, MOST_SHIFT, 401)
    found: NDArray[np.int64] = np.zeros((len(structures), len(edges)), np.int64)
    there: NDArray[np.int64] = np.zeros(len(structures), np.int64)
    for slices in sets:
        for logits, truth in _answers(network, slices, len(structures), arithmetic):
            for k in np.flatnonzero(slices.known):
                found[k] += logits[k].size - np.searchsorted(np.sort(logits[k], axis=None), edges)
                there[k] += truth[k].sum()
    nearest = np.abs(found - there[:, None]).argmin(1)
    shifts = np.where(there > 0, -edges[nearest], 0.0).clip(0)
    with torch.no_grad():
        assert network.head.bias is not None, "the last layer has a bias"
        network.head.bias += torch.from_numpy(shifts).to(network.head.bias)
    return {str(name): round(float(shift), 2) for name, shift in zip(structures, shifts, strict=True)}


def _answers(
    network: nn.Module, slices: SliceSet, channels: int, arithmetic: Arithmetic | None
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Of each slice, logits and truth (channels, rows, columns)."""
    arithmetic = arithmetic or Arithmetic()
    numbers = np.arange(channels, dtype=np.uint32)[:, None, None]
    for image, bits in zip(slices.images, slices.bits, strict=True):
        canvas = Canvas.of(image.shape, (1.0, 1.0), _COARSE)
        inputs = canvas.forth(torch.from_numpy(image)[None, None].float() / 255)
        inputs = inputs.to(arithmetic.device, memory_format=torch.channels_last)
        with torch.inference_mode(), arithmetic.autocast():
            logits = canvas.back(network(inputs).float())
        yield logits[0].cpu().numpy(), ((bits[None] >> numbers) & 1).astype(bool)

"""A volume to masks: preprocessing from the card, one network, back to the volume's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (torch's own idiom)
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from lss_core.domain import Progress, silent
from lss_core.errors import BundleError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.standing import Standing, standing
from lss_core.imaging.volume import Volume
from lss_core.texts import later
from lss_core.vision.bundle import Bundle
from lss_core.vision.plausible import plausible
from lss_core.vision.running import BATCH, Processor, Runner, make_runner, onto

STRIDE = 16
"""A U-Net of depth 4 takes sizes that are multiples of this."""


class Preprocessing(BaseModel):
    """What a segmentation network expects, as its card says.

    spacing_mm: pixel size of its input, the same in rows and columns.
    percentiles: of a slice's intensities, mapped to 0 and 1 and cut there.
    largest: rows and columns beyond which the middle is cut out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spacing_mm: float
    percentiles: tuple[float, float] = (1.0, 99.0)
    largest: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Variation:
    """A small change of a network's input that leaves anatomy as it is.

    gamma: the power of the intensities in 0..1. rolled: by how many of its pixels the image is moved
    down and to the right, what leaves at one end coming in at the other.
    """

    gamma: float = 1.0
    rolled: tuple[int, int] = (0, 0)


AS_IT_IS = Variation()
VARIATIONS = (
    Variation(gamma=0.8, rolled=(3, 5)),
    Variation(gamma=1.25, rolled=(-5, 3)),
    Variation(gamma=0.9, rolled=(7, -6)),
    Variation(gamma=1.1, rolled=(-6, -7)),
)
"""Brighter or darker, and moved by a part of STRIDE: within it a U-Net sees the same image otherwise."""


@dataclass(frozen=True, kw_only=True)
class Segmenter:
    """A segmentation network with all that is needed to run it."""

    runner: Runner
    structures: tuple[str, ...]
    preprocessing: Preprocessing

    def __call__(
        self, volume: Volume, *, variation: Variation = AS_IT_IS, progress: Progress = silent
    ) -> MaskStack:
        """Masks on the volume's own grid: every structure's probability over a half, where plausible."""
        bits = np.zeros(volume.shape, np.uint32)
        turns = [standing(volume, k) for k in range(len(bits))]
        batch = BATCH[self.runner.device.type]
        for turn in dict.fromkeys(turns):
            alike = [k for k, other in enumerate(turns) if other == turn]
            for start in range(0, len(alike), batch):
                chosen = alike[start : start + batch]
                bits[chosen] = self._bits(volume, chosen, turn, variation)
                progress((chosen[-1] + 1) / len(bits), later("Outlining structures"))
        return plausible(MaskStack(structures=self.structures, bits=bits), volume)

    def _bits(
        self, volume: Volume, chosen: list[int], turn: Standing, variation: Variation
    ) -> NDArray[np.uint32]:
        images = np.stack(
            [turn.forth(normalised(volume.voxels[k], self.preprocessing.percentiles)) for k in chosen]
        )
        canvas = Canvas.of(images.shape[1:], turn.spacing(volume.spacing_mm), self.preprocessing)
        inputs = canvas.forth(onto(self.runner.device, images)[:, None])
        if variation == AS_IT_IS:
            logits = self.runner(inputs)
        else:
            down, right = variation.rolled
            moved = torch.roll(inputs**variation.gamma, (down, right), (2, 3))
            logits = torch.roll(self.runner(moved), (-down, -right), (2, 3))
        bits = canvas.bits(logits).cpu().numpy().view(np.uint32)
        return np.stack([turn.back(image) for image in bits])


def make_segmenter(bundle: Bundle, name: str, processor: Processor) -> Segmenter:
    """The segmenter of a bundle's network. Raises BundleError when its card does not tell how."""
    card = bundle.network_card(name)
    try:
        preprocessing = Preprocessing.model_validate(card.preprocessing)
    except ValidationError as error:
        raise BundleError(
            bundle.card.name,
            reason=f"the card does not say how '{name}' wants its images: {error.errors()[0]['msg']}",
            remedy="Fetch the bundle again, or name another with LSS_BUNDLE",
        ) from error
    runner = make_runner(bundle, name, processor)
    return Segmenter(runner=runner, structures=card.outputs, preprocessing=preprocessing)


def normalised(image: NDArray[Any], percentiles: tuple[float, float]) -> NDArray[np.float32]:
    """Intensities mapped so that the two percentiles become 0 and 1, cut at both."""
    low, high = np.percentile(image, percentiles)
    scaled: NDArray[np.float32] = ((image.astype(np.float32) - low) / max(high - low, 1e-6)).astype(
        np.float32
    )
    return scaled.clip(0, 1)


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Images resampled to the network's spacing, in the middle of a size it takes."""

    original: tuple[int, int]
    resampled: tuple[int, int]
    size: tuple[int, int]

    @classmethod
    def of(cls, shape: tuple[int, ...], spacing_mm: tuple[float, float], how: Preprocessing) -> Canvas:
        """The canvas for images of a shape and spacing."""
        rows, columns = (
            max(1, round(size * mm / how.spacing_mm)) for size, mm in zip(shape, spacing_mm, strict=True)
        )
        size = [
            min(-(-length // STRIDE) * STRIDE, most)
            for length, most in zip((rows, columns), how.largest, strict=True)
        ]
        return cls(original=(shape[0], shape[1]), resampled=(rows, columns), size=(size[0], size[1]))

    def forth(self, images: Tensor) -> Tensor:
        """(n, channels, rows, columns) of the original shape, on the canvas."""
        resampled = F.interpolate(
            images, self.resampled, mode="bilinear", align_corners=False, antialias=True
        )
        return F.pad(resampled, self._padding)

    def back(self, logits: Tensor) -> Tensor:
        """Logits on the canvas, in the original shape; far below zero where the canvas did not reach."""
        left, right, top, bottom = self._padding
        inside = F.pad(logits, [-left, -right, -top, -bottom], value=-100.0)
        return F.interpolate(inside, self.original, mode="bilinear", align_corners=False)

    def bits(self, logits: Tensor) -> Tensor:
        """(n, *original) int32: a bit a channel of logits on the canvas, set where they are above 0.

        One channel after the other: all of them in the original shape would not fit a cache.
        """
        bits = torch.zeros((len(logits), *self.original), dtype=torch.int32, device=logits.device)
        for channel in range(logits.shape[1]):
            positive = self.back(logits[:, channel : channel + 1])[:, 0] > 0
            bits |= positive.to(torch.int32) << channel
        return bits

    @property
    def _padding(self) -> list[int]:
        spare = [whole - part for whole, part in zip(self.size, self.resampled, strict=True)]
        (top, bottom), (left, right) = ((extra // 2, extra - extra // 2) for extra in spare)
        return [left, right, top, bottom]

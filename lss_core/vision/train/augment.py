"""Augmentation of slices and their masks, one sample at a time, in torch.

A sample is an image (rows, columns) float32 in 0..1 and its mask bits (rows, columns)
as float32, exact up to 24 channels, both FINER than the network's pixels. What is drawn from it has
the image in the network's pixels, brought there as at inference, and the bits as fine as they are.
Chance comes from the generator that is passed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (torch's own idiom)
from scipy import ndimage
from torch import Tensor

from lss_core.vision.train.slices import FINER


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How far a sample may be changed. Chances are 0 to 1; scale is a factor either way."""

    rotation_degrees: float = 12.0
    scale: float = 1.35
    shift: float = 0.12
    flip: float = 0.0
    class_contrast: float = 0.5
    curve: float = 0.4
    blur: float = 0.4
    noise: float = 0.6


def augmented(
    image: Tensor, bits: Tensor, *, shape: tuple[int, int], rng: np.random.Generator, how: Augmentation
) -> tuple[Tensor, Tensor]:
    """A sample, warped about the middle of its masks and changed in contrast.

    Returns the image, of the given shape, and its bits, FINER times as many rows and columns.
    """
    image, bits = warped(image, bits, shape=shape, rng=rng, how=how)
    if rng.random() < how.class_contrast:
        image = class_contrast(image, bits[::FINER, ::FINER].contiguous(), rng)
    if rng.random() < how.curve:
        image = curved(image, rng)
    image = image * bias_field(shape, rng)
    if rng.random() < how.blur:
        image = blurred(image, rng)
    if rng.random() < how.noise:
        sigma = 10 ** rng.uniform(-2.3, -1.0)
        image = (image + sigma * noise(shape, rng)).abs()
    return image.clamp_min(0) ** float(np.exp(rng.normal(0, 0.25))), bits


def warped(
    image: Tensor, bits: Tensor, *, shape: tuple[int, int], rng: np.random.Generator, how: Augmentation
) -> tuple[Tensor, Tensor]:
    """Rotated, scaled, shifted and perhaps flipped; what lies outside the image is 0."""
    angle = math.radians(rng.normal(0, how.rotation_degrees / 2))
    zoom = math.exp(rng.uniform(-1, 1) * math.log(how.scale))
    stretch = math.exp(rng.normal(0, 0.05))
    flip = -1.0 if rng.random() < how.flip else 1.0
    rows, columns = image.shape
    where = torch.nonzero(bits)
    middle = where.float().mean(0) if len(where) else torch.tensor([(rows - 1) / 2, (columns - 1) / 2])
    fine = [size * FINER for size in shape]
    middle = middle + torch.tensor(rng.normal(0, how.shift, 2) * fine, dtype=torch.float32)
    row, column = torch.meshgrid(*(torch.arange(size) - (size - 1) / 2 for size in fine), indexing="ij")
    row, column = row * zoom * stretch, column * zoom / stretch * flip
    from_row = middle[0] + math.cos(angle) * row - math.sin(angle) * column
    from_column = middle[1] + math.sin(angle) * row + math.cos(angle) * column
    grid = torch.stack([(from_column + 0.5) * 2 / columns - 1, (from_row + 0.5) * 2 / rows - 1], -1)[None]
    image = F.grid_sample(image[None, None], grid, align_corners=False)
    image = F.interpolate(image, list(shape), mode="bilinear", align_corners=False, antialias=True)[0, 0]
    bits = F.grid_sample(bits[None, None], grid, mode="nearest", align_corners=False)[0, 0]
    return image, bits


def class_contrast(image: Tensor, bits: Tensor, rng: np.random.Generator) -> Tensor:
    """A gain of its own for each combination of structures, the background too, with soft edges.

    Each part of a structure differs a little besides: one disc is dark, its neighbour bright.
    """
    values, found = np.unique(bits.numpy(), return_inverse=True)
    gains = np.exp(rng.normal(0, 0.6, len(values))).astype(np.float32)[found].reshape(bits.shape)
    for number, value in enumerate(values):
        if value:
            parts, count = ndimage.label(found.reshape(bits.shape) == number)
            gains *= np.append(1, np.exp(rng.normal(0, 0.3, count))).astype(np.float32)[parts]
    shifted = image + float(rng.uniform(-0.02, 0.15))
    return shifted * smoothed(torch.from_numpy(gains), float(rng.uniform(0.4, 1.2)))


def curved(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Intensities through a random curve, now and then one that falls."""
    knots = np.linspace(0, 1, 6)
    heights = np.cumsum(rng.uniform(0, 1, 6) ** 2)
    heights = (heights - heights[0]) / (heights[-1] - heights[0] + 1e-6)
    if rng.random() < 0.2:
        heights = 1 - heights
        heights[0] = rng.uniform(0, 0.2)  # air stays dark
    bent = np.interp(image.clamp(0, 1).numpy(), knots, heights).astype(np.float32)
    return torch.from_numpy(bent)


def bias_field(shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """A smooth field of gains, as of a surface coil."""
    cells = int(rng.integers(2, 5))
    coarse = torch.from_numpy(rng.normal(0, 0.35, (1, 1, cells, cells)).astype(np.float32))
    return F.interpolate(coarse, shape, mode="bicubic", align_corners=True)[0, 0].exp()


def blurred(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Smoothed, or sampled coarsely in one direction or both and back."""
    if rng.random() < 0.5:
        return smoothed(image, float(rng.uniform(0.3, 1.2)))
    coarse = [max(8, int(size / rng.uniform(1, 2))) for size in image.shape]
    less = F.interpolate(image[None, None], coarse, mode="area")
    return F.interpolate(less, image.shape, mode="bilinear", align_corners=False)[0, 0]


def smoothed(image: Tensor, sigma: float) -> Tensor:
    """The image under a Gaussian of `sigma` pixels."""
    radius = math.ceil(3 * sigma)
    kernel = torch.exp(-((torch.arange(-radius, radius + 1) / sigma) ** 2) / 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(image[None, None], [radius] * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel[None, None, :, None]), kernel[None, None, None, :])[0, 0]


def noise(shape: tuple[int, int], rng: np.random.Generator) -> Tensor:
    """White noise of unit variance."""
    return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))

"""Slices with masks to train and test a segmentation network on, held in memory.

A set holds images FINER than the network's spacing, normalised as at inference, with the bits of
their structures and which structures the source outlines at all: what it does not is
left out of the loss.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (torch's own idiom)
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file
from torch import Tensor

from lss_core.domain import SagittalStructure
from lss_core.errors import TrainingError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.standing import standing
from lss_core.imaging.volume import Volume
from lss_core.vision.segment import Preprocessing, normalised
from lss_core.vision.train.whole import write_whole

SPIDER_SPACING_MM = 0.45
"""Not recorded in the PNGs; what makes the pitch of their discs the usual 35 mm."""

SPIDER_STRUCTURES = (SagittalStructure.DISC, SagittalStructure.VERTEBRA, SagittalStructure.SPINAL_CANAL)
"""What the mask values 1, 2 and 3 mean; the sacrum and the posterior structures are not outlined."""


FINER = 2
"""Slices to train on have so many pixels to one of the network, in both directions: a network learns where
its answer, brought back to a slice's own pixels, should have its edge, not which of its own to mark.
"""

SACRUM_BELOW_PIXELS = 30 * FINER
"""The sacrum reaches no higher than this above the lowest end of the vertebrae."""

NEAR_CANAL_PIXELS = 4 * FINER
"""The posterior longitudinal ligament is no farther from the canal."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SliceSet:
    """Slices of one source.

    images: each (rows, columns) uint8, 0..255 for 0..1. bits: each the same shape, uint32.
    known: for each channel whether the source outlines it. patients: whose each slice is.
    """

    images: tuple[NDArray[np.uint8], ...]
    bits: tuple[NDArray[np.uint32], ...]
    known: NDArray[np.bool_]
    patients: tuple[str, ...]

    def of_patients(self, chosen: Iterable[str]) -> SliceSet:
        """The slices of some patients only."""
        wanted = set(chosen)
        keep = [k for k, patient in enumerate(self.patients) if patient in wanted]
        return SliceSet(
            images=tuple(self.images[k] for k in keep),
            bits=tuple(self.bits[k] for k in keep),
            known=self.known,
            patients=tuple(self.patients[k] for k in keep),
        )


def read_spider(folder: Path, structures: Sequence[str], how: Preprocessing, patient: str = "") -> SliceSet:
    """The SPIDER slices in a folder of `images` and `masks`, PNG; of one patient, or of all.

    Raises TrainingError when a slice has no mask.
    """
    images, bits, patients = [], [], []
    places = [structures.index(structure) for structure in SPIDER_STRUCTURES]
    for path in sorted((folder / "images").glob(f"{patient}_*.png" if patient else "*.png")):
        if not (folder / "masks" / path.name).is_file():
            raise TrainingError(path.name, reason="it has no mask", remedy="Put one into the folder masks")
        values = np.array(Image.open(folder / "masks" / path.name))
        marked = np.zeros(values.shape, np.uint32)
        for value, place in enumerate(places, 1):
            marked |= (values == value).astype(np.uint32) << np.uint32(place)
        image, mask = resampled(np.array(Image.open(path)), marked, (SPIDER_SPACING_MM,) * 2, how)
        images.append(image)
        bits.append(mask)
        patients.append(path.name.split("_")[0])
    return SliceSet(
        images=tuple(images),
        bits=tuple(bits),
        known=np.isin(np.arange(len(structures)), places),
        patients=tuple(patients),
    )


def absent_in_spider(bits: Tensor) -> Tensor:
    """Bits (rows, columns) of structures that SPIDER does not outline, where they cannot be.

    No cord outside the canal, no spinous process outside the vertebrae, no ligament far from
    the canal, no sacrum in what is outlined or well above the end of the vertebrae.
    """
    order = list(SagittalStructure)
    canal, vertebra = (
        (bits >> order.index(name)) & 1
        for name in (SagittalStructure.SPINAL_CANAL, SagittalStructure.VERTEBRA)
    )
    around = 2 * NEAR_CANAL_PIXELS + 1
    near_canal = F.max_pool2d(canal[None, None].float(), around, 1, NEAR_CANAL_PIXELS)[0, 0] > 0
    ends = torch.nonzero(vertebra)[:, 0].max() if vertebra.any() else torch.tensor(0)
    above = torch.arange(len(bits))[:, None] < ends - SACRUM_BELOW_PIXELS
    absent = {
        SagittalStructure.CORD: canal == 0,
        SagittalStructure.SPINOUS_PROCESS: vertebra == 0,
        SagittalStructure.POSTERIOR_LONGITUDINAL_LIGAMENT: ~near_canal,
        SagittalStructure.SACRUM: (bits != 0) | above,
    }
    return torch.stack([where.int() << order.index(name) for name, where in absent.items()]).sum(0).int()


def slices_of(
    volume: Volume, masks: MaskStack, patient: str, how: Preprocessing, chosen: Sequence[int] | None = None
) -> SliceSet:
    """The slices of a volume all of whose structures are outlined; `chosen` ones, or all."""
    images, bits = [], []
    for k in range(len(volume.voxels)) if chosen is None else chosen:
        turn = standing(volume, k)
        image, mask = resampled(
            turn.forth(volume.voxels[k]), turn.forth(masks.bits[k]), turn.spacing(volume.spacing_mm), how
        )
        images.append(image)
        bits.append(mask)
    known = np.ones(len(masks.structures), bool)
    return SliceSet(images=tuple(images), bits=tuple(bits), known=known, patients=(patient,) * len(images))


def write_slices(path: Path, slices: SliceSet) -> None:
    """Write slices, whole or not at all."""
    tensors: dict[str, NDArray[Any]] = {f"image {k}": image for k, image in enumerate(slices.images)}
    tensors |= {f"bits {k}": bits for k, bits in enumerate(slices.bits)}
    told = {"patients": json.dumps(slices.patients), "known": json.dumps(slices.known.tolist())}
    write_whole(path, lambda part: save_file(tensors, part, told))


def read_slices(path: Path) -> SliceSet:
    """Read slices that were written."""
    with safe_open(path, framework="numpy") as file:
        told = file.metadata()
        patients = tuple(json.loads(told["patients"]))
        return SliceSet(
            images=tuple(file.get_tensor(f"image {k}") for k in range(len(patients))),
            bits=tuple(file.get_tensor(f"bits {k}") for k in range(len(patients))),
            known=np.array(json.loads(told["known"]), bool),
            patients=patients,
        )


def joined(sets: Sequence[SliceSet]) -> SliceSet:
    """Sets of one source as one."""
    return SliceSet(
        images=tuple(image for part in sets for image in part.images),
        bits=tuple(mask for part in sets for mask in part.bits),
        known=sets[0].known,
        patients=tuple(patient for part in sets for patient in part.patients),
    )


def resampled(
    image: NDArray[np.generic], bits: NDArray[np.uint32], spacing_mm: Sequence[float], how: Preprocessing
) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """An upright slice and its bits at the spacing of `how`, normalised.

    A pixel belongs to a structure that covers half of it: a pixel that took the nearest one's word
    would lie up to half a pixel aside.
    """
    shape = [round(size * mm / how.spacing_mm) for size, mm in zip(image.shape, spacing_mm, strict=True)]
    values = _smaller(normalised(image, how.percentiles), shape)
    mask = np.zeros(shape, np.uint32)
    for channel in range(int(bits.max()).bit_length()):
        marked = (bits >> np.uint32(channel) & 1).astype(np.float32)
        if marked.any():
            mask |= (_smaller(marked, shape) >= 0.5).numpy().astype(np.uint32) << np.uint32(channel)
    return (values * 255).round().clamp(0, 255).byte().numpy(), mask


def _smaller(image: NDArray[np.float32], shape: Sequence[int]) -> Tensor:
    """An image in another shape, each pixel the mean of what it covers."""
    whole = torch.from_numpy(image)[None, None]
    return F.interpolate(whole, list(shape), mode="bilinear", align_corners=False, antialias=True)[0, 0]

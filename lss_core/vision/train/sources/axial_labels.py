"""Axial label images of Sudirman, Al-Kafri and others, PNG beside PNG.

Values: 50 disc, 100 posterior element, 150 thecal sac, 200 the area between anterior and posterior
elements, 250 other. Only disc and sac are structures of ours; all others are not told, which is
not the same as absent: they are left out of the loss.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from lss_core.domain import Structure
from lss_core.vision.bundle import TrainingData
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.data_config import AxialLabelsData
from lss_core.vision.train.slices import SliceSet, resampled
from lss_core.vision.train.sources.base import STRUCTURES, Case, Source, refused, some

VALUES = {50: Structure.DISC, 150: Structure.DURAL_SAC}
OTHER_VALUES = (0, 100, 200, 250)


class AxialLabels(Source):
    """`images` and `labels` hold PNGs of the same names; the first number in a name is the patient's."""

    planes = ("axial",)
    about = TrainingData(
        name="Lumbar spine MRI with axial label images",
        licence="CC BY 4.0",
        attribution=(
            "S. Sudirman, A. Al Kafri, F. Natalia, H. Meidia, N. Afriliana, W. Al-Rashdan, M. Bashtawi, "
            "M. Al-Jumaily: Label image ground truth data for lumbar spine MRI dataset, Mendeley Data (2019)"
        ),
        use="axial network: disc and dural sac; images resampled",
    )

    def __init__(self, data: AxialLabelsData) -> None:
        self.data = data

    def cases(self) -> Sequence[Case]:
        """A case an image."""
        found = []
        for path in sorted(self.data.images.glob("*.png")):
            number = re.search(r"\d+", path.stem)
            if number is None:
                raise refused(path, "its name holds no patient's number", "Name images like 0001_D4.png")
            found.append(Case(id=path.stem, patient=number[0]))
        return some(self.data.images, found, "PNG images")

    def slices(self, case: Case, plane: str, how: Preprocessing) -> SliceSet:
        """One slice: front up, the patient's right on the left, as radiologists look at it."""
        image = self._picture(self.data.images / f"{case.id}.png")
        path = self.data.labels / f"{case.id}.png"
        labels = _opened(path)
        if labels.shape != image.shape:
            raise refused(
                path, f"its size {labels.shape} is not the image's {image.shape}", "Check the labels"
            )
        if unknown := sorted(set(np.unique(labels).tolist()) - {*VALUES, *OTHER_VALUES}):
            raise refused(
                path, f"it has the value {unknown[0]}", "Use 50, 100, 150, 200 and 250 (0 is nothing)"
            )
        bits = np.zeros(labels.shape, np.uint32)
        places = [STRUCTURES[plane].index(structure) for structure in VALUES.values()]
        for value, place in zip(VALUES, places, strict=True):
            bits |= (labels == value).astype(np.uint32) << np.uint32(place)
        small, marked = resampled(image, bits, (self.data.spacing_mm,) * 2, how)
        known = np.isin(np.arange(len(STRUCTURES[plane])), places)
        return SliceSet(images=(small,), bits=(marked,), known=known, patients=(case.patient,))

    def _picture(self, path: Path) -> NDArray[np.uint8]:
        image = _opened(path)
        if image.ndim == 2:
            return image
        if self.data.channel is None:
            raise refused(path, "it is in colour", "Say with 'channel' which of 0, 1, 2 is the T2")
        return np.ascontiguousarray(image[..., self.data.channel])


def _opened(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            pixels: NDArray[np.uint8] = np.array(image)
    except FileNotFoundError as error:
        raise refused(path, "the file is not there", "Give each image a label image of its name") from error
    except UnidentifiedImageError as error:
        raise refused(path, "it is not a PNG", "Check the file") from error
    return pixels

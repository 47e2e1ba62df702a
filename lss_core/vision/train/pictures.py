"""Pictures of sites with their true grades.

The classification networks are trained and tested on them. They are cut as the engine cuts
them, from true masks and places where there are any, but wider, so that there is room to rotate,
shift and scale. An axial picture is kept as seen from the left alone: flipped, it is the same
level as seen from the right, with the right side's grades.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (torch's own idiom)
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch import Tensor

from lss_core.domain import LEVELS, Condition, Side, Site
from lss_core.measure.study import Study
from lss_core.study.labels import NONE_OR_MILD as NONE_OR_MILD
from lss_core.vision.classify import Preprocessing
from lss_core.vision.crops import normalised
from lss_core.vision.engine import picture
from lss_core.vision.sites import View, view_of
from lss_core.vision.train.augment import bias_field, blurred, noise
from lss_core.vision.train.whole import write_whole

WIDENED = 1.5
"""How much wider than the network's picture the kept one is."""
KEPT_PIXELS = 192
UNKNOWN = -1
"""In place of a grade that a picture does not show."""
NOT_ANNOTATED = -2
"""In place of a grade that a picture shows and its source does not tell."""
SIDES = (Side.LEFT, Side.RIGHT)


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictures:
    """images: (n, 3, 192, 192) uint8. grades: (n, 2, 3) int, as seen from the left and from the
    right, in the order of Condition; UNKNOWN, NOT_ANNOTATED or NONE_OR_MILD where there is no grade.
    studies: (n,) whose each is."""

    images: NDArray[np.uint8]
    grades: NDArray[np.int8]
    studies: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images)

    def chosen(self, keep: NDArray[np.bool_]) -> Pictures:
        """Some of them."""
        return Pictures(images=self.images[keep], grades=self.grades[keep], studies=self.studies[keep])


def pictures_of(study: Study, grades: Mapping[Site, int], number: int, how: Preprocessing) -> Pictures:
    """All pictures of a study with masks, places and grades that show a site with a grade."""
    images, truths = [], []
    for shown in shown_together():
        told = [grades.get(site, NOT_ANNOTATED) for side in shown for site in side if site is not None]
        if set(told) == {NOT_ANNOTATED}:
            continue
        first = next(site for site in shown[0] if site is not None)
        view = view_of(first, study)
        if not isinstance(view, View):
            continue
        wide = picture(study, first, view, Side.LEFT, pixels=KEPT_PIXELS, margin=how.margin, widened=WIDENED)
        images.append(((normalised(wide, (0.5, 99.8)) + 1) * 127.5).round().astype(np.uint8))
        truths.append([[_told(site, grades) for site in side] for side in shown])
    return Pictures(
        images=np.array(images, np.uint8).reshape(-1, 3, KEPT_PIXELS, KEPT_PIXELS),
        grades=np.array(truths, np.int8).reshape(-1, len(SIDES), len(Condition)),
        studies=np.full(len(images), number),
    )


def _told(site: Site | None, grades: Mapping[Site, int]) -> int:
    return UNKNOWN if site is None else grades.get(site, NOT_ANNOTATED)


def write_pictures(path: Path, pictures: Pictures) -> None:
    """Write a study's pictures, whole or not at all."""
    tensors: dict[str, NDArray[Any]] = {
        "images": pictures.images,
        "grades": pictures.grades,
        "studies": pictures.studies,
    }
    write_whole(path, lambda part: save_file(tensors, part))


def read_pictures(paths: Iterable[Path]) -> Pictures:
    """The pictures in some files as one set."""
    return joined([none_yet(), *(Pictures(**load_file(path)) for path in paths)])


def how_many(path: Path) -> int:
    """How many pictures a file holds, without reading them."""
    with safe_open(path, framework="numpy") as file:
        return int(file.get_slice("images").get_shape()[0])


def none_yet() -> Pictures:
    """No pictures."""
    return Pictures(
        images=np.zeros((0, 3, KEPT_PIXELS, KEPT_PIXELS), np.uint8),
        grades=np.zeros((0, len(SIDES), len(Condition)), np.int8),
        studies=np.zeros(0, np.int64),
    )


def shown_together() -> list[list[list[Site | None]]]:
    """For each picture of a study: from each side, the site of each condition that it shows."""
    shown: list[list[list[Site | None]]] = []
    for level in LEVELS:
        central = Site(condition=Condition.CENTRAL, level=level)
        recesses = [Site(condition=Condition.LATERAL_RECESS, level=level, side=side) for side in SIDES]
        shown.append([[central, recess, None] for recess in recesses])
    for level in LEVELS:
        for side in SIDES:
            foramen = Site(condition=Condition.FORAMINAL, level=level, side=side)
            shown.append([[None, None, foramen]] * len(SIDES))
    return shown


def joined(parts: Iterable[Pictures]) -> Pictures:
    """Pictures of several studies as one set."""
    kept = list(parts)
    return Pictures(
        images=np.concatenate([part.images for part in kept]),
        grades=np.concatenate([part.grades for part in kept]),
        studies=np.concatenate([part.studies for part in kept]),
    )


def as_seen(image: NDArray[np.uint8], *, flip: bool, how: Preprocessing) -> Tensor:
    """A kept picture as the engine would give it to a network, without any change."""
    wide = torch.from_numpy(image).float() / 255
    return _finished(_warped(wide, 0.0, 1.0, (0.0, 0.0), flip, how.pixels), how)


def augmented(
    image: NDArray[np.uint8], *, flip: bool, how: Preprocessing, rng: np.random.Generator
) -> Tensor:
    """A kept picture rotated, scaled, shifted and changed in contrast; `flip` shows the other side.

    The shift and scale are what a segmentation's mistakes make of a window. Sagittal series
    that are missing at inference are met here as a channel that stands in for another.
    """
    wide = torch.from_numpy(image).float() / 255
    angle, scale = rng.normal(0, 7), float(np.exp(rng.normal(0, 0.08)))
    shift = rng.normal(0, 0.035, 2)
    seen = _warped(wide, float(angle), scale, (float(shift[0]), float(shift[1])), flip, how.pixels)
    if rng.random() < 0.15:
        seen[rng.integers(1, 3)] = seen[0]
    seen = seen * bias_field((how.pixels, how.pixels), rng)
    if rng.random() < 0.35:
        seen = torch.stack([blurred(channel, rng) for channel in seen])
    if rng.random() < 0.6:
        sigma = float(10 ** rng.uniform(-2.3, -1.2))
        seen = torch.stack([(channel + sigma * noise((how.pixels,) * 2, rng)).abs() for channel in seen])
    return _finished(seen.clamp_min(0) ** float(np.exp(rng.normal(0, 0.25))), how)


def _warped(
    wide: Tensor, angle_degrees: float, scale: float, shift: tuple[float, float], flip: bool, pixels: int
) -> Tensor:
    angle, inner = np.deg2rad(angle_degrees), scale / WIDENED
    mirrored = -1.0 if flip else 1.0
    theta = torch.tensor(
        [
            [mirrored * inner * np.cos(angle), -mirrored * inner * np.sin(angle), 2 * shift[1] / WIDENED],
            [inner * np.sin(angle), inner * np.cos(angle), 2 * shift[0] / WIDENED],
        ],
        dtype=torch.float32,
    )
    grid = F.affine_grid(theta[None], [1, wide.shape[0], pixels, pixels], align_corners=False)
    return F.grid_sample(wide[None], grid, align_corners=False)[0]


def _finished(seen: Tensor, how: Preprocessing) -> Tensor:
    return torch.from_numpy(normalised(seen.numpy(), how.percentiles))

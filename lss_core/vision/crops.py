"""What the classification networks look at: square windows in patient coordinates.

A window is a place, two directions and a size in millimetres, so orientation, tilt and side
come from geometry. Its columns always grow away from the midline on an axial slice: the right
side comes out mirrored, and one network serves both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.domain import Point, SeriesRole, Side, Structure
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.study import NEAR_MM

Float = NDArray[np.float64]
Image = NDArray[np.float32]

CHANNELS = 3
FACETS_WITHIN_MM = 50.0
"""A facet joint lies no further than this from the canal; what lies beyond is a mistake."""
FACETS_REACH_MM = 32.0
"""How far the facet joints reach from the canal's middle where they are not seen."""
AXIAL_SIDE_MM = (56.0, 110.0)
"""The least and the greatest side of an axial window."""
FORAMEN_SIDE_MM = 44.0
"""Side of the window around a foramen."""
OUTLINED_PIXELS = 192
OUTLINED_SIDE_MM = 48.0
"""Pixels and side of the square around a foramen that is outlined: no foramen reaches
further than 15 mm from a middle that is sought within 5 mm of its point."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """A square in patient coordinates: its middle, where rows and columns grow, its side."""

    centre_mm: Float
    rows_to: Float
    columns_to: Float
    side_mm: float

    def corner_mm(self, pixels: int) -> Float:
        """(3,): where the first pixel of a picture of the window lies."""
        corner: Float = self.centre_mm + (0.5 / pixels - 0.5) * self.side_mm * (
            self.rows_to + self.columns_to
        )
        return corner

    def widened(self, factor: float) -> Window:
        """The same place and directions, larger."""
        return replace(self, side_mm=self.side_mm * factor)


def axial_window(
    volume: Volume, masks: MaskStack, slice_index: int, point_mm: Point, side: Side, *, margin: float
) -> Window:
    """The window of a level on an axial slice: out to the most lateral points of the facet joints.

    point_mm: the canal at the level, the middle where the canal is not seen in the slice.
    margin: share added to the reach of the facets.
    """
    rows_to = _standing(volume.y_axes[slice_index], volume.x_axes[slice_index], (0, 1, 0))
    left = _standing(volume.x_axes[slice_index], volume.y_axes[slice_index], (1, 0, 0))
    centre = on_slice(volume, slice_index, point_mm)
    canal = _places(volume, masks, Structure.SPINAL_CANAL, slice_index, centre)
    if len(canal):
        centre = canal.mean(0)
    facets = [
        _places(volume, masks, name, slice_index, centre)
        for name in (Structure.FACET_JOINT, Structure.ARTICULAR_PROCESS)
    ]
    lateral = np.abs((np.concatenate(facets) - centre) @ left)
    reach = float(lateral.max()) if len(lateral) else FACETS_REACH_MM
    return Window(
        centre_mm=centre,
        rows_to=rows_to,
        columns_to=left if side is Side.LEFT else -left,
        side_mm=float(np.clip(2 * reach * (1 + margin), *AXIAL_SIDE_MM)),
    )


def foramen_window(volume: Volume, slice_index: int, point_mm: Point) -> Window:
    """The window around a foramen on a sagittal slice: rows to the feet, columns to the back."""
    return Window(
        centre_mm=on_slice(volume, slice_index, point_mm),
        rows_to=_standing(volume.y_axes[slice_index], volume.x_axes[slice_index], (0, 0, -1)),
        columns_to=_standing(volume.x_axes[slice_index], volume.y_axes[slice_index], (0, 1, 0)),
        side_mm=FORAMEN_SIDE_MM,
    )


def foramen_stack(volume: Volume, places: Sequence[tuple[int, Point]]) -> Volume:
    """The squares around foramina, each on a slice, as slices of a volume: float32, standing."""
    squares = [replace(foramen_window(volume, k, point), side_mm=OUTLINED_SIDE_MM) for k, point in places]
    sampled = [
        _sampled(volume, k, square, OUTLINED_PIXELS) for (k, _), square in zip(places, squares, strict=True)
    ]
    return Volume(
        voxels=np.stack(sampled),
        positions_mm=np.stack([square.corner_mm(OUTLINED_PIXELS) for square in squares]),
        x_axes=np.stack([square.columns_to for square in squares]),
        y_axes=np.stack([square.rows_to for square in squares]),
        spacing_mm=(OUTLINED_SIDE_MM / OUTLINED_PIXELS,) * 2,
        thickness_mm=volume.thickness_mm,
        instance_numbers=tuple(volume.instance_numbers[k] for k, _ in places),
        block=np.arange(len(places)),
    )


def axial_picture(volume: Volume, slice_index: int, window: Window, pixels: int) -> Image:
    """(3, pixels, pixels): the slice and its neighbours to the head and to the feet.

    Where the block ends the slice stands in for its neighbour.
    """
    same_block = volume.block == volume.block[slice_index]
    beside = [
        k if 0 <= k < len(same_block) and same_block[k] else slice_index
        for k in (slice_index, slice_index - 1, slice_index + 1)
    ]
    return np.stack([_sampled(volume, k, window, pixels) for k in beside])


def foramen_picture(series: Mapping[SeriesRole, Volume], window: Window, pixels: int) -> Image:
    """(3, pixels, pixels): sagittal T1, sagittal T2, and the T1 slice that comes second in distance.

    Where one of the two series is missing the other takes its place. Needs one of them.
    """
    t1, t2 = series.get(SeriesRole.SAGITTAL_T1), series.get(SeriesRole.SAGITTAL_T2)
    first, second = t1 or t2, t2 or t1
    if first is None or second is None:
        raise ValueError("a foramen needs a sagittal series")
    nearest = np.argsort(first.distances_mm(window.centre_mm))[:2]
    at = int(second.distances_mm(window.centre_mm).argmin())
    sampled = [
        _sampled(first, int(nearest[0]), window, pixels),
        _sampled(second, at, window, pixels),
        _sampled(first, int(nearest[-1]), window, pixels),
    ]
    return np.stack(sampled)


def normalised(pictures: Image, percentiles: tuple[float, float]) -> Image:
    """Channel by channel: two percentiles become -1 and 1, what lies beyond is cut there."""
    low, high = np.percentile(pictures, percentiles, axis=(-2, -1), keepdims=True)
    scaled: Image = ((pictures - low) / np.maximum(high - low, 1e-6)).clip(0, 1).astype(np.float32)
    return scaled * 2 - 1


def nearest_role(
    series: Mapping[SeriesRole, Volume], roles: Sequence[SeriesRole], point_mm: Point
) -> tuple[SeriesRole, int] | None:
    """The first of some series with a slice within 5 mm of a point, and that slice."""
    for role in roles:
        if role in series:
            index, away = series[role].nearest_slice(np.asarray(point_mm))
            if away <= NEAR_MM:
                return role, index
    return None


def _sampled(volume: Volume, slice_index: int, window: Window, pixels: int) -> Image:
    """A slice in a window, linear between pixels; 0 outside the image."""
    corner, step = window.corner_mm(pixels), window.side_mm / pixels
    places = np.stack([corner, corner + step * window.rows_to, corner + step * window.columns_to])
    (first, below, beside), _ = volume.to_pixel(slice_index, places)
    image: Image = ndimage.affine_transform(
        volume.voxels[slice_index].astype(np.float32),
        np.stack([below - first, beside - first], 1),
        first,
        (pixels, pixels),
        order=1,
    )
    return image


def _standing(first: Float, second: Float, towards: tuple[int, int, int]) -> Float:
    """That one of two axes, or its opposite, which points most nearly in a direction."""
    along = first if abs(first @ towards) >= abs(second @ towards) else second
    return along if along @ towards >= 0 else -along


def on_slice(volume: Volume, slice_index: int, point_mm: Point) -> Float:
    """(3,): a point moved straight onto a slice's plane."""
    point = np.asarray(point_mm, float)
    _, away = volume.to_pixel(slice_index, point[None])
    projected: Float = point - away[0] * volume.normals[slice_index]
    return projected


def _places(volume: Volume, masks: MaskStack, structure: str, slice_index: int, centre: Float) -> Float:
    """(n, 3) the pixels of a structure near a place, patient coordinates."""
    pixels = np.argwhere(masks.mask(structure, slice_index))
    places = volume.to_patient(slice_index, pixels.astype(float))
    near: Float = places[np.linalg.norm(places - centre, axis=1) <= FACETS_WITHIN_MM]
    return near

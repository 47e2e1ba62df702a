"""Slices stand upright however they were stored; truths follow from the axes given."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from lss_core.imaging.standing import standing
from lss_core.imaging.volume import Volume

AXIAL = {"down": (0.0, 1.0, 0.0), "across": (1.0, 0.0, 0.0)}
SAGITTAL = {"down": (0.0, 0.0, -1.0), "across": (0.0, 1.0, 0.0)}


def stored(rows_to: np.ndarray, columns_to: np.ndarray) -> Volume:
    """One slice of 5 x 7 pixels, 0.5 x 0.8 mm, whose rows and columns grow as said."""
    return Volume(
        voxels=np.arange(35, dtype=np.int16).reshape(1, 5, 7),
        positions_mm=np.array([[3.0, -2.0, 40.0]]),
        x_axes=columns_to[None],
        y_axes=rows_to[None],
        spacing_mm=(0.5, 0.8),
        thickness_mm=4,
        instance_numbers=(1,),
        block=np.zeros(1, np.int64),
    )


ALL_WAYS = [
    (plane, order, signs)
    for plane in (AXIAL, SAGITTAL)
    for order in permutations(("down", "across"))
    for signs in product((1.0, -1.0), repeat=2)
]


@pytest.mark.parametrize(("plane", "order", "signs"), ALL_WAYS)
def test_every_way_of_storing_a_slice_ends_upright(
    plane: dict[str, tuple[float, ...]], order: tuple[str, str], signs: tuple[float, float]
) -> None:
    down, across = np.array(plane["down"]), np.array(plane["across"])
    volume = stored(*(sign * np.array(plane[name]) for name, sign in zip(order, signs, strict=True)))
    turn = standing(volume, 0)
    places = np.stack(
        [volume.to_patient(0, np.array([[row, column]]))[0] for row in range(5) for column in range(7)]
    ).reshape(5, 7, 3)
    heights, widths = turn.forth(places @ down), turn.forth(places @ across)
    spacing = turn.spacing(volume.spacing_mm)
    assert np.diff(heights, axis=0) == pytest.approx(spacing[0])
    assert np.diff(widths, axis=1) == pytest.approx(spacing[1])
    assert turn.back(turn.forth(volume.voxels[0])) == pytest.approx(volume.voxels[0])


@pytest.mark.parametrize(("plane", "order", "signs"), ALL_WAYS)
def test_a_point_goes_where_its_pixel_goes(
    plane: dict[str, tuple[float, ...]], order: tuple[str, str], signs: tuple[float, float]
) -> None:
    volume = stored(*(sign * np.array(plane[name]) for name, sign in zip(order, signs, strict=True)))
    turn = standing(volume, 0)
    row, column = turn.point((1.0, 4.0), (5, 7))
    assert turn.forth(volume.voxels[0])[round(row), round(column)] == volume.voxels[0][1, 4]


def test_a_tilted_slice_is_turned_by_what_it_mostly_is() -> None:
    tilt = np.deg2rad(35)
    volume = stored(np.array([0, -np.cos(tilt), np.sin(tilt)]), np.array([1.0, 0, 0]))
    turn = standing(volume, 0)
    assert (turn.transpose, turn.flip_rows, turn.flip_columns) == (False, True, False)


def test_slices_that_are_stored_alike_have_equal_turns() -> None:
    volume = stored(np.array([0.0, 1, 0]), np.array([1.0, 0, 0]))
    assert len({standing(volume, 0), standing(volume.with_voxels(volume.voxels + 1), 0)}) == 1

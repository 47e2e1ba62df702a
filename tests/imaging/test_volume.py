"""Voxels, geometry and their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lss_core.errors import GeometryError
from lss_core.imaging.files import read_masks, read_volume, write_masks, write_volume
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume


def tilted_volume(degrees: float = 20, slices: int = 4, spacing: tuple[float, float] = (0.5, 0.7)) -> Volume:
    """An axial block tilted about the patient's x axis."""
    angle = np.radians(degrees)
    y_axis = np.array([0, np.cos(angle), np.sin(angle)])
    x_axes = np.tile([1.0, 0, 0], (slices, 1))
    y_axes = np.tile(y_axis, (slices, 1))
    normal = np.cross(x_axes[0], y_axis)
    return Volume(
        voxels=np.arange(slices * 20 * 30, dtype=np.int16).reshape(slices, 20, 30),
        positions_mm=np.array([10.0, -5, 100]) - 4.0 * np.arange(slices)[:, None] * normal,
        x_axes=x_axes,
        y_axes=y_axes,
        spacing_mm=spacing,
        thickness_mm=4.0,
        instance_numbers=tuple(range(slices, 0, -1)),
        block=np.zeros(slices, np.int64),
    )


@given(
    degrees=st.floats(-45, 45),
    row=st.floats(-5, 40),
    column=st.floats(-5, 40),
    k=st.integers(0, 3),
)
def test_a_pixel_taken_to_the_patient_and_back_is_the_same_pixel(
    degrees: float, row: float, column: float, k: int
) -> None:
    volume = tilted_volume(degrees)
    back, distance = volume.to_pixel(k, volume.to_patient(k, np.array([[row, column]])))
    assert back[0] == pytest.approx([row, column], abs=1e-6)
    assert distance[0] == pytest.approx(0, abs=1e-6)


def test_rows_follow_the_row_spacing_and_columns_the_column_spacing() -> None:
    volume = tilted_volume(0)
    points = volume.to_patient(0, np.array([[0, 0], [2, 0], [0, 2]]))
    assert points[1] - points[0] == pytest.approx([0, 1.0, 0])
    assert points[2] - points[0] == pytest.approx([1.4, 0, 0])


def test_the_nearest_slice_is_nearest_along_the_normal() -> None:
    volume = tilted_volume()
    point = volume.centres_mm[2] + 0.7 * volume.normals[2]
    index, distance = volume.nearest_slice(point)
    assert (index, distance) == (2, pytest.approx(0.7))


def test_a_point_outside_every_frame_has_no_nearest_slice() -> None:
    volume = tilted_volume()
    assert volume.nearest_slice(volume.positions_mm[0] - 50 * volume.x_axes[0])[1] == np.inf


def test_axes_that_are_not_orthonormal_are_refused() -> None:
    good = tilted_volume()
    with pytest.raises(GeometryError, match="not orthonormal"):
        Volume(**{**vars(good), "x_axes": good.x_axes * 1.1})


def test_as_many_positions_as_slices_are_needed() -> None:
    good = tilted_volume()
    with pytest.raises(GeometryError, match="number of slices"):
        Volume(**{**vars(good), "positions_mm": good.positions_mm[:-1]})


def test_a_volume_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    volume = tilted_volume()
    write_volume(tmp_path / "a" / "v.safetensors", volume)
    again = read_volume(tmp_path / "a" / "v.safetensors")
    for name, value in vars(volume).items():
        np.testing.assert_array_equal(getattr(again, name), value)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["v.safetensors"]


def test_voxels_beyond_int16_are_not_written(tmp_path: Path) -> None:
    volume = tilted_volume()
    with pytest.raises(ValueError, match="int16"):
        write_volume(tmp_path / "v.safetensors", volume.with_voxels(volume.voxels.astype(int) + 40000))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "v.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(GeometryError, match=r"v\.safetensors: the file is missing or damaged"):
        read_volume(tmp_path / "v.safetensors")


def test_overlapping_masks_keep_their_own_bits(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    masks = {"a": rng.random((2, 3, 4)) < 0.5, "c": rng.random((2, 3, 4)) < 0.5}
    stack = MaskStack.from_masks(masks, ["a", "b", "c"])
    write_masks(tmp_path / "m", stack)
    again = read_masks(tmp_path / "m")
    np.testing.assert_array_equal(again.mask("a"), masks["a"])
    np.testing.assert_array_equal(again.mask("c", 1), masks["c"][1])
    assert not again.mask("b").any()

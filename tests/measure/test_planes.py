"""Cylinders cut by tilted planes: the sizes perpendicular to them are known by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lss_core.domain import Condition, Level, SeriesRole, Site, Structure
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.axial import measure_axial
from lss_core.measure.planes import axial_section
from lss_core.measure.sac import VERTEBRA_OVER_DISC, SacCourse
from lss_core.measure.study import Study, measure_study

HALF_WIDTH, HALF_DEPTH = 9.0, 6.0


def sheared(
    tilt_deg: float, about: tuple[float, float, float], slices: int = 9, gap_mm: float = 4.0
) -> Volume:
    """Parallel slices whose plane is turned about an axis through the patient's origin."""
    turn = Rotation.from_rotvec(np.deg2rad(tilt_deg) * np.array(about) / np.linalg.norm(about))
    x_axis, y_axis = turn.apply([1.0, 0, 0]), turn.apply([0, 1.0, 0])
    offsets = (np.arange(slices) - slices // 2) * -4.0
    positions = np.array([[0, 0, z] - 30 * x_axis - 30 * y_axis for z in offsets])
    return Volume(
        voxels=np.zeros((slices, 201, 201), np.int16),
        positions_mm=positions,
        x_axes=np.tile(x_axis, (slices, 1)),
        y_axes=np.tile(y_axis, (slices, 1)),
        spacing_mm=(0.3, 0.3),
        thickness_mm=4,
        instance_numbers=tuple(range(slices)),
        block=np.zeros(slices, np.int64),
    )


def cylinder(volume: Volume, scale_at: dict[int, float] | None = None) -> MaskStack:
    """An upright sac of elliptic section in a canal half as large again; `scale_at` changes slices."""
    masks = {name: np.zeros(volume.shape, bool) for name in Structure}
    pixels = np.argwhere(np.ones(volume.shape[1:], bool)).astype(float)
    for k in range(len(volume.voxels)):
        x, y, _ = volume.to_patient(k, pixels).T.reshape(3, *volume.shape[1:])
        radius = np.hypot(x / HALF_WIDTH, y / HALF_DEPTH) / (scale_at or {}).get(k, 1.0)
        masks[Structure.DURAL_SAC][k] = radius <= 1
        masks[Structure.SPINAL_CANAL][k] = radius <= 1.5
    return MaskStack.from_masks(masks, tuple(Structure))


TILTS = [
    (0, (1, 0, 0)),
    (30, (1, 0, 0)),
    (-30, (1, 0, 0)),
    (20, (0, 1, 0)),
    (25, (1, 1, 0)),
    (30, (1, 0, 0.5)),
]


@pytest.mark.parametrize(("tilt_deg", "about"), TILTS)
def test_sizes_are_those_perpendicular_to_the_sac(tilt_deg: float, about: tuple[float, float, float]) -> None:
    volume = sheared(tilt_deg, about)
    masks = cylinder(volume)
    k = 4
    section = axial_section(volume, masks, k, SacCourse.of(volume, masks).axis(k))
    level = measure_axial(section)[None]
    assert level["sac_area_mm2"] == pytest.approx(np.pi * HALF_WIDTH * HALF_DEPTH, rel=0.01)
    assert level["canal_area_mm2"] == pytest.approx(np.pi * HALF_WIDTH * HALF_DEPTH * 1.5**2, rel=0.01)


@pytest.mark.parametrize(("tilt_deg", "about"), TILTS[:4])
def test_lengths_are_those_perpendicular_to_the_sac(
    tilt_deg: float, about: tuple[float, float, float]
) -> None:
    volume = sheared(tilt_deg, about)
    masks = cylinder(volume)
    level = measure_axial(axial_section(volume, masks, 4, SacCourse.of(volume, masks).axis(4)))[None]
    assert level["sac_width_mm"] == pytest.approx(2 * HALF_WIDTH, abs=0.45)
    assert level["sac_height_mm"] == pytest.approx(2 * HALF_DEPTH, abs=0.35)
    assert level["canal_ap_mm"] == pytest.approx(3 * HALF_DEPTH, abs=0.35)
    assert level["posterior_fat_mm"] == pytest.approx(HALF_DEPTH / 2, abs=0.35)


def test_an_area_cut_by_a_plane_tilted_30_degrees_is_15_percent_too_large_in_the_plane() -> None:
    volume = sheared(30, (1, 0, 0))
    masks = cylinder(volume)
    in_plane = measure_axial(axial_section(volume, masks, 4, None))[None]["sac_area_mm2"]
    assert in_plane == pytest.approx(np.pi * HALF_WIDTH * HALF_DEPTH / np.cos(np.deg2rad(30)), rel=0.01)


def test_the_own_normal_is_the_sac_behind_the_vertebrae_above_and_below() -> None:
    volume = sheared(0, (1, 0, 0), slices=13)
    masks = cylinder(volume, dict.fromkeys((2, 3, 9, 10), 1.2))  # 12 and 16 mm from slice 6
    normal = SacCourse.of(volume, masks).normal_mm2((0.0, 0.0, 0.0))
    whole = np.pi * HALF_WIDTH * HALF_DEPTH
    assert normal == pytest.approx(1.44 * whole / VERTEBRA_OVER_DISC, rel=0.01)
    role = SeriesRole.AXIAL_T2
    study = Study(series={role: volume}, masks={role: masks}, canal_points_mm={Level.L4_L5: (0.0, 0.0, 0.0)})
    values = measure_study(study)[Site(condition=Condition.CENTRAL, level=Level.L4_L5)]
    assert values["sac_area_ratio"] == pytest.approx(VERTEBRA_OVER_DISC / 1.44, rel=0.02)
    assert values["sac_neighbour_ratio"] == pytest.approx(1)


def test_slices_that_do_not_reach_the_vertebrae_tell_no_normal() -> None:
    volume = sheared(0, (1, 0, 0), slices=5)
    assert SacCourse.of(volume, cylinder(volume)).normal_mm2((0.0, 0.0, 0.0)) is None

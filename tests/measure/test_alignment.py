"""A drawn spine whose discs stand at known angles."""

from __future__ import annotations

import numpy as np
import pytest

from lss_core.domain import LEVELS, Condition, Level, Point, SagittalStructure, SeriesRole, Site
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.alignment import coronal_tilt_deg, measure_spine, measure_whole
from lss_core.measure.spread import spreads
from lss_core.measure.study import Study

ROLE = SeriesRole.SAGITTAL_T2
MM = 0.8
FALLS_DEG = (15.0, 10.0, 5.0, -5.0, -15.0, -30.0)
"""How far the discs T12-L1 to L5-S1 fall to the back."""
CENTRES = [(0.0, 0.0, 80.0 - 34.0 * n) for n in range(6)]
CANAL_MM = 26.0


def spine(tilts_deg: tuple[float, ...] = (0,) * 6, first: int = 0) -> Study:
    """Discs 36 mm long and 9 mm high on nine sagittal slices 4 mm apart, rising to the left."""
    slices, rows, columns = 9, 340, 140
    masks = {SagittalStructure.DISC: np.zeros((slices, rows, columns), bool)}
    volume = Volume(
        voxels=np.zeros((slices, rows, columns), np.int16),
        positions_mm=np.array([[4.0 * (k - 4), -40.0, 130.0] for k in range(slices)]),
        x_axes=np.tile([0.0, 1, 0], (slices, 1)),
        y_axes=np.tile([0.0, 0, -1], (slices, 1)),
        spacing_mm=(MM, MM),
        thickness_mm=4,
        instance_numbers=tuple(range(slices)),
        block=np.zeros(slices, np.int64),
    )
    pixels = np.argwhere(np.ones((rows, columns), bool)).astype(float)
    for k in range(slices):
        x, y, z = volume.to_patient(k, pixels).T.reshape(3, rows, columns)
        for centre, fall, tilt in list(zip(CENTRES, FALLS_DEG, tilts_deg, strict=True))[first:]:
            angle = np.deg2rad(fall)
            up = z - centre[2] - np.tan(np.deg2rad(tilt)) * x
            along, height = y * np.cos(angle) - up * np.sin(angle), y * np.sin(angle) + up * np.cos(angle)
            masks[SagittalStructure.DISC][k] |= (np.abs(along) < 18) & (np.abs(height) < 4.5)
    points: dict[Level, Point] = {
        level: (0.0, CANAL_MM, CENTRES[n + 1][2] - CANAL_MM * np.tan(np.deg2rad(FALLS_DEG[n + 1])))
        for n, level in enumerate(LEVELS)
    }
    stack = MaskStack.from_masks(masks, tuple(SagittalStructure))
    return Study(series={ROLE: volume}, masks={ROLE: stack}, canal_points_mm=points)


def test_lordosis_is_the_angle_between_the_endplates_of_l1_and_s1() -> None:
    assert measure_spine(spine())["lordosis_deg"] == pytest.approx(15 + 30, abs=1)


def test_a_spine_without_t12_l1_in_view_has_no_lordosis() -> None:
    assert "lordosis_deg" not in measure_spine(spine(first=1))


def test_the_cobb_angle_is_the_greatest_difference_in_coronal_tilt() -> None:
    found = measure_spine(spine((-4, 0, 5, 12, 3, 0)))
    assert found["cobb_deg"] == pytest.approx(16, abs=1)
    assert measure_spine(spine())["cobb_deg"] == pytest.approx(0, abs=0.5)


def test_a_disc_that_rises_to_the_left_has_a_positive_tilt() -> None:
    study = spine((0, 0, 8, 0, 0, 0))
    assert coronal_tilt_deg(study, study.canal_points_mm[Level.L2_L3]) == pytest.approx(8, abs=0.7)


def test_a_study_without_a_sagittal_series_has_no_alignment() -> None:
    study = spine()
    assert measure_spine(Study(series={}, masks={}, canal_points_mm=study.canal_points_mm)) == {}


def test_lordosis_has_a_spread_over_slices_and_the_cobb_angle_over_outlines_alone() -> None:
    study, site = spine(), Site(condition=Condition.CENTRAL, level=Level.L4_L5)
    measured = measure_whole(study)
    over_slices = spreads(study, measured)[site]
    assert (over_slices["lordosis_deg"].n, "cobb_deg" in over_slices) == (3, False)
    assert over_slices["lordosis_deg"].deviation == pytest.approx(0, abs=0.1)  # the same on every slice
    other = spine((-4, 0, 5, 12, 3, 0))
    cobb = spreads(study, measured, [other])[site]["cobb_deg"]
    assert cobb.n == 2
    assert cobb.deviation == pytest.approx(16 / np.sqrt(2), abs=1)

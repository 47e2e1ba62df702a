"""What every synthetic study holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lss_core.domain import (
    LEVELS,
    SITES,
    Condition,
    ForamenStructure,
    Level,
    SagittalStructure,
    SeriesRole,
    Side,
    Site,
    Structure,
)
from lss_core.phantom import PhantomOptions, PhantomStudy, Plane, make_study, outline_foramina

QUICK = PhantomOptions(sagittal_slices=11, sagittal_pixels=224, axial_pixels=192, sub_slices=1)


@pytest.fixture(scope="module")
def study() -> PhantomStudy:
    return make_study(5, options=QUICK)


def test_the_same_seed_gives_the_same_study(study: PhantomStudy) -> None:
    again = make_study(5, options=QUICK)
    assert again.grades == study.grades
    assert again.measurements == study.measurements
    for role, volume in study.series.items():
        np.testing.assert_array_equal(again.series[role].voxels, volume.voxels)
        np.testing.assert_array_equal(again.masks[role].bits, study.masks[role].bits)


def test_another_seed_gives_another_patient(study: PhantomStudy) -> None:
    assert make_study(6, options=QUICK).canal_points_mm != study.canal_points_mm


def test_voxels_are_twelve_bit_and_masks_lie_on_their_grids(study: PhantomStudy) -> None:
    for role, volume in study.series.items():
        assert volume.voxels.dtype == np.int16
        assert volume.voxels.min() >= 0
        assert 400 <= volume.voxels.max() <= 4095
        assert study.masks[role].bits.shape == volume.shape


def test_every_structure_is_somewhere(study: PhantomStudy) -> None:
    axial, sagittal = study.masks[SeriesRole.AXIAL_T2], study.masks[SeriesRole.SAGITTAL_T2]
    missing = {name for name in Structure if not axial.mask(name).any()} - {Structure.HERNIATION}
    assert not missing
    assert all(sagittal.mask(name).any() for name in SagittalStructure)


def test_the_sac_lies_inside_the_canal(study: PhantomStudy) -> None:
    axial = study.masks[SeriesRole.AXIAL_T2]
    assert not (axial.mask(Structure.DURAL_SAC) & ~axial.mask(Structure.SPINAL_CANAL)).any()
    for level in LEVELS:
        values = study.measurements[Site(condition=Condition.CENTRAL, level=level)]
        assert values["sac_area_mm2"] <= values["canal_area_mm2"]


def test_all_sites_have_a_grade_a_point_and_measurements(study: PhantomStudy) -> None:
    assert set(study.grades) == set(study.site_points_mm) == set(study.measurements) == set(SITES)
    assert set(study.canal_points_mm) == set(LEVELS)


def test_the_canal_points_lie_in_the_canal_on_the_nearest_axial_slice(study: PhantomStudy) -> None:
    volume, masks = study.series[SeriesRole.AXIAL_T2], study.masks[SeriesRole.AXIAL_T2]
    for point in study.canal_points_mm.values():
        nearest, distance = volume.nearest_slice(np.array(point))
        (row, column), _ = (part[0] for part in volume.to_pixel(nearest, np.array([point])))
        assert distance < 5
        assert masks.mask(Structure.SPINAL_CANAL, nearest)[round(row), round(column)]


def test_only_foramina_is_the_same_patient_on_the_slices_beside_them(study: PhantomStudy) -> None:
    part = make_study(5, options=replace(QUICK, only_foramina=True))
    assert (part.grades, part.site_points_mm) == (study.grades, study.site_points_mm)
    assert set(part.series) == {SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2}
    whole, some = study.series[SeriesRole.SAGITTAL_T1], part.series[SeriesRole.SAGITTAL_T1]
    assert len(some.voxels) < len(whole.voxels)
    for site, point in study.site_points_mm.items():
        if site.condition is Condition.FORAMINAL:
            for kept in np.argsort(whole.distances_mm(np.array(point)))[:2]:
                place = np.abs(some.positions_mm - whole.positions_mm[kept]).sum(1).argmin()
                np.testing.assert_allclose(some.positions_mm[place], whole.positions_mm[kept])
                np.testing.assert_array_equal(
                    part.masks[SeriesRole.SAGITTAL_T1].bits[place],
                    study.masks[SeriesRole.SAGITTAL_T1].bits[kept],
                )


def test_foramina_outlined_finely_are_those_of_the_series(study: PhantomStudy) -> None:
    volume, whole = study.series[SeriesRole.SAGITTAL_T1], study.masks[SeriesRole.SAGITTAL_T1]
    site = Site(condition=Condition.FORAMINAL, level=Level.L3_L4, side=Side.LEFT)
    k, _ = volume.nearest_slice(np.array(study.site_points_mm[site]))
    row_mm, column_mm = volume.spacing_mm
    plane = Plane(
        origin=volume.positions_mm[k],
        row_step=row_mm * volume.y_axes[k],
        column_step=column_mm * volume.x_axes[k],
        shape=volume.shape[1:],
    )
    own = outline_foramina(5, [plane], options=QUICK)
    disc, bone = own.mask(ForamenStructure.DISC, 0), own.mask(ForamenStructure.BONE, 0)
    solid = [whole.mask(name, k) for name in (SagittalStructure.VERTEBRA, SagittalStructure.SACRUM)]
    np.testing.assert_array_equal(bone, solid[0] | solid[1])
    assert not (whole.mask(SagittalStructure.DISC, k) & ~disc).any()
    (row, column), _ = (part[0] for part in volume.to_pixel(k, np.array([study.site_points_mm[site]])))
    around = np.s_[round(row) - 6 : round(row) + 7, round(column) - 6 : round(column) + 7]
    free = own.mask(ForamenStructure.FAT, 0) | own.mask(ForamenStructure.NERVE, 0)
    assert free[around].any()
    assert not (free & (disc | bone)).any()

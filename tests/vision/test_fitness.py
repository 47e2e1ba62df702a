"""Pictures that cannot be judged are told from those that can: noise, ghosts, metal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lss_core.domain import Condition, Level, NotGradable, SeriesRole, Side, Site
from lss_core.imaging.volume import Volume
from lss_core.measure.study import Study
from lss_core.phantom import PhantomOptions, PhantomStudy, make_study
from lss_core.phantom.artefacts import ghosted, noisy, with_metal
from lss_core.vision.fitness import judged, metal_points
from lss_core.vision.sites import Obstacle, View, view_of

T1, T2, AXIAL = SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2, SeriesRole.AXIAL_T2
CENTRAL = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
FORAMEN = Site(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.LEFT)
FAR = Site(condition=Condition.FORAMINAL, level=Level.L1_L2, side=Side.RIGHT)


@pytest.fixture(scope="module")
def phantom() -> PhantomStudy:
    return make_study(92_001, options=PhantomOptions(sub_slices=1))


def study_of(phantom: PhantomStudy, **series: Volume) -> Study:
    return Study(
        series={**phantom.series, **{SeriesRole(role): volume for role, volume in series.items()}},
        masks=phantom.masks,
        canal_points_mm=phantom.canal_points_mm,
        site_points_mm=phantom.site_points_mm,
    )


def reason(study: Study, site: Site) -> NotGradable | None:
    view = judged({site: view_of(site, study)}, study)[site]
    return view.reason if isinstance(view, Obstacle) else None


def test_a_clean_phantom_has_no_obstacle(phantom: PhantomStudy) -> None:
    assert [reason(study_of(phantom), site) for site in (CENTRAL, FORAMEN, FAR)] == [None] * 3


def test_noise_above_the_limit_takes_the_grades_of_its_series_alone(phantom: PhantomStudy) -> None:
    rng = np.random.default_rng(0)
    loud = study_of(phantom, axial_t2=noisy(phantom.series[AXIAL], rng, 0.3))
    assert reason(loud, CENTRAL) is NotGradable.POOR_QUALITY
    assert reason(loud, FORAMEN) is None
    little = study_of(phantom, axial_t2=noisy(phantom.series[AXIAL], rng, 0.04))
    assert reason(little, CENTRAL) is None


@pytest.mark.parametrize("axis", [0, 1])
def test_a_strong_ghost_takes_the_grades_and_a_faint_one_does_not(phantom: PhantomStudy, axis: int) -> None:
    strong = study_of(phantom, axial_t2=ghosted(phantom.series[AXIAL], 0.5, 0.13, axis))
    assert reason(strong, CENTRAL) is NotGradable.POOR_QUALITY
    faint = study_of(phantom, axial_t2=ghosted(phantom.series[AXIAL], 0.05, 0.13, axis))
    assert reason(faint, CENTRAL) is None


def test_metal_takes_the_grades_beside_it_and_leaves_those_far_away(phantom: PhantomStudy) -> None:
    x, y, z = phantom.canal_points_mm[Level.L4_L5]
    spoilt = study_of(with_metal(phantom, (x, y - 12, z + 12), radius_mm=7.0, half_length_mm=22.0))
    assert reason(spoilt, CENTRAL) is NotGradable.METAL
    assert reason(spoilt, FORAMEN) is NotGradable.METAL
    assert reason(spoilt, FAR) is None


def test_a_level_that_was_not_found_on_noise_or_beside_metal_has_that_as_its_reason(
    phantom: PhantomStudy,
) -> None:
    lost = Obstacle(reason=NotGradable.LEVEL_NOT_FOUND, note="L4-L5 was not found")
    missing = Obstacle(reason=NotGradable.SERIES_MISSING, note="There is no axial T2")
    rng = np.random.default_rng(0)
    loud = study_of(phantom, **{role.value: noisy(phantom.series[role], rng, 0.3) for role in (T1, T2)})
    found = judged({CENTRAL: lost, FORAMEN: missing}, loud)
    assert [one.reason for one in found.values() if isinstance(one, Obstacle)] == [
        NotGradable.POOR_QUALITY,
        NotGradable.SERIES_MISSING,
    ]
    x, y, z = phantom.canal_points_mm[Level.L4_L5]
    spoilt = study_of(with_metal(phantom, (x, y - 12, z + 12), radius_mm=7.0, half_length_mm=22.0))
    assert judged({CENTRAL: lost}, spoilt)[CENTRAL].reason is NotGradable.METAL  # type: ignore[union-attr]
    vessel = study_of(with_metal(phantom, (x, y - 27, z + 12), radius_mm=6.0, half_length_mm=6.0))
    assert len(metal_points(vessel))  # the hole is seen, and too far from the canal to be the reason
    assert judged({CENTRAL: lost}, vessel) == {CENTRAL: lost}


def test_what_is_black_on_one_weighting_alone_is_tissue(phantom: PhantomStudy) -> None:
    x, y, z = phantom.canal_points_mm[Level.L4_L5]
    dark = with_metal(phantom, (x, y - 12, z + 12), radius_mm=7.0, half_length_mm=22.0).series[T2]
    assert reason(study_of(phantom, sagittal_t2=dark), CENTRAL) is None


def test_a_view_keeps_its_place(phantom: PhantomStudy) -> None:
    study = study_of(phantom)
    view = view_of(CENTRAL, study)
    assert isinstance(view, View)
    assert judged({CENTRAL: view}, study) == {CENTRAL: replace(view)}

"""The spread of measurements: over slices, and over several outlines."""

from __future__ import annotations

import numpy as np
import pytest

from lss_core.domain import Condition, Level, SeriesRole, Site
from lss_core.measure.spread import spread_of, spreads
from lss_core.measure.study import Study, measure_study
from tests.measure.test_planes import HALF_DEPTH, HALF_WIDTH, cylinder, sheared

SITE = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
ROLE = SeriesRole.AXIAL_T2
WHOLE = np.pi * HALF_WIDTH * HALF_DEPTH


def study_of(scales: dict[int, float]) -> Study:
    volume = sheared(0, (1, 0, 0))
    return Study(
        series={ROLE: volume},
        masks={ROLE: cylinder(volume, scales)},
        canal_points_mm={Level.L4_L5: (0.0, 0.0, 0.0)},
    )


def test_the_spread_over_slices_is_that_of_the_slice_and_its_two_neighbours() -> None:
    study = study_of({3: 0.9, 5: 0.8})
    found = spreads(study, measure_study(study))[SITE]["sac_area_mm2"]
    areas = WHOLE * np.array([0.81, 1.0, 0.64])
    assert found.n == 3
    assert found.median == pytest.approx(WHOLE * 0.81, rel=0.01)
    assert found.deviation == pytest.approx(areas.std(ddof=1), rel=0.03)


def test_the_least_area_is_that_of_the_narrowest_of_the_three() -> None:
    values = measure_study(study_of({3: 0.9, 5: 0.8, 6: 0.5}))[SITE]
    assert values["sac_least_area_mm2"] == pytest.approx(WHOLE * 0.64, rel=0.02)
    assert values["sac_area_mm2"] == pytest.approx(WHOLE, rel=0.01)


def test_a_step_beyond_the_last_slice_measures_nothing() -> None:
    assert "sac_area_mm2" not in measure_study(study_of({}), step=5)[SITE]


def test_other_outlines_of_a_study_add_to_the_spread() -> None:
    study = study_of({})
    varied = [study_of({4: scale}) for scale in (0.9, 1.1)]
    found = spreads(study, measure_study(study), varied)[SITE]["sac_area_mm2"]
    assert found.n == 5
    assert found.median == pytest.approx(WHOLE, rel=0.01)
    assert found.deviation == pytest.approx(WHOLE * np.std([1, 1, 1, 0.81, 1.21], ddof=1), rel=0.03)


def test_what_was_measured_once_has_no_spread() -> None:
    several = [{SITE: {"sac_area_mm2": 100.0, "sac_width_mm": 15.0}}, {SITE: {"sac_area_mm2": 104.0}}]
    found = spread_of(several)[SITE]
    assert set(found) == {"sac_area_mm2"}
    assert (found["sac_area_mm2"].median, found["sac_area_mm2"].n) == (102.0, 2)
    assert found["sac_area_mm2"].deviation == pytest.approx(np.sqrt(8))

"""What a viewer is handed, in words."""

from __future__ import annotations

from lss_core.domain import Condition, Level, Site
from lss_core.ui.viewer.data import evidence

L3_L4, L4_L5 = (Site(condition=Condition.CENTRAL, level=level) for level in (Level.L3_L4, Level.L4_L5))


def test_a_measurement_stands_beside_the_worst_cut_off_it_crosses_and_the_other_levels() -> None:
    measured = {L3_L4: {"sac_area_mm2": 200.0}, L4_L5: {"sac_area_mm2": 60.0}}
    (shown,) = evidence(L4_L5, measured, {"sac_area_mm2": 4.0})
    name, value, beside = shown
    assert (name, value) == ("Sac area", "60 mm²")
    assert beside.startswith("± 4.0 mm², below 75 mm²: ")  # Schönström's limit, the worst of three
    assert beside.endswith("30\u00a0% of the other sites")


def test_a_measurement_that_crosses_nothing_and_stands_alone_has_nothing_beside() -> None:
    assert evidence(L3_L4, {L3_L4: {"sac_area_mm2": 200.0}}, {}) == [("Sac area", "200 mm²", "")]


def test_a_site_without_measurements_shows_none() -> None:
    assert evidence(L3_L4, {}, {}) == []

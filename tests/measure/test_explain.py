"""Cut-offs and the sentence that says why."""

from __future__ import annotations

import pytest

from lss_core.domain import LEVELS, SITES, Condition, Level, Side, Site
from lss_core.measure.explain import assessed, explained
from lss_core.measure.quantities import QUANTITIES, Worse

CENTRAL = {level: Site(condition=Condition.CENTRAL, level=level) for level in LEVELS}
LEFT = Site(condition=Condition.LATERAL_RECESS, level=Level.L4_L5, side=Side.LEFT)
FORAMEN = Site(condition=Condition.FORAMINAL, level=Level.L5_S1, side=Side.RIGHT)


def test_a_central_site_says_its_area_its_share_and_the_fat() -> None:
    own = {
        "sac_area_mm2": 62.3,
        "sac_neighbour_ratio": 0.478,
        "sac_area_ratio": 0.51,
        "posterior_fat_mm": 0.1,
    }
    said = explained(CENTRAL[Level.L4_L5], {CENTRAL[Level.L4_L5]: own})
    assert said == "sac 62 mm², 48\u00a0% of the neighbours; 51\u00a0% of the own normal; posterior fat gone"


def test_fat_that_a_wide_sac_has_pushed_away_is_not_named() -> None:
    own = {"sac_area_mm2": 180.0, "sac_area_ratio": 1.0, "posterior_fat_mm": 0.1}
    assert "fat" not in explained(CENTRAL[Level.L4_L5], {CENTRAL[Level.L4_L5]: own})


def test_a_recess_says_its_height_and_that_of_the_other_side() -> None:
    measured = {
        LEFT: {"recess_height_mm": 2.1, "flavum_thickness_mm": 5.2, "herniation_area_mm2": 0.0},
        LEFT.mirrored: {"recess_height_mm": 5.4},
    }
    assert explained(LEFT, measured) == (
        "recess 2.1 mm high, 5.4 mm on the other side; ligamentum flavum 5.2 mm thick"
    )
    assert explained(LEFT, {LEFT: {"recess_height_mm": 0.0}}) == "recess gone"


def test_a_foramen_says_its_sizes_and_its_fat() -> None:
    measured = {
        FORAMEN: {
            "foramen_height_mm": 11.0,
            "foramen_width_mm": 2.5,
            "foramen_room_mm2": 25.0,
            "foramen_area_mm2": 25.0,
            "foramen_fat_mm2": 4.0,
            "posterior_disc_height_mm": 3.0,
        },
        FORAMEN.mirrored: {"foramen_room_mm2": 100.0},
    }
    assert explained(FORAMEN, measured) == (
        "foramen 11.0 mm high; 2.5 mm wide; room for the root 25 mm², 25\u00a0% of the other foramina; "
        "fat 4.0 mm²; disc 3.0 mm high at the back"
    )
    assert explained(FORAMEN, {FORAMEN: {"foramen_area_mm2": 0.0}}) == "foramen closed"


@pytest.mark.parametrize("site", SITES)
def test_a_site_without_measurements_is_not_explained(site: Site) -> None:
    assert explained(site, {}) == ""


def test_an_assessment_names_the_worst_cut_off_first_and_the_ratio_to_the_other_levels() -> None:
    measured = {CENTRAL[level]: {"sac_area_mm2": 160.0} for level in LEVELS}
    measured[CENTRAL[Level.L4_L5]] = {"sac_area_mm2": 80.0}
    (found,) = assessed(CENTRAL[Level.L4_L5], measured)
    assert [cut.limit for cut in found.crossed] == [100, 130]
    assert found.own_ratio == pytest.approx(0.5)
    assert found.in_words == "Sac area 80 mm², below 100 mm²: moderate"
    (other,) = assessed(CENTRAL[Level.L1_L2], measured)
    assert other.crossed == ()
    assert other.in_words == "Sac area 160 mm²"


def test_the_published_limits_are_in_the_table() -> None:
    """Issue 3, section 2: the limits it names."""
    limits = {
        name: {cut.limit for cut in QUANTITIES[name].cut_offs}
        for name in ("sac_area_mm2", "canal_ap_mm", "recess_height_mm", "foramen_height_mm")
    }
    assert limits == {
        "sac_area_mm2": {75, 100, 130},
        "canal_ap_mm": {10, 12, 13},
        "recess_height_mm": {2, 3},
        "foramen_height_mm": {15},
    }
    assert [cut.limit for cut in QUANTITIES["posterior_disc_height_mm"].cut_offs] == [4]
    assert [cut.limit for cut in QUANTITIES["sac_area_ratio"].cut_offs][:2] == [1 / 3, 2 / 3]


def test_a_limit_itself_counts_as_crossed_where_the_source_says_so() -> None:
    two, three = QUANTITIES["recess_height_mm"].cut_offs
    assert (two.crossed(2.0), three.crossed(3.0), three.crossed(3.01)) == (True, True, False)
    (area, *_) = QUANTITIES["sac_area_mm2"].cut_offs
    assert (area.crossed(75.0), area.crossed(74.9)) == (False, True)


def test_cut_offs_come_worst_first() -> None:
    for quantity in QUANTITIES.values():
        limits = [cut.limit for cut in quantity.cut_offs]
        falling = any(cut.worse is Worse.ABOVE for cut in quantity.cut_offs)
        assert limits == sorted(limits, reverse=falling)


def test_a_name_ends_in_its_unit() -> None:
    ends = {"mm": "_mm", "mm²": "_mm2", "°": "_deg"}
    for name, quantity in QUANTITIES.items():
        if quantity.unit:
            assert name.endswith(ends[quantity.unit])

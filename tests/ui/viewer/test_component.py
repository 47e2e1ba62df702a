"""What the viewer's script is handed."""

from __future__ import annotations

import json
import re

import pytest

from lss_core.domain import (
    SITES,
    Answer,
    Condition,
    Grade,
    Level,
    NotGradable,
    SeriesRole,
    Site,
    SiteFinding,
    StudyFindings,
)
from lss_core.ui.viewer import Command, View, ViewMode
from lss_core.ui.viewer.component import script
from lss_core.ui.viewer.data import as_data
from lss_core.usecases.preferences import ACTIONS, SWITCHES
from lss_core.usecases.reading import ReadState

CENTRAL = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
POINT = (1.0, 2.0, 3.0)


def findings() -> StudyFindings:
    """Everything mild, but CENTRAL: severe, at POINT on slice 7 of the axial series."""
    place = {"series": SeriesRole.AXIAL_T2, "slice_index": 7, "point_mm": POINT}
    sites = tuple(
        SiteFinding(site=site, grade=Grade.SEVERE, probabilities=(0.0, 0.1, 0.2, 0.7), **place)
        if site == CENTRAL
        else SiteFinding(site=site, grade=Grade.MILD)
        for site in SITES
    )
    return StudyFindings(levels={Level.L1_L2: (9.0, 9.0, 9.0)}, sites=sites, bundle="b", seconds=1)


def read() -> ReadState:
    answers = {CENTRAL.key: Answer(site=CENTRAL, not_gradable=NotGradable.POOR_QUALITY)}
    return ReadState(read_id="R-1", key="AS-1", case_id="C-1", answers=answers, submitted=False)


def data(**known: object) -> dict[str, object]:
    return json.loads(json.dumps(as_data(View(case_id="C-1", user_id="U-1", **known), key="k")))


def test_the_grid_has_each_site_once_and_the_patients_right_comes_first() -> None:
    grid = data(mode=ViewMode.READ, read=read())["grid"]
    assert sorted(site for row in grid["rows"] for site in row["sites"]) == sorted(s.key for s in SITES)
    assert [row["label"] for row in grid["rows"]] == ["L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"]
    sides = [Site.parse(site).side for site in grid["rows"][0]["sites"]]
    assert sides == ["right", "right", None, "left", "left"]


def test_pictures_alone_have_no_grid() -> None:
    assert data()["grid"] is None


def test_a_reader_is_handed_his_own_answers_and_nothing_of_the_model() -> None:
    handed = data(mode=ViewMode.READ, read=read())
    assert handed["read"]["answers"] == {CENTRAL.key: {"grade": None, "not_gradable": "poor_quality"}}
    assert (handed["findings"], handed["targets"]) == (None, None)


def test_findings_are_refused_outside_review() -> None:
    with pytest.raises(ValueError, match="in the mode REVIEW alone"):
        data(mode=ViewMode.READ, read=read(), findings=findings())
    with pytest.raises(ValueError, match="a read belongs to the mode READ"):
        data(mode=ViewMode.READ)


def test_a_site_goes_to_its_own_place_else_to_its_level_else_nowhere() -> None:
    targets = data(mode=ViewMode.REVIEW, findings=findings())["targets"]
    assert targets[CENTRAL.key] == {"point_mm": list(POINT), "role": "axial_t2", "slice": 7, "mark": True}
    assert targets["central:L1_L2"] == {"point_mm": [9, 9, 9], "role": None, "slice": None, "mark": False}
    assert "central:L2_L3" not in targets


def test_an_order_carries_its_number() -> None:
    assert data(command=Command(number=3, site=CENTRAL))["command"] == {
        "seq": 3,
        "site": CENTRAL.key,
        "point_mm": None,
    }


def test_the_server_keeps_each_key_and_switch_that_the_script_knows() -> None:
    assert set(re.findall(r'^  \["(\w+)", "[^"]+", "\w+", ', script(), re.MULTILINE)) == set(ACTIONS)
    switches = set(re.findall(r'switches\.(\w+)|toggleSwitch\("(\w+)"\)|switches, (\w+):', script()))
    assert {name for pair in switches for name in pair if name} == set(SWITCHES)


def test_the_parts_of_the_script_join_into_one_module() -> None:
    assert script().count("export default") == 1
    assert "import " not in script()

"""The sketches of the scheme."""

from __future__ import annotations

from xml.etree import ElementTree

from lss_core.domain import Condition, Grade
from lss_core.ui.drawings import SAC_LEFT, as_source, drawing


def test_each_grade_of_each_condition_has_a_drawing_of_its_own() -> None:
    drawn = {drawing(condition, grade) for condition in Condition for grade in Grade}
    assert len(drawn) == 12
    for svg in drawn:
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert as_source(svg).startswith("data:image/svg+xml;base64,")


def test_the_sac_that_is_left_is_what_the_scheme_says() -> None:
    """Up to a third lost is mild, a third to two thirds moderate, more severe (Lurie et al. 2008)."""
    lost = {grade: 1 - share for grade, share in SAC_LEFT.items()}
    assert lost[Grade.NONE] == 0
    assert 0 < lost[Grade.MILD] <= 1 / 3 < lost[Grade.MODERATE] <= 2 / 3 < lost[Grade.SEVERE]

"""What a figure and a table name, and what comes back from a click."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from types import SimpleNamespace

import pytest

from lss_core.domain import Condition
from lss_core.ui.results import cases
from lss_core.ui.results.shown import Made, _picked, csv_of
from lss_core.ui.theme import mixed, see_through
from lss_core.usecases.result_cases import Pick, unit_rows
from lss_core.usecases.result_data import Selection
from tests.pages.results_data import made_up

MADE = Made(
    study_id="ST-1",
    study="Made up",
    fingerprint="0123456789abcdef",
    reference="Surgery v2",
    condition="Central canal",
    unit="the site",
    subgroup="all levels",
    patients=24,
    resamples=2000,
    seed=7,
)


def test_a_caption_names_data_reference_unit_method_and_seed() -> None:
    assert MADE.caption() == (
        "Made up, data 0123456789; reference Surgery v2; central canal, unit: the site, all levels. "
        "95% patient bootstrap, BCa, 24 patients, 2,000 resamples, seed 7."
    )


def test_a_method_that_draws_nothing_has_no_seed() -> None:
    assert MADE.caption("counts").endswith("all levels. Counts, 24 patients.")


def test_every_row_of_a_csv_says_what_it_rests_on_and_none_is_an_empty_cell() -> None:
    text = csv_of(("rater", "value", "condition"), [("Anna", None, "foraminal")], made=MADE)
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["rater"], row["value"], row["condition"]) == ("Anna", "", "foraminal")
    assert row["data_sha256"] == MADE.fingerprint
    assert row["reference"] == "Surgery v2"
    assert "seed 7" in row["method"]


@pytest.mark.parametrize("custom", [None, [], "no pick", [3], {"a": 1}])
def test_a_point_without_a_pick_leads_nowhere(custom: object) -> None:
    assert _picked(SimpleNamespace(selection=SimpleNamespace(points=[{"customdata": custom}]))) is None


def test_a_point_with_a_pick_leads_to_its_cases() -> None:
    pick = Pick(one="Anna", binary=True)
    event = SimpleNamespace(selection=SimpleNamespace(points=[{}, {"customdata": [pick.text, "told"]}]))
    assert _picked(event) == pick
    assert _picked(None) is None


def test_colours_are_mixed_and_made_see_through() -> None:
    assert mixed("#000000", "#ffffff") == "#808080"
    assert see_through("#ff0080", 0.5) == "rgba(255,0,128,0.5)"


def test_a_reader_without_a_grade_among_the_units_is_not_named(monkeypatch) -> None:
    said = []
    monkeypatch.setattr(cases, "show_table", lambda *given, **more: said.append(given[3][0][-1]))
    monkeypatch.setattr(cases, "write", said.append)
    data = made_up()
    rows = [
        replace(row, readers={"Idle": None, **row.readers})
        for row in unit_rows(data, Selection(condition=Condition.CENTRAL))
    ]
    cases.rows_table("some", "Some", rows, MADE)
    assert "Idle" not in said[1]
    assert "Reader 1, Reader 2" in said[1]
    assert len(said[0].split()) == 2

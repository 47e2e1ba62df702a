"""A study's ratings for other programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from lss_core.domain import SITES, Answer, Condition, Grade, NotGradable, Role
from lss_core.errors import StoreError
from lss_core.usecases.csv_writing import as_csv, neutral
from lss_core.usecases.export import ratings_csv, ratings_json, scores_csv
from lss_core.usecases.export_table import COLUMNS, dictionary_csv
from lss_core.usecases.mrmc_scores import read_scores
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import make_majority_reference
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import PASSWORD

CENTRAL = SITES[0]


@pytest.fixture
def two_reads(workspace, person, case_id, model_run):
    """Two readers who have read the case; the first changed his mind once, and commented."""
    readers = [person(Role.READER, "ada"), person(Role.READER, "-bo")]
    for number, reader in enumerate(readers):
        read = open_read(workspace, reader, case_id)
        for site in SITES:
            grade = Grade(2 + number) if site.condition is Condition.CENTRAL else Grade.NONE
            answer = Answer(site=site, grade=grade, score=None if number else 100.0 * (grade > 1))
            record_answer(workspace, reader, read.read_id, answer, idempotency_key=site.key)
        if not number:
            answer = Answer(site=CENTRAL, grade=Grade.SEVERE, score=90, note="=SUM(A1)")
            record_answer(workspace, reader, read.read_id, answer, idempotency_key="again")
            answer = Answer(site=SITES[1], not_gradable=NotGradable.POOR_QUALITY)
            record_answer(workspace, reader, read.read_id, answer, idempotency_key="unseen")
        sign_read(workspace, reader, read.read_id, PASSWORD)
    make_majority_reference(workspace, OPERATOR, _study(workspace))
    return readers


def _study(workspace):
    from lss_core.usecases.cases import list_studies

    return list_studies(workspace, OPERATOR)[0].id


def _rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_long_table_has_one_row_a_sitting_and_site_with_what_it_came_from(workspace, study_id, two_reads):
    rows = _rows(ratings_csv(workspace, OPERATOR, study_id))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 3 * 25
    first = next(row for row in rows if row["rater"] == "Ada" and row["level"] == "L1_L2" and not row["side"])
    told = {
        name: first[name] for name in ("grade", "score", "changes", "origin", "session", "stage", "withdrawn")
    }
    assert told == {
        "grade": "3", "score": "90.0", "changes": "1", "origin": "given", "session": "1", "stage": "1",
        "withdrawn": "0",
    }  # fmt: skip
    assert first["submitted_at"].startswith("2026-03-02T09:00")
    assert first["reference_grade"] == "3"
    model = next(row for row in rows if row["kind"] == "model" and row["level"] == "L1_L2")
    assert (model["score"], model["read"], model["arm"], model["active_s"]) == ("70.0", "", "", "")


def test_what_a_spreadsheet_would_run_is_kept_from_it(workspace, study_id, two_reads):
    rows = _rows(ratings_csv(workspace, OPERATOR, study_id))
    assert {row["rater"] for row in rows if row["kind"] == "reader"} == {"Ada", "'-Bo"}
    assert {row["comment"] for row in rows} == {"", "'=SUM(A1)", "nearest 9 mm"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe_and_a_number_does_not(start):
    assert neutral(f"{start}1+1") == f"'{start}1+1"
    assert neutral(-1.5) == -1.5
    assert as_csv(("a",), [{"a": -1.5}]) == "a\n-1.5\n"


def test_the_same_study_gives_the_same_bytes(workspace, clock, study_id, two_reads):
    first = ratings_csv(workspace, OPERATOR, study_id), ratings_json(workspace, OPERATOR, study_id)
    clock.turn(timedelta(days=3))
    assert (ratings_csv(workspace, OPERATOR, study_id), ratings_json(workspace, OPERATOR, study_id)) == first


def test_the_dictionary_tells_every_column(workspace):
    told = _rows(dictionary_csv())
    assert tuple(row["column"] for row in told) == COLUMNS
    assert all(row["meaning"] and row["values"] for row in told)


def test_json_holds_the_same_rows_with_their_dictionary(workspace, study_id, two_reads):
    told = json.loads(ratings_json(workspace, OPERATOR, study_id))
    assert told["columns"].keys() == set(COLUMNS)
    assert len(told["rows"]) == 75
    assert told["reference"] == {"name": "Majority of the panel", "version": 1}
    assert told["protocol"] is None
    rows = _rows(ratings_csv(workspace, OPERATOR, study_id))
    assert [row["given_at"] for row in told["rows"]] == [row["given_at"] for row in rows]


def test_the_list_of_scores_is_read_by_the_command_mrmc(workspace, study_id, two_reads, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(scores_csv(workspace, OPERATOR, study_id, condition=Condition.CENTRAL))
    study = read_scores(path).study
    assert set(study.modalities) == {"model", "unaided"}
    assert set(study.readers) == {"test-bundle", "Ada", "'-Bo"}
    assert len(study.cases) == 2  # where the two agree: elsewhere is no majority
    assert set(study.truth) == {1.0}
    unaided = study.scores[study.modalities.index("unaided")]
    scores = dict(zip(study.readers, unaided.tolist(), strict=True))
    assert scores["Ada"][0] == 90
    assert scores["'-Bo"][0] == 3


def test_scores_without_a_truth_are_refused(workspace, study_id, case_id):
    with pytest.raises(StoreError, match="iMRMC needs the truth"):
        scores_csv(workspace, OPERATOR, study_id, condition=Condition.CENTRAL)


def test_a_reference_that_is_none_of_the_studys_is_refused(workspace, study_id, case_id):
    with pytest.raises(StoreError, match="REF-X: it is no reference of this study"):
        ratings_csv(workspace, OPERATOR, study_id, reference_id="REF-X")

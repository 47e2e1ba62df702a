from __future__ import annotations

import csv
import io

import pytest

from lss_core.domain import SITES, Answer, Grade, NotGradable, Role
from lss_core.errors import AccessError, StoreError
from lss_core.store import reads, references
from lss_core.usecases.export import ratings_csv
from lss_core.usecases.export_table import COLUMNS
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import (
    Decision,
    add_reference,
    adjudicate,
    adjudications_due,
    list_references,
    make_majority_reference,
    open_reads,
)
from lss_core.usecases.users import OPERATOR

AGREED, SPLIT, UNSEEN, HALF_READ = SITES[:4]


def _give(workspace, reader, answers, *, submit=True):
    """A read with these answers; submitted past the rule that all 25 sites need one."""
    read = open_read(workspace, reader)
    for number, answer in enumerate(answers):
        record_answer(workspace, reader, read.read_id, answer, idempotency_key=str(number))
    if submit:
        with workspace.store.write() as tx:
            reads.submit_read(tx, read.read_id, at=workspace.now())


@pytest.fixture
def panel(workspace, person, case_id):
    """Three readers: agreed on one site, split three ways on the next, one that none could grade."""
    readers = [person(Role.READER, f"reader {n}") for n in range(3)]
    for n, reader in enumerate(readers):
        answers = [
            Answer(site=AGREED, grade=Grade(2 if n else 1)),
            Answer(site=SPLIT, grade=Grade(n)),
            Answer(site=UNSEEN, not_gradable=NotGradable.POOR_QUALITY),
        ]
        half = [Answer(site=HALF_READ, grade=Grade(0))] if n == 0 else []
        _give(workspace, reader, [*answers, *half])
    return readers


def _grades(workspace, reference):
    with workspace.store.read() as tx:
        found = references.reference_grades(tx, reference.id)
    return {grade.site: (grade.grade, grade.not_gradable, grade.decision) for grade in found}


def test_the_majority_stands_and_what_is_split_or_half_read_is_left_out(workspace, study_id, panel):
    reference = make_majority_reference(workspace, OPERATOR, study_id)
    assert _grades(workspace, reference) == {
        AGREED: (Grade.MODERATE, None, Decision.MAJORITY),
        UNSEEN: (None, NotGradable.OTHER, Decision.MAJORITY),
    }


def test_a_read_has_no_vote_and_makes_no_tie_before_it_is_submitted(workspace, study_id, case_id, person):
    readers = [person(Role.READER, f"reader {n}") for n in range(2)]
    judge = person(Role.ADJUDICATOR)
    split = [[Answer(site=SPLIT, grade=Grade(n))] for n in range(2)]
    _give(workspace, readers[0], split[0])
    _give(workspace, readers[1], split[1], submit=False)
    assert adjudications_due(workspace, judge, study_id) == []
    assert open_reads(workspace, judge, study_id) == 1
    with pytest.raises(StoreError, match="not one grade"):
        make_majority_reference(workspace, OPERATOR, study_id)
    _give(workspace, readers[1], [])
    assert [due.site for due in adjudications_due(workspace, judge, study_id)] == [SPLIT]
    assert open_reads(workspace, OPERATOR, study_id) == 0


def test_how_many_reads_are_open_is_no_readers_business(workspace, study_id, panel):
    with pytest.raises(AccessError, match="role of coordinator or adjudicator"):
        open_reads(workspace, panel[0], study_id)


def test_an_adjudicator_settles_what_is_split_seeing_the_votes_without_names(
    workspace, study_id, case_id, person, panel
):
    judge = person(Role.ADJUDICATOR)
    (due,) = adjudications_due(workspace, judge, study_id)
    assert (due.case_id, due.site, due.votes, due.settled) == (case_id, SPLIT, (1, 1, 1, 0), None)
    assert adjudications_due(workspace, OPERATOR, study_id)[0].votes == (1, 1, 1, 0)
    word = Answer(site=SPLIT, grade=Grade.SEVERE, note="the sac is a slit")
    for _ in range(2):
        adjudicate(workspace, judge, study_id, case_id, word, idempotency_key="1")
    (due,) = adjudications_due(workspace, judge, study_id)
    assert due.settled == word
    reference = make_majority_reference(workspace, OPERATOR, study_id)
    assert _grades(workspace, reference)[SPLIT] == (Grade.SEVERE, None, Decision.ADJUDICATED)


def test_an_adjudicators_grade_is_not_taken_without_its_reason(workspace, study_id, case_id, person, panel):
    judge, word = person(Role.ADJUDICATOR), Answer(site=SPLIT, grade=Grade.SEVERE, note=" ")
    with pytest.raises(StoreError, match="needs its reason"):
        adjudicate(workspace, judge, study_id, case_id, word, idempotency_key="1")
    assert adjudications_due(workspace, judge, study_id)[0].settled is None


def test_a_reader_neither_adjudicates_nor_learns_what_is_split(workspace, study_id, case_id, panel):
    word = Answer(site=SPLIT, grade=Grade.SEVERE)
    with pytest.raises(AccessError, match="for the study's adjudicators"):
        adjudicate(workspace, panel[0], study_id, case_id, word, idempotency_key="1")
    with pytest.raises(AccessError, match="role of coordinator or adjudicator"):
        adjudications_due(workspace, panel[0], study_id)
    with pytest.raises(AccessError, match="role of"):
        list_references(workspace, panel[0], study_id)


def test_a_reader_outside_the_panel_has_no_vote(workspace, study_id, person, panel):
    guest = person(Role.READER, "guest", in_panel=False)
    _give(workspace, guest, [Answer(site=AGREED, grade=Grade(1))])
    reference = make_majority_reference(workspace, OPERATOR, study_id)
    assert _grades(workspace, reference)[AGREED][0] is Grade.MODERATE


def test_a_reference_is_frozen_and_a_newer_one_gets_a_higher_version(
    workspace, study_id, case_id, person, panel
):
    first = make_majority_reference(workspace, OPERATOR, study_id)
    before = _grades(workspace, first)
    word = Answer(site=SPLIT, grade=Grade.SEVERE, note="the sac is a slit")
    judge = person(Role.ADJUDICATOR)
    adjudicate(workspace, judge, study_id, case_id, word, idempotency_key="1")
    second = make_majority_reference(workspace, OPERATOR, study_id)
    assert (first.version, second.version) == (1, 2)
    assert _grades(workspace, first) == before
    assert _grades(workspace, second).keys() - before.keys() == {SPLIT}
    assert [r.version for r in list_references(workspace, OPERATOR, study_id)] == [2, 1]


def test_a_truth_from_outside_stands_beside_the_majority(workspace, study_id, case_id, panel):
    make_majority_reference(workspace, OPERATOR, study_id)
    truth = {case_id: {AGREED: Grade.NONE}}
    reference = add_reference(workspace, OPERATOR, study_id, name="Surgery", grades=truth)
    assert _grades(workspace, reference) == {AGREED: (Grade.NONE, None, Decision.EXTERNAL)}
    assert [r.method for r in list_references(workspace, OPERATOR, study_id)] == ["majority", "external"]


def test_a_reference_of_nothing_or_of_a_foreign_case_is_refused(workspace, study_id, case_id):
    with pytest.raises(StoreError, match="not one grade"):
        make_majority_reference(workspace, OPERATOR, study_id)
    with pytest.raises(StoreError, match="C-NONE: it is no case of this study"):
        add_reference(workspace, OPERATOR, study_id, name="X", grades={"C-NONE": {AGREED: Grade.NONE}})


def test_the_export_has_one_row_for_each_rater_and_site_with_the_reference_beside_it(
    workspace, study_id, case_id, panel, model_run
):
    make_majority_reference(workspace, OPERATOR, study_id)
    rows = list(csv.DictReader(io.StringIO(ratings_csv(workspace, OPERATOR, study_id))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 25 + 3 * 3 + 1
    model = next(r for r in rows if r["kind"] == "model" and r["condition"] == "central")
    assert (model["grade"], model["score"], model["p2"], model["reference_grade"]) == (
        "2",
        "70.0",
        "0.6",
        "2",
    )
    assert model["reference"] == "Majority of the panel v1"
    unseen = next(r for r in rows if r["not_gradable"] == "poor_quality")
    assert (unseen["grade"], unseen["in_panel"], unseen["arm"]) == ("", "1", "unaided")
    with pytest.raises(AccessError, match="role of"):
        ratings_csv(workspace, panel[0], study_id)

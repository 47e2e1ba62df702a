"""What enters results and votes of a study with a protocol, and what stays in the record alone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lss_core.domain import SITES, Answer, Grade, Role
from lss_core.store import analysed, protocols, ratings, reads
from lss_core.store import tables as t
from lss_core.store.cases import case_summary as cases_of
from lss_core.study.protocol import AssignmentKind, ReferenceSource
from lss_core.usecases.cases import list_cases
from lss_core.usecases.export import ratings_json
from lss_core.usecases.reference import add_reference, adjudications_due, make_majority_reference, open_reads
from lss_core.usecases.result_data import study_data
from lss_core.usecases.users import OPERATOR

from .conftest import make_dicom_study
from .protocol_data import AIDED, ALONE, SEQUENTIAL, go_live

SITE = SITES[0]


@pytest.fixture
def cases(workspace, study_id, import_studies):
    """The ids of three cases."""
    import_studies(make_dicom_study("two"), make_dicom_study("three"))
    return [case.case_id for case in list_cases(workspace, OPERATOR, study_id)]


@pytest.fixture
def readers(person, study_id):
    return [person(Role.READER, f"reader {n}") for n in range(2)]


def _read(workspace, user, case_id, arm, grade, *, kind=AssignmentKind.TEST, submit=True, stage=1):
    """A read of the assignment of this reader, case, arm and kind, with one grade at every site."""
    with workspace.store.write() as tx:
        study_id = cases_of(tx, case_id, now=workspace.now()).study_id
        assigned = protocols.study_assignments(tx, study_id, rater_id=user.rater_id)
        found = [a for a in assigned if (a.case_id, a.arm, a.kind) == (case_id, arm.name, kind)]
        read_id = reads.add_read(
            tx,
            case_id=case_id,
            rater_id=user.rater_id,
            arm=arm.stages[stage - 1],
            at=workspace.now(),
            assignment=found[0],
            stage=stage,
        )
        answers = [Answer(site=site, grade=Grade(grade)) for site in SITES]
        reads.add_answers(tx, reads.get_read(tx, read_id), answers, at=workspace.now())
        if submit:
            reads.submit_read(tx, read_id, at=workspace.now())
    return read_id


def _grades(workspace, study_id):
    """The analysed grades at the first site, by case, reader and arm."""
    with workspace.store.read() as tx:
        rows = ratings.study_ratings(tx, study_id, by_arm=True)
    return sorted((row.case_id, row.arm, int(row.grade)) for row in rows if row.site == SITE)


def _withdraw(workspace, case_id, read_id=None):
    with workspace.store.write() as tx:
        row = {"id": f"WD-{case_id}", "case_id": case_id, "read_id": read_id, "reason": "wrong patient"}
        tx.execute(sa.insert(t.withdrawals).values(**row, withdrawn_by="x", withdrawn_at=workspace.now()))


def test_training_repeats_and_what_is_not_submitted_stay_out_of_the_analysis(
    workspace, study_id, cases, readers
):
    first, second, third = cases
    user = readers[0]
    training, repeat = {"kind": AssignmentKind.TRAINING}, {"kind": AssignmentKind.REPEAT, "session": 2}
    go_live(
        workspace,
        study_id,
        [
            (user, first, ALONE, training),
            (user, second, ALONE, {}),
            (user, third, ALONE, {}),
            (user, second, ALONE, repeat),
        ],
        training_cases=(first,),
    )
    _read(workspace, user, first, ALONE, 1, kind=AssignmentKind.TRAINING)
    _read(workspace, user, second, ALONE, 2)
    _read(workspace, user, third, ALONE, 3, submit=False)
    _read(workspace, user, second, ALONE, 0, kind=AssignmentKind.REPEAT)
    assert _grades(workspace, study_id) == [(second, "alone", 2)]
    with workspace.store.read() as tx:
        assert analysed.case_ids(tx, study_id) == sorted([second, third])
        repeats = tx.scalars(analysed.analysed_reads(study_id, kind=AssignmentKind.REPEAT)).all()
    assert len(repeats) == 1
    assert ratings_json(workspace, OPERATOR, study_id).count('"purpose": "training"') == 25


def test_a_withdrawn_read_or_case_leaves_the_analysis_and_results_know_it(
    workspace, study_id, cases, readers
):
    first, second, _ = cases
    user = readers[0]
    go_live(workspace, study_id, [(user, first, ALONE, {}), (user, second, ALONE, {})])
    read_id = _read(workspace, user, first, ALONE, 1)
    _read(workspace, user, second, ALONE, 2)
    with workspace.store.read() as tx:
        before = ratings.data_version(tx, study_id)
    _withdraw(workspace, first, read_id)
    assert _grades(workspace, study_id) == [(second, "alone", 2)]
    with workspace.store.read() as tx:
        assert ratings.data_version(tx, study_id) != before
    _withdraw(workspace, second)
    assert _grades(workspace, study_id) == []
    assert '"withdrawn": 1' in ratings_json(workspace, OPERATOR, study_id)


def test_readers_vote_with_their_first_reads_without_the_model(workspace, study_id, cases, readers):
    first = cases[0]
    plan = [(user, first, arm, {"session": n}) for user in readers for n, arm in ((1, AIDED), (2, ALONE))]
    go_live(workspace, study_id, plan)
    for grade, user in zip((1, 1), readers, strict=True):
        _read(workspace, user, first, AIDED, 3)
        assert open_reads(workspace, OPERATOR, study_id) > 0
        _read(workspace, user, first, ALONE, grade)
    assert open_reads(workspace, OPERATOR, study_id) == 0
    make_majority_reference(workspace, OPERATOR, study_id)
    data = study_data(workspace, OPERATOR, study_id)
    assert set(data.table.truth) == {1.0}
    assert data.arms == ("with model", "alone")  # the protocol's order
    assert data.panel_made_reference


def test_a_sequential_read_votes_with_what_was_locked_before_the_model(workspace, study_id, cases, readers):
    first = cases[0]
    go_live(workspace, study_id, [(user, first, SEQUENTIAL, {}) for user in readers])
    for user in readers:
        _read(workspace, user, first, SEQUENTIAL, 2)
        _read(workspace, user, first, SEQUENTIAL, 3, stage=2)
    make_majority_reference(workspace, OPERATOR, study_id)
    data = study_data(workspace, OPERATOR, study_id)
    assert set(data.table.truth) == {2.0}
    assert data.arms == SEQUENTIAL.stages


def test_of_a_split_plot_only_those_vote_who_were_assigned_the_case(workspace, study_id, cases, person):
    first, second, _ = cases
    group = [person(Role.READER, f"one {n}") for n in range(3)]
    other = [person(Role.READER, f"two {n}") for n in range(3)]
    plan = [(user, first, ALONE, {}) for user in group] + [(user, second, ALONE, {}) for user in other]
    go_live(workspace, study_id, plan)
    assert open_reads(workspace, OPERATOR, study_id) == 6
    for grade, user in zip((1, 1, 3), group, strict=True):
        _read(workspace, user, first, ALONE, grade)
    for grade, user in zip((0, 1, 2), other, strict=True):
        _read(workspace, user, second, ALONE, grade)
    made = make_majority_reference(workspace, OPERATOR, study_id)
    assert made.grades == 25
    due = adjudications_due(workspace, OPERATOR, study_id)
    assert {one.case_id for one in due} == {second}
    assert {one.votes for one in due} == {(1, 1, 1, 0)}


def test_a_panel_makes_the_reference_and_is_not_compared_with_it(workspace, study_id, cases, person):
    from lss_core.study.protocol import PANEL_ARM

    first = cases[0]
    panel = [person(Role.READER, f"panel {n}") for n in range(3)]
    reader = person(Role.READER, "reader", in_panel=False)
    plan = [(reader, first, ALONE, {}), *((user, first, PANEL_ARM, {}) for user in panel)]
    go_live(workspace, study_id, plan, reference=ReferenceSource.PANEL)
    _read(workspace, reader, first, ALONE, 0)
    for user in panel:
        _read(workspace, user, first, PANEL_ARM, 2)
    make_majority_reference(workspace, OPERATOR, study_id)
    data = study_data(workspace, OPERATOR, study_id)
    assert [rater.name for rater in data.table.raters] == ["Reader"]
    assert set(data.table.truth) == {2.0}
    assert data.arms == ("alone",)
    assert not data.panel_made_reference


def test_second_reads_are_a_table_of_their_own_and_count_nowhere_else(workspace, study_id, cases, readers):
    """The reader's first grade is 1, his second 3; of withdrawn and unsubmitted second reads nothing."""
    one, two, three = cases
    again = {"kind": AssignmentKind.REPEAT, "session": 2}
    plan = [(readers[0], case, ALONE, more) for more in ({}, again) for case in cases]
    go_live(workspace, study_id, plan, wash_out_days=0)
    for case_id in cases:
        _read(workspace, readers[0], case_id, ALONE, 1)
    _read(workspace, readers[0], one, ALONE, 3, kind=AssignmentKind.REPEAT)
    _read(workspace, readers[0], two, ALONE, 3, kind=AssignmentKind.REPEAT, submit=False)
    gone = _read(workspace, readers[0], three, ALONE, 3, kind=AssignmentKind.REPEAT)
    _withdraw(workspace, three, gone)
    with workspace.store.read() as tx:
        second = ratings.study_ratings(tx, study_id, kind=AssignmentKind.REPEAT)
    assert {(row.case_id, row.rater_id, int(row.grade)) for row in second} == {(one, readers[0].rater_id, 3)}
    assert len(second) == len(SITES)
    assert {grade for _, _, grade in _grades(workspace, study_id)} == {1}
    truth = {case_id: dict.fromkeys(SITES, Grade.MILD) for case_id in cases}
    reference = add_reference(workspace, OPERATOR, study_id, name="truth", grades=truth)
    repeats = study_data(workspace, OPERATOR, study_id, reference.id).repeats
    assert repeats is not None
    (column,) = [rater for rater in repeats.raters if rater.name == "Reader 0"]
    assert int((column.grades >= 0).sum()) == len(SITES)

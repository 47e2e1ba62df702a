"""The demo study with small studies and a model that are only played."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sqlalchemy as sa

from lss_core.dicom.reading import read_studies
from lss_core.domain import SITES, RaterKind, Role, SeriesRole
from lss_core.errors import AccessError
from lss_core.store import protocols, ratings, references, studies
from lss_core.store import tables as t
from lss_core.usecases import demo, demo_making, runs
from lss_core.usecases.accounts import list_users
from lss_core.usecases.cases import list_cases, list_studies
from lss_core.usecases.demo_phantoms import STRIPPED_EVERY, write_phantom
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import adjudications_due, list_references
from lss_core.usecases.result_data import study_data
from lss_core.usecases.result_times import reading_times
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR, add_user, sign_in
from tests.usecases.conftest import grades, make_dicom_study, make_findings

CASES = 2


def _draw_nothing(seed, folder):
    folder.mkdir()
    rng = np.random.default_rng(seed)
    return {site.key: int(rng.integers(0, 4)) for site in SITES}


@pytest.fixture
def played(workspace, monkeypatch, import_studies):
    """Small studies in the phantoms' place, and a model whose answer is always the same."""
    graded = []

    def import_small(workspace, user, paths, *, study_id):
        return import_studies(make_dicom_study(paths[0].name), study_id=study_id)

    def grade(workspace, user, case_id):
        graded.append(case_id)
        run_id = runs.start_run(workspace, user, case_id, bundle="played")
        runs.save_run(workspace, user, run_id, make_findings("played"), {})

    monkeypatch.setattr(demo_making, "ProcessPoolExecutor", lambda n, mp_context: ThreadPoolExecutor(n))
    monkeypatch.setattr(demo_making, "write_phantom", _draw_nothing)
    monkeypatch.setattr(demo_making, "import_paths", import_small)
    monkeypatch.setattr(demo_making, "engine_of", lambda settings: None)
    monkeypatch.setattr(demo_making, "grade_case", grade)
    return graded


def _counts(workspace):
    with workspace.store.read() as tx:
        tables = (t.cases, t.ratings, t.reads, t.reference_standards, t.users, t.raters)
        return [tx.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]


def test_a_demo_has_cases_model_panel_adjudication_and_two_references(workspace, played):
    made = demo.make_demo(workspace, cases=CASES)
    (study,) = list_studies(workspace, OPERATOR)
    assert (study.id, study.title, study.synthetic, study.cases) == (made.study_id, demo.TITLE, True, CASES)
    with workspace.store.read() as tx:
        rows = ratings.study_ratings(tx, study.id)
        raters = studies.study_raters(tx, study.id)
        newest = references.reference_summaries(tx, study.id)
    kinds = [rater.kind for rater in raters]
    assert (kinds.count(RaterKind.MODEL), sum(r.in_panel for r in raters)) == (1, 7)
    panel = {rater.id for rater in raters if rater.in_panel}
    assert sum(row.rater_id in panel for row in rows) == 7 * CASES * 25
    assert [(r.method, r.grades) for r in newest] == [("majority", CASES * 25), ("external", CASES * 25)]
    due = adjudications_due(workspace, OPERATOR, study.id)
    assert due
    assert all(one.settled for one in due)


def test_the_demo_is_read_by_a_protocol_of_two_arms_with_times(workspace, played):
    made = demo.make_demo(workspace, cases=CASES)
    data = study_data(workspace, OPERATOR, made.study_id)
    assert data.arms == ("unaided", "with the model")
    assert len(reading_times(workspace, OPERATOR, made.study_id, ()).sittings) == 7 * CASES * 2
    with workspace.store.read() as tx:
        live = protocols.live_protocol(tx, made.study_id)
    assert live is not None
    assert (live.version, live.protocol.wash_out_days) == (1, 28)


def test_a_second_demo_adds_nothing(workspace, played):
    first = demo.make_demo(workspace, cases=CASES)
    before = _counts(workspace)
    assert demo.make_demo(workspace, cases=CASES) == first
    assert _counts(workspace) == before
    assert len(played) == CASES


def test_a_demo_cut_short_is_completed_by_the_next(workspace, played, monkeypatch):
    class PowerCutError(Exception):
        pass

    def cut(*_):
        raise PowerCutError

    with monkeypatch.context() as broken:
        broken.setattr(demo_making, "grade_case", cut)
        with pytest.raises(PowerCutError):
            demo.make_demo(workspace, cases=CASES)
    made = demo.make_demo(workspace, cases=CASES)
    assert made.cases == CASES
    assert len(list_cases(workspace, OPERATOR, made.study_id)) == CASES
    assert len(set(played)) == len(played) == CASES


def test_a_demo_that_grows_freezes_new_references(workspace, played):
    demo.make_demo(workspace, cases=1)
    made = demo.make_demo(workspace, cases=CASES)
    found = list_references(workspace, OPERATOR, made.study_id)
    assert [(r.version, r.grades) for r in found] == [(2, 50), (1, 25), (2, 50), (1, 25)]


def test_the_demo_reader_counts_as_an_eighth_reader_outside_the_panel(workspace, played):
    made = demo.make_demo(workspace, cases=CASES)
    for name in made.users:
        sign_in(workspace, name, made.password)
    reader, _ = sign_in(workspace, Role.READER.value, made.password)
    read = open_read(workspace, reader)
    for answer in grades(2):
        record_answer(workspace, reader, read.read_id, answer, idempotency_key=answer.site.key)
    sign_read(workspace, reader, read.read_id, made.password)
    with workspace.store.read() as tx:
        own = ratings.study_ratings(tx, made.study_id, rater_id=reader.rater_id)
        raters = {rater.id: rater for rater in studies.study_raters(tx, made.study_id)}
    assert {(row.site, row.grade) for row in own} == {(site, 2) for site in SITES}
    assert not raters[reader.rater_id].in_panel


def test_a_removed_demo_leaves_no_case_and_no_printed_password(workspace, played):
    made = demo.make_demo(workspace, cases=1)
    add_user(
        workspace,
        OPERATOR,
        name="anna",
        display_name="Anna",
        role=Role.COORDINATOR,
        password="correct horse",
    )
    demo.remove_demo(workspace)
    assert list_cases(workspace, OPERATOR, made.study_id) == []
    assert [user.name for user in list_users(workspace, OPERATOR) if not user.disabled] == ["anna"]
    assert not demo.demo_exists(workspace)
    with pytest.raises(AccessError, match="do not match"):
        sign_in(workspace, "coordinator", made.password)


@pytest.mark.slow
def test_a_real_phantom_with_poor_headers_is_read_with_its_three_roles(tmp_path):
    seed = demo_making.FIRST_SEED - demo_making.FIRST_SEED % STRIPPED_EVERY + STRIPPED_EVERY - 1
    truth = write_phantom(seed, tmp_path)
    (study,) = read_studies([tmp_path], key=b"k" * 32, memory_mb=2048, seconds=60).studies
    assert {series.role for series in study.series} == {
        SeriesRole.SAGITTAL_T1,
        SeriesRole.SAGITTAL_T2,
        SeriesRole.AXIAL_T2,
    }
    assert set(truth) == {site.key for site in SITES}


def test_the_demos_printed_password_is_told_of_where_it_opens_real_cases(workspace, case_id):
    demo.check_open_door(workspace)  # a real case and no demo user
    add_user(
        workspace,
        OPERATOR,
        name="reader",
        display_name="Demo reader",
        role=Role.READER,
        password=demo.PASSWORD,
    )
    with pytest.raises(AccessError, match="demo --remove"):
        demo.check_open_door(workspace)

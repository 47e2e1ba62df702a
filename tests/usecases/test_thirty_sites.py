"""A study that grades T12-L1 too, from protocol to results; the model grades five levels."""

from __future__ import annotations

import csv
import io

import pytest

from lss_core.domain import ALL_SITES, SITES, Answer, Condition, Grade, Level, Role
from lss_core.errors import ConflictError, ProtocolError
from lss_core.settings import Settings
from lss_core.study.protocol import Arm, ArmKind, Protocol, sha256
from lss_core.usecases import runs
from lss_core.usecases.aid import show_model
from lss_core.usecases.analyse_csv import Request, analyse_csv
from lss_core.usecases.cases import list_cases
from lss_core.usecases.due import reads_of
from lss_core.usecases.export import ratings_csv
from lss_core.usecases.importing_ratings import import_ratings
from lss_core.usecases.importing_reference import import_reference
from lss_core.usecases.protocol_toml import from_toml, to_toml
from lss_core.usecases.protocols import check_protocol, go_live, save_draft
from lss_core.usecases.reading import open_read, record_answer, record_remaining
from lss_core.usecases.reference import adjudications_due, make_majority_reference
from lss_core.usecases.reporting import study_report
from lss_core.usecases.result_calibration import NO_ANSWER, calibrations
from lss_core.usecases.result_comparison import standalone_tests
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import Selection, Unit, study_data
from lss_core.usecases.result_flow import study_flow
from lss_core.usecases.results import condition_result
from lss_core.usecases.signing import sign_read
from lss_core.usecases.study_archive import export_study
from lss_core.usecases.study_restore import import_study
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import open_workspace
from tests.usecases.conftest import PASSWORD, make_dicom_study, make_findings

T12_L1 = tuple(site for site in ALL_SITES if site.level is Level.T12_L1)
THIRTY = Protocol(sites=ALL_SITES, arms=(Arm(name="with model", kind=ArmKind.AIDED),), seed=3)
READERS = ("Ada", "Bo", "Cy")
"""They agree, but for the last, who grades one higher where he can."""


def _live(workspace, study_id):
    save_draft(workspace, OPERATOR, study_id, from_toml(to_toml(THIRTY).encode()))
    go_live(workspace, OPERATOR, study_id, seen_sha256=sha256(THIRTY))


def _grade(number, site, case):
    return Grade(min((number == 2) + (site in T12_L1) + 2 * case, 3))


@pytest.fixture
def read_study(workspace, study_id, import_studies, person):
    """Two cases, graded by the model and read by three at 30 sites; the majority is the reference."""
    import_studies(make_dicom_study("another"))
    cases = sorted(case.case_id for case in list_cases(workspace, OPERATOR, study_id))
    for case_id in cases:
        run = runs.start_run(workspace, OPERATOR, case_id, bundle="test-bundle")
        runs.save_run(workspace, OPERATOR, run, make_findings(), {})
    readers = [person(Role.READER, name) for name in READERS]
    _live(workspace, study_id)
    for number, reader in enumerate(readers):
        for due in reads_of(workspace, reader):
            read = open_read(workspace, reader, due.case_id)
            for site in read.plan.sites:
                answer = Answer(site=site, grade=_grade(number, site, cases.index(due.case_id)))
                record_answer(workspace, reader, read.read_id, answer, idempotency_key=site.key)
            sign_read(workspace, reader, read.read_id, PASSWORD)
    make_majority_reference(workspace, OPERATOR, study_id)
    return study_id


def test_without_a_protocol_there_are_25_sites_and_one_more_is_refused(workspace, study_id, case_id, person):
    reader = person(Role.READER)
    read = open_read(workspace, reader, case_id)
    assert read.plan.sites == SITES == Protocol().sites
    answer = Answer(site=T12_L1[0], grade=Grade.NONE)
    with pytest.raises(ProtocolError, match="T12-L1 central canal: this site is not part of the study"):
        record_answer(workspace, reader, read.read_id, answer, idempotency_key="k")


def test_a_file_may_ask_for_sites_at_t12_l1_and_the_readiness_list_says_what_the_model_lacks(
    workspace, study_id
):
    keys = ", ".join(f'"{site.key}"' for site in ALL_SITES)
    assert from_toml(f"sites = [{keys}]".encode()).sites == ALL_SITES
    advice = {one.reason for one in check_protocol(workspace, OPERATOR, study_id, THIRTY) if not one.blocks}
    assert "it does not grade T12-L1: it gives no answer there" in advice
    default = check_protocol(workspace, OPERATOR, study_id, Protocol())
    assert not any("T12-L1" in one.reason for one in default)


def test_a_read_of_30_sites_is_complete_with_all_30(workspace, study_id, case_id, model_run, person):
    reader = person(Role.READER)
    _live(workspace, study_id)
    read = open_read(workspace, reader, case_id)
    assert len(read.plan.sites) == 30
    for site in SITES:
        answer = Answer(site=site, grade=Grade.MILD)
        record_answer(workspace, reader, read.read_id, answer, idempotency_key=site.key)
    with pytest.raises(ConflictError, match="5 of 30 sites have no answer"):
        sign_read(workspace, reader, read.read_id, PASSWORD)
    filled = record_remaining(workspace, reader, read.read_id, idempotency_key="rest")
    assert {filled.answers[site.key].grade for site in T12_L1} == {Grade.NONE}
    assert sign_read(workspace, reader, read.read_id, PASSWORD).submitted


def test_an_aided_reader_is_shown_nothing_of_the_model_where_it_does_not_grade(
    workspace, study_id, case_id, model_run, person
):
    reader = person(Role.READER)
    _live(workspace, study_id)
    shown = show_model(workspace, reader, open_read(workspace, reader, case_id).read_id)
    assert set(shown) == {site.key for site in SITES}


def test_the_majority_stands_at_all_30_sites(workspace, read_study):
    data = study_data(workspace, OPERATOR, read_study)
    assert [site for _, site in data.sites] == [*ALL_SITES, *ALL_SITES]
    assert data.reference.grades == 60
    assert data.unreferenced == 0
    assert adjudications_due(workspace, OPERATOR, read_study) == []


def test_results_at_t12_l1_are_the_readers_and_the_models_coverage_is_none(workspace, read_study):
    data = study_data(workspace, OPERATOR, read_study)
    there = Selection(condition=Condition.FORAMINAL, level=Level.T12_L1)
    model, *readers = cut(data, there).table.raters
    grades = [[int(grade) for grade in reader.grades] for reader in readers]
    assert (model.name, [len(own) for own in grades]) == ("test-bundle", [4, 4, 4])
    assert sorted(map(tuple, grades)) == sorted([(1, 1, 3, 3)] * 2 + [(2, 2, 3, 3)])
    assert calibrations(data, there, resamples=20) == ()
    found = {rater.name: rater.n for rater in condition_result(data, there, resamples=20).raters}
    assert (found["test-bundle"], found["Ada"]) == (0, 4)
    refusals = {reason for row in standalone_tests(data, there) for reason in row.refusals.values()}
    assert refusals == {"there is no unit that the model and all readers have graded"}


def test_the_models_coverage_counts_the_sites_that_it_does_not_grade(workspace, read_study):
    data = study_data(workspace, OPERATOR, read_study)
    (own,) = calibrations(data, Selection(condition=Condition.CENTRAL), resamples=20)
    assert (own.coverage.sites, own.coverage.graded, own.coverage.others) == (12, 10, ((NO_ANSWER, 2),))
    worst = cut(data, Selection(condition=Condition.CENTRAL, unit=Unit.PATIENT))
    assert worst.partial == {"test-bundle": 2}
    flow = study_flow(workspace, OPERATOR, data, Selection(condition=Condition.CENTRAL))
    assert (flow.steps[2].count, flow.steps[2].left) == (12, ())
    assert sum(outcome.none for outcome in flow.outcomes) == 2
    assert study_report(workspace, OPERATOR, read_study, resamples=20).sites == ALL_SITES


def test_30_sites_go_out_as_a_table_that_analyse_reads(workspace, read_study, tmp_path):
    table = ratings_csv(workspace, OPERATOR, read_study)
    rows = list(csv.DictReader(io.StringIO(table)))
    assert sum(row["level"] == "T12_L1" for row in rows) == 2 * 5 * len(READERS)
    path = tmp_path / "ratings.csv"
    path.write_text(table)
    found = analyse_csv(Request(path=path, reference="majority", by=("level",), resamples=20))
    levels = [group["by"]["level"] for group in found["groups"]]
    assert sorted(levels) == sorted(Level)


def test_a_study_of_30_sites_goes_on_elsewhere(workspace, read_study, tmp_path):
    zipped = export_study(workspace, OPERATOR, read_study, tmp_path / "study.zip").path
    elsewhere = open_workspace(Settings(data_dir=tmp_path / "elsewhere"))
    import_study(elsewhere, OPERATOR, zipped)
    assert ratings_csv(elsewhere, OPERATOR, read_study) == ratings_csv(workspace, OPERATOR, read_study)


def test_files_may_name_t12_l1_in_any_way(workspace, study_id, case_id):
    lines = [
        "case,condition,level,side,rater,grade",
        f"{case_id},central,T12_L1,,Ada,2",
        f"{case_id},foraminal,T12-L1,left,Ada,1",
        f"{case_id},Right Subarticular Stenosis,T12/L1,,Ada,Severe",
    ]
    made = import_ratings(workspace, OPERATOR, study_id, "\n".join(lines).encode(), name="r.csv")
    assert (made.ratings, made.reads) == (3, 1)
    truth = f"case,site,grade\n{case_id},central:T12_L1,2\n"
    stored = import_reference(workspace, OPERATOR, study_id, truth.encode(), file="t.csv", name="Surgery")
    assert stored.grades == 1

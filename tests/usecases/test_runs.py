from __future__ import annotations

from datetime import timedelta

import pytest

from lss_core.domain import RaterKind, Role, SeriesRole
from lss_core.errors import AccessError
from lss_core.store import studies
from lss_core.usecases.cases import RunStatus, list_cases
from lss_core.usecases.runs import case_volumes, fail_run, newest_findings, save_run, start_run
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import make_findings


def _status(workspace, study_id):
    (case,) = list_cases(workspace, OPERATOR, study_id)
    return case.model_status, case.model_message


def test_findings_come_back_as_they_were_saved(workspace, case_id, model_run):
    assert newest_findings(workspace, case_id) == make_findings()


def test_the_newest_run_that_is_done_counts(workspace, study_id, case_id, model_run):
    run = start_run(workspace, OPERATOR, case_id, bundle="better-bundle")
    assert newest_findings(workspace, case_id).bundle == "test-bundle"
    save_run(workspace, OPERATOR, run, make_findings("better-bundle"), {})
    assert newest_findings(workspace, case_id).bundle == "better-bundle"
    with workspace.store.read() as tx:
        raters = studies.study_raters(tx, study_id)
    assert [(rater.name, rater.kind) for rater in raters] == [
        ("better-bundle", RaterKind.MODEL),
        ("test-bundle", RaterKind.MODEL),
    ]


def test_a_case_tells_how_far_the_model_is(workspace, study_id, case_id, clock):
    assert _status(workspace, study_id) == (RunStatus.NONE, "")
    run = start_run(workspace, OPERATOR, case_id, bundle="b")
    assert _status(workspace, study_id) == (RunStatus.RUNNING, "")
    clock.turn(timedelta(minutes=31))
    assert _status(workspace, study_id) == (
        RunStatus.FAILED,
        "The run was interrupted. Run the model again",
    )
    fail_run(workspace, OPERATOR, run, "no bundle")
    assert _status(workspace, study_id) == (RunStatus.FAILED, "no bundle")


def test_the_volumes_to_grade_come_by_role(workspace, case_id):
    volumes = case_volumes(workspace, case_id)
    assert set(volumes) == {SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2}


def test_a_reader_starts_no_run(workspace, person, case_id):
    with pytest.raises(AccessError, match="role of coordinator"):
        start_run(workspace, person(Role.READER), case_id, bundle="b")

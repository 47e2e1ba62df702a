from __future__ import annotations

import pytest

from lss_core.domain import SITES, Answer, Grade, Role
from lss_core.errors import AccessError, NotFoundError, StoreError
from lss_core.store import audit, ratings
from lss_core.usecases import cases as cases_module
from lss_core.usecases.cases import RunStatus, delete_case, list_cases, list_studies
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.users import OPERATOR


def test_a_deleted_case_takes_its_answers_and_files_along_and_stays_on_record(
    workspace, person, study_id, case_id, model_run
):
    reader = person(Role.READER)
    read = open_read(workspace, reader)
    record_answer(workspace, reader, read.read_id, Answer(site=SITES[0], grade=Grade(1)), idempotency_key="1")
    delete_case(workspace, person(Role.COORDINATOR), case_id, " consent withdrawn ")
    assert list_cases(workspace, OPERATOR, study_id) == []
    assert not workspace.case_folder(case_id).exists()
    with workspace.store.read() as tx:
        assert ratings.study_ratings(tx, study_id) == ()
        (deletion,) = (e for e in audit.entries(tx, subject=case_id) if e.act == "case.delete")
    assert deletion.details == {"reason": "consent withdrawn"}


def test_a_deletion_needs_a_reason_a_coordinator_and_a_case(workspace, person, case_id):
    with pytest.raises(StoreError, match="a deletion needs its reason"):
        delete_case(workspace, OPERATOR, case_id, "  ")
    with pytest.raises(AccessError, match="role of coordinator"):
        delete_case(workspace, person(Role.STATISTICIAN), case_id, "tidy")
    with pytest.raises(NotFoundError, match="no such case"):
        delete_case(workspace, OPERATOR, "C-NONE", "tidy")


def test_files_that_cannot_be_deleted_are_named(workspace, case_id, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(cases_module.shutil, "rmtree", refuse)
    with pytest.raises(StoreError, match=f"Delete the folder volumes/{case_id}"):
        delete_case(workspace, OPERATOR, case_id, "consent withdrawn")


def test_a_reader_sees_his_studies_only_and_nothing_of_the_model(
    workspace, person, study_id, case_id, model_run
):
    reader = person(Role.READER)
    assert [study.id for study in list_studies(workspace, reader)] == [study_id]
    (case,) = list_cases(workspace, reader, study_id)
    assert case.model_status is RunStatus.NONE
    (seen,) = list_cases(workspace, person(Role.COORDINATOR), study_id)
    assert (seen.model_status, seen.graded_sites) == (RunStatus.DONE, 24)  # make_findings grades all but one
    assert case.graded_sites == 0
    with pytest.raises(AccessError, match="not among those you take part in"):
        list_cases(workspace, reader, "ST-OTHER")

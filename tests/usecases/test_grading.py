"""The model grades a case or a folder; the engine itself is played."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from lss_core.dicom.batch import DicomBatch
from lss_core.domain import SITES, Role, SeriesRole
from lss_core.errors import AccessError, DicomError, GeometryError
from lss_core.usecases import grading
from lss_core.usecases.cases import RunStatus, list_cases
from lss_core.usecases.grading import findings_as_json, findings_of, grade_case, grade_folder
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import make_batch, make_dicom_study, make_findings, make_series, make_volume


@pytest.fixture
def played(monkeypatch):
    """An engine that always finds the same, or raises what `played.error` says."""
    engine = SimpleNamespace(bundle=SimpleNamespace(label="test-bundle"), error=None, graded=[])

    def grade(series, *, progress):
        if engine.error:
            raise engine.error
        engine.graded.append(set(series))
        progress(1.0, "Graded")
        return SimpleNamespace(findings=make_findings(), masks={})

    engine.grade, engine.explain = grade, lambda graded: {}
    monkeypatch.setattr(grading, "engine_of", lambda settings: engine)
    return engine


def _status(workspace, study_id):
    (case,) = list_cases(workspace, OPERATOR, study_id)
    return case.model_status, case.model_message


def test_a_graded_case_keeps_its_findings(workspace, study_id, case_id, played):
    found = grade_case(workspace, OPERATOR, case_id)
    assert findings_of(workspace, OPERATOR, case_id) == found
    assert _status(workspace, study_id) == (RunStatus.DONE, "")


def test_a_run_that_is_refused_is_kept_with_its_reason(workspace, study_id, case_id, played):
    played.error = GeometryError("Series", reason="it is bent", remedy="Straighten it")
    with pytest.raises(GeometryError):
        grade_case(workspace, OPERATOR, case_id)
    assert _status(workspace, study_id) == (RunStatus.FAILED, "Series: it is bent. Straighten it")


def test_a_bug_surfaces_and_leaves_no_run_that_seems_to_go_on(workspace, study_id, case_id, played):
    played.error = ZeroDivisionError("of a secret")
    with pytest.raises(ZeroDivisionError):
        grade_case(workspace, OPERATOR, case_id)
    assert _status(workspace, study_id) == (RunStatus.FAILED, "The run broke off; see the log")


@pytest.mark.parametrize("role", [Role.READER, Role.ADJUDICATOR])
def test_the_blinded_neither_run_the_model_nor_see_it(workspace, person, case_id, played, role):
    blinded = person(role)
    with pytest.raises(AccessError):
        grade_case(workspace, blinded, case_id)
    with pytest.raises(AccessError):
        findings_of(workspace, blinded, case_id)


def test_findings_for_machines_hold_25_sites_in_plain_json():
    found = json.loads(json.dumps(findings_as_json("C-1", make_findings())))
    assert set(found) == {"case", "levels", "sites", "bundle", "seconds"}
    places = [(site["condition"], site["level"], site["side"]) for site in found["sites"]]
    assert places == [(s.condition, s.level, s.side) for s in SITES]
    for site in found["sites"]:
        assert (site["grade"] is None) != (site["reason"] is None)
    assert all(len(level["point_mm"]) == 3 for level in found["levels"].values())


def test_a_folder_with_one_study_is_graded_by_role(workspace, tmp_path, played, monkeypatch):
    monkeypatch.setattr(grading, "read_studies", lambda paths, **limits: make_batch(make_dicom_study()))
    told = []
    found = grade_folder(workspace.settings, tmp_path, progress=lambda share, what: told.append(share))
    assert len(found["sites"]) == 25
    assert played.graded == [{SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2}]
    assert told[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("studies", "reason"),
    [
        ((), "no lumbar series was recognised"),
        ((make_dicom_study("a", make_series("a.1", SeriesRole.OTHER, make_volume())),), "no lumbar series"),
        ((make_dicom_study("a"), make_dicom_study("b")), "it holds 2 studies"),
    ],
)
def test_a_folder_without_exactly_one_study_is_refused(
    workspace, tmp_path, played, monkeypatch, studies, reason
):
    batch = DicomBatch(verdicts=(), studies=studies)
    monkeypatch.setattr(grading, "read_studies", lambda paths, **limits: batch)
    with pytest.raises(DicomError, match=reason):
        grade_folder(workspace.settings, tmp_path)

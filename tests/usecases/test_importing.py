from __future__ import annotations

import stat
from dataclasses import replace

import numpy as np
import pytest

from lss_core.domain import Role, SeriesRole, Verdict
from lss_core.errors import AccessError, NotFoundError
from lss_core.imaging.files import read_volume
from lss_core.store import audit, cases
from lss_core.usecases import importing
from lss_core.usecases.cases import list_cases
from lss_core.usecases.importing import ImportStatus, import_paths, installation_key
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import make_dicom_study, make_series, make_volume


def _files(workspace):
    return sorted(path for path in workspace.settings.data_dir.rglob("*.safetensors"))


def test_a_new_study_becomes_a_case_with_its_volumes(workspace, import_studies):
    study = make_dicom_study()
    report = import_studies(study)
    (case,) = report.cases
    assert (case.status, len(report.files)) == (ImportStatus.NEW, 2)
    (stored,) = list_cases(workspace, OPERATOR, report.study_id)
    assert stored.case_id == case.case_id
    assert stored.series == case.series
    assert [series.role for series in stored.series] == [SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2]
    volume = read_volume(workspace.volume_path(case.case_id, stored.series[1].id))
    assert np.array_equal(volume.voxels, study.series[1].volume.voxels)
    assert np.array_equal(volume.positions_mm, study.series[1].volume.positions_mm)


def test_the_same_study_twice_adds_nothing(workspace, import_studies):
    first = import_studies(make_dicom_study())
    files = _files(workspace)
    second = import_studies(make_dicom_study())
    assert second.cases[0].status is ImportStatus.UNCHANGED
    assert second.cases[0].case_id == first.cases[0].case_id
    assert _files(workspace) == files
    assert len(list_cases(workspace, OPERATOR, first.study_id)) == 1


def test_the_files_of_all_imports_are_counted_by_what_became_of_them(workspace, import_studies):
    study_id = import_studies(make_dicom_study()).study_id
    report = import_studies(make_dicom_study("another"), make_dicom_study())
    taken = sum(file.verdict is Verdict.TAKEN for file in report.files)
    with workspace.store.read() as tx:
        assert cases.counted_files(tx, study_id) == {Verdict.TAKEN: taken + 2}


def test_a_study_that_changed_says_how_and_the_stored_case_stays(workspace, import_studies):
    study = make_dicom_study()
    first = import_studies(study)
    t2 = study.series[1]
    altered = replace(t2, instances=(replace(t2.instances[0], digest="other"), *t2.instances[1:-1]))
    further = make_series("study.ax", SeriesRole.AXIAL_T2, make_volume(3))
    report = import_studies(make_dicom_study("study", altered, further))
    (case,) = report.cases
    assert (case.status, case.case_id) == (ImportStatus.CHANGED, first.cases[0].case_id)
    assert case.differences == (
        "Axial T2: a further series of 3 images",
        "a stored series of 4 images is not among these files",
        "Sagittal T2: 1 images missing",
        "Sagittal T2: 1 images altered",
    )
    assert case.series == first.cases[0].series


def test_a_study_that_cannot_be_kept_does_not_lose_the_others(workspace, import_studies):
    too_bright = replace(make_volume(), voxels=np.full((4, 24, 20), 40000, np.int32))
    bad = make_dicom_study("bad", make_series("bad.t2", SeriesRole.SAGITTAL_T2, too_bright))
    report = import_studies(make_dicom_study("one"), bad, make_dicom_study("two"))
    assert [case.status for case in report.cases] == [ImportStatus.NEW] * 2
    refused = [file for file in report.files if file.verdict is Verdict.REFUSED]
    assert [file.path for file in refused] == ["bad.t2.dcm"]
    assert "not whole numbers within int16" in refused[0].reason


def test_an_import_that_dies_before_its_rows_leaves_no_case_and_the_next_one_succeeds(
    workspace, import_studies, monkeypatch
):
    class PowerCutError(Exception):
        pass

    def cut(*_, **__):
        raise PowerCutError

    with monkeypatch.context() as broken:
        broken.setattr(cases, "add_case", cut)
        broken.setattr(importing.shutil, "rmtree", lambda *_, **__: None)  # a dead process tidies nothing
        with pytest.raises(PowerCutError):
            import_studies(make_dicom_study())
    assert len(_files(workspace)) == 2
    report = import_studies(make_dicom_study())
    assert [case.status for case in report.cases] == [ImportStatus.NEW]
    assert len(list_cases(workspace, OPERATOR, report.study_id)) == 1


def test_an_import_is_on_record_and_for_coordinators_only(workspace, import_studies, person):
    with workspace.store.read() as tx:
        assert [e.act for e in audit.entries(tx)].count("case.import") == 1
    with pytest.raises(AccessError, match="role of coordinator"):
        import_paths(workspace, person(Role.READER), [])
    with pytest.raises(NotFoundError, match="no such study"):
        import_paths(workspace, OPERATOR, [], study_id="ST-NONE")


def test_the_installation_key_is_made_once_and_for_its_owner_only(tmp_path):
    key = installation_key(tmp_path / "data")
    path = tmp_path / "data" / "installation.key"
    assert len(key) == 32
    assert installation_key(tmp_path / "data") == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]

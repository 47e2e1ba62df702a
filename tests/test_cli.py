"""The command line: what it prints for people and for machines, and its exit codes."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from lss_core import cli
from lss_core.dicom.export import StudyHeader, write_series
from lss_core.domain import SeriesRole
from lss_core.errors import DicomError, NotFoundError, StoreError
from lss_core.imaging.volume import Volume
from lss_core.settings import get_settings
from lss_core.store import tables as t
from lss_core.usecases import reference
from lss_core.usecases.workspace import open_workspace
from tests.usecases.conftest import without_triggers


@pytest.fixture(autouse=True)
def _own_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LSS_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("LSS_DATABASE_URL", "")
    get_settings.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of one sagittal series, and a file that is not DICOM."""
    slices = 5
    volume = Volume(
        voxels=np.random.default_rng(3).integers(0, 900, (slices, 64, 64)).astype(np.int16),
        positions_mm=np.array([[-8 + 4.0 * k, -90, 90] for k in range(slices)]),
        x_axes=np.tile([0.0, 1, 0], (slices, 1)),
        y_axes=np.tile([0.0, 0, -1], (slices, 1)),
        spacing_mm=(3.0, 3.0),
        thickness_mm=4.0,
        instance_numbers=tuple(range(1, slices + 1)),
        block=np.zeros(slices, np.int64),
    )
    target = tmp_path / "study"
    write_series(
        volume, target / "t2", study=StudyHeader(name="one"), role=SeriesRole.SAGITTAL_T2, header="full"
    )
    (target / "notes.txt").write_text("nothing of interest")
    return target


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def test_an_import_prints_a_verdict_for_each_file_and_the_case_they_made(folder: Path) -> None:
    result = run("ingest", folder, "--json")
    printed = json.loads(result.stdout)
    assert result.exit_code == 0
    assert printed["counts"] == {"taken": 5, "skipped": 1, "refused": 0, "quarantined": 0}
    assert len(printed["files"]) == 6
    assert [case["status"] for case in printed["cases"]] == ["new"]
    assert printed["cases"][0]["series"][0]["slices"] == 5


def test_importing_twice_says_unchanged_and_lists_one_case(folder: Path) -> None:
    run("ingest", folder)
    assert "unchanged" in run("ingest", folder).stdout
    assert len(json.loads(run("cases", "--json").stdout)) == 1


def test_a_file_that_was_refused_makes_the_exit_code_3(folder: Path) -> None:
    whole = next((folder / "t2").iterdir())
    whole.write_bytes(whole.read_bytes()[:-100])
    result = run("ingest", folder)
    assert result.exit_code == cli.IN_PART
    assert "4 taken" in result.stdout


def test_an_empty_installation_says_what_to_do_next() -> None:
    assert "python -m lss_core ingest" in run("cases").stdout


def test_an_export_of_an_ungraded_study_has_its_header_and_no_row(folder: Path) -> None:
    run("ingest", folder)
    rows = list(csv.reader(io.StringIO(run("export").stdout)))
    assert rows[0][:5] == ["case", "condition", "level", "side", "rater"]
    told = json.loads(run("export", "--json").stdout)
    assert (told["study"], told["rows"]) == ("My study", [])
    dictionary = list(csv.DictReader(io.StringIO(run("export", "--format", "dictionary").stdout)))
    assert [row["column"] for row in dictionary] == rows[0]


def test_the_audit_trail_is_followed_to_its_head(folder: Path) -> None:
    run("ingest", folder)
    found = json.loads(run("audit", "verify", "--json").stdout)
    assert found["sound"]
    assert found["rows"] > 0
    assert run("audit", "verify", "--head", found["head"]).exit_code == 0
    assert "Sound" in run("audit", "verify").stdout
    workspace = open_workspace()
    with without_triggers(workspace) as tx:
        row = {
            "id": "WD-x",
            "case_id": tx.scalar(sa.select(t.cases.c.id)),
            "reason": "x",
            "withdrawn_by": "x",
        }
        tx.execute(sa.insert(t.withdrawals).values(**row, withdrawn_at=workspace.now()))
    found = run("audit", "verify")
    assert found.exit_code == 1
    assert "a correction (case.withdraw) is there that nobody made" in found.stderr
    assert "The chain alone is sound" in found.stdout
    assert not json.loads(run("audit", "verify", "--json").stdout)["sound"]
    missing = run("audit", "verify", "--head", "0" * 64)
    assert isinstance(missing.exception, StoreError)
    acts = [row["act"] for row in json.loads(run("audit", "show", "--json").stdout)]
    assert "case.import" in acts


def test_an_audit_trail_that_was_changed_is_called_broken(folder: Path, tmp_path: Path) -> None:
    run("ingest", folder)
    with sqlite3.connect(tmp_path / "data" / "lss.sqlite") as database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor = 'somebody else'")
    found = run("audit", "verify")
    assert found.exit_code == cli.REFUSED
    assert "Broken at row 1" in found.stderr


def test_a_study_goes_through_a_zip_into_another_installation(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ingest", folder)
    target = tmp_path / "study.zip"
    assert "SHA-256" in run("export", "--format", "zip", "--out", target).stdout
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path / "elsewhere"))
    get_settings.cache_clear()
    assert "1 cases, 1 with images" in run("import-study", target).stdout
    assert [row["study"] for row in json.loads(run("cases", "--json").stdout)] == ["My study"]


def test_ratings_and_a_reference_come_from_files_whose_wrong_lines_are_named(
    folder: Path, tmp_path: Path
) -> None:
    run("ingest", folder)
    case = json.loads(run("cases", "--json").stdout)[0]["case"]
    sheet = tmp_path / "reads.csv"
    sheet.write_text(f"case,site,rater,grade\n{case},central:L4_L5,Ada,2\n")
    assert "1 ratings in 1 reads; new readers: Ada." in run("import-ratings", sheet).stdout
    assert "1 sites" in run("import-reference", sheet, "--name", "Surgery").stdout
    sheet.write_text(f"case,site,rater,grade\n{case},central:L4_L5,Ada,9\n")
    refused = run("import-ratings", sheet)
    assert isinstance(refused.exception, StoreError)
    assert "line 2: '9' is not a grade" in refused.stderr


def test_an_export_to_a_folder_that_is_not_there_is_refused(folder: Path, tmp_path: Path) -> None:
    run("ingest", folder)
    refused = run("export", "--out", tmp_path / "none" / "x.csv")
    assert isinstance(refused.exception, StoreError)
    assert refused.exception.reason == "it cannot be written: No such file or directory"


def test_an_export_without_a_study_is_a_wrong_call() -> None:
    result = run("export")
    assert result.exit_code == 2
    assert "none yet" in result.stderr


@pytest.mark.parametrize("words", [[], ["C-1", "--ungraded"]])
def test_what_to_grade_is_named_in_exactly_one_way(words: list[str]) -> None:
    result = run("grade", *words)
    assert result.exit_code == 2
    assert "name cases" in result.stderr


def test_the_doctor_names_a_missing_bundle_and_ends_with_1() -> None:
    result = run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.exit_code == cli.REFUSED
    assert checks["database"]["well"]
    assert "schema revision" in checks["database"]["found"]
    assert not checks["bundle"]["well"]
    assert "LSS_" in checks["bundle"]["remedy"]


def test_a_refusal_is_printed_as_what_why_and_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise NotFoundError("Case C-1", reason="there is none of this id", remedy="See the command 'cases'")

    monkeypatch.setattr("lss_core.cli.app", refuse)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == cli.REFUSED
    assert "there is none of this id" in capsys.readouterr().err


def test_a_user_is_added_listed_given_a_password_and_removed(folder: Path) -> None:
    run("ingest", folder)
    secret = "ten characters and more"
    words = ["users", "add", "anna", "--role", "reader", "--shown-as", "Dr Anna", "--password", secret]
    assert run(*words).exit_code == 0
    assert run("users", "password", "anna", "--password", secret + "!").exit_code == 0
    listed = json.loads(run("users", "list", "--json").stdout)
    assert listed == [{"name": "anna", "shown as": "Dr Anna", "role": "reader", "disabled": False}]
    run("users", "disable", "anna")
    assert json.loads(run("users", "list", "--json").stdout)[0]["disabled"]
    run("users", "enable", "anna")
    assert run("users", "link", "anna", "--issuer", "https://id.test", "--subject", "4711").exit_code == 0
    assert run("users", "link", "anna", "--issuer", "https://id.test").exit_code == 2
    assert "/#join=" in run("users", "invite", "--role", "reader", "--study", "My study").stdout
    run("users", "remove", "anna")
    assert "No user yet" in run("users", "list").stdout


def test_an_import_of_an_empty_folder_says_so_and_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(sys, "argv", ["lss_core", "ingest", str(tmp_path / "empty")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == cli.REFUSED
    assert "there is no file in it" in " ".join(capsys.readouterr().err.split())


def test_a_folder_to_grade_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    result = run("grade", "--folder", tmp_path / "nowhere")
    assert isinstance(result.exception, DicomError)
    assert result.exception.reason == "there is no such folder"


def test_a_reference_is_told_to_machines_with_what_is_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("ingest", folder)
    made = SimpleNamespace(id="REF-1", name="Majority of the panel", version=2, grades=24)
    monkeypatch.setattr(reference, "make_majority_reference", lambda *_, **__: made)
    monkeypatch.setattr(reference, "adjudications_due", lambda *_: [SimpleNamespace(settled=None)])
    monkeypatch.setattr(reference, "open_reads", lambda *_: 3)
    assert json.loads(run("reference", "--json").stdout) == {
        "reference": "REF-1",
        "name": "Majority of the panel",
        "version": 2,
        "sites": 24,
        "open_ties": 1,
        "open_reads": 3,
    }
    assert "which have no vote: 3" in run("reference").stdout


def test_without_a_vote_there_is_no_reference(folder: Path) -> None:
    run("ingest", folder)
    result = run("reference")
    assert isinstance(result.exception, StoreError)


def test_help_names_every_command() -> None:
    shown = run("--help").stdout
    assert all(word in shown for word in ("demo", "ingest", "grade", "cases", "export", "doctor", "users"))


def test_a_report_of_an_unknown_study_names_those_there_are(folder: Path) -> None:
    run("ingest", folder)
    result = run("report", "Nowhere")
    assert result.exit_code == 2
    assert "'My study'" in result.output


def test_a_report_of_an_unknown_reference_is_a_wrong_call(folder: Path) -> None:
    run("ingest", folder)
    result = run("report", "My study", "--reference", "Truth")
    assert result.exit_code == 2
    assert "none yet" in result.output


def test_a_report_without_a_reference_says_who_makes_one(folder: Path, monkeypatch, capsys) -> None:
    run("ingest", folder)
    monkeypatch.setattr(sys, "argv", ["lss_core", "report", "My study"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == cli.REFUSED
    assert "the study has no reference standard yet" in capsys.readouterr().err


def test_a_protocol_is_loaded_checked_shown_and_locked_once_somebody_reads(
    folder: Path, tmp_path: Path
) -> None:
    run("ingest", folder)
    file = tmp_path / "protocol.toml"
    file.write_text('wash_out_days = 14\n[[arms]]\nname = "alone"\nkind = "unaided"\n')
    assert "Version 1 is a draft" in run("protocol", "load", "My study", file).output
    assert "wash_out_days = 14" in run("protocol", "show", "My study").output
    check = run("protocol", "check", "My study", "--json")
    assert check.exit_code == 1
    assert [row["what"] for row in json.loads(check.output) if row["must"]] == ["Readers"]
    run("users", "add", "anna", "--role", "reader", "--password", "correct horse")
    assert run("protocol", "check", "My study").exit_code == 0
    assert "Version 1 is live" in run("protocol", "lock", "My study").output
    head, first, *others = run("protocol", "draw", "My study").output.splitlines()
    assert head == "reader,session,place,case,arm,kind,version"
    assert re.fullmatch("anna,1,1,C-[A-Z0-9]+,alone,test,1", first)
    assert others == []
    file.write_text(run("protocol", "show", "My study").output)
    assert "Second (ST-" in run("protocol", "new", file, "--title", "Second").output
    assert run("protocol", "load", "Second", file).exit_code == cli.REFUSED

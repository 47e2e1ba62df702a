"""A whole study leaves one installation and goes on in another."""

from __future__ import annotations

import json
import zipfile

import pytest
import sqlalchemy as sa

from lss_core.domain import SITES, Answer, Grade, Role
from lss_core.errors import AccessError, StoreError
from lss_core.settings import Settings
from lss_core.store import audit, protocols
from lss_core.store import tables as t
from lss_core.store.audit import verify
from lss_core.study.protocol import Protocol
from lss_core.usecases import users
from lss_core.usecases.auditing import verify_audit
from lss_core.usecases.cases import list_cases, list_studies
from lss_core.usecases.export import ratings_csv
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import add_reference, list_references, make_majority_reference
from lss_core.usecases.signing import sign_read
from lss_core.usecases.study_archive import export_study
from lss_core.usecases.study_restore import import_study
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import open_workspace
from tests.usecases.conftest import PASSWORD


@pytest.fixture
def full_study(workspace, person, study_id, case_id, model_run):
    """A study with a locked protocol, a submitted read, a model's run and a reference."""
    reader = person(Role.READER, "ada")
    read = open_read(workspace, reader, case_id)
    for site in SITES:
        answer = Answer(site=site, grade=Grade.MILD, note="слово")
        record_answer(workspace, reader, read.read_id, answer, idempotency_key=site.key)
    sign_read(workspace, reader, read.read_id, PASSWORD)
    make_majority_reference(workspace, OPERATOR, study_id)
    now = workspace.now()
    with workspace.store.write() as tx:
        version = protocols.add_draft(tx, study_id, Protocol(seed=7), reason="", actor="x", at=now)
        digest = protocols.lock(tx, version, Protocol(seed=7), actor="x", at=now)
        audit.record(tx, at=now, actor="x", act="protocol.lock", subject=study_id, version=1, sha256=digest)
    return study_id


@pytest.fixture
def elsewhere(tmp_path):
    """Another installation, on SQLite."""
    return open_workspace(Settings(data_dir=tmp_path / "elsewhere"))


@pytest.fixture
def zipped(workspace, full_study, tmp_path):
    return export_study(workspace, OPERATOR, full_study, tmp_path / "study.zip").path


def _freeze_another(workspace, study_id):
    case_id = list_cases(workspace, OPERATOR, study_id)[0].case_id
    add_reference(workspace, OPERATOR, study_id, name="Surgery", grades={case_id: {SITES[0]: Grade.SEVERE}})


def _repack(source, target, change):
    """A copy of the zip in which `change` has altered the files by name."""
    with zipfile.ZipFile(source) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return target


def test_a_study_goes_on_elsewhere_as_it_was(workspace, full_study, elsewhere, zipped):
    found = import_study(elsewhere, OPERATOR, zipped)
    assert (found.title, found.cases, found.with_images) == ("My study", 1, 1)
    assert ratings_csv(elsewhere, OPERATOR, full_study) == ratings_csv(workspace, OPERATOR, full_study)
    assert list_references(elsewhere, OPERATOR, full_study) == list_references(
        workspace, OPERATOR, full_study
    )
    with elsewhere.store.read() as tx:
        live = protocols.live_protocol(tx, full_study)
        assert verify(tx).broken is None
        signed = tx.execute(sa.select(t.signatures)).one()
    assert live is not None
    assert live.protocol == Protocol(seed=7)
    assert (signed.printed_name, signed.user_id) == ("Ada", None)
    case = list_cases(elsewhere, OPERATOR, full_study)[0]
    for series in case.series:
        here = elsewhere.volume_path(case.case_id, series.id)
        assert here.read_bytes() == workspace.volume_path(case.case_id, series.id).read_bytes()


def test_a_study_that_stands_still_gives_the_same_zip_byte_for_byte(workspace, full_study, tmp_path):
    first = export_study(workspace, OPERATOR, full_study, tmp_path / "1.zip")
    ratings_csv(workspace, OPERATOR, full_study)
    users.sign_in(workspace, "ada", PASSWORD)
    with workspace.store.write() as tx:
        audit.record(tx, at=workspace.now(), actor="x", act="case.import", subject="C-OTHER")
    second = export_study(workspace, OPERATOR, full_study, tmp_path / "2.zip")
    assert first.path.read_bytes() == second.path.read_bytes()
    _freeze_another(workspace, full_study)
    assert export_study(workspace, OPERATOR, full_study, tmp_path / "3.zip").sha256 != first.sha256


def test_a_study_goes_on_from_its_second_installation_to_a_third(
    workspace, full_study, elsewhere, zipped, tmp_path
):
    import_study(elsewhere, OPERATOR, zipped)
    _freeze_another(elsewhere, full_study)
    again = export_study(elsewhere, OPERATOR, full_study, tmp_path / "again.zip").path
    third = open_workspace(Settings(data_dir=tmp_path / "third"))
    import_study(third, OPERATOR, again)
    assert verify_audit(third, OPERATOR).sound
    assert ratings_csv(third, OPERATOR, full_study) == ratings_csv(elsewhere, OPERATOR, full_study)
    with zipfile.ZipFile(again) as opened:
        acts = [json.loads(line)["act"] for line in opened.read("audit.jsonl").decode().splitlines()]
    assert (
        acts.index("read.sign")
        < acts.index("study.import")
        < len(acts) - 1 - acts[::-1].index("reference.freeze")
    )


def test_the_trail_that_came_is_looked_at_when_the_record_is_verified(full_study, elsewhere, zipped):
    import_study(elsewhere, OPERATOR, zipped)
    assert verify_audit(elsewhere, OPERATOR).sound
    path = elsewhere.settings.data_dir / "imported-trails" / f"{full_study}.jsonl"
    path.write_text(
        "".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8"
    )
    found = verify_audit(elsewhere, OPERATOR)
    assert found.broken is None
    assert f"{full_study}: the trail that came with it is not the one that came" in found.altered


def test_a_zip_without_images_is_taken_in_without(workspace, full_study, elsewhere, tmp_path):
    made = export_study(workspace, OPERATOR, full_study, tmp_path / "small.zip", images=False)
    assert import_study(elsewhere, OPERATOR, made.path).with_images == 0


def test_a_second_time_it_is_refused_and_the_first_stays(full_study, elsewhere, zipped):
    import_study(elsewhere, OPERATOR, zipped)
    with pytest.raises(StoreError, match="here already"):
        import_study(elsewhere, OPERATOR, zipped)
    case = list_cases(elsewhere, OPERATOR, full_study)[0]
    assert elsewhere.volume_path(case.case_id, case.series[0].id).exists()


def _alter_a_rating(files):
    files["study.json"] = files["study.json"].replace(b'"grade": 1', b'"grade": 3', 1)


def _alter_an_act_with_its_checksum(files):
    files["audit.jsonl"] = files["audit.jsonl"].replace(b"read.sign", b"read.sigh", 1)
    _sum_anew(files, "audit.jsonl")


def _alter_the_protocol_with_its_checksum(files):
    files["study.json"] = files["study.json"].replace(b'"seed": 7', b'"seed": 8')
    _sum_anew(files, "study.json")


def _change_an_answer_with_its_checksum(files):
    """As one would who knows how the zip is made: only the signature tells."""
    study = json.loads(files["study.json"])
    next(row for row in study["ratings"] if row["read_id"])["grade"] = 3
    files["study.json"] = json.dumps(study).encode()
    _sum_anew(files, "study.json")


def _change_the_reference_with_its_checksum(files):
    study = json.loads(files["study.json"])
    study["reference_grades"][0]["grade"] = 3
    files["study.json"] = json.dumps(study).encode()
    _sum_anew(files, "study.json")


def _write_a_time_that_is_none(files):
    files["audit.jsonl"] = files["audit.jsonl"].replace(b'"at": "20', b'"at": "x20', 1)
    _sum_anew(files, "audit.jsonl")


def _add_a_file(files):
    files["volumes/C-ZZZZZZ/../x.safetensors"] = b""


def _point_elsewhere(files):
    files["volumes/../../x.safetensors"] = b""
    _sum_anew(files, "volumes/../../x.safetensors")


def _lose_a_case(files):
    study = json.loads(files["study.json"])
    study["cases"] = []
    files["study.json"] = json.dumps(study).encode()
    _sum_anew(files, "study.json")


def _sum_anew(files, name):
    import hashlib

    manifest = json.loads(files["manifest.json"])
    manifest["sha256"][name] = hashlib.sha256(files[name]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_alter_a_rating, "study.json is not what it was"),
        (_alter_an_act_with_its_checksum, "audit trail was changed"),
        (_alter_the_protocol_with_its_checksum, "not the one that was locked"),
        (_change_an_answer_with_its_checksum, "its answers are not those that were signed"),
        (_change_the_reference_with_its_checksum, "the reference standard is not the one that was frozen"),
        (_write_a_time_that_is_none, "its audit trail cannot be read"),
        (_add_a_file, "its files are not those of its manifest"),
        (_point_elsewhere, "belongs to no case of it"),
        (_lose_a_case, "belongs to no case of it|do not fit together"),
        (lambda files: files.pop("manifest.json"), "it is not a study's zip"),
    ],
)
def test_what_was_changed_on_the_way_is_refused_and_leaves_nothing(
    elsewhere, zipped, tmp_path, change, words
):
    with pytest.raises(StoreError, match=words):
        import_study(elsewhere, OPERATOR, _repack(zipped, tmp_path / "changed.zip", change))
    assert list_studies(elsewhere, OPERATOR) == []
    assert not list((elsewhere.settings.data_dir / "volumes").glob("*"))


def test_acts_of_other_studies_are_carried_away_by_hash_alone(workspace, full_study, zipped, tmp_path):
    with workspace.store.write() as tx:
        audit.record(tx, at=workspace.now(), actor="U-other", act="case.import", subject="C-SECRET")
    made = export_study(workspace, OPERATOR, full_study, tmp_path / "later.zip")
    with zipfile.ZipFile(made.path) as opened:
        told = opened.read("audit.jsonl").decode()
    assert "C-SECRET" not in told
    assert "read.sign" in told
    assert json.loads(told.splitlines()[-1])["hash"] == made.audit_head


def test_readers_take_nothing_away_and_coordinators_take_nothing_in(
    workspace, full_study, person, zipped, tmp_path
):
    with pytest.raises(AccessError):
        export_study(workspace, person(Role.READER, "eve"), full_study, tmp_path / "x.zip")
    with pytest.raises(AccessError):
        import_study(workspace, person(Role.COORDINATOR), zipped)


def test_a_place_that_cannot_be_written_is_refused(workspace, full_study, tmp_path):
    with pytest.raises(StoreError, match="cannot be written"):
        export_study(workspace, OPERATOR, full_study, tmp_path / "none" / "x.zip")


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: b"no zip at all" * 10,
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:100] + bytes(64) + whole[164:],
        lambda whole: (
            whole[:6]
            + b"\x01"
            + whole[7:].replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
        ),
    ],
    ids=["empty", "no zip", "half of it", "other bytes", "with a password"],
)
def test_a_file_that_cannot_be_read_as_a_zip_is_refused(elsewhere, zipped, tmp_path, damage):
    broken = tmp_path / "broken.zip"
    broken.write_bytes(damage(zipped.read_bytes()))
    with pytest.raises(StoreError, match="not a study's zip, or it is damaged"):
        import_study(elsewhere, OPERATOR, broken)
    assert list_studies(elsewhere, OPERATOR) == []

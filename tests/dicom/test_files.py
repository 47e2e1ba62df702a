"""Folders walked and archives opened with care; every file gets one verdict."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lss_core.dicom import files
from lss_core.dicom.batch import DicomBatch, FileVerdict
from lss_core.dicom.files import Candidate, candidates, total_size
from lss_core.domain import Verdict

Import = Callable[..., DicomBatch]

LARGEST = 1 << 20


def found(*paths: Path) -> list[str]:
    """Names of candidates, and 'name: verdict: reason' of the others."""
    return [
        one.name if isinstance(one, Candidate) else f"{one.path}: {one.verdict}: {one.reason}"
        for one in candidates(paths, largest_bytes=LARGEST)
    ]


def make_zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_folder_gives_its_files_in_order_and_each_once(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2", "a", "b/1"):
        (tmp_path / name).write_bytes(b"x")
    assert found(tmp_path, tmp_path / "a") == [str(tmp_path / name) for name in ("a", "b/1", "b/2")]
    assert total_size([tmp_path]) == 3


def test_what_is_not_a_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert found(missing) == [f"{missing}: refused: there is no such file, or it may not be read"]
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "wrong").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path) == [
        f"{tmp_path}/empty: skipped: an empty file",
        f"{tmp_path}/pipe: skipped: not a regular file",
        f"{tmp_path}/round: skipped: a link to a folder; import the folder itself",
        f"{tmp_path}/wrong: refused: there is no such file, or it may not be read",
    ]


def test_a_file_over_the_limit_is_refused_unopened(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(3 * LARGEST)
    assert found(large) == [f"{large}: refused: it is 3 MB large; the limit is 1 MB"]


def test_members_of_archives_in_archives_are_found_and_lie_in_files_of_our_naming(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", {"study/1.dcm": b"one", "study/2.dcm": b"two"})
    outer = make_zip(tmp_path / "outer.zip", {"cd/inner.zip": inner.read_bytes(), "readme": b"hello"})
    seen = []
    for one in candidates([outer], largest_bytes=LARGEST):
        assert isinstance(one, Candidate)
        assert tmp_path not in one.path.parents
        seen.append((one.name, one.path.read_bytes()))
    assert seen == [
        (f"{outer}/cd/inner.zip/study/1.dcm", b"one"),
        (f"{outer}/cd/inner.zip/study/2.dcm", b"two"),
        (f"{outer}/readme", b"hello"),
    ]


def test_archives_too_deep_in_archives_are_refused(tmp_path: Path) -> None:
    content, path = b"core", tmp_path / "deep.zip"
    for _ in range(files.DEEPEST_ARCHIVE + 1):
        content = make_zip(path, {"in.zip": content}).read_bytes()
    name = f"{path}/in.zip/in.zip/in.zip"
    assert found(path) == [f"{name}: refused: archives lie in archives more than 3 deep"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\windows\\x", "..\\x"])
def test_a_member_whose_name_leads_out_of_the_archive_is_refused(name: str, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "evil.zip", {name: b"x", "good": b"y"})
    outcome = found(path)
    assert f"{path}/{name}: refused: its name leads out of the archive" in outcome
    assert f"{path}/good" in outcome


def test_an_archive_that_inflates_beyond_reason_is_refused_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SMALL_ARCHIVE_BYTES", 1000)
    path = make_zip(tmp_path / "bomb.zip", {"a": bytes(900 << 10), "b": bytes(900 << 10)})
    assert found(path) == [f"{path}: refused: it would inflate to 1 MB, more than 100 times its size"]
    outer = make_zip(tmp_path / "outer.zip", {"bomb.zip": path.read_bytes()})
    assert found(outer) == [
        f"{outer}/bomb.zip: refused: it would inflate to 1 MB, more than 100 times its size"
    ]


def test_one_member_over_the_limit_is_refused_and_the_others_are_found(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "mixed.zip", {"big": bytes(2 * LARGEST), "small": b"x"})
    assert found(path) == [f"{path}/big: refused: it is 2 MB large; the limit is 1 MB", f"{path}/small"]


def test_an_encrypted_member_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "locked.zip", {"secret": b"abc"}, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert found(path) == [
        f"{path}/secret: refused: it is encrypted; unpack the archive with its password first"
    ]


def test_broken_and_empty_archives_are_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04" + bytes(100))
    assert found(broken) == [f"{broken}: refused: a broken archive"]
    empty = make_zip(tmp_path / "empty.zip", {})
    assert found(empty) == [f"{empty}: skipped: an empty archive"]
    damaged = make_zip(tmp_path / "damaged.zip", {"a": b"content of a"}, zipfile.ZIP_STORED)
    damaged.write_bytes(damaged.read_bytes().replace(b"content", b"CONTENT", 1))
    assert found(damaged) == [
        f"{damaged}/a: refused: it cannot be unpacked: the archive is broken or of an unknown method"
    ]


def test_a_zip_of_a_study_is_imported_like_its_folder(
    one_file: Path, tmp_path: Path, read_all: Import
) -> None:
    path = make_zip(tmp_path / "study.zip", {"s/1.dcm": one_file.read_bytes(), "s/notes.txt": b"hello"})
    packed, plain = read_all(path), read_all(one_file)
    assert [(file.path, file.verdict) for file in packed.verdicts] == [
        (f"{path}/s/notes.txt", Verdict.SKIPPED),
        (f"{path}/s/1.dcm", Verdict.TAKEN),
    ]
    assert packed.studies[0].digest == plain.studies[0].digest
    assert isinstance(packed.verdicts[0], FileVerdict)

"""A study's zip, as `study_archive` writes it, taken in: all of it as it was, or nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lss_core.errors import ProtocolError, StoreError
from lss_core.store import archive, audit
from lss_core.store.audit import AuditEntry
from lss_core.store.engine import Transaction
from lss_core.study.protocol import from_document, sha256
from lss_core.usecases.seals import altered
from lss_core.usecases.study_archive import AUDIT, FORMAT, MANIFEST, STUDY
from lss_core.usecases.trails import COME, damaged, followed, path_of
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

LARGEST_TEXT = 2**30
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError,  # of the zip itself
    ValueError, KeyError, TypeError, AttributeError, IndexError, ProtocolError,  # of what is in it
)  # fmt: skip
"""What reading a file that is no study's zip, or a broken one, may end in."""
VOLUME = re.compile(r"volumes/(C-[A-Z0-9]+)/(([A-Za-z0-9-]+)[A-Za-z0-9.-]*\.safetensors)")


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A study that was taken in: its id and title, its cases, and how many of them have images."""

    study_id: str
    title: str
    cases: int
    with_images: int


def import_study(workspace: Workspace, user: User, source: Path) -> Restored:
    """Take in a study's zip, after a look at every checksum, the audit chain and what its acts have sealed:
    protocols, signed and imported reads, the model's grades, references, corrections.

    Administrators. Its audit trail is kept beside the images, as it came; here one act says so.
    Raises StoreError with what does not fit; nothing is added then.
    """
    require(user)
    try:
        with zipfile.ZipFile(source) as zipped:
            manifest = _checked_manifest(zipped)
            study = json.loads(zipped.read(STUDY))
            _check_protocols(study)
            return _take_in(workspace, user, zipped, study, manifest, followed(zipped.read(AUDIT).decode()))
    except UNREADABLE as error:
        raise damaged("it is not a study's zip, or it is damaged") from error


def _checked_manifest(zipped: zipfile.ZipFile) -> Mapping[str, Any]:
    manifest: Mapping[str, Any] = json.loads(zipped.read(MANIFEST))
    if manifest["format"] != FORMAT:
        raise damaged(f"its format {manifest['format']} is not known to this version")
    names = set(zipped.namelist()) - {MANIFEST}
    if names != manifest["sha256"].keys():
        raise damaged("its files are not those of its manifest")
    for name, digest in manifest["sha256"].items():
        if not name.startswith("volumes/") and zipped.getinfo(name).file_size > LARGEST_TEXT:
            raise damaged(f"{name} is too large")
        with zipped.open(name) as file:
            if _sha256_of(file) != digest:
                raise damaged(f"{name} is not what it was when the zip was made")
    return manifest


def _sha256_of(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(2**20):
        digest.update(chunk)
    return digest.hexdigest()


def _check_protocols(study: archive.Rows) -> None:
    for row in study["protocols"]:
        if row["sha256"] is not None and sha256(from_document(row["document"])) != row["sha256"]:
            raise damaged(f"version {row['version']} of its protocol is not the one that was locked")


def _take_in(
    workspace: Workspace,
    user: User,
    zipped: zipfile.ZipFile,
    study: archive.Rows,
    manifest: Mapping[str, Any],
    trail: Sequence[AuditEntry],
) -> Restored:
    case_ids = [str(row["id"]) for row in study["cases"]]
    series = {str(row["id"]): str(row["case_id"]) for row in study["series"]}
    study_id, title = str(study["studies"][0]["id"]), str(study["studies"][0]["title"])
    made: list[Path] = []
    try:
        # Files before rows: what a crash leaves behind is a folder that no row names.
        shown = set()
        for name in zipped.namelist():
            if name.startswith("volumes/"):
                shown.add(_take_volume(workspace, zipped, name, series, made))
        _keep_trail(workspace, zipped, study_id)
        with workspace.store.write() as tx:
            archive.restore_study(tx, study)
            changed = altered(tx, [study_id], trail)
            if changed:
                raise damaged(f"it was changed after it was signed or frozen: {changed[0]}")
            _record(tx, workspace, user, study_id, manifest, trail[-1].hash if trail else "")
    except BaseException:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    return Restored(study_id=study_id, title=title, cases=len(case_ids), with_images=len(shown))


def _take_volume(
    workspace: Workspace,
    zipped: zipfile.ZipFile,
    name: str,
    series: Mapping[str, str],
    made: list[Path],
) -> str:
    """Write a file of a case's folder; its name must be one that an export gives it."""
    matched = VOLUME.fullmatch(name)
    case_id, file, stem = matched.groups() if matched else ("", "", "")
    of_case = series.get(stem) == case_id or (stem.startswith("explanations-") and case_id in series.values())
    if not of_case:
        raise damaged(f"{name} belongs to no case of it")
    folder = workspace.case_folder(case_id)
    if not folder.exists():
        folder.mkdir(parents=True)
        made.append(folder)
    elif folder not in made:
        raise StoreError(
            case_id, reason="images of this case are here already", remedy="Remove the study first"
        )
    with zipped.open(name) as source, (folder / file).open("wb") as target:
        shutil.copyfileobj(source, target, 2**20)
    return case_id


def _keep_trail(workspace: Workspace, zipped: zipfile.ZipFile, study_id: str) -> None:
    path = path_of(workspace, study_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zipped.read(AUDIT))


def _record(
    tx: Transaction,
    workspace: Workspace,
    user: User,
    study_id: str,
    manifest: Mapping[str, Any],
    head: str,
) -> None:
    audit.record(
        tx,
        at=workspace.now(),
        actor=user.id,
        act=COME,
        subject=study_id,
        head=head,
        software=manifest["software"].get("lss_core", ""),
    )

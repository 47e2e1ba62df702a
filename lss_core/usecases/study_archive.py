"""A whole study as one zip that stands on its own, and its way into another installation.

In it: `study.json` (every row), `protocol-N.json`, `ratings.csv` with `dictionary.csv`, `audit.jsonl` (the
chain; acts of other studies by hash alone), `volumes/` (images, where wanted), `manifest.json` (versions and
the SHA-256 of every other file).
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from lss_core import __version__
from lss_core.errors import StoreError
from lss_core.store import archive, audit, protocols, studies
from lss_core.store.audit import link
from lss_core.store.engine import Transaction
from lss_core.study.protocol import as_document, from_document, sha256
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.export import dictionary_csv, ratings_csv
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

FORMAT = 1
MANIFEST, STUDY, AUDIT = "manifest.json", "study.json", "audit.jsonl"
LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "streamlit", "sqlalchemy", "pydicom")
LARGEST_TEXT = 2**30
VOLUME = re.compile(r"volumes/(C-[A-Z0-9]+)/(([A-Za-z0-9-]+)[A-Za-z0-9.-]*\.safetensors)")
EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's entries have no time of their own: the same study, the same bytes


@dataclass(frozen=True, kw_only=True)
class Archived:
    """A zip that was written: where, its SHA-256, the files in it, the head of the audit chain."""

    path: Path
    sha256: str
    files: int
    audit_head: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A study that was taken in: its id and title, its cases, and how many of them have images."""

    study_id: str
    title: str
    cases: int
    with_images: int


def export_study(
    workspace: Workspace, user: User, study_id: str, target: Path, *, images: bool = True
) -> Archived:
    """Write the study's zip. Coordinators and statisticians. The file is whole or not there.

    Raises StoreError when it cannot be written.
    """
    require_study(workspace, user, study_id, *UNBLINDED)
    part = target.with_name(f"{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
            head = _write(workspace, user, study_id, zipped, images)
            files = len(zipped.namelist())
        digest = _file_sha256(part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        reason = f"it cannot be written: {error.strerror}"
        raise StoreError(
            str(target), reason=reason, remedy="Name a file in a folder that is there"
        ) from error
    now = workspace.now()
    with workspace.store.write() as tx:
        audit.record(
            tx, at=now, actor=user.id, act="study.export", subject=study_id, sha256=digest, images=images
        )
    return Archived(path=target, sha256=digest, files=files, audit_head=head)


def import_study(workspace: Workspace, user: User, source: Path) -> Restored:
    """Take in a study's zip: every checksum, the audit chain and the protocols' hashes are looked at first.

    Administrators. Its audit trail is kept beside the images, as it came; here one act says so.
    Raises StoreError with what does not fit; nothing is added then.
    """
    require(user)
    try:
        with zipfile.ZipFile(source) as zipped:
            manifest = _checked_manifest(zipped)
            study = json.loads(zipped.read(STUDY))
            head = _check_trail(zipped)
            _check_protocols(study)
            return _take_in(workspace, user, zipped, study, manifest, head)
    except (zipfile.BadZipFile, OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise _damaged("it is not a study's zip, or it is damaged") from error


def _write(workspace: Workspace, user: User, study_id: str, zipped: zipfile.ZipFile, images: bool) -> str:
    sums: dict[str, str] = {}
    with workspace.store.read() as tx:
        title = studies.study_summary(tx, study_id).title
        rows = archive.dump_study(tx, study_id)
        trail = archive.study_trail(tx, study_id, rows)
        versions = protocols.versions(tx, study_id)
    for name, text in {
        STUDY: _json(rows),
        "dictionary.csv": dictionary_csv(),
        "ratings.csv": ratings_csv(workspace, user, study_id),
        AUDIT: "".join(_line(entry) for entry in trail),
        **{f"protocol-{one.version}.json": _json(as_document(one.protocol)) for one in versions},
    }.items():
        sums[name] = _add(zipped, name, text.encode())
    for name, path in _volumes(workspace, rows) if images else ():
        sums[name] = _add_file(zipped, name, path)
    head = trail[-1].hash if trail else ""
    manifest = {
        "format": FORMAT,
        "study": {"id": study_id, "title": title},
        "audit_head": head,
        "software": _software(),
        "sha256": sums,
    }
    _add(zipped, MANIFEST, _json(manifest).encode())
    return head


def _software() -> dict[str, str]:
    libraries = {name: version(name) for name in LIBRARIES}
    return {"lss_core": __version__, "python": platform.python_version(), **libraries}


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _line(entry: audit.AuditEntry) -> str:
    told = {**asdict(entry), "at": entry.at.isoformat(timespec="microseconds")}
    return json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n"


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _add(zipped: zipfile.ZipFile, name: str, content: bytes) -> str:
    zipped.writestr(_entry(name), content)
    return hashlib.sha256(content).hexdigest()


def _add_file(zipped: zipfile.ZipFile, name: str, path: Path) -> str:
    with path.open("rb") as source, zipped.open(_entry(name), "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, 2**20)
    return _file_sha256(path)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _volumes(workspace: Workspace, rows: archive.Rows) -> Iterator[tuple[str, Path]]:
    for case in rows["cases"]:
        folder = workspace.case_folder(case["id"])
        for path in sorted(folder.glob("*.safetensors")):
            yield f"volumes/{case['id']}/{path.name}", path


def _checked_manifest(zipped: zipfile.ZipFile) -> Mapping[str, Any]:
    manifest: Mapping[str, Any] = json.loads(zipped.read(MANIFEST))
    if manifest["format"] != FORMAT:
        raise _damaged(f"its format {manifest['format']} is not known to this version")
    names = set(zipped.namelist()) - {MANIFEST}
    if names != manifest["sha256"].keys():
        raise _damaged("its files are not those of its manifest")
    for name, digest in manifest["sha256"].items():
        if not name.startswith("volumes/") and zipped.getinfo(name).file_size > LARGEST_TEXT:
            raise _damaged(f"{name} is too large")
        with zipped.open(name) as file:
            if _sha256_of(file) != digest:
                raise _damaged(f"{name} is not what it was when the zip was made")
    return manifest


def _sha256_of(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(2**20):
        digest.update(chunk)
    return digest.hexdigest()


def _check_trail(zipped: zipfile.ZipFile) -> str:
    """Follow the chain; the hash of its last row."""
    previous = ""
    for line in zipped.read(AUDIT).decode().splitlines():
        row = json.loads(line)
        told = {name: row[name] for name in ("actor", "act", "subject", "details")}
        known = bool(row["act"])
        if row["previous"] != previous or (
            known and row["hash"] != link(previous, at=datetime.fromisoformat(row["at"]), **told)
        ):
            raise _damaged(f"row {row['id']} of its audit trail was changed, or one before it taken away")
        previous = row["hash"]
    return previous


def _check_protocols(study: archive.Rows) -> None:
    for row in study["protocols"]:
        if row["sha256"] is not None and sha256(from_document(row["document"])) != row["sha256"]:
            raise _damaged(f"version {row['version']} of its protocol is not the one that was locked")


def _take_in(
    workspace: Workspace,
    user: User,
    zipped: zipfile.ZipFile,
    study: archive.Rows,
    manifest: Mapping[str, Any],
    head: str,
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
            _record(tx, workspace, user, study_id, manifest, head)
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
        raise _damaged(f"{name} belongs to no case of it")
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
    folder = workspace.settings.data_dir / "imported-trails"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{study_id}.jsonl").write_bytes(zipped.read(AUDIT))


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
        act="study.import",
        subject=study_id,
        head=head,
        software=manifest["software"].get("lss_core", ""),
    )


def _damaged(reason: str) -> StoreError:
    return StoreError("Study archive", reason=reason, remedy="Export the study again and send it whole")

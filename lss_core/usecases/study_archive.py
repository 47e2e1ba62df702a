"""A whole study as one zip that stands on its own; `study_restore` takes it into another installation.

In it: `study.json` (every row), `protocol-N.json`, `ratings.csv` with `dictionary.csv`, `audit.jsonl` (the
chain; acts of other studies by hash alone), `volumes/` (images, where wanted), `manifest.json` (versions and
the SHA-256 of every other file).
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from lss_core import __version__
from lss_core.errors import StoreError
from lss_core.store import archive, audit, protocols, studies
from lss_core.study.protocol import as_document
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.export import long_table
from lss_core.usecases.export_table import dictionary_csv
from lss_core.usecases.trails import as_lines, come_before
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

FORMAT = 1
MANIFEST, STUDY, AUDIT = "manifest.json", "study.json", "audit.jsonl"
LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "streamlit", "sqlalchemy", "pydicom")
EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's entries have no time of their own: the same study, the same bytes


@dataclass(frozen=True, kw_only=True)
class Archived:
    """A zip that was written: where, its SHA-256, the files in it, the head of the audit chain."""

    path: Path
    sha256: str
    files: int
    audit_head: str


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
            head = _write(workspace, study_id, zipped, images)
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


def _write(workspace: Workspace, study_id: str, zipped: zipfile.ZipFile, images: bool) -> str:
    """All that is in the zip is one look at the database."""
    sums: dict[str, str] = {}
    with workspace.store.read() as tx:
        title = studies.study_summary(tx, study_id).title
        rows = archive.dump_study(tx, study_id)
        trail = archive.study_trail(tx, study_id, rows)
        versions = protocols.versions(tx, study_id)
        table = long_table(tx, study_id)
    for name, text in {
        STUDY: _json(rows),
        "dictionary.csv": dictionary_csv(),
        "ratings.csv": table,
        AUDIT: come_before(workspace, study_id) + as_lines(trail),
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

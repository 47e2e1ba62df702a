"""Import of DICOM studies as cases."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import structlog

from lss_core.dicom.batch import DicomBatch, DicomSeries, DicomStudy, FileVerdict
from lss_core.dicom.reading import iter_batches
from lss_core.domain import Progress, Role, Verdict, silent
from lss_core.errors import GeometryError
from lss_core.imaging.files import write_volume
from lss_core.store import audit, cases, studies
from lss_core.store.cases import NewSeries
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import Instance, SeriesSummary
from lss_core.study.blinding import new_case_id
from lss_core.usecases.access import require_in
from lss_core.usecases.cases import new_study
from lss_core.usecases.users import DEFAULT_STUDY, User, require
from lss_core.usecases.workspace import Workspace

__all__ = ["FileVerdict", "ImportReport", "ImportStatus", "ImportedCase", "import_paths"]

_log = structlog.get_logger(__name__)

KEY_BYTES = 32
REASON_LETTERS = 200


class ImportStatus(StrEnum):
    """What became of a study that was read."""

    NEW = "new"
    UNCHANGED = "unchanged"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class ImportedCase:
    """A study that was read and the case it is.

    NEW: the case was added. UNCHANGED: it was there already, nothing was added.
    CHANGED: a case of the same study is there and its images differ; the stored case is
    left as it is and `differences` say in words what is different.
    """

    case_id: str
    status: ImportStatus
    series: tuple[SeriesSummary, ...]
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """A verdict for every file, and every study that the files made up."""

    study_id: str
    files: tuple[FileVerdict, ...]
    cases: tuple[ImportedCase, ...]


def import_paths(
    workspace: Workspace,
    user: User,
    paths: Sequence[Path],
    *,
    study_id: str | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Import files, folders and zips into a study, by default 'My study'. Coordinators.

    A study that cannot be taken is reported in its files' verdicts and holds up no other.
    """
    study = study_id or _default_study(workspace, user)
    with workspace.store.read() as tx:
        require_in(tx, user, study, Role.COORDINATOR)
        studies.study_summary(tx, study)
    settings = workspace.settings
    batches = iter_batches(
        paths,
        key=installation_key(settings.data_dir),
        memory_mb=settings.decode_memory_mb,
        seconds=settings.decode_seconds,
        progress=progress,
    )
    return _import_batches(workspace, user, study, batches)


def installation_key(data_dir: Path) -> bytes:
    """The secret that this installation's UIDs are hashed with, made once, for its owner's eyes.

    Whoever loses it can no longer tell that a study was imported before.
    """
    path = data_dir / "installation.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=data_dir)  # made with mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another process was quicker: its key holds
        finally:
            os.unlink(temporary)
    return path.read_bytes()


def _default_study(workspace: Workspace, user: User) -> str:
    """'My study', made where there is none yet; who makes it is its coordinator."""
    require(user, Role.COORDINATOR)
    now = workspace.now()
    with workspace.store.write() as tx:
        found = studies.find_study(tx, DEFAULT_STUDY)
        return found or new_study(tx, user, DEFAULT_STUDY, at=now)


def _import_batches(
    workspace: Workspace, user: User, study_id: str, batches: Iterable[DicomBatch]
) -> ImportReport:
    files: list[FileVerdict] = []
    imported: list[ImportedCase] = []
    for batch in batches:
        refused: dict[str, str] = {}
        for study in batch.studies:
            try:
                imported.append(_import_study(workspace, user, study_id, study))
            except (GeometryError, ValueError) as error:
                reason = error.reason if isinstance(error, GeometryError) else str(error)
                refused |= {series.uid: f"the study cannot be kept: {reason}" for series in study.series}
        files += [_refused(file, refused) for file in batch.verdicts]
    reasons = Counter((file.verdict, file.reason[:REASON_LETTERS]) for file in files)
    with workspace.store.write() as tx:
        cases.count_files(tx, study_id, at=workspace.now(), files=reasons)
    counts = Counter(file.verdict.value for file in files)
    _log.info("import.done", actor=user.id, subject=study_id, cases=len(imported), **counts)
    return ImportReport(study_id=study_id, files=tuple(files), cases=tuple(imported))


def _refused(file: FileVerdict, refused: dict[str, str]) -> FileVerdict:
    if file.series not in refused or file.verdict is not Verdict.TAKEN:
        return file
    return replace(file, verdict=Verdict.REFUSED, reason=refused[file.series], series=None)


def _import_study(workspace: Workspace, user: User, study_id: str, study: DicomStudy) -> ImportedCase:
    with workspace.store.read() as tx:
        known = _known_case(tx, workspace, study_id, study)
        used = cases.used_ids(tx)
    if known is not None:
        return known
    case_id = new_case_id(used)
    series = tuple(_new_series(source) for source in study.series)
    try:
        # Files before rows: what a crash leaves behind is a folder that no row names.
        for source, new in zip(study.series, series, strict=True):
            write_volume(workspace.volume_path(case_id, new.summary.id), source.volume)
        known = _add_rows(workspace, user, study_id, study, case_id, series)
    except BaseException:
        shutil.rmtree(workspace.case_folder(case_id), ignore_errors=True)
        raise
    if known is not None:  # another import was quicker
        shutil.rmtree(workspace.case_folder(case_id), ignore_errors=True)
        return known
    summaries = sorted((new.summary for new in series), key=cases.series_order)
    return ImportedCase(case_id=case_id, status=ImportStatus.NEW, series=tuple(summaries))


def _add_rows(
    workspace: Workspace,
    user: User,
    study_id: str,
    study: DicomStudy,
    case_id: str,
    series: tuple[NewSeries, ...],
) -> ImportedCase | None:
    """Adds the rows and returns None, or adds nothing and returns the case that is there."""
    now = workspace.now()
    with workspace.store.write() as tx:
        known = _known_case(tx, workspace, study_id, study)
        if known is None:
            cases.add_case(
                tx,
                case_id=case_id,
                study_id=study_id,
                uid=study.uid,
                digest=study.digest,
                at=now,
                series=series,
            )
            audit.record(tx, at=now, actor=user.id, act="case.import", subject=case_id, series=len(series))
        return known


def _known_case(
    tx: Transaction, workspace: Workspace, study_id: str, study: DicomStudy
) -> ImportedCase | None:
    found = cases.find_case(tx, study_id=study_id, uid=study.uid)
    if found is None:
        return None
    case_id, digest = found
    unchanged = digest == study.digest
    return ImportedCase(
        case_id=case_id,
        status=ImportStatus.UNCHANGED if unchanged else ImportStatus.CHANGED,
        series=cases.case_summary(tx, case_id, now=workspace.now()).series,
        differences=() if unchanged else _differences(cases.case_instances(tx, case_id), study),
    )


def _differences(stored: dict[str, frozenset[tuple[str, str]]], study: DicomStudy) -> tuple[str, ...]:
    found = []
    read = {series.uid: series for series in study.series}
    for uid in sorted(stored.keys() | read.keys()):
        if uid not in stored:
            series = read[uid]
            found.append(f"{series.role.label}: a further series of {len(series.instances)} images")
        elif uid not in read:
            found.append(f"a stored series of {len(stored[uid])} images is not among these files")
        else:
            found += _image_differences(stored[uid], read[uid])
    return tuple(found)


def _image_differences(stored: frozenset[tuple[str, str]], series: DicomSeries) -> list[str]:
    before, now = dict(stored), {image.uid: image.digest for image in series.instances}
    counts = {
        "further": len(now.keys() - before.keys()),
        "missing": len(before.keys() - now.keys()),
        "altered": sum(before[uid] != now[uid] for uid in before.keys() & now.keys()),
    }
    return [f"{series.role.label}: {count} images {what}" for what, count in counts.items() if count]


def _new_series(source: DicomSeries) -> NewSeries:
    slices, rows, columns = source.volume.shape
    summary = SeriesSummary(
        id=new_id("S"),
        role=source.role,
        slices=slices,
        rows=rows,
        columns=columns,
        notes=source.notes,
        window=source.window,
    )
    instances = tuple(
        Instance(
            uid=image.uid,
            digest=image.digest,
            instance_number=image.instance_number,
            slice_index=image.slice_index,
        )
        for image in source.instances
    )
    return NewSeries(uid=source.uid, summary=summary, attributes=source.attributes, instances=instances)

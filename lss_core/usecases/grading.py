"""The model grades: a case of the database, or a folder of DICOM files without one."""

from __future__ import annotations

import secrets
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lss_core.dicom.batch import DicomBatch, DicomStudy
from lss_core.dicom.reading import read_studies
from lss_core.domain import Progress, Role, SiteFinding, StudyFindings, Verdict, silent
from lss_core.errors import DicomError, LssError
from lss_core.settings import Settings
from lss_core.study.blinding import new_case_id
from lss_core.usecases import runs
from lss_core.usecases.access import UNBLINDED, case_for
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

if TYPE_CHECKING:
    from lss_core.vision.engine import Engine
    from lss_core.vision.running import CpuEngine

COMPILED = "compiled"
"""The folder under LSS_DATA_DIR of networks compiled for this machine; it may be deleted at any time."""

READING_SHARE = 0.1
"""The share of the progress of `grade_folder` that reading the files takes."""


def grade_case(
    workspace: Workspace, user: User, case_id: str, *, progress: Progress = silent
) -> StudyFindings:
    """Grade a case and keep the run: masks, 25 ratings with their evidence, activation. Coordinators.

    A run that fails is kept as failed, with its reason. Raises LssError.
    """
    with workspace.store.read() as tx:
        case_for(tx, workspace, user, case_id, Role.COORDINATOR)
    engine = engine_of(workspace.settings)
    series = runs.case_volumes(workspace, case_id)
    run_id = runs.start_run(workspace, user, case_id, bundle=engine.bundle.label)
    try:
        graded = engine.grade(series, progress=progress)
        seen = {site.key: one.stacked for site, one in engine.explain(graded).items()}
        runs.save_run(workspace, user, run_id, graded.findings, graded.masks, seen)
    except BaseException as error:  # a bug surfaces too, but no run is left that seems to go on
        reason = str(error) if isinstance(error, LssError) else "The run broke off; see the log"
        runs.fail_run(workspace, user, run_id, reason)
        raise
    return graded.findings


def findings_of(workspace: Workspace, user: User, case_id: str) -> StudyFindings | None:
    """What the newest finished run says of a case; None where there is none. Never for the blinded."""
    with workspace.store.read() as tx:
        case_for(tx, workspace, user, case_id, *UNBLINDED)
    return runs.newest_findings(workspace, case_id)


def grade_folder(settings: Settings, folder: Path, *, progress: Progress = silent) -> dict[str, Any]:
    """Grade the one study in a folder; nothing is kept. See findings_as_json for what is returned.

    Raises DicomError when the folder holds no study that can be graded, or several.
    """
    if not folder.exists():
        raise DicomError(str(folder), reason="there is no such folder", remedy="Check its path")
    batch = read_studies(
        [folder],
        key=secrets.token_bytes(32),
        memory_mb=settings.decode_memory_mb,
        seconds=settings.decode_seconds,
        progress=partial(_part_of, progress, 0.0, READING_SHARE),
    )
    study = _only_study(folder, batch)
    graded = engine_of(settings).grade(
        {role: series.volume for role, series in study.best.items()},
        progress=partial(_part_of, progress, READING_SHARE, 1 - READING_SHARE),
    )
    return findings_as_json(new_case_id(()), graded.findings)


def findings_as_json(case_id: str, findings: StudyFindings) -> dict[str, Any]:
    """Findings for machines: `case`, `levels`, 25 `sites`, `bundle`, `seconds`; points in mm (LPS)."""
    return {
        "case": case_id,
        "levels": {level.value: {"point_mm": list(point)} for level, point in findings.levels.items()},
        "sites": [_site_as_json(finding) for finding in findings.sites],
        "bundle": findings.bundle,
        "seconds": round(findings.seconds, 2),
    }


def engine_of(settings: Settings) -> Engine:
    """The engine of these settings, loaded once a process. Raises BundleError, SettingsError."""
    where = (settings.device, settings.cpu_engine, settings.data_dir / COMPILED)
    return _engine(settings.models_dir, settings.bundle, where, settings.variations)


@cache
def _engine(models_dir: Path, bundle: str, where: tuple[str, CpuEngine, Path], variations: int) -> Engine:
    # torch takes seconds to import: not before a model is to run
    from lss_core.vision.bundle import find_bundle
    from lss_core.vision.engine import Engine

    device, cpu_engine, compiled = where
    return Engine(
        find_bundle(models_dir, bundle),
        device,
        cpu_engine=cpu_engine,
        compiled=compiled,
        variations=variations,
    )


def _site_as_json(finding: SiteFinding) -> dict[str, Any]:
    site = finding.site
    return {
        "condition": site.condition.value,
        "level": site.level.value,
        "side": site.side and site.side.value,
        "grade": None if finding.grade is None else int(finding.grade),
        "probabilities": _rounded(finding.probabilities),
        "series": finding.series and finding.series.value,
        "instance_number": finding.instance_number,
        "point_mm": finding.point_mm and list(finding.point_mm),
        "reason": finding.not_gradable and finding.not_gradable.value,
        "note": finding.note,
        "measurements": {name: round(value, 3) for name, value in finding.measurements.items()},
        "spreads": {name: round(value, 3) for name, value in finding.spreads.items()},
        "streams": {name: _rounded(said) for name, said in finding.streams.items()},
    }


def _rounded(probabilities: tuple[float, ...] | None) -> list[float] | None:
    return None if probabilities is None else [round(p, 6) for p in probabilities]


def _only_study(folder: Path, batch: DicomBatch) -> DicomStudy:
    studies = [study for study in batch.studies if study.best]
    if len(studies) == 1:
        return studies[0]
    if studies:
        raise DicomError(
            folder.name, reason=f"it holds {len(studies)} studies", remedy="Name the folder of one"
        )
    taken = batch.count(Verdict.TAKEN)
    raise DicomError(
        folder.name,
        reason=f"no lumbar series was recognised in it ({taken} of {len(batch.verdicts)} files are images)",
        remedy="Name a folder with sagittal T1 or T2 and axial T2 series",
    )


def _part_of(progress: Progress, start: float, share: float, done: float, what: str) -> None:
    progress(start + share * done, what)

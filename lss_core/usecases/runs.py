"""Model runs: what the grading of a case reads and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import RaterKind, Role, SeriesRole, StudyFindings
from lss_core.imaging.files import read_volume, write_masks, write_pictures
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.store import audit, cases, runs, studies
from lss_core.store.engine import Transaction
from lss_core.usecases.access import case_for
from lss_core.usecases.seals import run_sha256
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def case_volumes(workspace: Workspace, case_id: str) -> dict[SeriesRole, Volume]:
    """The volumes a model grades: of each role but OTHER the series with most voxels.

    Raises NotFoundError.
    """
    with workspace.store.read() as tx:
        series = _graded_series(tx, workspace, case_id)
    return {role: read_volume(workspace.volume_path(case_id, id_)) for role, id_ in series.items()}


def start_run(workspace: Workspace, user: User, case_id: str, *, bundle: str) -> str:
    """Begin a run and return its id; the case's model status is 'running'. Coordinators.

    The bundle is the rater: it joins the case's study when it first grades there.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        case = case_for(tx, workspace, user, case_id, Role.COORDINATOR)
        rater_id = studies.model_rater(tx, bundle)
        studies.join_study(tx, study_id=case.study_id, rater_id=rater_id, part=RaterKind.MODEL)
        run_id = runs.add_run(tx, case_id=case_id, rater_id=rater_id, bundle=bundle, at=now)
        audit.record(tx, at=now, actor=user.id, act="run.start", subject=case_id, run=run_id)
    return run_id


def save_run(
    workspace: Workspace,
    user: User,
    run_id: str,
    findings: StudyFindings,
    masks: Mapping[SeriesRole, MaskStack],
    explanations: Mapping[str, NDArray[np.uint8]] | None = None,
) -> None:
    """Keep a run's masks (files first), its 25 ratings with evidence and levels; status 'done'.

    explanations: by site key, (views, 5, rows, columns) as `explaining.explanation` returns them.
    """
    with workspace.store.read() as tx:
        case_id = runs.run_case(tx, run_id)
        case_for(tx, workspace, user, case_id, Role.COORDINATOR)
        series = _graded_series(tx, workspace, case_id)
    for role, stack in masks.items():
        write_masks(workspace.masks_path(case_id, series[role], run_id), stack)
    if explanations:
        write_pictures(workspace.explanations_path(case_id, run_id), explanations)
    now = workspace.now()
    with workspace.store.write() as tx:
        runs.run_case(tx, run_id)
        runs.finish_run(tx, run_id, findings, at=now)
        digest = run_sha256(site.answer for site in findings.sites)
        audit.record(
            tx, at=now, actor=user.id, act="run.done", subject=case_id, run=run_id, ratings_sha256=digest
        )


def fail_run(workspace: Workspace, user: User, run_id: str, message: str) -> None:
    """End a run that came to nothing; status 'failed' with a message fit for a user."""
    now = workspace.now()
    with workspace.store.write() as tx:
        case_id = runs.run_case(tx, run_id)
        case_for(tx, workspace, user, case_id, Role.COORDINATOR)
        runs.fail_run(tx, run_id, message, at=now)
        audit.record(tx, at=now, actor=user.id, act="run.failed", subject=case_id, run=run_id)


def newest_findings(workspace: Workspace, case_id: str) -> StudyFindings | None:
    """What the newest run that is done says of a case. It asks nobody's role: findings_of does."""
    with workspace.store.read() as tx:
        run_id = runs.newest_run(tx, case_id)
        return None if run_id is None else runs.findings_of_run(tx, run_id)


def _graded_series(tx: Transaction, workspace: Workspace, case_id: str) -> dict[SeriesRole, str]:
    """The series to grade by role: the first of each role as the store orders them."""
    found: dict[SeriesRole, str] = {}
    for series in cases.case_summary(tx, case_id, now=workspace.now()).series:
        if series.role is not SeriesRole.OTHER:
            found.setdefault(series.role, series.id)
    return found

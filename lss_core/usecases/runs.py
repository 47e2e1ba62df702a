"""Model runs: what the grading of a case reads and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping

from lss_core.domain import SeriesRole, StudyFindings
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def case_volumes(workspace: Workspace, case_id: str) -> dict[SeriesRole, Volume]:
    """The volumes a model grades: of each role but OTHER the series with most slices.

    Raises NotFoundError.
    """
    raise NotImplementedError


def start_run(workspace: Workspace, user: User, case_id: str, *, bundle: str) -> str:
    """Begin a run and return its id; the case's model status is 'running'. Coordinators."""
    raise NotImplementedError


def save_run(
    workspace: Workspace,
    user: User,
    run_id: str,
    findings: StudyFindings,
    masks: Mapping[SeriesRole, MaskStack],
) -> None:
    """Keep a run's masks (files first), its 25 ratings with evidence and levels; status 'done'.

    The bundle is the rater: it joins the case's study when it first grades there.
    """
    raise NotImplementedError


def fail_run(workspace: Workspace, user: User, run_id: str, message: str) -> None:
    """End a run that came to nothing; status 'failed' with a message fit for a user."""
    raise NotImplementedError


def newest_findings(workspace: Workspace, case_id: str) -> StudyFindings | None:
    """What the newest run that is done says of a case. It asks nobody's role: findings_of does."""
    raise NotImplementedError

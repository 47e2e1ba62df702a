"""Studies and their cases."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

from lss_core.domain import Role
from lss_core.errors import StoreError
from lss_core.store import audit, cases, studies
from lss_core.store.values import CaseSummary, RunStatus, SeriesSummary, StudySummary
from lss_core.usecases.access import check_study
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

__all__ = [
    "CaseSummary", "RunStatus", "SeriesSummary", "StudySummary", "delete_case", "list_cases", "list_studies",
]  # fmt: skip


def list_studies(workspace: Workspace, user: User) -> list[StudySummary]:
    """The studies the user may see: a reader or adjudicator his own, others all; newest first."""
    with workspace.store.read() as tx:
        return studies.study_summaries(tx, rater_id=(user.rater_id or "") if user.blinded else None)


def list_cases(workspace: Workspace, user: User, study_id: str) -> list[CaseSummary]:
    """The cases of a study in the order of their import.

    A reader or adjudicator is not told of the model's status (it is always 'none').
    """
    with workspace.store.read() as tx:
        check_study(tx, user, study_id)
        found = cases.case_summaries(tx, now=workspace.now(), study_id=study_id)
    if not user.blinded:
        return found
    nothing: dict[str, Any] = {"model_status": RunStatus.NONE, "model_message": "", "graded_sites": 0}
    return [replace(case, **nothing) for case in found]


def delete_case(workspace: Workspace, user: User, case_id: str, reason: str) -> None:
    """Delete a case with all that hangs on it: rows first, then its files. Coordinators.

    The deletion itself, who and why, stays on record. Raises StoreError without a reason,
    and when files are left behind; NotFoundError.
    """
    require(user, Role.COORDINATOR)
    reason = reason.strip()[:500]
    if not reason:
        raise StoreError(case_id, reason="a deletion needs its reason", remedy="Say why the case is deleted")
    now = workspace.now()
    with workspace.store.write() as tx:
        cases.case_summary(tx, case_id, now=now)
        cases.delete_case(tx, case_id, reason=reason, actor=user.id, at=now)
        audit.record(tx, at=now, actor=user.id, act="case.delete", subject=case_id, reason=reason)
    try:
        shutil.rmtree(workspace.case_folder(case_id))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(
            case_id,
            reason="the case is deleted, but not all of its files could be",
            remedy=f"Delete the folder volumes/{case_id} in the data folder by hand",
        ) from error

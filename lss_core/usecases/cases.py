"""Studies and their cases."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime
from typing import Any

from lss_core.domain import Role
from lss_core.errors import ConflictError, StoreError
from lss_core.store import audit, cases, people, protocols, references, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import CaseSummary, RunStatus, SeriesSummary, StudySummary
from lss_core.texts import later
from lss_core.usecases.access import UNBLINDED, case_for, check_study, studies_of
from lss_core.usecases.seals import grades_sha256
from lss_core.usecases.users import User, join, require
from lss_core.usecases.workspace import Workspace

__all__ = [
    "CaseSummary", "RunStatus", "SeriesSummary", "StudySummary", "delete_case", "list_cases", "list_studies",
    "make_study",
]  # fmt: skip


def make_study(workspace: Workspace, user: User, title: str, *, synthetic: bool = False) -> StudySummary:
    """A new study, whose coordinator is who makes it. Coordinators of any study, or of none yet.

    Raises StoreError without a title, ConflictError when it is taken.
    """
    require(user, Role.COORDINATOR)
    title = title.strip()[:200]
    if not title:
        raise StoreError("Study", reason=later("it has no title"), remedy=later("Give it one"))
    now = workspace.now()
    with workspace.store.write() as tx:
        if studies.find_study(tx, title) is not None:
            raise ConflictError(
                "Study", reason=later("this title is taken"), remedy=later("Choose another title")
            )
        study_id = new_study(tx, user, title, synthetic=synthetic, at=now)
        return studies.study_summary(tx, study_id)


def new_study(tx: Transaction, user: User, title: str, *, synthetic: bool = False, at: datetime) -> str:
    """The id of a new study; who makes it is its coordinator, unless he is an administrator anyway."""
    study_id = studies.add_study(tx, title=title, synthetic=synthetic, at=at)
    audit.record(tx, at=at, actor=user.id, act="study.make", subject=study_id)
    record = people.user_by_id(tx, user.id)
    if record is not None and record.role is not Role.ADMINISTRATOR:
        join(tx, user.id, record, study_id, Role.COORDINATOR, at=at)
    return study_id


def list_studies(workspace: Workspace, user: User, *roles: Role) -> list[StudySummary]:
    """The studies in which the user has one of these roles, by default one that sees cases; newest first."""
    with workspace.store.read() as tx:
        return studies_of(tx, user, *roles)


def list_cases(workspace: Workspace, user: User, study_id: str) -> list[CaseSummary]:
    """The cases of a study in the order of their import.

    A reader or adjudicator is not told of the model's status (it is always 'none').
    """
    with workspace.store.read() as tx:
        role = check_study(tx, user, study_id)
        found = cases.case_summaries(tx, now=workspace.now(), study_id=study_id)
    if role is Role.ADMINISTRATOR or role in UNBLINDED:
        return found
    nothing: dict[str, Any] = {"model_status": RunStatus.NONE, "model_message": "", "graded_sites": 0}
    return [replace(case, **nothing) for case in found]


def delete_case(workspace: Workspace, user: User, case_id: str, reason: str) -> None:
    """Delete a case with all that hangs on it: rows first, then its files. Coordinators.

    The deletion itself, who and why, stays on record. Raises StoreError without a reason,
    and when files are left behind; ConflictError for a case that a protocol has assigned, unless it is
    synthetic; NotFoundError.
    """
    reason = reason.strip()[:500]
    if not reason:
        raise StoreError(case_id, reason="a deletion needs its reason", remedy="Say why the case is deleted")
    now = workspace.now()
    with workspace.store.write() as tx:
        found = case_for(tx, workspace, user, case_id, Role.COORDINATOR)
        if protocols.assigned_case(tx, case_id) and not found.synthetic:
            raise ConflictError(
                case_id,
                reason="the study's protocol has assigned it to readers",
                remedy="Withdraw it on the page Progress: it leaves the analysis and stays on record",
            )
        graded = references.references_of_case(tx, case_id)
        cases.delete_case(tx, case_id, reason=reason, actor=user.id, at=now)
        audit.record(tx, at=now, actor=user.id, act="case.delete", subject=case_id, reason=reason)
        for reference_id in graded:  # what is frozen has lost the case's grades: its new hash
            digest = grades_sha256(references.reference_grades(tx, reference_id))
            audit.record(
                tx, at=now, actor=user.id, act="reference.cut", subject=reference_id, study=found.study_id,
                case=case_id, grades_sha256=digest,
            )  # fmt: skip
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

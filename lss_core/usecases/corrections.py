"""Unlocking a read, withdrawing a read or a case: for a reason, on record, by a coordinator."""

from __future__ import annotations

from lss_core.domain import Role
from lss_core.errors import ConflictError
from lss_core.store import audit, cases, corrections, reads
from lss_core.store.corrections import Correction, CorrectionKind
from lss_core.store.engine import Transaction
from lss_core.texts import later
from lss_core.usecases.access import require_in, require_study
from lss_core.usecases.protocols import reason_given
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "Correction",
    "CorrectionKind",
    "study_corrections",
    "unlock_read",
    "withdraw_case",
    "withdraw_read",
]


def unlock_read(workspace: Workspace, user: User, read_id: str, *, reason: str) -> None:
    """Open a submitted read again: its reader may answer on and signs anew. Coordinators of its study.

    Its answers and its signature stay on record. Raises ProtocolError without a reason, ConflictError for
    a read that is not submitted, and for the first stage of a sequential read whose second has begun: the
    model was shown.
    """
    now, reason = workspace.now(), reason_given(reason)
    with workspace.store.write() as tx:
        read = reads.get_read(tx, read_id)
        _coordinated(tx, user, read.case_id)
        if read.submitted_at is None:
            raise ConflictError(
                read.case_id,
                reason=later("this read is not submitted"),
                remedy=later("Its reader may answer on as it is"),
            )
        if reads.followed(tx, read):
            raise ConflictError(
                read.case_id,
                reason=later("the model was shown after this read was locked"),
                remedy=later("Withdraw it instead"),
            )
        corrections.unlock(tx, read_id, reason=reason, actor=user.id, at=now)
        audit.record(tx, at=now, actor=user.id, act="read.unlock", subject=read_id, reason=reason)


def withdraw_read(workspace: Workspace, user: User, read_id: str, *, reason: str) -> None:
    """Take a read out of the analysis for good; the record keeps it. Coordinators of its study.

    Raises ProtocolError without a reason, ConflictError for a read that was withdrawn before.
    """
    now, reason = workspace.now(), reason_given(reason)
    with workspace.store.write() as tx:
        case_id = reads.get_read(tx, read_id).case_id
        _coordinated(tx, user, case_id)
        _check_there(tx, case_id, read_id)
        corrections.withdraw(tx, case_id, read_id=read_id, reason=reason, actor=user.id, at=now)
        audit.record(tx, at=now, actor=user.id, act="read.withdraw", subject=read_id, reason=reason)


def withdraw_case(workspace: Workspace, user: User, case_id: str, *, reason: str) -> None:
    """Take a case with all its reads out of the analysis for good. Coordinators of its study.

    Raises ProtocolError without a reason, ConflictError for a case that was withdrawn before.
    """
    now, reason = workspace.now(), reason_given(reason)
    with workspace.store.write() as tx:
        _coordinated(tx, user, case_id)
        _check_there(tx, case_id, None)
        corrections.withdraw(tx, case_id, read_id=None, reason=reason, actor=user.id, at=now)
        audit.record(tx, at=now, actor=user.id, act="case.withdraw", subject=case_id, reason=reason)


def study_corrections(workspace: Workspace, user: User, study_id: str) -> tuple[Correction, ...]:
    """What was unlocked, withdrawn and allowed in a study, the oldest first. Coordinators, auditors."""
    require_study(workspace, user, study_id, Role.COORDINATOR, Role.AUDITOR)
    with workspace.store.read() as tx:
        return corrections.study_corrections(tx, study_id)


def _coordinated(tx: Transaction, user: User, case_id: str) -> None:
    require_in(tx, user, cases.study_of_case(tx, case_id) or "", Role.COORDINATOR)


def _check_there(tx: Transaction, case_id: str, read_id: str | None) -> None:
    if corrections.withdrawn(tx, case_id, read_id):
        raise ConflictError(
            case_id, reason=later("it was withdrawn before"), remedy=later("Nothing is left to do")
        )

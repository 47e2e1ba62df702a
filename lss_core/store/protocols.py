"""Versions of a study's protocol, and who was assigned to read what when one was locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lss_core.errors import NotFoundError
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import Assignment, AssignmentKind, ProtocolRecord
from lss_core.study.protocol import Protocol, as_document, from_document, sha256


def add_draft(
    tx: Transaction, study_id: str, protocol: Protocol, *, reason: str, actor: str, at: datetime
) -> str:
    """Begin the next version of a study's protocol; its id."""
    newest = sa.select(sa.func.max(t.protocols.c.version)).where(t.protocols.c.study_id == study_id)
    row = {
        "id": new_id("PR"),
        "study_id": study_id,
        "version": (tx.scalar(newest) or 0) + 1,
        "document": as_document(protocol),
        "reason": reason,
        "created_by": actor,
        "created_at": at,
    }
    tx.execute(sa.insert(t.protocols).values(row))
    return str(row["id"])


def change_draft(tx: Transaction, protocol_id: str, protocol: Protocol, *, reason: str) -> None:
    """Replace what a draft says; the database refuses it for a locked one."""
    changed = sa.update(t.protocols).where(t.protocols.c.id == protocol_id)
    tx.execute(changed.values(document=as_document(protocol), reason=reason))


def lock(tx: Transaction, protocol_id: str, protocol: Protocol, *, actor: str, at: datetime) -> str:
    """Lock a draft as it stands; the SHA-256 of its document."""
    digest = sha256(protocol)
    locked = sa.update(t.protocols).where(t.protocols.c.id == protocol_id)
    tx.execute(locked.values(sha256=digest, locked_by=actor, locked_at=at))
    return digest


def versions(tx: Transaction, study_id: str) -> list[ProtocolRecord]:
    """The versions of a study's protocol, the oldest first; the last may be a draft."""
    query = sa.select(t.protocols).where(t.protocols.c.study_id == study_id).order_by(t.protocols.c.version)
    return [_record(row) for row in tx.execute(query)]


def live_protocol(tx: Transaction, study_id: str) -> ProtocolRecord | None:
    """The newest locked version: the one that holds. None while the study has none."""
    locked = [record for record in versions(tx, study_id) if record.locked_at is not None]
    return locked[-1] if locked else None


def add_assignments(tx: Transaction, assignments: Sequence[Assignment]) -> None:
    """Store what was drawn."""
    rows = [
        {
            "id": one.id,
            "protocol_id": one.protocol_id,
            "rater_id": one.rater_id,
            "case_id": one.case_id,
            "session": one.session,
            "position": one.position,
            "arm": one.arm,
            "kind": one.kind,
        }
        for one in assignments
    ]
    if rows:
        tx.execute(sa.insert(t.assignments), rows)


def end_assignments(tx: Transaction, assignment_ids: Sequence[str], *, protocol_id: str) -> None:
    """A newer version no longer wants these read; they stay on record."""
    rows = [{"assignment_id": one, "protocol_id": protocol_id} for one in assignment_ids]
    if rows:
        tx.execute(sa.insert(t.assignment_ends), rows)


def study_assignments(
    tx: Transaction, study_id: str, *, rater_id: str | None = None
) -> tuple[Assignment, ...]:
    """What is to be read in a study, by reader, session, version and place: not ended, no withdrawn case."""
    a = t.assignments
    withdrawn = sa.select(t.withdrawals.c.case_id).where(t.withdrawals.c.read_id.is_(None))
    query = (
        sa.select(a)
        .join(t.protocols, t.protocols.c.id == a.c.protocol_id)
        .where(t.protocols.c.study_id == study_id)
        .where(a.c.id.not_in(sa.select(t.assignment_ends.c.assignment_id)))
        .where(a.c.case_id.not_in(withdrawn))
        .order_by(a.c.rater_id, a.c.session, t.protocols.c.version, a.c.position)
    )
    if rater_id is not None:
        query = query.where(a.c.rater_id == rater_id)
    return tuple(_assignment(row) for row in tx.execute(query))


def allowed_sessions(tx: Transaction, study_id: str, rater_id: str) -> frozenset[int]:
    """The sessions that a reader was let into before the wash-out was over."""
    s = t.session_overrides
    query = sa.select(s.c.session).where(s.c.study_id == study_id, s.c.rater_id == rater_id)
    return frozenset(tx.scalars(query))


def get_assignment(tx: Transaction, assignment_id: str) -> tuple[Assignment, ProtocolRecord]:
    """An assignment and the version of the protocol that it was drawn for. Raises NotFoundError."""
    row = tx.execute(sa.select(t.assignments).where(t.assignments.c.id == assignment_id)).first()
    if row is None:
        raise NotFoundError("Assignment", reason="there is no such assignment", remedy="Open your list again")
    protocol = tx.execute(sa.select(t.protocols).where(t.protocols.c.id == row.protocol_id)).one()
    return _assignment(row), _record(protocol)


def begun_assignments(tx: Transaction, study_id: str) -> frozenset[str]:
    """The ids of those of a study that have been opened."""
    query = (
        sa.select(t.reads.c.assignment_id)
        .join(t.cases, t.cases.c.id == t.reads.c.case_id)
        .where(t.cases.c.study_id == study_id, t.reads.c.assignment_id.is_not(None))
    )
    return frozenset(tx.scalars(query))


def assigned_case(tx: Transaction, case_id: str) -> bool:
    """Whether a case is to be read, or was, by a protocol."""
    a = t.assignments
    query = sa.select(a.c.id).where(a.c.case_id == case_id).limit(1)
    return tx.scalar(query) is not None


def allow_session(
    tx: Transaction, study_id: str, rater_id: str, session: int, *, reason: str, actor: str, at: datetime
) -> None:
    """Let a reader into a session before the wash-out is over."""
    row = {
        "id": new_id("SO"),
        "study_id": study_id,
        "rater_id": rater_id,
        "session": session,
        "reason": reason,
        "allowed_by": actor,
        "allowed_at": at,
    }
    tx.execute(sa.insert(t.session_overrides).values(row))


def _record(row: sa.Row[Any]) -> ProtocolRecord:
    return ProtocolRecord(
        id=row.id,
        study_id=row.study_id,
        version=row.version,
        protocol=from_document(row.document),
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
        sha256=row.sha256,
        locked_by=row.locked_by,
        locked_at=row.locked_at,
    )


def _assignment(row: sa.Row[Any]) -> Assignment:
    return Assignment(
        id=row.id,
        protocol_id=row.protocol_id,
        rater_id=row.rater_id,
        case_id=row.case_id,
        session=row.session,
        position=row.position,
        arm=row.arm,
        kind=AssignmentKind(row.kind),
    )

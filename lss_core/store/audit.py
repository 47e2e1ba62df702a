"""The audit trail: who did what to what, written in the transaction that does it.

Each row's hash covers the row and the hash of the row before it: whoever changes one, or takes one
away, breaks the chain. A trigger refuses a row that does not follow the last one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from lss_core.store.engine import ACTS, Transaction
from lss_core.store.tables import audit

FREE_TEXT = {"reason"}
"""Details that people write themselves: they stay in the database."""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One act. `details` holds no patient data and no answers."""

    at: datetime
    actor: str
    act: str
    subject: str
    details: Mapping[str, Any]


def record(tx: Transaction, *, at: datetime, actor: str, act: str, subject: str, **details: Any) -> None:
    """Add an entry: 'user:R-…' did 'case.delete' to 'C-…'. It is logged once it is committed."""
    known = {name: value for name, value in details.items() if name not in FREE_TEXT}
    tx.info.setdefault(ACTS, []).append({"event": act, "actor": actor, "subject": subject, **known})
    previous = tx.scalar(sa.select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)) or ""
    row: dict[str, Any] = {"at": at, "actor": actor, "act": act, "subject": subject, "details": details}
    digest = link(previous, **row)
    tx.execute(sa.insert(audit).values(**row, previous=previous, hash=digest))


def link(
    previous: str, *, at: datetime, actor: str, act: str, subject: str, details: Mapping[str, Any]
) -> str:
    """A row's hash: SHA-256 of the canonical JSON list of the hash before, time (UTC, µs), actor, act,
    subject and details (sorted keys, no spaces, UTF-8)."""
    time = at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(
        [previous, time, actor, act, subject, details],
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()


def entries(tx: Transaction, *, subject: str | None = None) -> tuple[AuditEntry, ...]:
    """The entries, oldest first, of one subject or all."""
    query = sa.select(audit).order_by(audit.c.id)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return tuple(
        AuditEntry(at=row.at, actor=row.actor, act=row.act, subject=row.subject, details=row.details)
        for row in tx.execute(query)
    )

"""The audit trail: who did what to what, written in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    tx.execute(sa.insert(audit).values(at=at, actor=actor, act=act, subject=subject, details=details))


def entries(tx: Transaction, *, subject: str | None = None) -> tuple[AuditEntry, ...]:
    """The entries, oldest first, of one subject or all."""
    query = sa.select(audit).order_by(audit.c.id)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    return tuple(
        AuditEntry(at=row.at, actor=row.actor, act=row.act, subject=row.subject, details=row.details)
        for row in tx.execute(query)
    )

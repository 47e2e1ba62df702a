"""The audit trail: who did what to what, written in the transaction that does it.

Each row's hash covers the row and the hash of the row before it: whoever changes one, or takes one
away, breaks the chain. A trigger refuses a row that does not follow the last one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from lss_core.store.engine import ACTS, Transaction
from lss_core.store.tables import audit
from lss_core.texts import later

FREE_TEXT = {"reason"}
"""Details that people write themselves: they stay in the database."""


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One act and its place in the chain. `details` holds no patient data and no answers."""

    id: int
    at: datetime
    actor: str
    act: str
    subject: str
    details: Mapping[str, Any]
    previous: str
    hash: str

    @property
    def sound(self) -> bool:
        """Whether the hash is the one of what the row says."""
        told = {"at": self.at, "actor": self.actor, "act": self.act, "subject": self.subject}
        return self.hash == link(self.previous, **told, details=self.details)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a walk along the chain found: its rows, the hash of the last one, and the first that is broken.

    `broken` is the id of the first row that was changed, or that does not follow the row before it
    (one between them was taken away); `reason` says which. `altered` are sentences about what is no longer
    as sound rows say that it was signed, frozen or locked.
    """

    rows: int
    head: str
    broken: int | None = None
    reason: str = ""
    altered: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return self.broken is None and not self.altered


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


def verify(tx: Transaction) -> Verification:
    """Walk along the whole chain, to its end or to the first row that is not as it was written.

    Rows cut off at the end leave a sound chain: compare `head` with one that was noted elsewhere.
    """
    previous, rows = "", 0
    for entry in _walk(tx, sa.select(audit).order_by(audit.c.id)):
        if entry.previous != previous:
            reason = later("it does not follow the row before it: one was taken away or put between")
            return Verification(rows=rows, head=previous, broken=entry.id, reason=reason)
        if not entry.sound:
            return Verification(
                rows=rows, head=previous, broken=entry.id, reason=later("it was changed after it was written")
            )
        previous, rows = entry.hash, rows + 1
    return Verification(rows=rows, head=previous)


def holds(tx: Transaction, digest: str) -> bool:
    """Whether the chain has a row of this hash."""
    return tx.scalar(sa.select(audit.c.id).where(audit.c.hash == digest)) is not None


def entries(
    tx: Transaction,
    *,
    subject: str | None = None,
    subjects: Collection[str] | None = None,
    acts: Collection[str] | None = None,
) -> tuple[AuditEntry, ...]:
    """The entries, oldest first, of one subject, of any of several, or all; of these acts where given."""
    query = sa.select(audit).order_by(audit.c.id)
    if subject is not None:
        query = query.where(audit.c.subject == subject)
    if acts is not None:
        query = query.where(audit.c.act.in_(acts))
    found = _walk(tx, query)
    return tuple(entry for entry in found if subjects is None or entry.subject in subjects)


def _walk(tx: Transaction, query: sa.Select[Any]) -> Iterator[AuditEntry]:
    for row in tx.execute(query.execution_options(yield_per=10_000)):
        yield AuditEntry(
            id=row.id,
            at=row.at,
            actor=row.actor,
            act=row.act,
            subject=row.subject,
            details=row.details,
            previous=row.previous,
            hash=row.hash,
        )

"""What belongs to a sitting besides its answers: pen, notes, times, signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lss_core.errors import ConflictError
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import ReadNote, ReadSpan, Signature


@dataclass(frozen=True, kw_only=True)
class Pen:
    """The window in which a read is answered, and when it was last heard of."""

    pen: str
    seen_at: datetime


def find_pen(tx: Transaction, read_id: str) -> Pen | None:
    """Who holds a read's pen; None where nobody does."""
    row = tx.execute(sa.select(t.read_pens).where(t.read_pens.c.read_id == read_id)).first()
    return None if row is None else Pen(pen=row.pen, seen_at=row.seen_at)


def hold_pen(tx: Transaction, read_id: str, pen: str, *, at: datetime) -> None:
    """Give a read's pen to a window, or note that it still holds it."""
    own = t.read_pens.c.read_id == read_id
    if tx.execute(sa.update(t.read_pens).where(own).values(pen=pen, seen_at=at)).rowcount == 0:
        tx.execute(sa.insert(t.read_pens).values(read_id=read_id, pen=pen, seen_at=at))


def drop_pen(tx: Transaction, read_id: str, pen: str) -> None:
    """Put a pen down, where this window holds it."""
    held = (t.read_pens.c.read_id == read_id) & (t.read_pens.c.pen == pen)
    tx.execute(sa.delete(t.read_pens).where(held))


def newest_note(tx: Transaction, read_id: str) -> ReadNote:
    """What was last said of the whole case; an empty note where nothing was."""
    n = t.read_notes
    row = tx.execute(sa.select(n).where(n.c.read_id == read_id).order_by(n.c.id.desc()).limit(1)).first()
    return ReadNote() if row is None else ReadNote(image_quality=row.image_quality, comment=row.comment)


def study_notes(tx: Transaction, study_id: str) -> Mapping[str, ReadNote]:
    """The note that counts of each read of a study's cases, by the read's id."""
    n = t.read_notes
    query = (
        sa.select(n)
        .join(t.reads, t.reads.c.id == n.c.read_id)
        .join(t.cases, t.cases.c.id == t.reads.c.case_id)
        .where(t.cases.c.study_id == study_id)
        .order_by(n.c.id)
    )
    return {
        row.read_id: ReadNote(image_quality=row.image_quality, comment=row.comment)
        for row in tx.execute(query)
    }


def add_note(tx: Transaction, read_id: str, note: ReadNote, *, key: str, at: datetime) -> bool:
    """Add what is said of the whole case; False when this key has added the same before.

    Raises ConflictError when the key came with another note.
    """
    n = t.read_notes
    found = tx.execute(sa.select(n).where(n.c.read_id == read_id, n.c.idempotency_key == key)).first()
    if found is None:
        told = {"image_quality": note.image_quality, "comment": note.comment}
        tx.execute(sa.insert(n).values(read_id=read_id, **told, idempotency_key=key, given_at=at))
    elif ReadNote(image_quality=found.image_quality, comment=found.comment) != note:
        raise ConflictError(
            read_id, reason="this note's key was used for another note", remedy="Reload the page"
        )
    return found is None


def add_spans(tx: Transaction, read_id: str, spans: Sequence[ReadSpan], *, at: datetime) -> int:
    """Add stretches of time; those whose key is known are left out. How many were new."""
    s = t.read_spans
    keys = [span.key for span in spans]
    known = set(
        tx.scalars(
            sa.select(s.c.idempotency_key).where(s.c.read_id == read_id, s.c.idempotency_key.in_(keys))
        )
    )
    new = {span.key: span for span in spans if span.key not in known}
    rows = [
        {
            "read_id": read_id,
            "site": None if span.site is None else span.site.key,
            "active_ms": span.active_ms,
            "idle_ms": span.idle_ms,
            "idempotency_key": span.key,
            "ended_at": at,
        }
        for span in new.values()
    ]
    if rows:
        tx.execute(sa.insert(s), rows)
    return len(rows)


def add_signature(
    tx: Transaction, read_id: str, *, user_id: str, printed_name: str, meaning: str, sha256: str, at: datetime
) -> None:
    """Keep a signature."""
    row = {
        "id": new_id("SIG"),
        "read_id": read_id,
        "user_id": user_id,
        "printed_name": printed_name,
        "meaning": meaning,
        "answers_sha256": sha256,
        "signed_at": at,
    }
    tx.execute(sa.insert(t.signatures).values(row))


def newest_signature(tx: Transaction, read_id: str) -> Signature | None:
    """The last signature under a read, which an unlock may have followed."""
    s = t.signatures
    query = sa.select(s).where(s.c.read_id == read_id).order_by(s.c.signed_at.desc()).limit(1)
    row = tx.execute(query).first()
    if row is None:
        return None
    return Signature(
        printed_name=row.printed_name,
        meaning=row.meaning,
        answers_sha256=row.answers_sha256,
        signed_at=row.signed_at,
    )

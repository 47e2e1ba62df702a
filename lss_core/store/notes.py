"""What readers say of a whole case: its image quality, a comment. The newest counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from lss_core.store import tables as t
from lss_core.store.engine import Transaction


@dataclass(frozen=True, kw_only=True)
class ReadNote:
    """Image quality from 1 (unusable) to 5 (excellent), and a comment."""

    image_quality: int | None
    comment: str


def study_notes(tx: Transaction, study_id: str) -> Mapping[str, ReadNote]:
    """The note that counts of each read of a study's cases."""
    notes = t.read_notes
    query = (
        sa.select(notes)
        .join(t.reads, t.reads.c.id == notes.c.read_id)
        .join(t.cases, t.cases.c.id == t.reads.c.case_id)
        .where(t.cases.c.study_id == study_id)
        .order_by(notes.c.id)
    )
    return {
        row.read_id: ReadNote(image_quality=row.image_quality, comment=row.comment)
        for row in tx.execute(query)
    }

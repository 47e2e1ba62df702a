"""Which of a reader's sessions may be read now: by the wash-out of the protocol and what was allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lss_core.store import protocols, reads
from lss_core.store.engine import Transaction
from lss_core.store.values import Assignment, ProtocolRecord
from lss_core.study.washout import SessionStanding, Sitting, standings


def session_standings(
    tx: Transaction, live: ProtocolRecord, rater_id: str, of_reader: Sequence[Assignment], *, now: datetime
) -> dict[int, SessionStanding]:
    """How each session of a reader stands, by its number; `of_reader` is all that he is assigned."""
    finished = reads.finished_times(tx, rater_id)
    sittings = [
        Sitting(
            session=one.session,
            finished_at=finished.get((one.id, len(live.protocol.arm(one.arm).stages))),
        )
        for one in of_reader
    ]
    found = standings(
        sittings,
        wash_out_days=live.protocol.wash_out_days,
        allowed=protocols.allowed_sessions(tx, live.study_id, rater_id),
        now=now,
    )
    return {standing.session: standing for standing in found}

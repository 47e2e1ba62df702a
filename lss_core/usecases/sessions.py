"""Which of a reader's sessions may be read now: by the wash-out of the protocol and what was allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lss_core.store import corrections, protocols, reads
from lss_core.store.engine import Transaction
from lss_core.store.values import Assignment, ProtocolRecord
from lss_core.study.washout import SessionStanding, Sitting, standings


def still_wanted(tx: Transaction, live: ProtocolRecord, rater_id: str) -> tuple[Assignment, ...]:
    """What a reader has read or is to read, by session and place: all that he is assigned, but for what was
    withdrawn before he had submitted all of it.
    """
    opened = reads.assigned_reads(tx, rater_id)
    withdrawn = corrections.withdrawn_reads(tx, rater_id)
    stopped = {assignment for (assignment, _), read in opened.items() if read.id in withdrawn}

    def finished(one: Assignment) -> bool:
        last = opened.get((one.id, len(live.protocol.arm(one.arm).stages)))
        return last is not None and last.submitted_at is not None

    assigned = protocols.study_assignments(tx, live.study_id, rater_id=rater_id)
    return tuple(one for one in assigned if one.id not in stopped or finished(one))


def session_standings(
    tx: Transaction, live: ProtocolRecord, rater_id: str, of_reader: Sequence[Assignment], *, now: datetime
) -> dict[int, SessionStanding]:
    """How each session of a reader stands, by its number; `of_reader` is what is still wanted of him."""
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

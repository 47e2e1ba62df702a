"""When a reader's session may begin: some days after the last read of the session before it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class SessionState(StrEnum):
    """How a session stands: to be read, waiting for the one before, for the wash-out, or read."""

    OPEN = "open"
    BEFORE_UNFINISHED = "before_unfinished"
    WAITS = "waits"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """An assigned read of a session, and when it was first submitted (None: not yet).

    The first time counts: an unlock later on does not put the next session off.
    """

    session: int
    finished_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SessionStanding:
    """A session and its state. `opens_at`: when the wash-out before it is over, where that is known.

    `overridden`: it is open before that time because a coordinator allowed it.
    """

    session: int
    state: SessionState
    opens_at: datetime | None = None
    overridden: bool = False


def standings(
    sittings: Iterable[Sitting], *, wash_out_days: int, allowed: Container[int] = (), now: datetime
) -> tuple[SessionStanding, ...]:
    """Each session's standing, the first one's first.

    A session is done when all its reads are submitted. It opens `wash_out_days` times 24 hours after the
    last read of the session before it was submitted; once that session is done, one in `allowed` opens
    at once.
    """
    of_session: dict[int, list[datetime | None]] = {}
    for sitting in sittings:
        of_session.setdefault(sitting.session, []).append(sitting.finished_at)
    found: list[SessionStanding] = []
    before: Sequence[datetime | None] = ()
    for session in sorted(of_session):
        opens_at = _opens_at(before, wash_out_days)
        early = opens_at is not None and now < opens_at
        if None not in of_session[session]:
            state = SessionState.DONE
        elif None in before:
            state = SessionState.BEFORE_UNFINISHED
        else:
            state = SessionState.WAITS if early and session not in allowed else SessionState.OPEN
        overridden = early and state is SessionState.OPEN
        found.append(SessionStanding(session=session, state=state, opens_at=opens_at, overridden=overridden))
        before = of_session[session]
    return tuple(found)


def _opens_at(before: Sequence[datetime | None], days: int) -> datetime | None:
    finished = [at for at in before if at is not None]
    if not finished or len(finished) < len(before):
        return None
    return max(finished) + timedelta(days=days)

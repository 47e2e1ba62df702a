"""The window of a sitting: who holds its pen, and how long he looked."""

from __future__ import annotations

from collections.abc import Sequence

from lss_core.errors import StoreError
from lss_core.store import audit, sittings
from lss_core.store.values import ReadSpan
from lss_core.usecases.due import check_look
from lss_core.usecases.pens import check_pen
from lss_core.usecases.read_state import ReadState, own_read, state
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = ["ReadSpan", "drop_pen", "hold_pen", "record_spans"]

LONGEST_SPAN_MS = 12 * 3600 * 1000
MOST_SPANS = 100


def hold_pen(workspace: Workspace, user: User, read_id: str, pen: str, *, take: bool = False) -> ReadState:
    """Take a read's pen for a window, and the read as it is now.

    With `take` it is taken from another window, which stands in the audit trail. Raises PenError while
    another holds it, AccessError when the read is another's.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        read = own_read(tx, user, read_id)
        check_look(tx, user, read, now=now)
        before = sittings.find_pen(tx, read_id)
        check_pen(tx, read_id, pen, at=now, take=take)
        if take and before is not None and before.pen != pen:
            audit.record(tx, at=now, actor=user.id, act="read.take_over", subject=read_id)
        return state(tx, read)


def drop_pen(workspace: Workspace, user: User, read_id: str, pen: str) -> None:
    """Put the pen down: the window is closed."""
    with workspace.store.write() as tx:
        own_read(tx, user, read_id)
        sittings.drop_pen(tx, read_id, pen)


def record_spans(
    workspace: Workspace, user: User, read_id: str, spans: Sequence[ReadSpan], *, pen: str | None = None
) -> int:
    """Add stretches of time in front of the images; how many were new. The same key twice adds one.

    They are taken from a submitted read too: its last seconds may come late. Raises StoreError for what no
    sitting can last, AccessError when the read is another's.
    """
    fits = all(0 <= ms <= LONGEST_SPAN_MS for span in spans for ms in (span.active_ms, span.idle_ms))
    if not fits or len(spans) > MOST_SPANS:
        raise StoreError("Time", reason="it is longer than a sitting can last", remedy="Reload the page")
    now = workspace.now()
    with workspace.store.write() as tx:
        read = own_read(tx, user, read_id)
        added = sittings.add_spans(tx, read_id, spans, at=now)
        held = sittings.find_pen(tx, read_id)
        if added and read.submitted_at is None and held is not None and held.pen == pen:
            sittings.hold_pen(tx, read_id, held.pen, at=now)
        return added

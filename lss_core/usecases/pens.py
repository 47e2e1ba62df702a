"""The pen of a read: one window answers at a time, and the other is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from lss_core.errors import PenError
from lss_core.store import sittings
from lss_core.store.engine import Transaction

LEASE = timedelta(minutes=5)
"""After so long without a word from a window, another may take its pen without asking."""


def check_pen(tx: Transaction, read_id: str, pen: str | None, *, at: datetime, take: bool = False) -> None:
    """Let a window write in a read: it holds the pen, nobody does, or it takes it over.

    Without a pen (the command line, an import) nothing is asked. Raises PenError while another window
    holds it.
    """
    if pen is None:
        return
    held = sittings.find_pen(tx, read_id)
    if held is not None and held.pen != pen and at - held.seen_at < LEASE and not take:
        raise PenError(
            "Read",
            reason="this read is open in another window, where it is being answered",
            remedy="Go on there, or take it over here",
        )
    sittings.hold_pen(tx, read_id, pen, at=at)

"""Who reads what in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def reading_order(case_ids: Iterable[str], *, reader: str, seed: int, session: int = 1) -> tuple[str, ...]:
    """The cases in this reader's own random order, the same on every call.

    Each case is placed by a hash of seed, session, reader and its id, so a case that is added later
    does not change the order of the others, and no reader shares another's order.
    """

    def place(case_id: str) -> bytes:
        return hashlib.sha256(f"{seed}/{session}/{reader}/{case_id}".encode()).digest()

    return tuple(sorted(set(case_ids), key=place))

"""What a reader may know of a case: an opaque id that tells neither its source nor its order."""

from __future__ import annotations

import secrets
from collections.abc import Container

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 characters that are not mistaken for one another when read aloud or copied (no 0, 1, I, O)."""

LENGTH = 6


def new_case_id(taken: Container[str] = ()) -> str:
    """A random id such as 'C-7F3K9Q' that is not in `taken`; a thousand million are possible."""
    while True:
        case_id = "C-" + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if case_id not in taken:
            return case_id

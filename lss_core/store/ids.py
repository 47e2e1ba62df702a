"""Opaque ids for all that is not a case: random, so that they tell nothing and never meet."""

from __future__ import annotations

import secrets

from lss_core.study.blinding import ALPHABET


def new_id(prefix: str, symbols: int = 12) -> str:
    """An id like 'READ-7F3K9QX2M4TD'; 12 symbols are 60 random bits."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(symbols))}"

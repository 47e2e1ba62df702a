"""Passwords: kept as argon2id hashes, and how a given one is compared with what is kept."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lss_core.errors import AccessError
from lss_core.texts import later

SHORTEST_PASSWORD = 10

_hasher = PasswordHasher()  # argon2id with the library's defaults, RFC 9106's second choice


def checked_hash(password: str) -> str:
    """The hash of a new password. Raises AccessError for one of fewer than 10 characters."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccessError(
            "Password",
            reason=later("it has fewer than {n} characters", n=SHORTEST_PASSWORD),
            remedy=later("Choose a longer one"),
        )
    return _hasher.hash(password)


def fits(kept: str, password: str) -> bool:
    """Whether a password is that of a hash; an empty hash fits none, and costs the time of any other."""
    try:
        _hasher.verify(kept or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


def renewed_hash(kept: str, password: str) -> str | None:
    """A hash of today's effort for a password that fits one of less; None where that is not needed."""
    return _hasher.hash(password) if _hasher.check_needs_rehash(kept) else None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe())

"""Users and their sign-ins. Tokens and passwords come here as hashes only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lss_core.domain import Role
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.values import UserRecord


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A sign-in that has not been ended, and whose it is."""

    user: UserRecord
    created_at: datetime
    seen_at: datetime


def add_user(tx: Transaction, user: UserRecord, *, at: datetime) -> None:
    """Add a user; the caller has looked whether the name is free."""
    row = {
        "id": user.id,
        "name": user.name,
        "display_name": user.display_name,
        "role": user.role,
        "rater_id": user.rater_id,
        "password_hash": user.password_hash,
        "created_at": at,
        "openid_subject": user.openid_subject,
    }
    tx.execute(sa.insert(t.users).values(row))


def find_user(tx: Transaction, name: str) -> UserRecord | None:
    """The user of this name."""
    row = tx.execute(sa.select(t.users).where(t.users.c.name == name)).first()
    return None if row is None else user_record(row)


def user_by_id(tx: Transaction, user_id: str) -> UserRecord | None:
    """The user of this id."""
    row = tx.execute(sa.select(t.users).where(t.users.c.id == user_id)).first()
    return None if row is None else user_record(row)


def user_of_subject(tx: Transaction, subject: str) -> UserRecord | None:
    """The user who signs in elsewhere under this issuer and subject."""
    row = tx.execute(sa.select(t.users).where(t.users.c.openid_subject == subject)).first()
    return None if row is None else user_record(row)


def all_users(tx: Transaction) -> list[UserRecord]:
    """The users by name."""
    return [user_record(row) for row in tx.execute(sa.select(t.users).order_by(t.users.c.name))]


def delete_user(tx: Transaction, user_id: str) -> None:
    """Delete a user, his sign-ins and his roles in studies. His rater stays, and all that it answered."""
    for table in (t.sign_ins, t.members):
        tx.execute(sa.delete(table).where(table.c.user_id == user_id))
    tx.execute(sa.delete(t.users).where(t.users.c.id == user_id))


def has_acted(tx: Transaction, user_id: str) -> bool:
    """Whether the record names him as one who did something."""
    by_name = sa.select(t.audit.c.id).where(t.audit.c.actor == user_id).limit(1)
    signed = sa.select(t.signatures.c.id).where(t.signatures.c.user_id == user_id).limit(1)
    return tx.scalar(by_name) is not None or tx.scalar(signed) is not None


def set_disabled(tx: Transaction, user_id: str, *, at: datetime | None) -> None:
    """Close an account, or open it again with None."""
    tx.execute(sa.update(t.users).where(t.users.c.id == user_id).values(disabled_at=at))


def set_rater(tx: Transaction, user_id: str, rater_id: str) -> None:
    """Name the rater as whom a user reads or adjudicates."""
    tx.execute(sa.update(t.users).where(t.users.c.id == user_id).values(rater_id=rater_id))


def set_openid_subject(tx: Transaction, user_id: str, subject: str | None) -> None:
    """Name the issuer and subject under which a user signs in elsewhere."""
    tx.execute(sa.update(t.users).where(t.users.c.id == user_id).values(openid_subject=subject))


def set_password_hash(tx: Transaction, user_id: str, password_hash: str) -> None:
    """Replace the hash of a user's password."""
    tx.execute(sa.update(t.users).where(t.users.c.id == user_id).values(password_hash=password_hash))


def set_language(tx: Transaction, user_id: str, language: str) -> None:
    """Keep the language that a user has chosen."""
    tx.execute(sa.update(t.users).where(t.users.c.id == user_id).values(language=language))


def preferences(tx: Transaction, user_id: str) -> dict[str, Any]:
    """What a user has set for himself; empty where he has set nothing."""
    found = tx.scalar(sa.select(t.users.c.preferences).where(t.users.c.id == user_id))
    return dict(found or {})


def set_preferences(tx: Transaction, user_id: str, chosen: Mapping[str, Any]) -> None:
    """Replace what a user has set for himself."""
    tx.execute(sa.update(t.users).where(t.users.c.id == user_id).values(preferences=dict(chosen)))


def add_sign_in(tx: Transaction, *, token_hash: str, user_id: str, at: datetime) -> None:
    """Remember a sign-in."""
    row = {"token_hash": token_hash, "user_id": user_id, "created_at": at, "seen_at": at}
    tx.execute(sa.insert(t.sign_ins).values(row))


def find_sign_in(tx: Transaction, token_hash: str) -> SignIn | None:
    """The sign-in of a token, unless it was ended."""
    row = tx.execute(
        sa.select(t.users, t.sign_ins.c.created_at.label("signed_in_at"), t.sign_ins.c.seen_at)
        .join(t.sign_ins, t.sign_ins.c.user_id == t.users.c.id)
        .where(t.sign_ins.c.token_hash == token_hash, t.sign_ins.c.ended_at.is_(None))
    ).first()
    if row is None:
        return None
    return SignIn(user=user_record(row), created_at=row.signed_in_at, seen_at=row.seen_at)


def has_signed_in_since(tx: Transaction, user_id: str, since: datetime) -> bool:
    """Whether a user has begun a sign-in since then, ended or not."""
    own = (t.sign_ins.c.user_id == user_id) & (t.sign_ins.c.created_at >= since)
    return tx.scalar(sa.select(t.sign_ins.c.token_hash).where(own).limit(1)) is not None


def forget_sign_ins(tx: Transaction, *, before: datetime) -> None:
    """Drop sign-ins that are too old to be good."""
    tx.execute(sa.delete(t.sign_ins).where(t.sign_ins.c.created_at < before))


def touch_sign_in(tx: Transaction, token_hash: str, *, at: datetime) -> None:
    """Note that a token was used."""
    tx.execute(sa.update(t.sign_ins).where(t.sign_ins.c.token_hash == token_hash).values(seen_at=at))


def end_sign_in(tx: Transaction, token_hash: str, *, at: datetime) -> str | None:
    """End a sign-in; the user's id, None when there is none to end."""
    found: str | None = tx.scalar(
        sa.update(t.sign_ins)
        .where(t.sign_ins.c.token_hash == token_hash, t.sign_ins.c.ended_at.is_(None))
        .values(ended_at=at)
        .returning(t.sign_ins.c.user_id)
    )
    return found


def end_sign_ins(tx: Transaction, user_id: str, *, at: datetime, but: str = "") -> None:
    """End all sign-ins of a user, except the one whose token's hash is `but`."""
    own = (t.sign_ins.c.user_id == user_id) & t.sign_ins.c.ended_at.is_(None)
    own &= t.sign_ins.c.token_hash != but
    tx.execute(sa.update(t.sign_ins).where(own).values(ended_at=at))


def add_failure(tx: Transaction, name: str, *, at: datetime) -> None:
    """Note a failed sign-in under a name, known or not."""
    tx.execute(sa.insert(t.failed_sign_ins).values(name=name, failed_at=at))


def failures_since(tx: Transaction, name: str, since: datetime) -> int:
    """How many sign-ins failed under a name since then."""
    failed = t.failed_sign_ins
    query = sa.select(sa.func.count()).where(failed.c.name == name, failed.c.failed_at > since)
    return int(tx.scalar(query) or 0)


def forget_failures(tx: Transaction, *, before: datetime, name: str | None = None) -> None:
    """Drop failures that no longer count, and all of a name that has signed in."""
    failed = t.failed_sign_ins
    old = failed.c.failed_at < before
    tx.execute(sa.delete(failed).where(old if name is None else old | (failed.c.name == name)))


def user_record(row: sa.Row[Any]) -> UserRecord:
    """The user of a row that holds the columns of `users`."""
    return UserRecord(
        id=row.id,
        name=row.name,
        display_name=row.display_name,
        role=Role(row.role),
        rater_id=row.rater_id,
        password_hash=row.password_hash,
        language=row.language,
        openid_subject=row.openid_subject,
        disabled_at=row.disabled_at,
    )

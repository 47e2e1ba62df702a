"""Invitations: links that make an account, each by the hash of its token, used once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lss_core.domain import Role
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Who is invited to what, by whom, until when; `used_at` once somebody came of it."""

    id: str
    study_id: str | None
    role: Role
    in_panel: bool
    note: str
    invited_by: str
    invited_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether it still makes an account: not used, not withdrawn, not too old."""
        return self.used_at is None and now < self.expires_at


def add_invitation(
    tx: Transaction,
    *,
    token_hash: str,
    study_id: str | None,
    role: Role,
    in_panel: bool,
    note: str,
    actor: str,
    at: datetime,
    expires_at: datetime,
) -> str:
    """A new invitation's id."""
    row = {
        "id": new_id("INV"),
        "token_hash": token_hash,
        "study_id": study_id,
        "role": role,
        "in_panel": in_panel,
        "note": note,
        "invited_by": actor,
        "invited_at": at,
        "expires_at": expires_at,
    }
    tx.execute(sa.insert(t.invitations).values(row))
    return str(row["id"])


def find_invitation(tx: Transaction, token_hash: str) -> Invitation | None:
    """The invitation of a token."""
    row = tx.execute(sa.select(t.invitations).where(t.invitations.c.token_hash == token_hash)).first()
    return None if row is None else _invitation(row)


def study_invitations(tx: Transaction, study_id: str) -> list[Invitation]:
    """The invitations to a study, the newest first."""
    query = sa.select(t.invitations).where(t.invitations.c.study_id == study_id)
    return [_invitation(row) for row in tx.execute(query.order_by(t.invitations.c.invited_at.desc()))]


def use_invitation(tx: Transaction, invitation_id: str, user_id: str, *, at: datetime) -> None:
    """Note who came of an invitation."""
    own = t.invitations.c.id == invitation_id
    tx.execute(sa.update(t.invitations).where(own).values(used_at=at, user_id=user_id))


def end_invitation(tx: Transaction, invitation_id: str, *, at: datetime) -> None:
    """Let an invitation end now."""
    own = (t.invitations.c.id == invitation_id) & t.invitations.c.used_at.is_(None)
    tx.execute(sa.update(t.invitations).where(own).values(expires_at=at))


def _invitation(row: sa.Row[tuple[object, ...]]) -> Invitation:
    return Invitation(
        id=row.id,
        study_id=row.study_id,
        role=Role(row.role),
        in_panel=row.in_panel,
        note=row.note,
        invited_by=row.invited_by,
        invited_at=row.invited_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )

"""Who has which role in a study. A role that rates goes with a rater's part: both are written here alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lss_core.domain import RaterKind, Role
from lss_core.errors import ConflictError
from lss_core.store import people, studies
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.values import UserRecord
from lss_core.texts import later

PARTS: Mapping[Role, RaterKind] = {Role.READER: RaterKind.READER, Role.ADJUDICATOR: RaterKind.ADJUDICATOR}
"""The part in a study that comes with a role; other roles rate nothing."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A user in a study: his role, since when, and whether he votes in the panel."""

    user: UserRecord
    role: Role
    since: datetime
    in_panel: bool = False


def role_of(tx: Transaction, study_id: str, user_id: str) -> Role | None:
    """A user's role in a study, None where he has none."""
    own = (t.members.c.study_id == study_id) & (t.members.c.user_id == user_id)
    found = tx.scalar(sa.select(t.members.c.role).where(own))
    return None if found is None else Role(found)


def roles_of(tx: Transaction, user_id: str) -> dict[str, Role]:
    """A user's role in each of his studies, by the study's id."""
    rows = tx.execute(sa.select(t.members.c.study_id, t.members.c.role).where(t.members.c.user_id == user_id))
    return {row.study_id: Role(row.role) for row in rows}


def study_members(tx: Transaction, study_id: str) -> list[Member]:
    """The members of a study by name; those whose account is disabled too."""
    votes = (t.parts.c.study_id == study_id) & (t.parts.c.rater_id == t.users.c.rater_id)
    query = (
        sa.select(t.users, t.members.c.role.label("own_role"), t.members.c.since, t.parts.c.in_panel)
        .join(t.members, t.members.c.user_id == t.users.c.id)
        .outerjoin(t.parts, votes)
        .where(t.members.c.study_id == study_id)
        .order_by(t.users.c.name)
    )
    return [
        Member(
            user=people.user_record(row),
            role=Role(row.own_role),
            since=row.since,
            in_panel=bool(row.in_panel),
        )
        for row in tx.execute(query)
    ]


def set_member(
    tx: Transaction, *, study_id: str, user: UserRecord, role: Role, in_panel: bool = False, at: datetime
) -> str | None:
    """Give a user his role in a study, with the part that goes with it; his rater's id, None without one.

    The one place that writes members, and the parts of people. `in_panel` is for readers alone. Raises
    ConflictError when he has rated in the study, or is drawn to, in another part.
    """
    part = PARTS.get(role)
    rater_id = user.rater_id
    if part is not None and rater_id is None:
        rater_id = studies.add_rater(tx, name=user.display_name, kind=part)
        people.set_rater(tx, user.id, rater_id)
    if rater_id is not None:
        _set_part(tx, study_id, rater_id, part, in_panel and part is RaterKind.READER)
    own = (t.members.c.study_id == study_id) & (t.members.c.user_id == user.id)
    if role_of(tx, study_id, user.id) is None:
        row = {"study_id": study_id, "user_id": user.id, "role": role, "since": at}
        tx.execute(sa.insert(t.members).values(row))
    else:
        tx.execute(sa.update(t.members).where(own).values(role=role, since=at))
    return rater_id


def end_member(tx: Transaction, *, study_id: str, user: UserRecord) -> None:
    """Take a user out of a study. A part in which he has rated, or is drawn to, stays with its answers."""
    own = (t.members.c.study_id == study_id) & (t.members.c.user_id == user.id)
    tx.execute(sa.delete(t.members).where(own))
    if user.rater_id is not None and not bound(tx, study_id, user.rater_id):
        studies.leave_study(tx, study_id=study_id, rater_id=user.rater_id)


def bound(tx: Transaction, study_id: str, rater_id: str) -> bool:
    """Whether a rater has opened a case of the study, or a protocol has drawn cases for him."""
    own = sa.select(t.cases.c.id).where(t.cases.c.study_id == study_id)
    of_rater = (
        sa.select(table.c.id).where(table.c.rater_id == rater_id, table.c.case_id.in_(own)).limit(1)
        for table in (t.reads, t.assignments)
    )
    return any(tx.scalar(query) is not None for query in of_rater)


def gone_readers(tx: Transaction, study_id: str) -> frozenset[str]:
    """A study's raters whose account is closed or no longer reads in it; not those without an account."""
    here = (t.members.c.user_id == t.users.c.id) & (t.members.c.study_id == study_id)
    reads_on = (t.members.c.role == Role.READER) & t.users.c.disabled_at.is_(None)
    query = (
        sa.select(t.users.c.rater_id)
        .join(t.parts, (t.parts.c.rater_id == t.users.c.rater_id) & (t.parts.c.study_id == study_id))
        .outerjoin(t.members, here)
        .where(t.parts.c.part == RaterKind.READER)
        .where(sa.not_(sa.func.coalesce(reads_on, sa.false())))
    )
    return frozenset(tx.scalars(query))


def begun_by_protocol(tx: Transaction, study_id: str, rater_id: str) -> bool:
    """Whether a rater has opened a read that a protocol of the study has drawn for him."""
    query = (
        sa.select(t.reads.c.id)
        .join(t.cases, t.cases.c.id == t.reads.c.case_id)
        .where(t.cases.c.study_id == study_id, t.reads.c.rater_id == rater_id)
        .where(t.reads.c.assignment_id.is_not(None))
        .limit(1)
    )
    return tx.scalar(query) is not None


def _set_part(tx: Transaction, study_id: str, rater_id: str, part: RaterKind | None, in_panel: bool) -> None:
    found = studies.part_in(tx, study_id, rater_id)
    if found is not None and found is not part:
        if bound(tx, study_id, rater_id):
            raise ConflictError(
                "Study",
                reason=later(
                    "this person rates in it as {part} already, and who reads or adjudicates in a study "
                    "does nothing else there",
                    part=found.value,
                ),
                remedy=later("Choose another person"),
            )
        studies.leave_study(tx, study_id=study_id, rater_id=rater_id)
    before = studies.in_panel(tx, study_id, rater_id)
    if before not in (None, in_panel) and begun_by_protocol(tx, study_id, rater_id):
        raise ConflictError(
            "Study",
            reason=later("this person has begun to read, and who makes the reference stays as it was"),
            remedy=later("Choose another person"),
        )
    if part is not None:
        studies.join_study(tx, study_id=study_id, rater_id=rater_id, part=part, in_panel=in_panel)
        studies.set_in_panel(tx, study_id=study_id, rater_id=rater_id, in_panel=in_panel)

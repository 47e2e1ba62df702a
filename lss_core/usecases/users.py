"""Who is there: users, passwords and sign-ins."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lss_core.domain import Role
from lss_core.errors import AccessError, ConflictError, NotFoundError
from lss_core.store import audit, members, people, studies
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import UserRecord
from lss_core.texts import Language, later
from lss_core.usecases import passwords
from lss_core.usecases.workspace import Workspace

TOKEN_BYTES = 32
SIGN_IN_LASTS = timedelta(hours=12)
IDLE_LIMIT = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)  # so that not every request writes
FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
LONGEST_NAME = 100

SIGN_IN = "Sign-in"
"""What a refused password is a refusal of."""

DEFAULT_STUDY = "My study"


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who is signed in. `rater_id` is his own where he reads or adjudicates.

    `language` is what he has chosen to read the pages in; None: what his browser asks for.
    `role` is what he is while he has no study, and that of an administrator everywhere; `roles` are those
    that he has in any study. What he may do in a study is asked there: see access.py.
    """

    id: str
    name: str
    display_name: str
    role: Role
    rater_id: str | None = None
    language: Language | None = None
    roles: frozenset[Role] = frozenset()
    disabled: bool = False

    @property
    def held(self) -> frozenset[Role]:
        """The roles he has anywhere: they decide which pages his menu shows."""
        return frozenset({self.role}) if self.role is Role.ADMINISTRATOR or not self.roles else self.roles


OPERATOR = User(id="operator", name="operator", display_name="Command line", role=Role.ADMINISTRATOR)
"""The user of the command line: whoever may run it may read the data folder anyway."""


def sign_in(workspace: Workspace, name: str, password: str) -> tuple[User, str]:
    """The user and a token that is good for 12 hours, or for 30 minutes without use.

    Raises AccessError, in the same words for an unknown name and for a wrong password,
    and, after five failures within 15 minutes, for that name until 15 minutes are over.
    """
    now = workspace.now()
    name = name.strip().casefold()[:100]
    record = _whose_password_fits(workspace, name, password)
    _check_open(record)
    with workspace.store.write() as tx:
        people.forget_failures(tx, before=now - LOCKED_FOR, name=name)
        if (renewed := passwords.renewed_hash(record.password_hash, password)) is not None:
            people.set_password_hash(tx, record.id, renewed)
        return user_in(tx, record), begin_sign_in(tx, record, at=now)


def begin_sign_in(tx: Transaction, record: UserRecord, *, at: datetime, **details: str) -> str:
    """A token that is good for 12 hours; the caller knows who it is. Raises AccessError when disabled."""
    _check_open(record)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    people.forget_sign_ins(tx, before=at - SIGN_IN_LASTS)
    people.add_sign_in(tx, token_hash=token_hash(token), user_id=record.id, at=at)
    audit.record(tx, at=at, actor=record.id, act="sign_in", subject=record.id, **details)
    return token


def sign_in_elsewhere(workspace: Workspace, subject: str, issued_at: datetime) -> str | None:
    """A token for the account that signs in under 'issuer subject'; None where there is none.

    The caller has the provider's word of that time. Raises AccessError when the account is disabled, and
    when it has signed in since then: a word counts once, or nobody could sign out.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        record = people.user_of_subject(tx, subject)
        if record is None:
            return None
        if people.has_signed_in_since(tx, record.id, issued_at):
            raise AccessError(
                SIGN_IN, reason=later("you have signed out"), remedy=later("Sign in again to go on")
            )
        return begin_sign_in(tx, record, at=now, by="openid")


def confirm_password(workspace: Workspace, user: User, password: str) -> None:
    """Raises AccessError unless it is the user's own password; failures count as those of a sign-in.

    Who signs in elsewhere and has no password here is told where he sets one.
    """
    with workspace.store.read() as tx:
        record = people.find_user(tx, user.name)
    if record is not None and not record.password_hash:
        raise AccessError(
            SIGN_IN,
            reason=later("you sign in elsewhere and have no password here"),
            remedy=later("Set one on the page Account: it is for your signature"),
        )
    _whose_password_fits(workspace, user.name, password)


def _whose_password_fits(workspace: Workspace, name: str, password: str) -> UserRecord:
    now = workspace.now()
    with workspace.store.read() as tx:
        failures = people.failures_since(tx, name, now - LOCKED_FOR)
        record = people.find_user(tx, name)
    if failures >= FAILURES_ALLOWED:
        raise AccessError(
            SIGN_IN,
            reason=later("too many failed attempts under this name"),
            remedy=later("Wait 15 minutes and try again"),
        )
    if not passwords.fits("" if record is None else record.password_hash, password) or record is None:
        with workspace.store.write() as tx:
            people.forget_failures(tx, before=now - LOCKED_FOR)
            people.add_failure(tx, name, at=now)
            audit.record(tx, at=now, actor="nobody", act="sign_in.failed", subject="users")
        raise AccessError(
            SIGN_IN,
            reason=later("name and password do not match"),
            remedy=later("Check both and try again"),
        )
    return record


def _check_open(record: UserRecord) -> None:
    if record.disabled_at is not None:
        raise AccessError(
            SIGN_IN,
            reason=later("this account is disabled"),
            remedy=later("Ask the coordinator of your study"),
        )


def user_of(workspace: Workspace, token: str | None) -> User | None:
    """Whose token it is, or None when it is nobody's or no longer good."""
    if not token:
        return None
    now = workspace.now()
    with workspace.store.read() as tx:
        found = people.find_sign_in(tx, token_hash(token))
        if found is None or found.user.disabled_at is not None:
            return None
        user = user_in(tx, found.user)
    if now - found.created_at > SIGN_IN_LASTS or now - found.seen_at > IDLE_LIMIT:
        return None
    if now - found.seen_at > SEEN_EVERY:
        with workspace.store.write() as tx:
            people.touch_sign_in(tx, token_hash(token), at=now)
    return user


def sign_out(workspace: Workspace, token: str) -> None:
    """End the sign-in of a token; an unknown token is no error."""
    now = workspace.now()
    with workspace.store.write() as tx:
        user_id = people.end_sign_in(tx, token_hash(token), at=now)
        if user_id is not None:
            audit.record(tx, at=now, actor=user_id, act="sign_out", subject=user_id)


def has_users(workspace: Workspace) -> bool:
    """Whether there is any account; before the first one somebody has to make it on this machine."""
    with workspace.store.read() as tx:
        return bool(people.all_users(tx))


def require(user: User | None, *roles: Role) -> User:
    """The user, when he has one of these roles anywhere, or is an administrator.

    Raises AccessError otherwise, and for None: nobody is signed in. Whether he has it in the study that he
    works at is asked by access.py.
    """
    if user is None:
        raise AccessError(SIGN_IN, reason=later("nobody is signed in"), remedy=later("Sign in and try again"))
    if user.role is not Role.ADMINISTRATOR and user.held.isdisjoint(roles):
        raise for_roles(roles)
    return user


def for_roles(roles: Sequence[Role]) -> AccessError:
    """The refusal of what is for these roles, or for administrators where none is named."""
    needed = " or ".join(role.value for role in roles) or Role.ADMINISTRATOR.value
    return AccessError(
        "Access",
        reason=later("this is for the role of {roles}", roles=needed),
        remedy=later("Sign in as somebody who has it"),
    )


def add_user(
    workspace: Workspace,
    user: User,
    *,
    name: str,
    display_name: str,
    role: Role,
    password: str,
    study_id: str | None = None,
    in_panel: bool = True,
) -> User:
    """A new user; administrators only. Passwords have at least 10 characters.

    Everybody but an administrator becomes a member of the study (by default of 'My study') with his role; a
    reader or adjudicator also a rater of it. Raises ConflictError when the name is taken, AccessError for a
    short password.
    """
    require(user)
    name = name.strip().casefold()
    hashed = passwords.checked_hash(password)
    now = workspace.now()
    with workspace.store.write() as tx:
        record = new_user(tx, name=name, display_name=display_name, role=role, password_hash=hashed, at=now)
        audit.record(tx, at=now, actor=user.id, act="user.add", subject=record.id, role=role)
        if role is not Role.ADMINISTRATOR:
            study = study_id or studies.add_study(tx, title=DEFAULT_STUDY, synthetic=False, at=now)
            join(tx, user.id, record, study, role, in_panel=in_panel, at=now)
        return user_in(tx, known_user(tx, name))


def new_user(
    tx: Transaction,
    *,
    name: str,
    display_name: str,
    role: Role,
    password_hash: str,
    openid_subject: str | None = None,
    at: datetime,
) -> UserRecord:
    """A new account, without a study. Raises ConflictError when its name is empty or taken."""
    name = name.strip().casefold()
    if not name or people.find_user(tx, name) is not None:
        raise ConflictError(
            "User", reason=later("this name is empty or taken"), remedy=later("Choose another name")
        )
    record = UserRecord(
        id=new_id("U"),
        name=name[:LONGEST_NAME],
        display_name=display_name.strip()[:LONGEST_NAME] or name[:LONGEST_NAME],
        role=role,
        rater_id=None,
        password_hash=password_hash,
        openid_subject=openid_subject,
    )
    people.add_user(tx, record, at=at)
    return record


def join(
    tx: Transaction,
    actor: str,
    record: UserRecord,
    study_id: str,
    role: Role,
    *,
    in_panel: bool = False,
    at: datetime,
) -> None:
    """Give an account its role in a study, with the audit row. Raises ConflictError, see set_member."""
    before = members.role_of(tx, study_id, record.id)
    members.set_member(tx, study_id=study_id, user=record, role=role, in_panel=in_panel, at=at)
    details = {} if before is None else {"before": before.value}
    audit.record(
        tx, at=at, actor=actor, act="member.set", subject=study_id, user=record.id, role=role.value,
        in_panel=in_panel and role is Role.READER, **details,
    )  # fmt: skip


def known_user(tx: Transaction, name: str) -> UserRecord:
    """The account of a name. Raises NotFoundError."""
    record = people.find_user(tx, name.strip().casefold())
    if record is None:
        raise NotFoundError(
            "User",
            reason=later("there is no user of this name"),
            remedy=later("Look at the list of users"),
        )
    return record


def token_hash(token: str) -> str:
    """What the database keeps of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def user_in(tx: Transaction, record: UserRecord) -> User:
    """The user of a record, without his secrets, with the roles that he has in his studies."""
    return User(
        id=record.id,
        name=record.name,
        display_name=record.display_name,
        role=record.role,
        rater_id=record.rater_id,
        language=Language(record.language) if record.language else None,
        disabled=record.disabled_at is not None,
        roles=frozenset(members.roles_of(tx, record.id).values()),
    )

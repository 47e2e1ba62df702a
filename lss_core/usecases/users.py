"""Who is there: users, passwords and sign-ins."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from lss_core.domain import RaterKind, Role
from lss_core.errors import AccessError, ConflictError, NotFoundError
from lss_core.store import audit, people, studies
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import UserRecord
from lss_core.texts import Language
from lss_core.usecases.workspace import Workspace

TOKEN_BYTES = 32
SIGN_IN_LASTS = timedelta(hours=12)
IDLE_LIMIT = timedelta(minutes=30)
SEEN_EVERY = timedelta(minutes=1)  # so that not every request writes
FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 10

SIGN_IN = "Sign-in"
"""What a refused password is a refusal of."""

DEFAULT_STUDY = "My study"

PARTS = {Role.READER: RaterKind.READER, Role.ADJUDICATOR: RaterKind.ADJUDICATOR}
"""The part in a study that comes with a role; other roles rate nothing."""

_hasher = PasswordHasher()  # argon2id with the library's defaults, RFC 9106's second choice


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who is signed in. `rater_id` is his own where he reads or adjudicates.

    `language` is what he has chosen to read the pages in; None: what his browser asks for.
    """

    id: str
    name: str
    display_name: str
    role: Role
    rater_id: str | None = None
    language: Language | None = None

    @property
    def blinded(self) -> bool:
        """Whether model, other raters and reference are kept from him."""
        return self.role in PARTS


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
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with workspace.store.write() as tx:
        people.forget_failures(tx, before=now - LOCKED_FOR, name=name)
        people.forget_sign_ins(tx, before=now - SIGN_IN_LASTS)
        people.add_sign_in(tx, token_hash=_token_hash(token), user_id=record.id, at=now)
        if _hasher.check_needs_rehash(record.password_hash):
            people.set_password_hash(tx, record.id, _hasher.hash(password))
        audit.record(tx, at=now, actor=record.id, act="sign_in", subject=record.id)
    return user_from(record), token


def confirm_password(workspace: Workspace, user: User, password: str) -> None:
    """Raises AccessError unless it is the user's own password; failures count as those of a sign-in."""
    _whose_password_fits(workspace, user.name, password)


def _whose_password_fits(workspace: Workspace, name: str, password: str) -> UserRecord:
    now = workspace.now()
    with workspace.store.read() as tx:
        failures = people.failures_since(tx, name, now - LOCKED_FOR)
        record = people.find_user(tx, name)
    if failures >= FAILURES_ALLOWED:
        raise AccessError(
            SIGN_IN,
            reason="too many failed attempts under this name",
            remedy="Wait 15 minutes and try again",
        )
    if not _password_fits(record, password) or record is None:
        with workspace.store.write() as tx:
            people.forget_failures(tx, before=now - LOCKED_FOR)
            people.add_failure(tx, name, at=now)
            audit.record(tx, at=now, actor="nobody", act="sign_in.failed", subject="users")
        raise AccessError(SIGN_IN, reason="name and password do not match", remedy="Check both and try again")
    return record


def user_of(workspace: Workspace, token: str | None) -> User | None:
    """Whose token it is, or None when it is nobody's or no longer good."""
    if not token:
        return None
    now = workspace.now()
    with workspace.store.read() as tx:
        found = people.find_sign_in(tx, _token_hash(token))
    if found is None or now - found.created_at > SIGN_IN_LASTS or now - found.seen_at > IDLE_LIMIT:
        return None
    if now - found.seen_at > SEEN_EVERY:
        with workspace.store.write() as tx:
            people.touch_sign_in(tx, _token_hash(token), at=now)
    return user_from(found.user)


def sign_out(workspace: Workspace, token: str) -> None:
    """End the sign-in of a token; an unknown token is no error."""
    now = workspace.now()
    with workspace.store.write() as tx:
        user_id = people.end_sign_in(tx, _token_hash(token), at=now)
        if user_id is not None:
            audit.record(tx, at=now, actor=user_id, act="sign_out", subject=user_id)


def require(user: User | None, *roles: Role) -> User:
    """The user, when he has one of these roles or is an administrator.

    Raises AccessError otherwise, and for None: nobody is signed in.
    """
    if user is None:
        raise AccessError("Sign-in", reason="nobody is signed in", remedy="Sign in and try again")
    if user.role is not Role.ADMINISTRATOR and user.role not in roles:
        needed = " or ".join(role.value for role in roles) or Role.ADMINISTRATOR.value
        raise AccessError(
            "Access", reason=f"this is for the role of {needed}", remedy="Sign in as somebody who has it"
        )
    return user


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

    A reader or adjudicator also becomes a rater of the study (by default of 'My study').
    Raises ConflictError when the name is taken, AccessError for a short password.
    """
    require(user)
    name = name.strip().casefold()
    hashed = _checked_hash(password)
    now = workspace.now()
    with workspace.store.write() as tx:
        if not name or people.find_user(tx, name) is not None:
            raise ConflictError("User", reason="this name is empty or taken", remedy="Choose another name")
        rater_id = _add_rater(tx, workspace, display_name, role, study_id, in_panel)
        record = UserRecord(
            id=new_id("U"),
            name=name,
            display_name=display_name,
            role=role,
            rater_id=rater_id,
            password_hash=hashed,
        )
        people.add_user(tx, record, at=now)
        audit.record(tx, at=now, actor=user.id, act="user.add", subject=record.id, role=role)
    return user_from(record)


def list_users(workspace: Workspace, user: User) -> list[User]:
    """All users by name; administrators only."""
    require(user)
    with workspace.store.read() as tx:
        return [user_from(record) for record in people.all_users(tx)]


def set_password(workspace: Workspace, user: User, name: str, password: str) -> None:
    """Give a user another password and end his sign-ins; administrators only.

    Raises NotFoundError, and AccessError for a short password.
    """
    require(user)
    hashed = _checked_hash(password)
    now = workspace.now()
    with workspace.store.write() as tx:
        record = _known(tx, name)
        people.set_password_hash(tx, record.id, hashed)
        people.end_sign_ins(tx, record.id, at=now)
        audit.record(tx, at=now, actor=user.id, act="user.password", subject=record.id)


def choose_language(workspace: Workspace, user: User, language: Language) -> None:
    """Keep the language that a user reads the pages in."""
    now = workspace.now()
    with workspace.store.write() as tx:
        people.set_language(tx, user.id, language.value)
        audit.record(tx, at=now, actor=user.id, act="user.language", subject=user.id, language=language.value)


def remove_user(workspace: Workspace, user: User, name: str) -> None:
    """Remove a user with his sign-ins; what he has answered stays. Administrators only.

    Raises NotFoundError.
    """
    require(user)
    now = workspace.now()
    with workspace.store.write() as tx:
        record = _known(tx, name)
        people.delete_user(tx, record.id)
        audit.record(tx, at=now, actor=user.id, act="user.remove", subject=record.id)


def _known(tx: Transaction, name: str) -> UserRecord:
    record = people.find_user(tx, name.strip().casefold())
    if record is None:
        raise NotFoundError(
            "User", reason="there is no user of this name", remedy="Look at the list of users"
        )
    return record


def _checked_hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise AccessError(
            "Password",
            reason=f"it has fewer than {SHORTEST_PASSWORD} characters",
            remedy="Choose a longer one",
        )
    return _hasher.hash(password)


def _add_rater(
    tx: Transaction,
    workspace: Workspace,
    display_name: str,
    role: Role,
    study_id: str | None,
    in_panel: bool,
) -> str | None:
    part = PARTS.get(role)
    if part is None:
        return None
    study = study_id or studies.add_study(tx, title=DEFAULT_STUDY, synthetic=False, at=workspace.now())
    rater_id = studies.add_rater(tx, name=display_name, kind=part)
    panel = in_panel and part is RaterKind.READER
    studies.join_study(tx, study_id=study, rater_id=rater_id, part=part, in_panel=panel)
    return rater_id


def _password_fits(record: UserRecord | None, password: str) -> bool:
    """Whether it fits; an unknown name costs the time of a known one."""
    try:
        _hasher.verify(_nobodys_hash() if record is None else record.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return record is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(TOKEN_BYTES))


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def user_from(record: UserRecord) -> User:
    """The user of a record, without his secrets."""
    return User(
        id=record.id,
        name=record.name,
        display_name=record.display_name,
        role=record.role,
        rater_id=record.rater_id,
        language=Language(record.language) if record.language else None,
    )

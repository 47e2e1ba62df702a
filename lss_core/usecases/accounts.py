"""Accounts over time: listed, closed and opened again, removed, and what somebody changes at his own."""

from __future__ import annotations

from lss_core.domain import Role
from lss_core.errors import AccessError, ConflictError
from lss_core.store import audit, members, people
from lss_core.store.engine import Transaction
from lss_core.store.values import UserRecord
from lss_core.texts import Language, later
from lss_core.usecases import passwords
from lss_core.usecases.users import SIGN_IN, User, confirm_password, known_user, require, token_hash, user_in
from lss_core.usecases.workspace import Workspace


def list_users(workspace: Workspace, user: User) -> list[User]:
    """All users by name; administrators only."""
    require(user)
    with workspace.store.read() as tx:
        return [user_in(tx, record) for record in people.all_users(tx)]


def disable_user(workspace: Workspace, user: User, name: str) -> None:
    """Close an account: it signs in no more, and its sign-ins end at once. What it has done stays.

    Administrators, and coordinators where all its studies are theirs. Raises NotFoundError, and
    ConflictError for one's own account.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        record = _at_hand(tx, user, name)
        if record.id == user.id:
            raise ConflictError(
                record.name,
                reason=later("this is your own account"),
                remedy=later("Let somebody else disable it"),
            )
        people.set_disabled(tx, record.id, at=now)
        people.end_sign_ins(tx, record.id, at=now)
        audit.record(tx, at=now, actor=user.id, act="user.disable", subject=record.id)


def enable_user(workspace: Workspace, user: User, name: str) -> None:
    """Open an account again. Who may: see `disable_user`. Raises NotFoundError."""
    now = workspace.now()
    with workspace.store.write() as tx:
        record = _at_hand(tx, user, name)
        people.set_disabled(tx, record.id, at=None)
        audit.record(tx, at=now, actor=user.id, act="user.enable", subject=record.id)


def has_password(workspace: Workspace, user: User) -> bool:
    """Whether somebody has a password here; who signs in elsewhere alone has none at first."""
    with workspace.store.read() as tx:
        return bool(known_user(tx, user.name).password_hash)


def change_password(workspace: Workspace, user: User, old: str, new: str, *, token: str = "") -> None:
    """Give oneself another password; every other sign-in ends, that of `token` goes on.

    Raises AccessError when the old one is wrong, which counts as a failed sign-in, and for a short new one.
    Who signs in elsewhere alone has no old one: it is not asked for.
    """
    has_one = has_password(workspace, user)
    if has_one:
        confirm_password(workspace, user, old)
    if has_one and old == new:
        raise AccessError(
            SIGN_IN, reason=later("the new password is the old one"), remedy=later("Choose another")
        )
    hashed = passwords.checked_hash(new)
    now = workspace.now()
    with workspace.store.write() as tx:
        people.set_password_hash(tx, user.id, hashed)
        people.end_sign_ins(tx, user.id, at=now, but=token_hash(token))
        audit.record(tx, at=now, actor=user.id, act="user.password", subject=user.id)


def set_password(workspace: Workspace, user: User, name: str, password: str) -> None:
    """Give a user another password and end his sign-ins; administrators only.

    Raises NotFoundError, and AccessError for a short password.
    """
    require(user)
    hashed = passwords.checked_hash(password)
    now = workspace.now()
    with workspace.store.write() as tx:
        record = known_user(tx, name)
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
    """Remove an account that has never done anything. Administrators only.

    Raises NotFoundError, and ConflictError where the record names it: such an account is disabled.
    """
    require(user)
    now = workspace.now()
    with workspace.store.write() as tx:
        record = known_user(tx, name)
        if people.has_acted(tx, record.id):
            raise ConflictError(
                record.name,
                reason=later("the record names this account, and it stays"),
                remedy=later("Disable the account"),
            )
        people.delete_user(tx, record.id)
        audit.record(tx, at=now, actor=user.id, act="user.remove", subject=record.id)


def link_subject(workspace: Workspace, user: User, name: str, subject: str | None) -> None:
    """Let an account sign in elsewhere, as 'issuer subject', or no more. Administrators.

    Raises NotFoundError, ConflictError when another account has this subject.
    """
    if user.role is not Role.ADMINISTRATOR:
        raise _administrators()
    now = workspace.now()
    with workspace.store.write() as tx:
        record = known_user(tx, name)
        if subject is not None:
            check_subject_free(tx, subject)
        people.set_openid_subject(tx, record.id, subject)
        audit.record(tx, at=now, actor=user.id, act="user.subject", subject=record.id, linked=bool(subject))


def check_subject_free(tx: Transaction, subject: str) -> None:
    """Raises ConflictError when an account signs in under this issuer and subject already."""
    if people.user_of_subject(tx, subject) is not None:
        raise ConflictError(
            "User",
            reason=later("this sign-in belongs to another account"),
            remedy=later("Sign in with it, or use another"),
        )


def _at_hand(tx: Transaction, user: User, name: str) -> UserRecord:
    """The account, when the user may close it. Raises AccessError, for administrators NotFoundError."""
    if user.role is Role.ADMINISTRATOR:
        return known_user(tx, name)
    record = people.find_user(tx, name.strip().casefold())
    own = {study for study, role in members.roles_of(tx, user.id).items() if role is Role.COORDINATOR}
    theirs = {} if record is None else members.roles_of(tx, record.id)
    if record is None or record.role is Role.ADMINISTRATOR or not theirs or not own.issuperset(theirs):
        raise _administrators()
    return record


def _administrators() -> AccessError:
    return AccessError(
        "User",
        reason=later("this account is not in your studies alone"),
        remedy=later("Ask an administrator"),
    )

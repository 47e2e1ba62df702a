"""Who is there: users, passwords and sign-ins."""

from __future__ import annotations

from dataclasses import dataclass

from lss_core.domain import Role
from lss_core.usecases.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody who is signed in. `rater_id` is his own where he reads or adjudicates."""

    id: str
    name: str
    display_name: str
    role: Role
    rater_id: str | None = None


OPERATOR = User(id="operator", name="operator", display_name="Command line", role=Role.ADMINISTRATOR)
"""The user of the command line: whoever may run it may read the data folder anyway."""


def sign_in(workspace: Workspace, name: str, password: str) -> tuple[User, str]:
    """The user and a token that is good for 12 hours, or for 30 minutes without use.

    Raises AccessError, in the same words for an unknown name and for a wrong password,
    and, after five failures within 15 minutes, for that name until 15 minutes are over.
    """
    raise NotImplementedError


def user_of(workspace: Workspace, token: str | None) -> User | None:
    """Whose token it is, or None when it is nobody's or no longer good."""
    raise NotImplementedError


def sign_out(workspace: Workspace, token: str) -> None:
    """End the sign-in of a token; an unknown token is no error."""
    raise NotImplementedError


def require(user: User | None, *roles: Role) -> User:
    """The user, when he has one of these roles or is an administrator.

    Raises AccessError otherwise, and for None: nobody is signed in.
    """
    raise NotImplementedError


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
    raise NotImplementedError

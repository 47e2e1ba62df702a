"""The demo study: how to sign in to it, whether it is there, and away with it.

demo_making.py makes it; what is here is light, for the sign-in page asks it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lss_core.domain import Progress, Role, silent
from lss_core.errors import AccessError, ConflictError
from lss_core.store import members, people, studies
from lss_core.store.values import UserRecord
from lss_core.usecases.accounts import disable_user, remove_user
from lss_core.usecases.cases import delete_case, list_cases
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import Workspace

TITLE = "Demo study (synthetic)"
PASSWORD = "demo-spine-2026"
"""Printed on purpose: whoever reads it may sign in. Not for an installation with real patients."""

ROLES = (Role.COORDINATOR, Role.READER, Role.ADJUDICATOR, Role.STATISTICIAN, Role.AUDITOR)


def shown_as(role: Role) -> str:
    """The name that a demo user is shown under."""
    return f"Demo {role.value}"


USER_NAMES = tuple(role.value for role in ROLES)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo study that stands: its id, its cases, and how to sign in."""

    study_id: str
    cases: int
    users: tuple[str, ...] = USER_NAMES
    password: str = PASSWORD


def make_demo(workspace: Workspace, *, cases: int = 24, progress: Progress = silent) -> Demo:
    """Make the demo study, or what is still missing of it; twice adds nothing.

    Raises BundleError before any case is made when there is no model to grade with.
    """
    from lss_core.usecases.demo_making import make  # phantoms and DICOM: two seconds of imports

    return Demo(study_id=make(workspace, cases, progress), cases=cases)


def demo_exists(workspace: Workspace) -> bool:
    """Whether there are demo users (a sign-in page then prints their password)."""
    with workspace.store.read() as tx:
        return any(_is_demo_user(record) for record in people.all_users(tx))


def retire_user(workspace: Workspace, name: str) -> None:
    """Remove a demo account, or disable it where it has done something."""
    try:
        remove_user(workspace, OPERATOR, name)
    except ConflictError:
        disable_user(workspace, OPERATOR, name)


def check_open_door(workspace: Workspace) -> None:
    """Raises AccessError where the demo users' printed password opens cases that are not synthetic."""
    with workspace.store.read() as tx:
        demo = [record.id for record in people.all_users(tx) if _is_demo_user(record)]
        open_to_them = {study for user_id in demo for study in members.roles_of(tx, user_id)}
        found = studies.study_summaries(tx, among=open_to_them)
    if any(study.cases and not study.synthetic for study in found):
        raise AccessError(
            "Demo users",
            reason="their printed password opens the cases that you imported too",
            remedy="Remove them and the demo study: python -m lss_core demo --remove",
        )


def remove_demo(workspace: Workspace) -> None:
    """Remove the demo study's cases and the users whose password is printed.

    The study's frame and its audit trail stay.
    """
    with workspace.store.read() as tx:
        study_id = studies.find_study(tx, TITLE)
    if study_id is not None:
        for case in list_cases(workspace, OPERATOR, study_id):
            delete_case(workspace, OPERATOR, case.case_id, "the demo study is removed")
    with workspace.store.read() as tx:
        names = [record.name for record in people.all_users(tx) if _is_demo_user(record)]
    for name in names:
        retire_user(workspace, name)


def _is_demo_user(record: UserRecord) -> bool:
    known = record.name in USER_NAMES and record.display_name == shown_as(Role(record.name))
    return known and record.disabled_at is None

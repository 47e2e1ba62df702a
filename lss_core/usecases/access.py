"""Who may do and see what: a user's role in the study that he asks about. The one place that decides it."""

from __future__ import annotations

from lss_core.domain import Role
from lss_core.errors import AccessError
from lss_core.store import cases, members, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import CaseSummary, StudySummary
from lss_core.texts import later
from lss_core.usecases.users import User, for_roles
from lss_core.usecases.workspace import Workspace

UNBLINDED = (Role.COORDINATOR, Role.STATISTICIAN)
"""The roles that may see model, raters and reference."""

BLINDED = (Role.READER, Role.ADJUDICATOR)
"""The roles from which model, other raters and reference are kept."""

SEE_CASES = (*UNBLINDED, *BLINDED)
"""The roles that see a study's cases: not the auditor, who sees its record."""


def role_in(tx: Transaction, user: User, study_id: str) -> Role | None:
    """A user's role in a study: an administrator is one everywhere; None where he has none."""
    if user.role is Role.ADMINISTRATOR:
        return user.role
    return members.role_of(tx, study_id, user.id)


def require_in(tx: Transaction, user: User, study_id: str, *roles: Role) -> Role:
    """The user's role in a study, when it is one of these or the administrator's.

    Raises AccessError otherwise: in the same words whether there is no such study or he has no role in it,
    so that nothing is learned by asking.
    """
    own = role_in(tx, user, study_id)
    if own is None:
        raise _not_his()
    if own is not Role.ADMINISTRATOR and own not in roles:
        raise for_roles(roles)
    return own


def require_study(workspace: Workspace, user: User, study_id: str, *roles: Role) -> Role:
    """As `require_in`, in a transaction of its own."""
    with workspace.store.read() as tx:
        return require_in(tx, user, study_id, *roles)


def role_in_study(workspace: Workspace, user: User, study_id: str) -> Role | None:
    """As `role_in`, in a transaction of its own: what a page offers."""
    with workspace.store.read() as tx:
        return role_in(tx, user, study_id)


def check_study(tx: Transaction, user: User, study_id: str) -> Role:
    """The user's role in a study whose cases he may see. Raises AccessError."""
    return require_in(tx, user, study_id, *SEE_CASES)


def visible_case(tx: Transaction, workspace: Workspace, user: User, case_id: str) -> CaseSummary:
    """The case, when the user may see its images. Raises AccessError, for administrators NotFoundError."""
    return case_for(tx, workspace, user, case_id, *SEE_CASES)


def case_for(tx: Transaction, workspace: Workspace, user: User, case_id: str, *roles: Role) -> CaseSummary:
    """The case, when the user has one of these roles in its study.

    Raises AccessError, in the same words for a case that is not there; for administrators NotFoundError.
    """
    if user.role is Role.ADMINISTRATOR:
        return cases.case_summary(tx, case_id, now=workspace.now())
    found = cases.case_summaries(tx, now=workspace.now(), case_id=case_id)
    if not found:
        raise _not_his()
    require_in(tx, user, found[0].study_id, *roles)
    return found[0]


def blinded(tx: Transaction, user: User, study_id: str) -> bool:
    """Whether model, other raters and reference of a study are kept from a user; from strangers too."""
    own = role_in(tx, user, study_id)
    return own is not Role.ADMINISTRATOR and own not in UNBLINDED


def studies_of(tx: Transaction, user: User, *roles: Role) -> list[StudySummary]:
    """The studies in which a user has one of these roles (by default one that sees cases), newest first."""
    if user.role is Role.ADMINISTRATOR:
        return studies.study_summaries(tx)
    own = members.roles_of(tx, user.id)
    wanted = roles or SEE_CASES
    return studies.study_summaries(tx, among=[study for study, role in own.items() if role in wanted])


def _not_his() -> AccessError:
    return AccessError(
        "Case",
        reason=later("it is not among those you take part in"),
        remedy=later("Choose one from your list"),
    )

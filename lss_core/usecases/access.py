"""Which cases and studies a user may see."""

from __future__ import annotations

from lss_core.domain import Role
from lss_core.errors import AccessError
from lss_core.store import cases, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import CaseSummary
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

UNBLINDED = (Role.COORDINATOR, Role.STATISTICIAN)
"""The roles that may see model, raters and reference."""


def check_study(tx: Transaction, user: User, study_id: str) -> None:
    """Raises AccessError unless the user may see this study's cases.

    Readers and adjudicators see the studies they take part in. In the same words whether
    there is no such study or it is not his, so that nothing is learned by asking.
    """
    if not user.blinded:
        require(user, *UNBLINDED)
        return
    if user.rater_id is None or studies.part_in(tx, study_id, user.rater_id) is None:
        raise _not_his()


def visible_case(tx: Transaction, workspace: Workspace, user: User, case_id: str) -> CaseSummary:
    """The case, when the user may see its images. Raises AccessError, NotFoundError."""
    if not user.blinded:
        require(user, *UNBLINDED)
        return cases.case_summary(tx, case_id, now=workspace.now())
    found = cases.case_summaries(tx, now=workspace.now(), case_id=case_id)
    if not found:
        raise _not_his()
    check_study(tx, user, found[0].study_id)
    return found[0]


def _not_his() -> AccessError:
    return AccessError(
        "Case", reason="it is not among those you take part in", remedy="Choose one from your list"
    )

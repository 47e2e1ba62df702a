"""Studies and their cases."""

from __future__ import annotations

from lss_core.store.values import CaseSummary, RunStatus, SeriesSummary, StudySummary
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "CaseSummary", "RunStatus", "SeriesSummary", "StudySummary", "delete_case", "list_cases", "list_studies",
]  # fmt: skip


def list_studies(workspace: Workspace, user: User) -> list[StudySummary]:
    """The studies the user may see: a reader or adjudicator his own, others all; newest first."""
    raise NotImplementedError


def list_cases(workspace: Workspace, user: User, study_id: str) -> list[CaseSummary]:
    """The cases of a study in the order of their import.

    A reader or adjudicator is not told of the model's status (it is always 'none').
    """
    raise NotImplementedError


def delete_case(workspace: Workspace, user: User, case_id: str, reason: str) -> None:
    """Delete a case with all that hangs on it: rows first, then its files. Coordinators.

    The deletion itself, who and why, stays on record. Raises StoreError without a reason.
    """
    raise NotImplementedError

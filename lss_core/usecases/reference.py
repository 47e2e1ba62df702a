"""Reference standards: the panel's majority, the adjudicator, and truths from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import Answer, Grade, Site
from lss_core.store.values import Decision, ReferenceGrade, ReferenceMethod, ReferenceSummary
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "Adjudication", "Decision", "ReferenceGrade", "ReferenceMethod", "ReferenceSummary", "add_reference",
    "adjudicate", "adjudications_due", "list_references", "make_majority_reference",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Adjudication:
    """A site where the panel has no majority, and the votes for each grade (0 to 3)."""

    case_id: str
    site: Site
    votes: tuple[int, int, int, int]
    settled: Answer | None = None


def list_references(workspace: Workspace, user: User, study_id: str) -> list[ReferenceSummary]:
    """The reference standards of a study, newest first. Coordinators and statisticians."""
    raise NotImplementedError


def make_majority_reference(
    workspace: Workspace, user: User, study_id: str, *, name: str = "Majority of the panel"
) -> ReferenceSummary:
    """Freeze the panel's majority, and the adjudicator's word where there is none. Coordinators.

    Sites that have neither are left out. Raises StoreError when nobody of the panel has answered.
    """
    raise NotImplementedError


def add_reference(
    workspace: Workspace,
    user: User,
    study_id: str,
    *,
    name: str,
    grades: Mapping[str, Mapping[Site, Grade]],
) -> ReferenceSummary:
    """Freeze grades from outside the study (case id -> site -> grade). Coordinators."""
    raise NotImplementedError


def adjudications_due(workspace: Workspace, user: User, study_id: str) -> list[Adjudication]:
    """The sites without a majority, settled or not. Adjudicators of the study and coordinators."""
    raise NotImplementedError


def adjudicate(
    workspace: Workspace, user: User, study_id: str, case_id: str, answer: Answer, *, idempotency_key: str
) -> None:
    """Add the adjudicator's answer at a site. Raises AccessError for anyone but the study's own."""
    raise NotImplementedError

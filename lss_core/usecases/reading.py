"""Reading: a reader's sittings with his cases, answer by answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import Answer
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class ReadProgress:
    """How far a reader is with one of his cases; `read_id` is None before he opened it."""

    case_id: str
    study_id: str
    read_id: str | None
    answered: int
    submitted: bool
    sites: int = 25


@dataclass(frozen=True, kw_only=True)
class ReadState:
    """A sitting as the database has it: the answers that count, by site key."""

    read_id: str
    case_id: str
    answers: Mapping[str, Answer]
    submitted: bool


def reads_of(workspace: Workspace, user: User) -> list[ReadProgress]:
    """The user's cases in his own reading order, which differs from reader to reader."""
    raise NotImplementedError


def next_case(workspace: Workspace, user: User) -> str | None:
    """The first case he has begun and not submitted, else the first not begun; None at the end."""
    raise NotImplementedError


def open_read(workspace: Workspace, user: User, case_id: str | None = None) -> ReadState:
    """His sitting with a case (by default the next): resumed where there is one, else begun.

    A submitted sitting is given back as it is. Raises NotFoundError when no case is left,
    AccessError when the case is not his to read.
    """
    raise NotImplementedError


def record_answer(
    workspace: Workspace, user: User, read_id: str, answer: Answer, *, idempotency_key: str
) -> None:
    """Add an answer; the newest at a site counts, earlier ones stay on record.

    The same key twice adds one row. Raises ConflictError when the read is submitted or
    the key came with another answer, AccessError when the read is another's.
    """
    raise NotImplementedError


def submit_read(workspace: Workspace, user: User, read_id: str) -> None:
    """Close a sitting for good; twice is no error.

    Raises ConflictError, naming how many, when sites are without an answer.
    """
    raise NotImplementedError

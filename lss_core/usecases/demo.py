"""The demo study: synthetic cases through the same path as real ones."""

from __future__ import annotations

from dataclasses import dataclass

from lss_core.domain import Progress, silent
from lss_core.usecases.workspace import Workspace

TITLE = "Demo study (synthetic)"
PASSWORD = "demo-spine-2026"  # printed on purpose: it opens synthetic cases only
USER_NAMES = ("coordinator", "reader", "adjudicator", "statistician")


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo study that stands: its id, its cases, and how to sign in."""

    study_id: str
    cases: int
    users: tuple[str, ...] = USER_NAMES
    password: str = PASSWORD


def make_demo(workspace: Workspace, *, cases: int = 24, progress: Progress = silent) -> Demo:
    """Make the demo study, or what is still missing of it; twice adds nothing."""
    raise NotImplementedError


def demo_exists(workspace: Workspace) -> bool:
    """Whether there is a demo study (a sign-in page then prints its password)."""
    raise NotImplementedError

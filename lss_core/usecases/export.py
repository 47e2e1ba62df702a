"""A study's ratings as a table that any statistics program reads."""

from __future__ import annotations

from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

COLUMNS = (
    "case", "condition", "level", "side", "rater", "kind", "in_panel", "arm", "grade", "not_gradable",
    "score", "p0", "p1", "p2", "p3", "confidence", "given_at", "reference", "reference_grade",
)  # fmt: skip


def ratings_csv(workspace: Workspace, user: User, study_id: str, *, reference_id: str | None = None) -> str:
    """One row for each case, site and rater, after COLUMNS. Coordinators and statisticians.

    `score` is the probability of grade 2 or 3 where there are probabilities. `reference`
    names the reference standard (by default the newest), `reference_grade` what it says.
    """
    raise NotImplementedError

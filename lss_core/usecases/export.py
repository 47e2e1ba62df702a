"""A study's ratings as a table that any statistics program reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from lss_core.domain import Site
from lss_core.store import audit, ratings, references, studies
from lss_core.store.values import Rater, RatingRow, ReferenceGrade
from lss_core.usecases.access import UNBLINDED
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

COLUMNS = (
    "case", "condition", "level", "side", "rater", "kind", "in_panel", "arm", "grade", "not_gradable",
    "score", "p0", "p1", "p2", "p3", "confidence", "given_at", "reference", "reference_grade",
)  # fmt: skip


def ratings_csv(workspace: Workspace, user: User, study_id: str, *, reference_id: str | None = None) -> str:
    """One row for each case, site and rater, after COLUMNS. Coordinators and statisticians.

    `score` is the probability of grade 2 or 3 where there are probabilities. `reference`
    names the reference standard (by default the newest majority), `reference_grade` what it
    says; empty where it says nothing, or that the site is not gradable.
    """
    require(user, *UNBLINDED)
    with workspace.store.read() as tx:
        studies.study_summary(tx, study_id)
        rows = ratings.study_ratings(tx, study_id)
        raters = {rater.id: rater for rater in studies.study_raters(tx, study_id)}
        known = references.reference_summaries(tx, study_id)
        chosen = reference_id or (known[0].id if known else None)
        truth = {} if chosen is None else _by_site(references.reference_grades(tx, chosen))
    now = workspace.now()
    with workspace.store.write() as tx:
        audit.record(tx, at=now, actor=user.id, act="ratings.export", subject=study_id, rows=len(rows))
    title = next((f"{r.name} v{r.version}" for r in known if r.id == chosen), "")
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for row in rows:
        given = truth.get((row.case_id, row.site))
        grade = None if given is None else given.grade
        table.writerow(
            {**_row(row, raters[row.rater_id]), "reference": title, "reference_grade": _blank(grade)}
        )
    return text.getvalue()


def _by_site(grades: tuple[ReferenceGrade, ...]) -> Mapping[tuple[str, Site], ReferenceGrade]:
    return {(grade.case_id, grade.site): grade for grade in grades}


def _row(row: RatingRow, rater: Rater) -> dict[str, object]:
    p = row.probabilities
    return {
        "case": row.case_id,
        "condition": row.site.condition.value,
        "level": row.site.level.value,
        "side": "" if row.site.side is None else row.site.side.value,
        "rater": rater.name,
        "kind": rater.kind.value,
        "in_panel": int(rater.in_panel),
        "arm": row.arm,
        "grade": _blank(row.grade),
        "not_gradable": "" if row.not_gradable is None else row.not_gradable.value,
        "score": "" if p is None else round(p[2] + p[3], 6),
        **{f"p{grade}": "" if p is None else round(p[grade], 6) for grade in range(4)},
        "confidence": "" if row.confidence is None else row.confidence,
        "given_at": row.given_at.isoformat(timespec="seconds"),
    }


def _blank(grade: int | None) -> int | str:
    return "" if grade is None else int(grade)

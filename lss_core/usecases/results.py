"""Results of a study: model and readers against a reference standard, with intervals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lss_core.domain import RaterKind, Site
from lss_core.errors import StatisticsError
from lss_core.stats.resample import Interval, Resamples
from lss_core.store import ratings, references, studies
from lss_core.store.values import (
    Rater,
    RatingRow,
    ReferenceGrade,
    ReferenceMethod,
    ReferenceSummary,
    StudySummary,
)
from lss_core.usecases.access import UNBLINDED
from lss_core.usecases.analysis import RaterColumn, RatingTable, analyse
from lss_core.usecases.figures import ConditionResult, Figure
from lss_core.usecases.reference import ADJUDICATION
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

COLUMNS = (
    "condition", "rater", "kind", "statistic", "value", "low", "high", "level", "n", "interval", "note",
    "reference", "resamples", "seed",
)  # fmt: skip
RESAMPLES = 2000
SEED = 20240607


@dataclass(frozen=True, kw_only=True)
class StudyResults:
    """A study's results and how they were made.

    `readers_make_reference`: readers of this table voted for the reference, which favours them.
    `unreferenced` sites were graded by somebody but have no word in the reference; they are left out.
    """

    study: StudySummary
    reference: ReferenceSummary
    readers_make_reference: bool
    unreferenced: int
    resamples: int
    seed: int
    level: float
    interval: str
    conditions: tuple[ConditionResult, ...]


def study_results(
    workspace: Workspace,
    user: User,
    study_id: str,
    *,
    reference_id: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> StudyResults:
    """The results against a reference standard, by default the newest majority.

    Coordinators and statisticians. Kept until an answer is added or removed. Raises StatisticsError
    where there is no reference or fewer than two cases, NotFoundError for an unknown study or reference.
    """
    require(user, *UNBLINDED)
    with workspace.store.read() as tx:
        studies.study_summary(tx, study_id)
        known = references.reference_summaries(tx, study_id)
        version = ratings.data_version(tx, study_id)
    if reference_id is None and not known:
        raise StatisticsError(
            "Results",
            reason="the study has no reference standard yet",
            remedy="A coordinator makes one on the page Results once the panel has read",
        )
    return _results(workspace, study_id, reference_id or known[0].id, version, resamples, seed)


def results_csv(results: StudyResults) -> str:
    """Every figure in full precision, one a row, with what it rests on."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    made = (_title(results.reference), results.resamples, results.seed)
    for condition in results.conditions:
        for name, kind, statistic, figure in _figures(condition):
            table.writerow((condition.condition.value, name, kind, statistic, *_cells(figure), *made))
    return text.getvalue()


def rating_table(
    raters: Sequence[Rater], rows: Iterable[RatingRow], truth: Sequence[ReferenceGrade]
) -> RatingTable:
    """Rows of the store as arrays: one unit for each site in the reference, one column a rater.

    Adjudicators and adjudications are left out; so is what was graded outside the reference.
    """
    units = {(grade.case_id, grade.site): index for index, grade in enumerate(truth)}
    patients = {case_id: index for index, case_id in enumerate(dict.fromkeys(g.case_id for g in truth))}
    columns = {
        rater.id: RaterColumn(
            name=rater.name,
            kind=rater.kind,
            grades=np.full(len(units), np.nan),
            refused=np.zeros(len(units), dtype=np.bool_),
            probabilities=np.full((len(units), 4), np.nan) if rater.kind is RaterKind.MODEL else None,
        )
        for rater in sorted(raters, key=lambda rater: (rater.kind is not RaterKind.MODEL, rater.name))
        if rater.kind in (RaterKind.MODEL, RaterKind.READER)
    }
    for row in rows:
        unit, column = units.get((row.case_id, row.site)), columns.get(row.rater_id)
        if unit is None or column is None or row.arm == ADJUDICATION:
            continue
        column.refused[unit] = row.grade is None
        if row.grade is not None:
            column.grades[unit] = row.grade
        if column.probabilities is not None and row.probabilities is not None and row.grade is not None:
            column.probabilities[unit] = row.probabilities
    return RatingTable(
        patients=np.array([patients[grade.case_id] for grade in truth], dtype=np.int64),
        n_patients=len(patients),
        conditions=[grade.site.condition for grade in truth],
        truth=np.array([np.nan if grade.grade is None else grade.grade for grade in truth]),
        refused=np.array([grade.grade is None for grade in truth], dtype=np.bool_),
        raters=tuple(columns.values()),
    )


@lru_cache(maxsize=16)
def _results(
    workspace: Workspace,
    study_id: str,
    reference_id: str,
    version: tuple[int, int],
    resamples: int,
    seed: int,
) -> StudyResults:
    with workspace.store.read() as tx:
        study = studies.study_summary(tx, study_id)
        raters = studies.study_raters(tx, study_id)
        rows = ratings.study_ratings(tx, study_id)
        truth = references.reference_grades(tx, reference_id)
        known = references.reference_summaries(tx, study_id)
    reference = next(summary for summary in known if summary.id == reference_id)
    table = rating_table(raters, rows, truth)
    drawn = Resamples.draw(table.n_patients, rng=np.random.default_rng(seed), resamples=resamples)
    panel = {rater.id for rater in raters if rater.in_panel}
    return StudyResults(
        study=study,
        reference=reference,
        readers_make_reference=reference.method is ReferenceMethod.MAJORITY
        and any(row.rater_id in panel for row in rows),
        unreferenced=_unreferenced(rows, {(grade.case_id, grade.site) for grade in truth}),
        resamples=resamples,
        seed=seed,
        level=drawn.level,
        interval=Interval.BCA.value,
        conditions=analyse(table, drawn),
    )


def _unreferenced(rows: Iterable[RatingRow], known: set[tuple[str, Site]]) -> int:
    return len({(row.case_id, row.site) for row in rows} - known)


def _title(reference: ReferenceSummary) -> str:
    return f"{reference.name} v{reference.version}"


def _figures(condition: ConditionResult) -> Iterable[tuple[str, str, str, Figure]]:
    for rater in condition.raters:
        kind = "mean" if rater.is_mean else rater.kind.value
        for measure, figure in rater.figures.items():
            yield rater.name, kind, measure.value, figure
    for panel in condition.panels:
        yield panel.name, "panel", "fleiss_kappa", panel.fleiss
        yield panel.name, "panel", "krippendorff_alpha_ordinal", panel.alpha


def _cells(figure: Figure) -> tuple[object, ...]:
    value = "" if figure.value is None else figure.value
    if figure.interval is None:
        return (value, "", "", "", "", "", figure.refusal)
    shown = figure.interval
    return (value, shown.low, shown.high, shown.level, shown.n, shown.method, "")

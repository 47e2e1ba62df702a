"""Results of a study: model and readers against a reference standard, with intervals."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.resample import Interval
from lss_core.stats.tables import MISSING, encode
from lss_core.store import studies
from lss_core.store.values import ReferenceSummary, StudySummary
from lss_core.texts import later
from lss_core.usecases.analysis import analyse, analyse_units, figure_of
from lss_core.usecases.figures import BINARY, ConditionResult, Figure, Measure
from lss_core.usecases.rater_statistics import SCALE, Rules, pooled_statistics
from lss_core.usecases.result_comparison import full_readers
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import RESAMPLES, SEED, Selection, StudyData, drawn, study_data
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

LEVEL = 0.95
POOLED = (*BINARY, Measure.WEIGHTED_SENSITIVITY, Measure.WEIGHTED_SPECIFICITY)
"""What Overview shows of the readers' counts added up."""
POOLED_NAME = later("Readers, counts pooled")

COLUMNS = (
    "condition", "rater", "kind", "statistic", "value", "low", "high", "level", "n", "interval", "note",
    "reference", "resamples", "seed",
)  # fmt: skip


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
    arm: str | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> StudyResults:
    """The results against a reference standard, by default the newest majority.

    Of the answers in one arm, by default the first of several; StatisticsError where nobody read in it.
    Coordinators and statisticians. Kept until an answer is added or removed. Raises StatisticsError
    where there is no reference, NotFoundError for an unknown study or reference.
    """
    data = study_data(workspace, user, study_id, reference_id)
    with workspace.store.read() as tx:
        study = studies.study_summary(tx, study_id)
    chosen = data.first_arm if arm is None else arm
    if chosen not in data.tables:
        known = ", ".join(f"'{own}'" for own in data.arms)
        reason = later("nobody has read in the arm '{arm}'", arm=chosen)
        raise StatisticsError(later("Results"), reason=reason, remedy=later("Name one of {arms}", arms=known))
    return StudyResults(
        study=study,
        reference=data.reference,
        readers_make_reference=data.panel_made_reference,
        unreferenced=data.unreferenced,
        resamples=resamples,
        seed=seed,
        level=LEVEL,
        interval=Interval.BCA.value,
        conditions=_results(data, chosen, resamples, seed),
    )


def condition_result(
    data: StudyData, selection: Selection, *, resamples: int = RESAMPLES, seed: int = SEED
) -> ConditionResult:
    """The figures of a selection's units: each rater, the mean reader, the panels.

    Kept by the data's fingerprint. Raises StatisticsError where there is no such unit.
    """
    return _condition(data, selection, resamples, seed)


@lru_cache(maxsize=64)
def pooled_readers(
    data: StudyData, selection: Selection, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[int, dict[Measure, Figure]]:
    """How many grades the readers who count gave, and the figures of these counts added up.

    They are not the mean reader's: they hide how readers differ and count each by how much he graded. No
    figure where no reader has answered enough.
    """
    table = cut(data, selection).table
    readers, truth, rules = full_readers(table), encode(table.truth, SCALE), Rules(measures=POOLED)
    if not readers:
        return 0, {}
    asked = pooled_statistics(readers, truth, table.patients, n_patients=table.n_patients, rules=rules)
    replicates = drawn(table.n_patients, resamples, seed)
    given = [
        (~np.isnan(own.grades) & ((truth if own.truth is None else own.truth) != MISSING)).sum()
        for own in readers
    ]
    figures = {measure: figure_of(statistic, replicates) for measure, statistic in asked.items()}
    return int(sum(given)), figures


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


@lru_cache(maxsize=16)
def _results(data: StudyData, arm: str, resamples: int, seed: int) -> tuple[ConditionResult, ...]:
    return analyse(data.tables[arm], drawn(data.table.n_patients, resamples, seed))


@lru_cache(maxsize=128)
def _condition(data: StudyData, selection: Selection, resamples: int, seed: int) -> ConditionResult:
    own = cut(data, selection).table
    group = analyse_units(own, np.arange(len(own.patients)), drawn(own.n_patients, resamples, seed), Rules())
    fields_of = {field.name: getattr(group, field.name) for field in fields(group)}
    return ConditionResult(condition=selection.condition, **fields_of)


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

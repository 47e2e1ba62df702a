"""The flow of a study from import to analysis, counted at each step, for a STARD diagram."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from lss_core.domain import SITES, RaterKind
from lss_core.store import cases, reads
from lss_core.store.values import RunStatus
from lss_core.usecases.access import UNBLINDED
from lss_core.usecases.rater_statistics import POSITIVE, RaterColumn
from lss_core.usecases.reference import ADJUDICATION
from lss_core.usecases.result_comparison import full_readers
from lss_core.usecases.result_data import Selection, StudyData, cut
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

NOT_KEPT = "Files skipped, quarantined or refused: told on import, not kept"


@dataclass(frozen=True, kw_only=True)
class Step:
    """A box of the diagram: what is left, how many, and who or what leaves here and why."""

    title: str
    count: int
    unit: str
    left: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The last row of the diagram: a model's answers at the units of one kind of the reference."""

    title: str
    units: int
    positive: int
    negative: int
    none: int


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A study's flow for the selection's units; `outcomes` are of the `model`, none without one."""

    steps: tuple[Step, ...]
    model: str
    outcomes: tuple[Outcome, ...]
    readers: tuple[tuple[str, int, int, int], ...]


def study_flow(workspace: Workspace, user: User, data: StudyData, selection: Selection) -> Flow:
    """The counts of each step. Coordinators and statisticians.

    `readers`: each with the units he graded, could not grade, and has not answered.
    """
    require(user, *UNBLINDED)
    with workspace.store.read() as tx:
        found = cases.case_summaries(tx, now=workspace.now(), study_id=data.study_id)
        opened = reads.read_times(tx, data.study_id)
        deleted = cases.deleted_cases(tx)
    status = Counter(case.model_status for case in found)
    with_reference = {case_id for case_id, _ in data.sites}
    read = {one.case_id for one in opened if one.arm != ADJUDICATION}
    sites = [site for site in SITES if site.condition is selection.condition]
    wanted = [site for site in sites if selection.level in (None, site.level)]
    wanted = [site for site in wanted if selection.side in (None, site.side)]
    own = cut(data, selection)
    table = own.table
    known = ~np.isnan(table.truth)
    worded = int((own.members >= 0).sum())
    expected = len(with_reference) * len(wanted)
    models = [rater for rater in table.raters if rater.kind is RaterKind.MODEL]
    model = models[0] if models else None
    gone = [NOT_KEPT]
    if deleted:
        gone.append(f"{deleted} cases deleted, counted over all studies")
    ungraded = {
        "no model run": status[RunStatus.NONE],
        "model run failed": status[RunStatus.FAILED],
        "model running": status[RunStatus.RUNNING],
    }
    not_read = len(found) - len(read & {case.case_id for case in found})
    unread = {"read by nobody": not_read, "without a reference": len(found) - len(with_reference)}
    lost = {"without a majority or an adjudicator's word": expected - worded}
    refused = int(table.refused.sum())
    blank = int((~known).sum()) - refused
    no_grade = {"not gradable in the reference": refused, "without a grade in the reference": blank}
    unit = selection.unit.value
    steps = (
        Step(title="Imported into the study", count=len(found), unit="case", left=tuple(gone)),
        Step(
            title="Graded by the model", count=status[RunStatus.DONE], unit="case", left=_counted(ungraded)
        ),
        Step(
            title="With a reference standard", count=len(with_reference), unit="case", left=_counted(unread)
        ),
        Step(
            title=f"{selection.condition.label}, {selection.subgroup}", count=worded, unit="site",
            left=_counted(lost),
        ),
        Step(title="Analysed", count=int(known.sum()), unit=unit, left=_counted(no_grade)),
    )  # fmt: skip
    return Flow(
        steps=steps,
        model="" if model is None else model.name,
        outcomes=() if model is None else _outcomes(model, table.truth, known),
        readers=tuple((r.name, *_answered(r, known)) for r in full_readers(table)),
    )


def _outcomes(model: RaterColumn, truth: np.ndarray, known: np.ndarray) -> tuple[Outcome, ...]:
    positive = np.isin(truth, POSITIVE)
    called, graded = np.isin(model.grades, POSITIVE), ~np.isnan(model.grades)
    found = []
    for title, own in (("Reference positive", known & positive), ("Reference negative", known & ~positive)):
        found.append(
            Outcome(
                title=title,
                units=int(own.sum()),
                positive=int((own & called).sum()),
                negative=int((own & graded & ~called).sum()),
                none=int((own & ~graded).sum()),
            )
        )
    return tuple(found)


def _answered(rater: RaterColumn, known: np.ndarray) -> tuple[int, int, int]:
    graded = known & ~np.isnan(rater.grades)
    refused = known & rater.refused & np.isnan(rater.grades)
    return int(graded.sum()), int(refused.sum()), int(known.sum() - graded.sum() - refused.sum())


def _counted(reasons: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{count} {reason}" for reason, count in reasons.items() if count)

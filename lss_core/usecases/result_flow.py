"""The flow of a study from import to analysis, counted at each step, for a STARD diagram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lss_core.domain import ALL_SITES, SITES, RaterKind, Site, Verdict
from lss_core.store import cases, protocols, reads
from lss_core.store.values import CaseSummary, RunStatus
from lss_core.texts import joined, later
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.rater_statistics import POSITIVE, RaterColumn
from lss_core.usecases.reference import ADJUDICATION
from lss_core.usecases.result_comparison import full_readers
from lss_core.usecases.result_cut import Cut, cases_of, cut
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

Counted = tuple[str, int | None]
"""What, and how many; None where nobody counts."""

NOT_COUNTED = later("Files skipped, quarantined or refused: imported before they were counted")
OF_FILES = {
    Verdict.SKIPPED: later("files skipped"),
    Verdict.QUARANTINED: later("files quarantined"),
    Verdict.REFUSED: later("files refused"),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A box of the diagram: what is left, how many, what leaves here and why, and notes in the box."""

    title: str
    count: int
    unit: str
    left: tuple[Counted, ...] = ()
    notes: tuple[Counted, ...] = ()


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
    """The counts of each step, each of those in the step before. Coordinators and statisticians.

    `readers`: each with the units he graded, could not grade, and has not answered.
    """
    require_study(workspace, user, data.study_id, *UNBLINDED)
    with workspace.store.read() as tx:
        found = cases.case_summaries(tx, now=workspace.now(), study_id=data.study_id)
        opened = reads.read_times(tx, data.study_id)
        deleted = cases.deleted_cases(tx)
        files = cases.counted_files(tx, data.study_id)
        live = protocols.live_protocol(tx, data.study_id)
    read = {one.case_id for one in opened if one.arm != ADJUDICATION}
    own = cut(data, selection)
    asked = {*(SITES if live is None else live.protocol.sites), *(site for _, site in data.sites)}
    known = ~np.isnan(own.table.truth)
    models = [rater for rater in own.table.raters if rater.kind is RaterKind.MODEL]
    return Flow(
        steps=(*_case_steps(found, data, read, deleted, files), *_unit_steps(data, own, selection, asked)),
        model=models[0].name if models else "",
        outcomes=_outcomes(models[0], own.table.truth, known) if models else (),
        readers=tuple((r.name, *_answered(r, known)) for r in full_readers(own.table)),
    )


def _case_steps(
    found: Sequence[CaseSummary],
    data: StudyData,
    read: set[str],
    deleted: int,
    files: Mapping[Verdict, int],
) -> tuple[Step, ...]:
    """Imported cases, and those with a reference."""
    gone: tuple[Counted, ...] = () if files else ((NOT_COUNTED, None),)
    gone += _some(*((name, files.get(verdict, 0)) for verdict, name in OF_FILES.items()))
    gone += _some((later("cases deleted, counted over all studies"), deleted))
    judged = {case_id for case_id, _ in data.sites}
    mine = [case for case in found if case.case_id in judged]
    status = Counter(case.model_status for case in mine)
    graded = (later("graded by the model"), status[RunStatus.DONE])
    failed = _some((later("the model failed"), status[RunStatus.FAILED]))
    seen = (later("opened by a reader"), sum(case.case_id in read for case in mine))
    return (
        Step(
            title=later("Imported into the study"),
            count=len(found),
            unit="case",
            left=gone,
            notes=_some((later("files taken"), files.get(Verdict.TAKEN, 0))),
        ),
        Step(
            title=later("With a reference standard"),
            count=len(mine),
            unit="case",
            notes=(graded, *failed, seen),
            left=_some((later("without a reference standard"), len(found) - len(mine))),
        ),
    )


def _unit_steps(data: StudyData, own: Cut, selection: Selection, asked: set[Site]) -> tuple[Step, ...]:
    """The sites of the selection that the reference has a word on, and the units that are analysed.

    `asked`: the sites that the study grades.
    """
    wanted = [site for site in ALL_SITES if site in asked and selection.takes(site)]
    worded = int((own.members >= 0).sum())
    apart = len({case_id for case_id, _ in data.sites} - cases_of(data, selection))
    expected = len(cases_of(data, selection)) * len(wanted)
    ungraded = int(np.isnan(own.table.truth).sum())
    refused = int(own.table.refused.sum())
    blank = _some(
        (later("not gradable in the reference"), refused),
        (later("without a grade in it"), ungraded - refused),
    )
    return (
        Step(
            title=joined([selection.condition.label, selection.subgroup]),
            count=worded,
            unit="site",
            left=_some(
                (later("cases outside the subgroup"), apart),
                (later("sites without a word of the reference"), expected - worded),
            ),
        ),
        Step(
            title=later("Analysed"),
            count=len(own.table.truth) - ungraded,
            unit=selection.unit.value,
            left=blank,
        ),
    )


def _outcomes(model: RaterColumn, truth: np.ndarray, known: np.ndarray) -> tuple[Outcome, ...]:
    positive = np.isin(truth, POSITIVE)
    called, graded = np.isin(model.grades, POSITIVE), ~np.isnan(model.grades)
    kinds = (later("Reference positive"), known & positive), (later("Reference negative"), known & ~positive)
    found = []
    for title, own in kinds:
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


def _some(*counted: tuple[str, int]) -> tuple[Counted, ...]:
    return tuple(one for one in counted if one[1])

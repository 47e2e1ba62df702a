"""The demo study is made: synthetic cases through the same path as real ones.

Phantoms are written as DICOM and imported; the model grades them; a protocol of two arms goes live, by
which seven simulated readers read them (demo_reading.py); an adjudicator settles what they leave open.
Each step looks for what is there already, so a run that was cut short is completed by the next, and one
more adds nothing.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from lss_core.domain import Grade, Progress, RaterKind, Role, Site
from lss_core.errors import StoreError
from lss_core.store import people, studies
from lss_core.store.values import ReferenceMethod, RunStatus
from lss_core.study.simulate import adjudicator, simulate_reads
from lss_core.texts import later
from lss_core.usecases.accounts import enable_user
from lss_core.usecases.cases import list_cases
from lss_core.usecases.demo import PASSWORD, ROLES, TITLE, shown_as
from lss_core.usecases.demo_phantoms import write_phantom
from lss_core.usecases.demo_reading import READERS_SEED, go_live, simulate_panel
from lss_core.usecases.grading import engine_of, grade_case
from lss_core.usecases.importing import import_paths
from lss_core.usecases.reference import (
    add_reference,
    adjudicate,
    adjudications_due,
    list_references,
    make_majority_reference,
)
from lss_core.usecases.users import OPERATOR, add_user, user_in
from lss_core.usecases.workspace import Workspace

FIRST_SEED = 9000  # far from the seeds that the networks were trained on
PHANTOM_PROCESSES = 2
TRUTH = later("Truth of the phantoms")
DRAWN = "Drawn for the demo."
"""The reason beside each of the demo adjudicator's grades."""

CASES_SHARE = 0.95
"""The share of the progress that drawing, importing and grading take."""

Truth = Mapping[str, Mapping[Site, Grade]]
Record = tuple[str, dict[str, int]]
"""The case that a phantom became, and its true grades by site key."""


def make(workspace: Workspace, cases: int, progress: Progress) -> str:
    """Make what is missing of the demo study; its id. See demo.make_demo."""
    with workspace.store.write() as tx:
        study_id = studies.add_study(tx, title=TITLE, synthetic=True, at=workspace.now())
    _add_users(workspace, study_id)
    truth = _make_cases(workspace, study_id, range(FIRST_SEED, FIRST_SEED + cases), progress)
    progress(CASES_SHARE, "A protocol of two arms, seven simulated readers and an adjudicator")
    go_live(workspace, study_id)
    simulate_panel(workspace, study_id, truth)
    _adjudicate(workspace, study_id, truth)
    _make_references(workspace, study_id, truth)
    progress(1, "The demo study is ready")
    return study_id


def _add_users(workspace: Workspace, study_id: str) -> None:
    for role in ROLES:
        with workspace.store.read() as tx:
            known = people.find_user(tx, role.value)
        if known is not None and known.disabled_at is not None and known.display_name == shown_as(role):
            enable_user(workspace, OPERATOR, known.name)
        if known is None:
            add_user(
                workspace,
                OPERATOR,
                name=role.value,
                display_name=shown_as(role),
                role=role,
                password=PASSWORD,
                study_id=study_id,
                in_panel=False,
            )


def _make_cases(workspace: Workspace, study_id: str, seeds: Sequence[int], progress: Progress) -> Truth:
    """The true grades of each case by its id, once all are imported and graded."""
    graded = {
        case.case_id: case.model_status is RunStatus.DONE
        for case in list_cases(workspace, OPERATOR, study_id)
    }
    known = {seed: found for seed in seeds if (found := _recorded(workspace, seed, graded))}
    if len(known) < len(seeds) or not all(graded[case_id] for case_id, _ in known.values()):
        engine_of(workspace.settings)
    truth: dict[str, Mapping[Site, Grade]] = {}
    for number, (case_id, grades) in enumerate(_phantoms(workspace, study_id, seeds, known), start=1):
        progress(
            CASES_SHARE * (number - 0.5) / len(seeds), f"Case {number} of {len(seeds)}: the model grades"
        )
        if not graded.get(case_id):
            grade_case(workspace, OPERATOR, case_id)
        truth[case_id] = {Site.parse(key): Grade(grade) for key, grade in grades.items()}
        progress(CASES_SHARE * number / len(seeds), f"Case {number} of {len(seeds)} is ready")
    return truth


def _phantoms(
    workspace: Workspace, study_id: str, seeds: Sequence[int], known: Mapping[int, Record]
) -> Iterator[Record]:
    """The case of each seed: the one that is known, or a phantom drawn and imported.

    Phantoms are drawn in processes of their own, ahead of the import and the grading.
    """
    with (
        tempfile.TemporaryDirectory(prefix="lss-demo-") as folder,
        ProcessPoolExecutor(PHANTOM_PROCESSES, mp_context=get_context("spawn")) as pool,
    ):
        drawn: dict[int, Future[dict[str, int]]] = {
            seed: pool.submit(write_phantom, seed, Path(folder) / str(seed))
            for seed in seeds
            if seed not in known
        }
        try:
            for seed in seeds:
                if seed in known:
                    yield known[seed]
                    continue
                grades = drawn[seed].result()
                yield _import_phantom(workspace, study_id, seed, Path(folder) / str(seed), grades)
        finally:
            pool.shutdown(cancel_futures=True)  # who gives up does not wait for what is not begun


def _import_phantom(
    workspace: Workspace, study_id: str, seed: int, folder: Path, grades: dict[str, int]
) -> Record:
    report = import_paths(workspace, OPERATOR, [folder], study_id=study_id)
    shutil.rmtree(folder)
    if len(report.cases) != 1:
        reasons = sorted({file.reason for file in report.files})
        raise StoreError(
            f"Phantom {seed}", reason=f"it could not be imported ({'; '.join(reasons)})", remedy="Report this"
        )
    case_id = report.cases[0].case_id
    _record(workspace, seed, (case_id, grades))
    return case_id, grades


def _record_path(workspace: Workspace, seed: int) -> Path:
    return workspace.settings.data_dir / "demo" / f"{seed}.json"


def _record(workspace: Workspace, seed: int, record: Record) -> None:
    """Keep which case a phantom became, and its truth: a run that is cut short goes on from here."""
    path = _record_path(workspace, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record))
    part.replace(path)


def _recorded(workspace: Workspace, seed: int, present: Container[str]) -> Record | None:
    path = _record_path(workspace, seed)
    if not path.exists():
        return None
    case_id, grades = json.loads(path.read_text())
    return (case_id, grades) if case_id in present else None


def _adjudicate(workspace: Workspace, study_id: str, truth: Truth) -> None:
    """The demo adjudicator's word, simulated, where the panel has no majority."""
    judge = adjudicator()
    words = simulate_reads(truth, [judge], rng=np.random.default_rng(READERS_SEED + 1))[judge.name]
    answers = {(case_id, answer.site): answer for case_id, given in words.items() for answer in given}
    due = [one for one in adjudications_due(workspace, OPERATOR, study_id) if one.settled is None]
    with workspace.store.read() as tx:
        record = people.find_user(tx, Role.ADJUDICATOR.value)
        part = record and record.rater_id and studies.part_in(tx, study_id, record.rater_id)
        if record is None or part is not RaterKind.ADJUDICATOR:
            return  # the name was somebody's before there was a demo: he is not spoken for
        judging = user_in(tx, record)
    for one in due:
        word = replace(answers[one.case_id, one.site], note=DRAWN)
        key = f"demo {one.site.key}"
        adjudicate(workspace, judging, study_id, one.case_id, word, idempotency_key=key)


def _make_references(workspace: Workspace, study_id: str, truth: Truth) -> None:
    """The majority reference and the phantoms' truth, anew where cases have been added since."""
    references = list_references(workspace, OPERATOR, study_id)
    grades = {reference.method: reference.grades for reference in reversed(references)}
    grown = grades.get(ReferenceMethod.EXTERNAL, 0) < sum(len(sites) for sites in truth.values())
    if grown or ReferenceMethod.MAJORITY not in grades:
        make_majority_reference(workspace, OPERATOR, study_id)
    if grown:
        add_reference(workspace, OPERATOR, study_id, name=TRUTH, grades=truth)

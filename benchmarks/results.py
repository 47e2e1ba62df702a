"""How soon each view of the results is there after a choice: 150 patients x 25 sites x 8 raters.

    python benchmarks/results.py [FOLDER]

A database of its own (kept where a folder is named, to look at it with the app) gets 150 cases without
images, a model with probabilities, seven readers in two arms and a reference. Measured is each view as the
page makes it after a choice that was not made before, with 2,000 resamples: figures, tables and plots until
they are sent, not the browser's own drawing. The second time is the processor's, which hardly depends on
what else the machine does. Exits with 1 where a choice takes more than a second of it.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

import numpy as np
import sqlalchemy as sa

from lss_core.domain import SITES, Condition, Grade, Level, RaterKind
from lss_core.settings import Settings
from lss_core.store import references, studies
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.values import Decision, ReferenceGrade, ReferenceMethod
from lss_core.ui.results import made_of, show_view
from lss_core.ui.results.choices import ViewName
from lss_core.usecases import result_data
from lss_core.usecases.result_data import Selection, Unit, study_data
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import Workspace, open_workspace

PATIENTS, READERS, SECONDS = 150, 7, 1.0
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
CUTS = np.array([0.3, 1.1, 2.0])


def fill(workspace: Workspace, *, arms: tuple[str, ...] = ("unaided",), seed: int = 1) -> str:
    """Cases, raters, ratings and a reference; the study's id."""
    rng = np.random.default_rng(seed)
    cases = [f"C-{number:05d}" for number in range(PATIENTS)]
    latent = rng.normal(size=PATIENTS)[:, None] + rng.normal(size=(PATIENTS, len(SITES)))
    truth = np.digitize(latent, CUTS)
    with workspace.store.write() as tx:
        study = studies.add_study(tx, title="150 cases, drawn", synthetic=True, at=START)
        tx.execute(sa.insert(t.cases), [
            {"id": case, "study_id": study, "uid": case, "digest": case, "imported_at": START}
            for case in cases
        ])  # fmt: skip
        _model(tx, study, cases, latent + rng.normal(scale=0.5, size=latent.shape))
        for number in range(1, READERS + 1):
            rater = studies.add_rater(tx, name=f"Reader {number}", kind=RaterKind.READER)
            studies.join_study(tx, study_id=study, rater_id=rater, part=RaterKind.READER, in_panel=False)
            for arm in arms:
                noise = rng.normal(scale=0.5 + 0.05 * number, size=latent.shape)
                _reads(tx, rater, arm, cases, np.digitize(latent + noise, CUTS), rng)
        grades = [
            ReferenceGrade(
                case_id=case, site=site, grade=Grade(int(truth[row, place])), not_gradable=None,
                decision=Decision.EXTERNAL,
            )
            for row, case in enumerate(cases) for place, site in enumerate(SITES)
        ]  # fmt: skip
        references.add_reference(
            tx, study_id=study, name="Drawn truth", method=ReferenceMethod.EXTERNAL, grades=grades,
            actor=OPERATOR.id, at=START,
        )  # fmt: skip
    return study


def _model(tx: Transaction, study: str, cases: list[str], seen: np.ndarray) -> None:
    heights = -((seen[..., None] - np.array([-0.5, 0.7, 1.5, 2.5])) ** 2)
    p = np.exp(heights) / np.exp(heights).sum(axis=-1, keepdims=True)
    rater = studies.model_rater(tx, "drawn model 1.0")
    studies.join_study(tx, study_id=study, rater_id=rater, part=RaterKind.MODEL)
    for row, case in enumerate(cases):
        run = {
            "id": f"RUN-{case}", "case_id": case, "rater_id": rater, "bundle": "drawn model 1.0",
            "status": "done", "message": "", "levels": {}, "seconds": 1.0, "started_at": START,
            "finished_at": START,
        }  # fmt: skip
        tx.execute(sa.insert(t.model_runs).values(run))
        tx.execute(sa.insert(t.ratings), [
            {**_rating(case, rater, site.key, int(p[row, place].argmax())), "run_id": run["id"],
             "read_id": None, **{f"p{grade}": float(p[row, place, grade]) for grade in range(4)}}
            for place, site in enumerate(SITES)
        ])  # fmt: skip


def _reads(
    tx: Transaction, rater: str, arm: str, cases: list[str], given: np.ndarray, rng: np.random.Generator
) -> None:
    at = START
    for place, row in enumerate(rng.permutation(len(cases)).tolist()):
        minutes = float(rng.gamma(6, 0.4 + 0.6 * np.exp(-place / 30)))
        read = {
            "id": f"{rater}-{arm}-{row}"[-32:], "case_id": cases[row], "rater_id": rater, "arm": arm,
            "opened_at": at, "submitted_at": None,
        }  # fmt: skip
        tx.execute(sa.insert(t.reads).values(read))
        tx.execute(sa.insert(t.ratings), [
            {**_rating(cases[row], rater, site.key, int(given[row, own])), "read_id": read["id"],
             "run_id": None, **{f"p{grade}": None for grade in range(4)}}
            for own, site in enumerate(SITES)
        ])  # fmt: skip
        at += timedelta(minutes=minutes)
        tx.execute(sa.update(t.reads).where(t.reads.c.id == read["id"]).values(submitted_at=at))
        at += timedelta(minutes=1)


def _rating(case: str, rater: str, site: str, grade: int) -> dict[str, object]:
    return {
        "case_id": case, "rater_id": rater, "site": site, "grade": grade, "not_gradable": None,
        "confidence": None, "note": "", "evidence": {}, "idempotency_key": None, "given_at": START,
    }  # fmt: skip


def forget() -> None:
    """Nothing that was computed before is there any more, but the data and the draws, which choices share."""
    for name, module in list(sys.modules.items()):
        for kept in vars(module).values() if name.startswith("lss_core.usecases.result") else ():
            if hasattr(kept, "cache_clear") and kept not in (result_data._loaded, result_data.drawn):
                kept.cache_clear()


def main() -> int:
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it warns that no browser asks
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="lss-results-"))
    folder.mkdir(parents=True, exist_ok=True)
    workspace = open_workspace(Settings(data_dir=folder, database_url="", _env_file=None))
    study = fill(workspace, arms=("unaided", "aided"))
    with workspace.store.read() as tx:
        summary = studies.study_summary(tx, study)
    began = time.perf_counter()
    data = study_data(workspace, OPERATOR, study)
    print(f"ratings read and ordered, once a data version: {time.perf_counter() - began:.2f} s")
    worst = 0.0
    chosen = [Selection(condition=condition, unit=unit) for condition in Condition for unit in Unit]
    chosen += [Selection(condition=Condition.FORAMINAL, level=Level.L4_L5)]
    for name in ViewName:
        times = []
        for selection in chosen:
            forget()
            began, used = time.perf_counter(), time.process_time()
            show_view(name, workspace, OPERATOR, data, selection, made_of(summary, data, selection))
            times.append((time.perf_counter() - began, time.process_time() - used))
        wall, own = np.array(times).T
        print(
            f"{name.value:11} median {np.median(wall):.2f} s, longest {wall.max():.2f} s; processor "
            f"{np.median(own):.2f} s, {own.max():.2f} s; {len(times)} choices"
        )
        worst = max(worst, own.max())
    began = time.perf_counter()
    study_data(workspace, OPERATOR, study)
    print(f"data version asked again: {time.perf_counter() - began:.3f} s")
    return int(worst > SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())

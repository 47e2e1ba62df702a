"""A made-up study for the result pages: a model, two readers, six cases, one of them called severe by one."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from lss_core.domain import SITES, Grade, RaterKind
from lss_core.store.values import ReferenceMethod, ReferenceSummary, StudySummary
from lss_core.study.simulate import draw_readers, simulate_reads
from lss_core.usecases.analysis import RaterColumn, RatingTable
from lss_core.usecases.result_data import StudyData

CASES = 6
STUDY = StudySummary(id="ST-1", title="Made up", synthetic=True, cases=CASES)
REFERENCE = ReferenceSummary(
    id="REF-1",
    study_id="ST-1",
    name="Majority of the panel",
    method=ReferenceMethod.MAJORITY,
    version=1,
    created_at=datetime(2026, 3, 2, tzinfo=UTC),
    created_by="somebody",
    grades=150,
)


def made_up(*, arms: bool = False, model: bool = True) -> StudyData:
    """The study as the pages get it; with `arms` every reader has read it all twice."""
    rng = np.random.default_rng(1)
    truth = {f"C-{case}": {site: Grade(int(rng.integers(4))) for site in SITES} for case in range(CASES)}
    sites = tuple((case_id, site) for case_id, own in truth.items() for site in own)
    grades = np.array([grade for own in truth.values() for grade in own.values()], float)
    tables = {"": table(truth, grades, rng, model=model)}
    if arms:
        tables |= {arm: table(truth, grades, rng, model=model) for arm in ("unaided", "aided")}
    return StudyData(
        study_id=STUDY.id,
        reference=REFERENCE,
        fingerprint=f"{arms} {model}".ljust(64, "0"),
        sites=sites,
        tables=tables,
        panel_made_reference=True,
        unreferenced=3,
    )


def table(truth, grades: np.ndarray, rng: np.random.Generator, *, model: bool) -> RatingTable:
    reads = simulate_reads(truth, draw_readers(2, rng=rng), rng=rng)
    columns = []
    if model:
        given = np.clip(grades + rng.integers(-1, 2, len(grades)), 0, 3)
        probabilities = np.full((len(grades), 4), 0.1)
        probabilities[np.arange(len(grades)), given.astype(int)] = 0.7
        columns.append(column("net 1.0", RaterKind.MODEL, given, probabilities))
    for name, cases in reads.items():
        given = np.array(
            [np.nan if a.grade is None else a.grade for answers in cases.values() for a in answers]
        )
        columns.append(column(name, RaterKind.READER, given))
    return RatingTable(
        patients=np.repeat(np.arange(CASES), len(SITES)),
        n_patients=CASES,
        conditions=[site.condition for site in SITES] * CASES,
        truth=grades,
        refused=np.zeros(len(grades), bool),
        raters=tuple(columns),
    )


def column(name: str, kind: RaterKind, given: np.ndarray, probabilities=None) -> RaterColumn:
    return RaterColumn(
        name=name, kind=kind, grades=given, refused=np.isnan(given), probabilities=probabilities
    )

"""A study's ratings for other programs: the long tidy table, JSON, iMRMC's list of scores.

Times are UTC in ISO 8601, decimals have a point, whatever language a page is in. Of a study that stands
still each export is the same, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import Condition, RaterKind, Site
from lss_core.errors import StoreError
from lss_core.store import answers, audit, protocols, references, sittings, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import AssignmentKind, ProtocolRecord, ReferenceGrade, ReferenceSummary
from lss_core.study.protocol import as_document
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.csv_writing import as_csv
from lss_core.usecases.export_table import TABLE, Exported, cells, grade_of, rows_csv, score_of
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class _Study:
    """All that an export is made of, read in one transaction."""

    title: str
    rows: tuple[Exported, ...]
    chosen: ReferenceSummary | None
    truth: Mapping[tuple[str, Site], ReferenceGrade]
    protocol: ProtocolRecord | None


def ratings_csv(workspace: Workspace, user: User, study_id: str, *, reference_id: str | None = None) -> str:
    """One row for each sitting or model run, case and site, after `export_table.TABLE`.

    Coordinators and statisticians. `reference_id` by default is the newest majority, or the newest reference
    there is.
    """
    study = _read(workspace, user, study_id, reference_id, "csv")
    return rows_csv(study.rows)


def ratings_json(workspace: Workspace, user: User, study_id: str, *, reference_id: str | None = None) -> str:
    """The same as JSON: the study, its live protocol, the reference, the dictionary and the rows."""
    study = _read(workspace, user, study_id, reference_id, "json")
    live = study.protocol
    told = {
        "study": study.title,
        "protocol": live
        and {"version": live.version, "sha256": live.sha256, "document": as_document(live.protocol)},
        "reference": study.chosen and {"name": study.chosen.name, "version": study.chosen.version},
        "columns": {column.name: {"meaning": column.meaning, "values": column.values} for column in TABLE},
        "rows": [cells(row) for row in study.rows],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def scores_csv(
    workspace: Workspace,
    user: User,
    study_id: str,
    *,
    condition: Condition,
    reference_id: str | None = None,
) -> str:
    """A condition's scores in iMRMC's list format, each site a case; `mrmc` reads it.

    readerID, caseID, modalityID, score, and patientID, which is ours: the case that a site belongs to. Rows
    of 'truth' hold 1 where the reference says grade 2 or 3. Submitted test reads that are not withdrawn, and
    models, whose modality is 'model'; where a reader gave no score his grade stands for it.
    Raises StoreError where the study has no reference.
    """
    study = _read(workspace, user, study_id, reference_id, "imrmc")
    if study.chosen is None:
        raise StoreError(
            "Export", reason="iMRMC needs the truth of each case", remedy="Freeze or import a reference first"
        )
    truth = {
        place: given.grade.positive
        for place, given in study.truth.items()
        if given.grade is not None and place[1].condition is condition
    }
    rows = [
        _score_row(*place, "truth", "truth", int(positive))
        for place, positive in sorted(truth.items(), key=_place)
    ]
    for row in study.rows:
        place = (row.answer.case_id, row.answer.site)
        score = score_of(row)
        value = score if score is not None else grade_of(row.answer.grade)
        if place in truth and value is not None and _analysed(row):
            modality = row.answer.arm or RaterKind.MODEL.value
            rows.append(_score_row(*place, row.rater.name, modality, value))
    return as_csv(("readerID", "caseID", "modalityID", "score", "patientID"), rows)


def _place(item: tuple[tuple[str, Site], bool]) -> tuple[str, str]:
    (case_id, site), _ = item
    return case_id, site.key


def _score_row(case_id: str, site: Site, reader: str, modality: str, score: float) -> Mapping[str, object]:
    case = f"{case_id}:{site.key}"
    return {
        "readerID": reader,
        "caseID": case,
        "modalityID": modality,
        "score": score,
        "patientID": case_id,
    }


def _analysed(row: Exported) -> bool:
    """Whether an answer enters the comparison of arms."""
    answer = row.answer
    if answer.withdrawn or row.rater.kind is RaterKind.ADJUDICATOR:
        return False
    return answer.read_id is None or (
        answer.submitted_at is not None and answer.kind in (None, AssignmentKind.TEST)
    )


def long_table(tx: Transaction, study_id: str) -> str:
    """The table of `ratings_csv` as a transaction sees it, for an export that asks and records itself."""
    return rows_csv(_gathered(tx, study_id, None).rows)


def _read(workspace: Workspace, user: User, study_id: str, reference_id: str | None, form: str) -> _Study:
    require_study(workspace, user, study_id, *UNBLINDED)
    with workspace.store.read() as tx:
        study = _gathered(tx, study_id, reference_id)
    now = workspace.now()
    with workspace.store.write() as tx:
        audit.record(
            tx, at=now, actor=user.id, act="ratings.export", subject=study_id, form=form, rows=len(study.rows)
        )
    return study


def _gathered(tx: Transaction, study_id: str, reference_id: str | None) -> _Study:
    study = studies.study_summary(tx, study_id)
    said = sittings.study_notes(tx, study_id)
    raters = {rater.id: rater for rater in studies.study_raters(tx, study_id)}
    known = references.reference_summaries(tx, study_id)
    chosen = next((one for one in known if reference_id in (None, one.id)), None)
    if reference_id is not None and chosen is None:
        raise StoreError(reference_id, reason="it is no reference of this study", remedy="Choose another")
    grades = () if chosen is None else references.reference_grades(tx, chosen.id)
    truth = {(grade.case_id, grade.site): grade for grade in grades}
    title = "" if chosen is None else f"{chosen.name} v{chosen.version}"
    exported = tuple(
        Exported(
            answer=row,
            rater=raters[row.rater_id],
            reference=title,
            truth=truth.get((row.case_id, row.site)),
            note=said.get(row.read_id or ""),
        )
        for row in answers.study_answers(tx, study_id)
    )
    live = protocols.live_protocol(tx, study_id)
    return _Study(title=study.title, rows=exported, chosen=chosen, truth=truth, protocol=live)

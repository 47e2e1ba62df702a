"""A study's ratings for other programs: a long tidy table with its dictionary, JSON, iMRMC's list of scores.

Times are UTC in ISO 8601, decimals have a point, whatever language a page is in. Of a study that stands
still each export is the same, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lss_core.domain import Condition, Grade, RaterKind, Site
from lss_core.errors import StoreError
from lss_core.store import answers, audit, protocols, references, sittings, studies
from lss_core.store.answers import AnswerRow
from lss_core.store.values import (
    AssignmentKind,
    ProtocolRecord,
    Rater,
    ReadNote,
    ReferenceGrade,
    ReferenceSummary,
)
from lss_core.study.protocol import as_document
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.csv_writing import as_csv
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

Cell = int | float | str | None


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An answer as the columns see it: with its rater, the reference at its site, the note on its case."""

    answer: AnswerRow
    rater: Rater
    reference: str
    truth: ReferenceGrade | None
    note: ReadNote | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table: what it holds, in which unit or of which values."""

    name: str
    meaning: str
    values: str
    cell: Callable[[Exported], Cell]


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="milliseconds")


def _probability(grade: int) -> Callable[[Exported], Cell]:
    def cell(row: Exported) -> Cell:
        p = row.answer.probabilities
        return None if p is None else round(p[grade], 6)

    return cell


def _score(row: Exported) -> float | None:
    p = row.answer.probabilities
    return row.answer.score if p is None else round(100 * (p[2] + p[3]), 4)


def _grade(grade: Grade | None) -> int | None:
    return None if grade is None else int(grade)


TIME = "UTC, ISO 8601"
TABLE = (
    Column(name="case", meaning="The case", values="opaque id", cell=lambda x: x.answer.case_id),
    Column(
        name="condition",
        meaning="Kind of stenosis",
        values="central, lateral_recess, foraminal",
        cell=lambda x: x.answer.site.condition.value,
    ),
    Column(
        name="level",
        meaning="Disc level",
        values="L1_L2 to L5_S1",
        cell=lambda x: x.answer.site.level.value,
    ),
    Column(
        name="side",
        meaning="Side of the patient; empty for central sites",
        values="left, right",
        cell=lambda x: None if x.answer.site.side is None else x.answer.site.side.value,
    ),
    Column(name="rater", meaning="Who or what graded", values="name", cell=lambda x: x.rater.name),
    Column(
        name="kind",
        meaning="What the rater is in this study",
        values="reader, adjudicator, model",
        cell=lambda x: x.rater.kind.value,
    ),
    Column(
        name="in_panel",
        meaning="Whether the rater's votes make the majority reference",
        values="0, 1",
        cell=lambda x: int(x.rater.in_panel),
    ),
    Column(
        name="arm",
        meaning="Reading condition; empty for models",
        values="a name from the protocol",
        cell=lambda x: x.answer.arm,
    ),
    Column(
        name="session", meaning="Session of the read", values="1, 2, ...", cell=lambda x: x.answer.session
    ),
    Column(
        name="stage",
        meaning="Stage of a sequential read: before the model is shown, then with it",
        values="1, 2",
        cell=lambda x: x.answer.stage,
    ),
    Column(
        name="position",
        meaning="Place of the case in the reader's order of that session",
        values="1, 2, ...",
        cell=lambda x: x.answer.position,
    ),
    Column(
        name="purpose",
        meaning="What the read was assigned for; only test reads are analysed, repeats for agreement with "
        "oneself; empty without a protocol and for models",
        values="training, test, repeat",
        cell=lambda x: None if x.answer.kind is None else x.answer.kind.value,
    ),
    Column(
        name="grade",
        meaning="The grade; empty where not gradable",
        values="0 none, 1 mild, 2 moderate, 3 severe",
        cell=lambda x: _grade(x.answer.grade),
    ),
    Column(
        name="not_gradable",
        meaning="Why there is no grade",
        values="a reason",
        cell=lambda x: None if x.answer.not_gradable is None else x.answer.not_gradable.value,
    ),
    Column(
        name="positive",
        meaning="The reader's binary call, where the protocol asks for one",
        values="0, 1",
        cell=lambda x: None if x.answer.positive is None else int(x.answer.positive),
    ),
    Column(
        name="score",
        meaning="How likely the rater holds grade 2 or 3 to be; a model's probability times 100",
        values="0 to 100",
        cell=_score,
    ),
    *(
        Column(
            name=f"p{grade}",
            meaning=f"A model's probability of grade {grade}",
            values="0 to 1",
            cell=_probability(grade),
        )
        for grade in range(4)
    ),
    Column(
        name="confidence",
        meaning="How sure the rater is of his grade",
        values="0 to 1",
        cell=lambda x: x.answer.confidence,
    ),
    Column(
        name="comment",
        meaning="The rater's comment on the site",
        values="text",
        cell=lambda x: x.answer.note,
    ),
    Column(
        name="origin",
        meaning="Given at its site, with all remaining ones at once, or imported from a file",
        values="given, remaining, imported",
        cell=lambda x: x.answer.origin.value,
    ),
    Column(
        name="changes",
        meaning="How often the answer was changed before it became this one",
        values="0, 1, ...",
        cell=lambda x: x.answer.changes,
    ),
    Column(
        name="given_at",
        meaning="When the answer was given",
        values=TIME,
        cell=lambda x: _time(x.answer.given_at),
    ),
    Column(
        name="active_s",
        meaning="Time spent at the site with the images in view and hands at work",
        values="seconds",
        cell=lambda x: x.answer.active_ms / 1000 if x.answer.read_id else None,
    ),
    Column(
        name="idle_s",
        meaning="Time at the site without a sign of the reader",
        values="seconds",
        cell=lambda x: x.answer.idle_ms / 1000 if x.answer.read_id else None,
    ),
    Column(
        name="read",
        meaning="The sitting; empty for models",
        values="opaque id",
        cell=lambda x: x.answer.read_id,
    ),
    Column(
        name="opened_at", meaning="When the read began", values=TIME, cell=lambda x: _time(x.answer.opened_at)
    ),
    Column(
        name="submitted_at",
        meaning="When the read was signed; empty while it is open",
        values=TIME,
        cell=lambda x: _time(x.answer.submitted_at),
    ),
    Column(
        name="image_quality",
        meaning="What the reader said of the case's images",
        values="1 unusable to 5 excellent",
        cell=lambda x: None if x.note is None else x.note.image_quality,
    ),
    Column(
        name="case_comment",
        meaning="The reader's comment on the case",
        values="text",
        cell=lambda x: None if x.note is None else x.note.comment,
    ),
    Column(
        name="withdrawn",
        meaning="Whether the read or its case has left the analysis",
        values="0, 1",
        cell=lambda x: int(x.answer.withdrawn),
    ),
    Column(
        name="protocol",
        meaning="Version of the protocol that assigned the read",
        values="1, 2, ...",
        cell=lambda x: x.answer.protocol,
    ),
    Column(
        name="reference",
        meaning="The reference standard beside the answers, and its version",
        values="name and version",
        cell=lambda x: x.reference,
    ),
    Column(
        name="reference_grade",
        meaning="What that reference says of the site; empty where nothing, or not gradable",
        values="0 to 3",
        cell=lambda x: None if x.truth is None else _grade(x.truth.grade),
    ),
)
"""The columns of the long table, in their order."""

COLUMNS = tuple(column.name for column in TABLE)


@dataclass(frozen=True, kw_only=True)
class _Study:
    """All that an export is made of, read in one transaction."""

    title: str
    rows: tuple[Exported, ...]
    chosen: ReferenceSummary | None
    truth: Mapping[tuple[str, Site], ReferenceGrade]
    protocol: ProtocolRecord | None


def ratings_csv(workspace: Workspace, user: User, study_id: str, *, reference_id: str | None = None) -> str:
    """One row for each sitting or model run, case and site, after TABLE. Coordinators and statisticians.

    `reference_id` by default is the newest majority, or the newest reference there is.
    """
    study = _read(workspace, user, study_id, reference_id, "csv")
    return as_csv(COLUMNS, map(_cells, study.rows))


def dictionary_csv() -> str:
    """The data dictionary of the long table: column, meaning, values."""
    columns = ("column", "meaning", "values")
    return as_csv(columns, ({"column": c.name, "meaning": c.meaning, "values": c.values} for c in TABLE))


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
        "rows": [_cells(row) for row in study.rows],
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
        score = _score(row)
        value = score if score is not None else _grade(row.answer.grade)
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


def _cells(row: Exported) -> dict[str, Cell]:
    return {column.name: column.cell(row) for column in TABLE}


def _read(workspace: Workspace, user: User, study_id: str, reference_id: str | None, form: str) -> _Study:
    require_study(workspace, user, study_id, *UNBLINDED)
    with workspace.store.read() as tx:
        study = studies.study_summary(tx, study_id)
        rows = answers.study_answers(tx, study_id)
        said = sittings.study_notes(tx, study_id)
        raters = {rater.id: rater for rater in studies.study_raters(tx, study_id)}
        known = references.reference_summaries(tx, study_id)
        chosen = next((one for one in known if reference_id in (None, one.id)), None)
        if reference_id is not None and chosen is None:
            raise StoreError(reference_id, reason="it is no reference of this study", remedy="Choose another")
        grades = () if chosen is None else references.reference_grades(tx, chosen.id)
        protocol = protocols.live_protocol(tx, study_id)
    now = workspace.now()
    with workspace.store.write() as tx:
        audit.record(
            tx, at=now, actor=user.id, act="ratings.export", subject=study_id, form=form, rows=len(rows)
        )
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
        for row in rows
    )
    return _Study(title=study.title, rows=exported, chosen=chosen, truth=truth, protocol=protocol)

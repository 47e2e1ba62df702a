"""The long table of a study's ratings: its columns with their meaning, and the rows as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from lss_core.domain import Grade
from lss_core.store.answers import AnswerRow
from lss_core.store.values import Rater, ReadNote, ReferenceGrade
from lss_core.usecases.csv_writing import as_csv

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


def score_of(row: Exported) -> float | None:
    """How likely the rater holds grade 2 or 3 to be, 0 to 100."""
    p = row.answer.probabilities
    return row.answer.score if p is None else round(100 * (p[2] + p[3]), 4)


def grade_of(grade: Grade | None) -> int | None:
    """The grade as a number."""
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
        values="T12_L1 to L5_S1",
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
        cell=lambda x: grade_of(x.answer.grade),
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
        cell=score_of,
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
        cell=lambda x: None if x.truth is None else grade_of(x.truth.grade),
    ),
)
"""The columns of the long table, in their order."""

COLUMNS = tuple(column.name for column in TABLE)


def cells(row: Exported) -> dict[str, Cell]:
    """A row's cells by the columns' names."""
    return {column.name: column.cell(row) for column in TABLE}


def rows_csv(rows: Iterable[Exported]) -> str:
    """The long table."""
    return as_csv(COLUMNS, map(cells, rows))


def dictionary_csv() -> str:
    """The data dictionary of the long table: column, meaning, values."""
    columns = ("column", "meaning", "values")
    return as_csv(columns, ({"column": c.name, "meaning": c.meaning, "values": c.values} for c in TABLE))

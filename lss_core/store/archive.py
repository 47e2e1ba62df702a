"""A whole study as plain rows, and back: what another installation needs to go on with it.

People are not among them: accounts belong to an installation. Their names stand where they acted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lss_core.errors import StoreError
from lss_core.store import audit
from lss_core.store import tables as t
from lss_core.store.audit import AuditEntry
from lss_core.store.engine import Transaction

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""The rows of each table, as JSON can hold them."""

TABLES = (
    t.studies,
    t.raters,
    t.parts,
    t.import_counts,
    t.cases,
    t.series,
    t.instances,
    t.protocols,
    t.assignments,
    t.assignment_ends,
    t.session_overrides,
    t.reads,
    t.model_runs,
    t.ratings,
    t.read_notes,
    t.read_spans,
    t.signatures,
    t.unlocks,
    t.withdrawals,
    t.reference_standards,
    t.reference_grades,
)
"""The tables of a study, each after those that it points to."""

NUMBERED = {t.ratings, t.read_notes, t.read_spans}
"""Tables whose ids only give an order; a restored row gets a new one, in the same order."""

PASSING = {
    "", "sign_in", "sign_in.failed", "sign_out", "user.language", "preferences.set", "ratings.export",
    "study.export", "report.write",
}  # fmt: skip
"""Acts that leave a study as it is; '' is what is left of another study's."""

OF_PEOPLE = {(t.signatures.name, "user_id")}
"""Columns that point to an account, which stays behind."""


def dump_study(tx: Transaction, study_id: str) -> Rows:
    """All rows of a study, in an order that is the same each time."""
    return {table.name: _rows(tx, table, _of(table, study_id)) for table in TABLES}


def restore_study(tx: Transaction, rows: Rows) -> None:
    """Add the rows of a study that was dumped.

    Raises StoreError when the study, or a title or id of it, is here already, when a table is not known,
    and when the rows do not fit together: nothing is added then.
    """
    unknown = sorted(rows.keys() - {table.name for table in TABLES})
    if unknown:
        raise _unfit(f"it holds a table '{unknown[0]}' that this version does not know")
    for row in rows.get("studies", ()):
        there = (t.studies.c.id == row["id"]) | (t.studies.c.title == row["title"])
        if tx.scalar(sa.select(t.studies.c.id).where(there)) is not None:
            raise StoreError(
                str(row["title"]),
                reason="a study of this id or title is here already",
                remedy="Remove it first",
            )
    submitted: dict[str, datetime | None] = {}
    try:
        for table in TABLES:
            found = [_restored(table, row) for row in rows.get(table.name, ())]
            if table is t.raters:
                found = _new_raters(tx, found)
            if table is t.reads:  # a submitted one takes no answers: it is closed once they are in
                submitted = {row["id"]: row["submitted_at"] for row in found}
                found = [{**row, "submitted_at": None} for row in found]
            if found:
                tx.execute(sa.insert(table), found)
        for read_id, at in submitted.items():
            tx.execute(sa.update(t.reads).where(t.reads.c.id == read_id).values(submitted_at=at))
    except (sa.exc.SQLAlchemyError, KeyError, ValueError, TypeError) as error:
        raise _unfit("its rows do not fit together") from error


def study_trail(tx: Transaction, study_id: str, rows: Rows) -> list[AuditEntry]:
    """The audit trail as a study may carry it away: the whole chain, its own acts in full.

    Of acts of other studies the hashes alone are left (`actor`, `act` and `subject` empty), so that the
    chain can be followed without telling what they were. It ends with the last act that changed the study:
    who signed in or took an export since then does not make another archive of a study that stands still.
    """
    ids = {study_id} | {
        str(row[name])
        for found in rows.values()
        for row in found
        for name in ("id", "rater_id")
        if name in row
    }
    ids |= _member_ids(tx, study_id)
    trail = [entry if _is_of(entry, ids) else _blank(entry) for entry in audit.entries(tx)]
    while trail and trail[-1].act in PASSING:
        trail.pop()
    return trail


def own_trail(tx: Transaction, study_id: str) -> list[AuditEntry]:
    """The acts of a study alone, oldest first."""
    ids = {study_id} | _member_ids(tx, study_id)
    for table in TABLES:
        if table not in NUMBERED:
            named = [table.c[name] for name in ("id", "rater_id") if name in table.c]
            for row in tx.execute(sa.select(*named).where(_of(table, study_id))) if named else ():
                ids |= set(row)
    return [entry for entry in audit.entries(tx) if _is_of(entry, ids)]


def _member_ids(tx: Transaction, study_id: str) -> set[str]:
    return set(tx.scalars(sa.select(t.members.c.user_id).where(t.members.c.study_id == study_id)))


def _is_of(entry: AuditEntry, ids: set[str]) -> bool:
    named = {entry.subject, *(value for value in entry.details.values() if isinstance(value, str))}
    return not named.isdisjoint(ids)


def _blank(entry: AuditEntry) -> AuditEntry:
    return AuditEntry(
        id=entry.id,
        at=entry.at,
        actor="",
        act="",
        subject="",
        details={},
        previous=entry.previous,
        hash=entry.hash,
    )


def _of(table: sa.Table, study_id: str) -> sa.ColumnElement[bool]:
    """Which rows of a table are the study's."""
    own_cases = sa.select(t.cases.c.id).where(t.cases.c.study_id == study_id)
    own = {
        "study_id": sa.select(t.studies.c.id).where(t.studies.c.id == study_id),
        "case_id": own_cases,
        "read_id": sa.select(t.reads.c.id).where(t.reads.c.case_id.in_(own_cases)),
        "series_id": sa.select(t.series.c.id).where(t.series.c.case_id.in_(own_cases)),
        "protocol_id": sa.select(t.protocols.c.id).where(t.protocols.c.study_id == study_id),
    }
    if table is t.studies:
        return table.c.id == study_id
    if table is t.raters:
        return table.c.id.in_(sa.select(t.parts.c.rater_id).where(t.parts.c.study_id == study_id))
    for column, values in own.items():
        if column in table.c:
            return table.c[column].in_(values)
    raise KeyError(table.name)


def _rows(tx: Transaction, table: sa.Table, own: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    query = sa.select(table).where(own).order_by(*table.primary_key.columns)
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in tx.execute(query)]


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value


def _restored(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in row.items():
        if name == "id" and table in NUMBERED:
            continue
        column = table.c[name]
        is_time = isinstance(column.type, t.UtcTime) and value is not None
        found[name] = datetime.fromisoformat(value) if is_time else value
        if (table.name, name) in OF_PEOPLE:
            found[name] = None
    return found


def _new_raters(tx: Transaction, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The raters that are not here: one may take part in another study that was restored before."""
    known = set(tx.scalars(sa.select(t.raters.c.id)))
    return [row for row in rows if row["id"] not in known]


def _unfit(reason: str) -> StoreError:
    return StoreError(
        "Study archive", reason=reason, remedy="Export it again, with the same version of this program"
    )

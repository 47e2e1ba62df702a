"""Append-only tables: the triggers that refuse what the application must never do.

Rows of a case may be deleted only once its deletion stands in case_deletions, with who and
why; a case id is never used again, so a deletion opens the door for that case alone.
The first migration makes them. One that changes them brings its own text: this stays as it is.
"""

from __future__ import annotations

FOREVER = ("audit", "case_deletions")
OF_A_CASE = ("ratings", "reference_grades")
REFUSED = "rows of {table} are only ever added"
SUBMITTED = "the read is submitted"

_DELETED = "EXISTS (SELECT 1 FROM case_deletions d WHERE d.case_id = OLD.case_id)"
_CLOSED = "EXISTS (SELECT 1 FROM reads r WHERE r.id = NEW.read_id AND r.submitted_at IS NOT NULL)"


def statements(dialect: str) -> list[str]:
    """The statements that make the triggers, for 'sqlite' or 'postgresql'."""
    make = _sqlite if dialect == "sqlite" else _postgresql
    found: list[str] = []
    for table in (*FOREVER, *OF_A_CASE):
        unless = f"NOT {_DELETED}" if table in OF_A_CASE else "1 = 1"
        message = REFUSED.format(table=table)
        found += make(f"{table}_no_update", "UPDATE", table, "1 = 1", message, "OLD")
        found += make(f"{table}_no_delete", "DELETE", table, unless, message, "OLD")
    return found + make("ratings_read_open", "INSERT", "ratings", _CLOSED, SUBMITTED, "NEW")


def _sqlite(name: str, act: str, table: str, when: str, message: str, row: str) -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    ]


def _postgresql(name: str, act: str, table: str, when: str, message: str, row: str) -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {when} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; "
        f"END IF; RETURN {row}; END $$",
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]

"""Two more reasons why a site has no grade: metal, and a numbering that is not certain."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MADE = "SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL"
TABLES = ("ratings", "reference_grades")
KNOWN = "'poor_quality', 'outside_image', 'other'"
WANTED = "'poor_quality', 'metal', 'numbering_uncertain', 'outside_image', 'other'"
REASONS = (
    f"not_gradable IN ('series_missing', 'level_not_found', 'no_slice_near', 'structure_not_seen', {WANTED})"
)


def upgrade() -> None:
    """Let the checks of both tables take the new reasons; no row changes."""
    for table in TABLES:
        if op.get_bind().dialect.name == "sqlite":
            _make_again(table)
        else:
            name = op.f(f"ck_{table}_not_gradable")
            op.drop_constraint(name, table)
            op.create_check_constraint(name, table, REASONS)


def _make_again(table: str) -> None:
    """SQLite cannot change a check: the table is made anew, with its rows, indices and triggers.

    No table refers to these two, so that none loses what it points to.
    """
    connection = op.get_bind()
    made = connection.execute(text(MADE), {"table": table}).all()
    (definition,) = [sql for kind, sql in made if kind == "table"]
    begins = f"CREATE TABLE {table} ("
    if not definition.startswith(begins) or KNOWN not in definition:
        raise RuntimeError(f"the table {table} is not as the migrations before made it")
    for statement in (
        definition.replace(begins, f"CREATE TABLE {table}_new (", 1).replace(KNOWN, WANTED),
        f"INSERT INTO {table}_new SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table}_new RENAME TO {table}",
        *(sql for kind, sql in made if kind != "table"),
    ):
        connection.exec_driver_sql(statement)

"""How a migration changes what a check takes, on either database."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

MADE = "SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL"


def change_check(table: str, name: str, *, before: str, after: str) -> None:
    """Let the check `ck_<table>_<name>` of a table say `after` for `before`; no row changes.

    SQLite cannot change a check: the table is made anew, with its rows, indices and triggers. It must be one
    that no other table refers to. Raises RuntimeError where the table does not say `before`.
    """
    if op.get_bind().dialect.name == "sqlite":
        _make_again(table, before, after)
    else:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, after)


def _make_again(table: str, before: str, after: str) -> None:
    connection = op.get_bind()
    made = connection.execute(text(MADE), {"table": table}).all()
    (definition,) = [sql for kind, sql in made if kind == "table"]
    head, begins, rest = definition.partition(" (")
    if head.replace('"', "") != f"CREATE TABLE {table}" or before not in rest:
        raise RuntimeError(f"the table {table} is not as the migrations before made it")
    for statement in (
        f"CREATE TABLE {table}_new{begins}{rest.replace(before, after)}",
        f"INSERT INTO {table}_new SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table}_new RENAME TO {table}",
        *(sql for kind, sql in made if kind != "table"),
    ):
        connection.exec_driver_sql(statement)

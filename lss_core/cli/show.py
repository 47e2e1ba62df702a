"""What the commands share: the workspace, a progress bar, tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from lss_core.domain import Progress as Report
from lss_core.errors import AccessError
from lss_core.settings import get_settings

if TYPE_CHECKING:
    from lss_core.usecases.users import User
    from lss_core.usecases.workspace import Workspace

REFUSED, IN_PART = 1, 3

PIPED_COLUMNS = 200
"""How wide what is not printed on a terminal may be: a table in a file or a pipe is not cut."""

out = Console(width=None if sys.stdout.isatty() else PIPED_COLUMNS)
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value, for machines.")]


def workspace_here() -> Workspace:
    """The workspace of the settings in force."""
    from lss_core.usecases.workspace import open_workspace

    return open_workspace(get_settings())


def operator() -> User:
    """The user that the command line acts as."""
    from lss_core.usecases.users import OPERATOR

    return OPERATOR


def study_named(workspace: Workspace, title: str) -> str:
    """The study of this title or id; without one the only study there is."""
    from lss_core.usecases.cases import list_studies

    studies = list_studies(workspace, operator())
    found = [study for study in studies if title in ("", study.title, study.id)]
    if len(found) != 1:
        titles = ", ".join(f"'{study.title}'" for study in studies) or "none yet"
        raise typer.BadParameter(f"name one of the studies there are: {titles}")
    return found[0].id


def warn_of_open_door(workspace: Workspace) -> None:
    """Say so, on standard error, where the demo's printed password opens real cases."""
    from lss_core.usecases.demo import check_open_door

    try:
        check_open_door(workspace)
    except AccessError as error:
        err.print(f"[bold]{error.subject}[/]: {error.reason}.\n{error.remedy}.", highlight=False)


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Report]:
    """A bar on standard error; none for machines."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=quiet, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def report(share: float, what: str) -> None:
            bar.update(task, completed=share, description=what)

        yield report


def print_json(value: object) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns after the first row's keys; without rows the title alone."""
    table = Table(*(rows[0] if rows else ()), title=title, title_justify="left")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table if rows else title)

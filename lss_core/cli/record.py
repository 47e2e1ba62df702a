"""The record of a study: its audit trail, its way out, and what comes in from outside."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from lss_core.cli.show import (
    REFUSED,
    Json,
    err,
    operator,
    out,
    print_json,
    print_table,
    study_named,
    workspace_here,
)
from lss_core.domain import Condition
from lss_core.errors import ImportRefused, StoreError

trail = typer.Typer(no_args_is_help=True, help="The audit trail: who did what to what.")

Study = Annotated[str, typer.Option(help="The study's title or id; needed when there are several.")]


class Form(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    DICTIONARY = "dictionary"
    JSON = "json"
    IMRMC = "imrmc"
    ZIP = "zip"


@trail.command()
def verify(
    head: Annotated[str, typer.Option(help="A row's hash, noted elsewhere, that must be there.")] = "",
    as_json: Json = False,
) -> None:
    """Follow the chain of the audit trail, and see whether what its acts have sealed is still so.

    Exit code 1 where a row was changed or taken away, and where something signed or frozen is another now.
    """
    from lss_core.usecases.auditing import verify_audit

    found = verify_audit(workspace_here(), operator(), head=head)
    if as_json:
        print_json(
            {
                "sound": found.sound,
                "rows": found.rows,
                "head": found.head,
                "broken": found.broken,
                "reason": found.reason,
                "altered": list(found.altered),
            }
        )
    elif found.broken is None:
        for one in found.altered:
            err.print(f"[bold]Altered[/]: {escape(one)}.", highlight=False, soft_wrap=True)
        words = "The chain alone is sound" if found.altered else "Sound"
        out.print(f"{words}: {found.rows} rows. Head {found.head}", highlight=False, soft_wrap=True)
    else:
        err.print(f"[bold]Broken at row {found.broken}[/]: {found.reason}.", highlight=False)
        err.print(f"The {found.rows} rows before it are as they were written.", highlight=False)
    if not found.sound:
        raise typer.Exit(REFUSED)


@trail.command()
def show(
    newest: Annotated[int, typer.Option(min=1, help="How many of the newest rows.")] = 50,
    as_json: Json = False,
) -> None:
    """Show the newest rows of the audit trail."""
    from lss_core.usecases.auditing import audit_trail

    rows = [
        {
            "row": entry.id,
            "at": entry.at.isoformat(timespec="seconds"),
            "actor": entry.actor,
            "act": entry.act,
            "subject": entry.subject,
            "details": dict(entry.details)
            if as_json
            else ", ".join(f"{k} {v}" for k, v in entry.details.items()),
        }
        for entry in audit_trail(workspace_here(), operator(), newest=newest)
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Audit trail", rows)


def export(
    study: Study = "",
    target: Annotated[Path | None, typer.Option("--out", help="A file; else standard output.")] = None,
    form: Annotated[
        Form, typer.Option("--format", help="imrmc takes --condition; zip is the whole study.")
    ] = Form.CSV,
    condition: Annotated[Condition, typer.Option(help="Whose scores, for imrmc.")] = Condition.CENTRAL,
    images: Annotated[bool, typer.Option(help="Whether a zip holds the images too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Export a study: every rating as a long table (csv, json), scores for iMRMC, or all of it as a zip."""
    from lss_core.usecases import export as tables
    from lss_core.usecases.export_table import dictionary_csv
    from lss_core.usecases.study_archive import export_study

    workspace, user = workspace_here(), operator()
    study_id = study_named(workspace, study)
    if form is Form.ZIP:
        made = export_study(workspace, user, study_id, _needed(target), images=images)
        out.print(f"{made.path}: {made.files} files, SHA-256 {made.sha256}", highlight=False, soft_wrap=True)
        out.print(f"Head of the audit trail: {made.audit_head}", highlight=False, soft_wrap=True)
        return
    if form is Form.JSON or as_json:
        text = tables.ratings_json(workspace, user, study_id)
    elif form is Form.IMRMC:
        text = tables.scores_csv(workspace, user, study_id, condition=condition)
    else:
        text = dictionary_csv() if form is Form.DICTIONARY else tables.ratings_csv(workspace, user, study_id)
    if target is None:
        sys.stdout.write(text)
    else:
        _write(target, text)


def take_in_study(source: Annotated[Path, typer.Argument(help="A zip of `export --format zip`.")]) -> None:
    """Take in a whole study that another installation exported; what was changed on the way is refused."""
    from lss_core.usecases.study_restore import import_study

    found = import_study(workspace_here(), operator(), source)
    out.print(
        f"'{found.title}': {found.cases} cases, {found.with_images} with images. Its people need accounts."
    )


def take_in_ratings(
    source: Annotated[Path, typer.Argument(help="A CSV: case, condition, level, side, rater, grade, ...")],
    study: Study = "",
    in_panel: Annotated[
        bool, typer.Option(help="Whether readers who are new vote in the reference.")
    ] = False,
) -> None:
    """Take in ratings of a CSV, all of it or nothing."""
    from lss_core.usecases.csv_reading import read_file
    from lss_core.usecases.importing_ratings import import_ratings

    workspace = workspace_here()
    study_id = study_named(workspace, study)
    with _lines_shown():
        made = import_ratings(
            workspace, operator(), study_id, read_file(source), name=source.name, in_panel=in_panel
        )
    out.print(
        f"{made.ratings} ratings in {made.reads} reads; new readers: {', '.join(made.new_raters) or 'none'}."
    )


def take_in_reference(
    source: Annotated[
        Path, typer.Argument(help="A CSV: case, condition, level, side, grade; or RSNA's train.csv.")
    ],
    study: Study = "",
    name: Annotated[str, typer.Option(help="What to call it.")] = "External reference",
) -> None:
    """Freeze the grades of a file as an external reference standard, all of it or nothing."""
    from lss_core.usecases.csv_reading import read_file
    from lss_core.usecases.importing_reference import import_reference

    workspace = workspace_here()
    study_id = study_named(workspace, study)
    with _lines_shown():
        made = import_reference(
            workspace, operator(), study_id, read_file(source), file=source.name, name=name
        )
    out.print(f"{made.name}, version {made.version}: {made.grades} sites.")


@contextmanager
def _lines_shown() -> Iterator[None]:
    """Print the wrong lines of a file that is refused."""
    try:
        yield
    except ImportRefused as error:
        for line, reason in error.lines:
            err.print(f"line {line}: {reason}", highlight=False)
        raise


def _write(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        reason = f"it cannot be written: {error.strerror}"
        raise StoreError(
            str(target), reason=reason, remedy="Name a file in a folder that is there"
        ) from error


def _needed(target: Path | None) -> Path:
    if target is None:
        raise typer.BadParameter("a zip needs --out FILE")
    return target

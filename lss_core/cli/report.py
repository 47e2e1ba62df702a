"""The command `report`: a study's report as HTML, PDF or Word."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lss_core.cli.show import operator, out, study_named, workspace_here
from lss_core.texts import Language


class _Format(StrEnum):
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"


def report(
    study: Annotated[str, typer.Argument(help="The study's title or id.")],
    kind: Annotated[_Format, typer.Option("--format", help="What to write.")] = _Format.HTML,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; else one named after the study, here.")
    ] = None,
    language: Annotated[Language, typer.Option(help="English or Russian.")] = Language.ENGLISH,
    reference: Annotated[
        str, typer.Option(help="The id or name of a reference standard; else the newest majority.")
    ] = "",
    arm: Annotated[
        str, typer.Option(help="The arm whose answers stand for the readers; else the first of several.")
    ] = "",
    margin: Annotated[float, typer.Option(min=0.001, max=0.5, help="The margin of non-inferiority.")] = 0.05,
    data: Annotated[
        Path | None, typer.Option(help="Also write the CSV whose SHA-256 the report states.")
    ] = None,
) -> None:
    """Write a study's report: methods, tables, figures, STARD flow, CLAIM and STARD-AI checklists."""
    from lss_core.usecases.reference import list_references
    from lss_core.usecases.reporting import Format, report_data, write_report

    workspace = workspace_here()
    study_id = study_named(workspace, study)
    reference_id = None
    if reference:
        known = list_references(workspace, operator(), study_id)
        named = [own for own in known if reference in (own.id, own.name)]
        if not named:
            names = ", ".join(f"'{own.name}' ({own.id})" for own in known) or "none yet"
            raise typer.BadParameter(f"--reference is one of: {names}")
        reference_id = named[0].id
    made = write_report(
        workspace,
        operator(),
        study_id,
        kind=Format(kind.value),
        language=language,
        reference_id=reference_id,
        arm=arm or None,
        margin=margin,
    )
    path = target or Path(made.name)
    path.write_bytes(made.content)
    out.print(f"{path}: {len(made.content) / 1024:.0f} KiB", highlight=False)
    if data is not None:
        text = report_data(workspace, operator(), study_id, reference_id=reference_id)
        data.write_text(text, encoding="utf-8", newline="\n")
        out.print(f"{data}: the ratings and the reference of the report", highlight=False)

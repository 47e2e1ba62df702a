"""A study's protocol: shown, checked, loaded from a TOML file, locked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lss_core.cli.show import (
    REFUSED,
    Json,
    operator,
    out,
    print_json,
    print_table,
    study_named,
    workspace_here,
)

protocol = typer.Typer(no_args_is_help=True, help="A study's protocol: who grades what, how and when.")

Study = Annotated[str, typer.Argument(help="The study's title or id.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A TOML file: docs/protocol.md.")]


@protocol.command()
def show(study: Study) -> None:
    """Print the current version as TOML: the draft, else what is live, else the default."""
    from lss_core.usecases.cases import list_studies
    from lss_core.usecases.protocol_toml import to_toml
    from lss_core.usecases.protocols import protocol_state

    workspace = workspace_here()
    study_id = study_named(workspace, study)
    (title,) = [own.title for own in list_studies(workspace, operator()) if own.id == study_id]
    sys.stdout.write(to_toml(protocol_state(workspace, operator(), study_id).current, title=title))


@protocol.command()
def check(
    study: Study,
    file: Annotated[Path | None, typer.Argument(help="Check this file instead of the draft.")] = None,
    as_json: Json = False,
) -> None:
    """List what is missing; exit code 1 where the protocol cannot go live."""
    from lss_core.usecases.protocol_toml import from_toml
    from lss_core.usecases.protocols import check_protocol

    workspace = workspace_here()
    chosen = None if file is None else from_toml(file.read_bytes())
    found = check_protocol(workspace, operator(), study_named(workspace, study), chosen)
    rows = [
        {
            "what": str(one.subject),
            "reason": str(one.reason),
            "remedy": str(one.remedy),
            "must": one.blocks,
        }
        for one in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Nothing is missing" if not rows else "What is missing", rows)
    if any(one.blocks for one in found):
        raise typer.Exit(REFUSED)


@protocol.command()
def new(
    file: File,
    title: Annotated[str, typer.Option(help="The study's title, where it is not the file's.")] = "",
) -> None:
    """Make a study of a file: its title, and its protocol as the draft."""
    from lss_core.usecases.protocol_toml import define_study

    made = define_study(workspace_here(), operator(), file.read_bytes(), title=title)
    out.print(f"{made.title} ({made.id}) is made; version 1 is a draft.", highlight=False)


@protocol.command()
def load(
    study: Study,
    file: File,
    reason: Annotated[str, typer.Option(help="Why the protocol changes, where one is live.")] = "",
) -> None:
    """Take a file as the draft of the study's next version."""
    from lss_core.usecases.protocol_toml import load_draft

    workspace = workspace_here()
    study_id = study_named(workspace, study)
    draft = load_draft(workspace, operator(), study_id, file.read_bytes(), reason=reason)
    out.print(f"Version {draft.version} is a draft.", highlight=False)


@protocol.command()
def draw(study: Study) -> None:
    """Print as CSV who reads what: reader, session, place, case, arm, kind, version of the protocol."""
    from lss_core.usecases.protocols import draw_csv

    workspace = workspace_here()
    sys.stdout.write(draw_csv(workspace, operator(), study_named(workspace, study)))


@protocol.command()
def lock(study: Study) -> None:
    """Let the draft go live: it is locked, and who reads what is drawn."""
    from lss_core.usecases.protocols import go_live, protocol_state

    workspace = workspace_here()
    study_id = study_named(workspace, study)
    seen = protocol_state(workspace, operator(), study_id).sha256
    live = go_live(workspace, operator(), study_id, seen_sha256=seen)
    out.print(f"Version {live.version} is live. SHA-256 {live.sha256}", highlight=False)

"""`python -m lss_core train CONFIG.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lss_core.cli.show import IN_PART, out, progress_bar
from lss_core.settings import get_settings


def train(
    config: Annotated[
        Path | None, typer.Argument(help="A TOML file; docs/train-your-own.md explains it.")
    ] = None,
    stage: Annotated[
        list[str] | None,
        typer.Option("--stage", help="segment, presence, severity or ensemble; several times for several."),
    ] = None,
    named: Annotated[
        Path | None, typer.Option("--config", help="The same file, where an option reads better.")
    ] = None,
) -> None:
    """Train a bundle on your own data; a run that was broken off goes on where it stopped."""
    from lss_core.usecases.training import train_bundle

    if (config is None) == (named is None):
        raise typer.BadParameter("give one file: train CONFIG.toml, or train --config CONFIG.toml")
    file = config or named
    assert file is not None, "one of the two is given"
    with progress_bar() as report:
        made = train_bundle(get_settings(), file, stages=stage or (), progress=report)
    if made.folder is None:
        out.print(f"Still to do: {', '.join(made.to_do)}. Call the command again for it.", highlight=False)
        raise typer.Exit(IN_PART)
    out.print(f"The bundle {made.label} is in {made.folder}", highlight=False, soft_wrap=True)
    out.print(
        f"To use it: LSS_MODELS_DIR={made.folder.parent} LSS_BUNDLE={made.folder.name}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip

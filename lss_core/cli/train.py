"""`python -m lss_core train CONFIG.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lss_core.cli.show import IN_PART, out, progress_bar
from lss_core.settings import get_settings


def train(
    config: Annotated[Path, typer.Argument(help="A TOML file; docs/train-your-own.md explains it.")],
    stage: Annotated[
        list[str] | None,
        typer.Option("--stage", help="segment, presence, severity or ensemble; several times for several."),
    ] = None,
) -> None:
    """Train a bundle on your own data; a run that was broken off goes on where it stopped."""
    from lss_core.usecases.training import train_bundle

    with progress_bar() as report:
        made = train_bundle(get_settings(), config, stages=stage or (), progress=report)
    if made.folder is None:
        out.print(f"Still to do: {', '.join(made.to_do)}. Call the command again for it.", highlight=False)
        raise typer.Exit(IN_PART)
    out.print(f"The bundle {made.label} is in {made.folder}", highlight=False, soft_wrap=True)
    out.print(
        f"To use it: LSS_MODELS_DIR={made.folder.parent} LSS_BUNDLE={made.folder.name}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip

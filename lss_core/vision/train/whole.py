"""Files that are there whole or not at all, whenever a run is killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside the path, bring it to disk, and put it in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{path.name}")
    write(part)
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    os.replace(part, path)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))

"""The rows of a data set's CSV files, and how one that cannot be used is refused."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from lss_core.errors import TrainingError


def rows_of(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV with their line's number. Raises TrainingError without the columns needed."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            missing = [name for name in needed if name not in (table.fieldnames or ())]
            if missing:
                reason = f"it has no column {', '.join(missing)}"
                raise TrainingError(
                    path.name, reason=reason, remedy="See docs/train-your-own.md for the columns"
                )
            for row in table:
                yield table.line_num, {key: (value or "").strip() for key, value in row.items() if key}
    except (OSError, UnicodeDecodeError) as error:
        reason = "the file is not there" if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TrainingError(path.name, reason=reason, remedy="Check the path in [[data]]") from error


def wrong(path: Path, line: int, error: ValueError) -> TrainingError:
    """A refusal of a row."""
    return TrainingError(f"{path.name}, row {line}", reason=str(error), remedy="Correct the row")

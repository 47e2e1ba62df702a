"""A CSV that somebody hands in: every line that is wrong is named, and nothing is taken in part."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lss_core.errors import ImportRefused, StoreError
from lss_core.study.labels import plain

Row = Mapping[str, str]
T = TypeVar("T")

LARGEST = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The rows of a file with their line numbers, under plain names of columns ('Grade ' is 'grade')."""

    name: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]


def read_sheet(name: str, content: bytes, *, needed: Sequence[str]) -> Sheet:
    """The sheet of a file's bytes. Raises StoreError where it is none, or lacks a column that is needed."""
    if len(content) > LARGEST:
        raise StoreError(name, reason="it is larger than 64 MB", remedy="Split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StoreError(name, reason="it is not UTF-8 text", remedy="Save it as CSV, UTF-8") from error
    lines = csv.reader(io.StringIO(text))
    columns = tuple(plain(cell) for cell in next(lines, []))
    missing = [column for column in needed if column not in columns]
    if missing:
        reason = f"it has no column {', '.join(missing)}"
        raise StoreError(name, reason=reason, remedy=f"Give the columns {', '.join(needed)}")
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise StoreError(name, reason=f"it has the column {twice} twice", remedy="Name each column once")
    rows = tuple(
        (lines.line_num, dict(zip(columns, (cell.strip() for cell in cells), strict=False)))
        for cells in lines
        if any(cell.strip() for cell in cells)
    )
    if not rows:
        raise StoreError(name, reason="it has no rows", remedy="Give one row for each grade")
    return Sheet(name=name, sha256=hashlib.sha256(content).hexdigest(), columns=columns, rows=rows)


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises StoreError."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise StoreError(str(path), reason=reason, remedy="Check the path") from error


def each_row(sheet: Sheet, read: Callable[[Row], T]) -> list[tuple[int, T]]:
    """What `read` makes of each row, with its line.

    `read` raises ValueError, with the reason as its text, for a row that is wrong. Raises ImportRefused
    that names every such row.
    """
    found: list[tuple[int, T]] = []
    wrong: list[tuple[int, str]] = []
    for line, row in sheet.rows:
        try:
            found.append((line, read(row)))
        except ValueError as error:
            wrong.append((line, str(error)))
    if wrong:
        raise refuse(sheet, wrong)
    return found


def refuse(sheet: Sheet, wrong: Sequence[tuple[int, str]]) -> ImportRefused:
    """The refusal of a file for its wrong lines."""
    return ImportRefused(
        sheet.name,
        reason=f"{len(wrong)} of its lines are wrong, so nothing was taken",
        remedy="Correct these lines and import the file again",
        lines=tuple(wrong),
    )

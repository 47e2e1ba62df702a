"""A CSV that somebody hands in: every line that is wrong is named, and nothing is taken in part."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from lss_core.errors import ImportRefused, StoreError
from lss_core.study.labels import plain
from lss_core.texts import later

Row = Mapping[str, str]
T = TypeVar("T")

LARGEST = 64 * 2**20
BETWEEN = (",", ";", "\t")
"""What may stand between cells: spreadsheets write semicolons where the comma is the decimal sign."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The rows of a file with their line numbers, under plain names of columns ('Grade ' is 'grade')."""

    name: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]


def read_sheet(name: str, content: bytes, *, needed: Sequence[str]) -> Sheet:
    """The sheet of a file's bytes: UTF-8, or UTF-16 with its mark; commas, semicolons or tabs between cells.

    What stands between is what makes the needed columns of the first line that is not empty. Raises
    StoreError where it is no such table, or lacks a column that is needed; ImportRefused for rows with more
    cells than there are columns.
    """
    if len(content) > LARGEST:
        raise StoreError(name, reason="it is larger than 64 MB", remedy="Split it")
    text = _text(name, content)
    header, *rows = _cells(name, text, needed) or [(0, [])]
    columns = tuple(plain(cell) for cell in header[1])
    _check_columns(name, columns, needed)
    if not rows:
        raise StoreError(name, reason="it has no rows", remedy="Give one row for each grade")
    wide = [
        (line, later("it has more cells than the header")) for line, own in rows if any(own[len(columns) :])
    ]
    if wide:
        raise refuse(name, wide)
    found = tuple((line, dict(zip_longest(columns, own[: len(columns)], fillvalue=""))) for line, own in rows)
    return Sheet(name=name, sha256=hashlib.sha256(content).hexdigest(), columns=columns, rows=found)


def _text(name: str, content: bytes) -> str:
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise StoreError(
            name,
            reason="it is not UTF-8 text",
            remedy="Save it as CSV, UTF-8 (in Excel: 'CSV UTF-8')",
        ) from error


def _cells(name: str, text: str, needed: Sequence[str]) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with its number and its cells, trimmed."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    fitting = [
        sign for sign in BETWEEN if set(needed) <= {plain(cell.strip(' "')) for cell in header.split(sign)}
    ]
    lines = csv.reader(io.StringIO(text, newline=None), delimiter=(fitting or BETWEEN)[0], strict=True)
    try:
        found = [(lines.line_num, [cell.strip() for cell in cells]) for cells in lines]
    except csv.Error as error:
        raise StoreError(
            name,
            reason=f"its line {lines.line_num} cannot be read: {error}",
            remedy="Correct it, or save the file as CSV once more",
        ) from error
    return [(line, cells) for line, cells in found if any(cells)]


def _check_columns(name: str, columns: Sequence[str], needed: Sequence[str]) -> None:
    remedy = f"Give the columns {', '.join(needed)}"
    if not columns:
        raise StoreError(name, reason="it is empty", remedy=remedy)
    missing = [column for column in needed if column not in columns]
    if missing:
        raise StoreError(name, reason=f"it has no column {', '.join(missing)}", remedy=remedy)
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise StoreError(name, reason=f"it has the column {twice} twice", remedy="Name each column once")


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises StoreError."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        raise StoreError(str(path), reason=reason, remedy="Check the path") from error


def each_row(sheet: Sheet, read: Callable[[Row], T]) -> list[tuple[int, T]]:
    """What `read` makes of each row, with its line.

    `read` raises ValueError, with the reason as its one argument, for a row that is wrong. Raises
    ImportRefused that names every such row.
    """
    found: list[tuple[int, T]] = []
    wrong: list[tuple[int, str]] = []
    for line, row in sheet.rows:
        try:
            found.append((line, read(row)))
        except ValueError as error:
            wrong.append((line, error.args[0]))
    if wrong:
        raise refuse(sheet.name, wrong)
    return found


def refuse(name: str, wrong: Sequence[tuple[int, str]]) -> ImportRefused:
    """The refusal of a file for its wrong lines."""
    return ImportRefused(
        name,
        reason=f"{len(wrong)} of its lines are wrong, so nothing was taken",
        remedy="Correct these lines and import the file again",
        lines=tuple(wrong),
    )

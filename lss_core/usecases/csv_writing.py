"""Tables as CSV that a spreadsheet may open without running anything in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

RUN_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text must not begin with (OWASP, CSV injection); numbers are no texts."""


def neutral(cell: object) -> object:
    """The cell, a text that a spreadsheet would run behind an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RUN_AS_FORMULA) else cell


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The rows under a header, UTF-8 text with '\\n' at the end of a line; None is an empty cell."""
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({name: neutral(cell) for name, cell in row.items()})
    return text.getvalue()

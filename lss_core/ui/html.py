"""Small pieces of HTML: everything that comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import streamlit as st

from lss_core.texts import translated

__all__ = ["Html", "escape", "table", "write"]


class Html(str):
    """A piece of HTML whose outside parts have gone through `escape`; a table takes it as it is."""


def write(html: str) -> None:
    """Show a piece of HTML whose outside parts have gone through `escape`."""
    st.html(html)


def _inner(cell: object) -> str:
    if isinstance(cell, Html):
        return cell
    return escape(translated(cell) if isinstance(cell, str) else str(cell))


def table(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = (), css_class: str = ""
) -> str:
    """A table as HTML, its cells escaped; the columns in `numbers` are aligned to the right."""
    classes = ["num" if column in numbers else "" for column in range(len(head))]

    def row(cells: Sequence[object], tag: str) -> str:
        inner = "".join(
            f'<{tag} class="{name}">{_inner(cell)}</{tag}>' for name, cell in zip(classes, cells, strict=True)
        )
        return f"<tr>{inner}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    return (
        f'<table class="lss-table {css_class}"><thead>{row(head, "th")}</thead><tbody>{body}</tbody></table>'
    )

"""The cases behind a figure: who said what, and a way to each of them on Review."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from lss_core.domain import Grade
from lss_core.ui.html import Html, escape, write
from lss_core.ui.results.shown import Made, notes, show_table
from lss_core.usecases.result_cases import (
    Pick,
    UnitRow,
    disagreements,
    picked,
    rows_records,
    unit_rows,
)
from lss_core.usecases.result_data import Selection, StudyData

MOST_ROWS = 25
GALLERY = 12
NO_DRAWS = "no resampling"
ORDER_NOTE = (
    "Most telling first: how many grades model and reference lie apart (half a grade more across the line "
    "between mild and moderate), then the share of readers who gave the reference's grade, then how sure the "
    "model was of its own. A case opens on Review."
)


def cases_view(data: StudyData, selection: Selection, made: Made) -> None:
    """The disagreements, most telling first, and a gallery of what the model missed."""
    rows = unit_rows(data, selection)
    apart = disagreements(rows)
    write("<h2>Where the model and the reference differ</h2>")
    if not apart:
        write(notes(["The model's grade is the reference's at every unit of this choice."]))
    else:
        write(notes([f"{len(apart)} of {len(rows)} units. {ORDER_NOTE}"]))
        rows_table("disagreements", "Disagreements", apart, made)
    missed = [row for row in apart if row.side == "miss"]
    write("<h2>What the model missed</h2>")
    if not missed:
        write(notes(["No unit that the reference calls moderate or severe was called less by the model."]))
        return
    text = f"{len(missed)} units are moderate or severe in the reference and less for the model."
    write(notes([text]) + _gallery(missed[:GALLERY], made))


def show_picked(
    data: StudyData, selection: Selection, pick: Pick | None, made: Made, *, of: str, hint: bool = False
) -> None:
    """The cases of the point that was clicked in the figure `of`; a hint where none was and one is wanted."""
    if pick is None and not hint:
        return
    if pick is None:
        write(notes(["Click a point or a cell to see its cases."]))
        return
    rows = picked(unit_rows(data, selection), pick)
    with st.container(border=True, key=f"lss-picked-{of}"):
        write(f"<h3>{escape(pick.title)}: {len(rows)}</h3>")
        if rows:
            rows_table(f"picked-{of}", pick.title, rows, made)


def rows_table(name: str, title: str, rows: Sequence[UnitRow], made: Made) -> None:
    """Units with who said what, the first of them; all are in the CSV."""
    readers = list(rows[0].readers)
    head = ("Case", "Unit", "Reference", "Model", "Probability", "Model's error", "Readers' grades")
    shown = [
        (
            Html(f'<a href="{_address(row, made)}" target="_self">{escape(row.name.case_id)}</a>'),
            row.name.label,
            _graded(row.reference),
            _graded(row.model),
            "" if row.probability is None else f"{row.probability:.2f}",
            row.side,
            " ".join(_digit(row.readers[reader]) for reader in readers),
        )
        for row in rows[:MOST_ROWS]
    ]
    show_table(name, title, head, shown, rows_records(rows), made, method=NO_DRAWS, numbers=(4,))
    write(notes([f"Readers' grades in the order {', '.join(readers)}."]))
    if len(rows) > MOST_ROWS:
        write(notes([f"{len(rows) - MOST_ROWS} more are in the CSV."]))


def _gallery(rows: Sequence[UnitRow], made: Made) -> str:
    cards = "".join(
        f'<a class="lss-card" href="{_address(row, made)}" target="_self">'
        f'<img loading="lazy" alt="{escape(row.name.site.label)}" src="{_picture(row)}">'
        f"<span>{escape(row.name.case_id)}</span><span>{escape(row.name.site.label)}</span>"
        f"<span>reference {_digit(row.reference)}, model {_digit(row.model)}"
        f"{'' if row.positive is None else f', p {row.positive:.2f}'}</span></a>"
        for row in rows
    )
    return f'<div class="lss-gallery">{cards}</div>'


def _address(row: UnitRow, made: Made) -> str:
    named = {"study": made.study_id, "case": row.name.case_id, "site": row.name.site.key}
    return escape(f"/review?{urlencode(named)}")


def _picture(row: UnitRow) -> str:
    return f"/pixels/{escape(row.name.case_id)}/sites/{escape(row.name.site.key)}"


def _graded(grade: int | None) -> Html:
    if grade is None:
        return Html('<span class="lss-grade">none</span>')
    return Html(f'<span class="lss-grade lss-grade-{grade}">{grade} {Grade(grade).name.lower()}</span>')


def _digit(grade: int | None) -> str:
    return "–" if grade is None else str(grade)

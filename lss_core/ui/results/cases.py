"""The cases behind a figure: who said what, and a way to each of them on Review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from lss_core.domain import Condition, Grade
from lss_core.texts import _, later, ngettext, number, translated
from lss_core.ui.html import Html, escape, write
from lss_core.ui.results.shown import Made, heading_of, notes, show_table
from lss_core.usecases.result_cases import (
    MISS,
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
NO_DRAWS = later("no resampling")
ORDER_NOTE = later(
    "Most telling first: how many grades model and reference lie apart (half a grade more across the line "
    "between mild and moderate), then the share of readers who gave the reference's grade, then how sure the "
    "model was of its own. A case opens on Review."
)


def cases_view(data: StudyData, selection: Selection, made: Made) -> None:
    """The disagreements, most telling first, and a gallery of what the model missed."""
    rows = unit_rows(data, selection)
    apart = disagreements(rows)
    write(heading_of(_("Where the model and the reference differ")))
    if not apart:
        write(notes([_("The model's grade is the reference's at every unit of this choice.")]))
    else:
        write(notes([_("{n} of {total} units. {note}", n=len(apart), total=len(rows), note=ORDER_NOTE)]))
        rows_table("disagreements", _("Disagreements"), apart, made)
    missed = [row for row in apart if row.side == MISS]
    write(heading_of(_("What the model missed")))
    if not missed:
        write(notes([_("No unit that the reference calls moderate or severe was called less by the model.")]))
        return
    text = ngettext(
        "{n} unit is moderate or severe in the reference and less for the model.",
        "{n} units are moderate or severe in the reference and less for the model.",
        len(missed),
    )
    rest = _("The first {n} of them, most telling first.", n=GALLERY) if len(missed) > GALLERY else ""
    write(notes([f"{text} {rest}".strip()]) + _gallery(missed[:GALLERY], made))


def show_picked(
    data: StudyData, selection: Selection, pick: Pick | None, made: Made, *, of: str, hint: bool = False
) -> None:
    """The cases of the point that was clicked in the figure `of`; a hint where none was and one is wanted."""
    if pick is None and not hint:
        return
    if pick is None:
        write(notes([_("Click a point or a cell to see its cases.")]))
        return
    title = pick.title
    if pick.condition:
        condition = Condition(pick.condition)
        selection = replace(selection, condition=condition)
        made = replace(made, condition=condition.label)
        title = f"{translated(condition.label)}: {title}"
    rows = picked(unit_rows(data, selection), pick)
    with st.container(border=True, key=f"lss-picked-{of}"):
        write(f"<h3>{escape(title)}: {len(rows)}</h3>")
        if rows:
            rows_table(f"picked-{of}", title, rows, made)


def rows_table(name: str, title: str, rows: Sequence[UnitRow], made: Made) -> None:
    """Units with who said what, the first of them; all are in the CSV."""
    readers = [name for name in rows[0].readers if any(row.readers[name] is not None for row in rows)]
    head = (
        _("Case"),
        _("Unit"),
        _("Reference"),
        _("Model"),
        _("Probability"),
        _("Model's error"),
        _("Readers' grades"),
    )
    shown = [
        (
            Html(f'<a href="{_address(row, made)}" target="_self">{escape(row.name.case_id)}</a>'),
            row.name.label,
            _graded(row.reference),
            _graded(row.model),
            "" if row.probability is None else number(row.probability),
            row.side,
            " ".join(_digit(row.readers[reader]) for reader in readers),
        )
        for row in rows[:MOST_ROWS]
    ]
    show_table(name, title, head, shown, rows_records(rows), made, method=NO_DRAWS, numbers=(4,))
    write(notes([_("Readers' grades in the order {names}.", names=", ".join(readers))]))
    if len(rows) > MOST_ROWS:
        write(notes([_("{n} more are in the CSV.", n=len(rows) - MOST_ROWS)]))


def _gallery(rows: Sequence[UnitRow], made: Made) -> str:
    cards = "".join(
        f'<a class="lss-card" href="{_address(row, made)}" target="_self">'
        f'<img loading="lazy" alt="{escape(translated(row.name.site.label))}" src="{_picture(row)}">'
        f"<span>{escape(row.name.case_id)}</span><span>{escape(translated(row.name.site.label))}</span>"
        f"<span>{_said(row)}</span></a>"
        for row in rows
    )
    return f'<div class="lss-gallery">{cards}</div>'


def _said(row: UnitRow) -> str:
    grades = _("reference {truth}, model {given}", truth=_digit(row.reference), given=_digit(row.model))
    return grades if row.positive is None else f"{grades}, p {number(row.positive)}"


def _address(row: UnitRow, made: Made) -> str:
    named = {"study": made.study_id, "case": row.name.case_id, "site": row.name.site.key}
    return escape(f"/review?{urlencode(named)}")


def _picture(row: UnitRow) -> str:
    return f"/pixels/{escape(row.name.case_id)}/sites/{escape(row.name.site.key)}"


def _graded(grade: int | None) -> Html:
    if grade is None:
        return Html(f'<span class="lss-grade">{_("none")}</span>')
    return Html(f'<span class="lss-grade lss-grade-{grade}">{grade} {translated(Grade(grade).word)}</span>')


def _digit(grade: int | None) -> str:
    return "–" if grade is None else str(grade)

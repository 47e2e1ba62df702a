"""The Agreement view: kappa of all pairs and with the reference, the panel, confusion matrices."""

from __future__ import annotations

import streamlit as st

from lss_core.study.published import PUBLISHED
from lss_core.texts import _, later, translated
from lss_core.ui.charts import interval_figure
from lss_core.ui.charts_agreement import coefficient_figure, confusion_figure, kappa_figure
from lss_core.ui.choice import choose
from lss_core.ui.html import write
from lss_core.ui.results.cases import show_picked
from lss_core.ui.results.shown import COUNTS, Made, heading_of, notes, show_figure, show_table
from lss_core.ui.results.tables import (
    BANDS_NOTE,
    figure_record,
    matrix_records,
    panel_records,
    panel_table,
    rater_records,
    rater_table,
    refusals,
    self_records,
    self_table,
)
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.figures import KAPPAS
from lss_core.usecases.result_agreement import Weights, agreement_matrix, intra_reader, panel_figures
from lss_core.usecases.result_cases import Pick
from lss_core.usecases.result_data import Selection, StudyData, Unit
from lss_core.usecases.results import condition_result

MATRIX_NOTE = later(
    "Cohen's kappa of each two raters; hover for its interval, exact agreement, and the prevalence and bias "
    "indices of the binary grades, which lower or raise a kappa."
)
CONFUSION_NOTE = later(
    "Units by the reference's grade (rows) and the rater's (columns): counts, and their share of the row."
)
PANEL_NOTE = later("All four grades; readers who answered too little are left out.")


def agreement_view(data: StudyData, selection: Selection, made: Made) -> None:
    """Heat map, kappas, panel, confusion; a click on a cell shows its cases."""
    result, colours = condition_result(data, selection), palette(current_mode())
    published = PUBLISHED[selection.condition] if selection.unit is Unit.SITE else None
    left, right = st.columns([6, 7], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            write(heading_of(_("Kappa of each two raters")))
            options = {weights.value: _("Kappa: {weights}", weights=weights.label) for weights in Weights}
            weights = Weights(choose("weights", options, width=310))
        matrix = agreement_matrix(data, selection, weights)
        title = _("Cohen's kappa, {weights}, {condition}", weights=weights.label, condition=made.named)
        records = matrix_records(matrix)
        pick = show_figure(kappa_figure(matrix, colours), "kappa-matrix", title, made, records=records)
        write(notes([MATRIX_NOTE]))
    with right:
        of_panel = _panels(data, selection, made)
    show_picked(data, selection, pick, made, of="kappa-matrix", hint=True)
    show_picked(data, selection, of_panel, made, of="panel")
    write(heading_of(_("Kappa with the reference")))
    head, rows = rater_table(result, KAPPAS, published, colours)
    show_table(
        "kappa-table",
        _("Kappa with the reference"),
        head,
        rows,
        rater_records(result, KAPPAS, published),
        made,
    )
    drawn = interval_figure(result, KAPPAS, colours, published=published, bands=True)
    pick = show_figure(
        drawn, "kappas", _("Kappa with the reference, {condition}", condition=made.named), made
    )
    write(notes([BANDS_NOTE, *refusals(result, KAPPAS)]))
    show_picked(data, selection, pick, made, of="kappas")
    _himself(data, selection, made)
    write(heading_of(_("Confusion matrices")) + notes([CONFUSION_NOTE]))
    title = _("Confusion matrices, {condition}", condition=made.named)
    pick = show_figure(confusion_figure(result, colours), "confusion", title, made, method=COUNTS)
    show_picked(data, selection, pick, made, of="confusion")


def _himself(data: StudyData, selection: Selection, made: Made) -> None:
    rows = intra_reader(data, selection)
    if rows:
        title = _("Each reader with himself, reading the same cases again")
        write(heading_of(title))
        show_table("intra-table", title, *self_table(rows), self_records(rows), made)


def _panels(data: StudyData, selection: Selection, made: Made) -> Pick | None:
    """The panel's coefficients; the point that was clicked, whose cases need the page's width."""
    result, colours = condition_result(data, selection), palette(current_mode())
    published = PUBLISHED[selection.condition] if selection.unit is Unit.SITE else None
    write(heading_of(_("Agreement of the panel")))
    figures, pick = panel_figures(data, selection), None
    if figures:
        drawn = coefficient_figure(figures, colours)
        title = _("Agreement of the readers, {condition}", condition=made.named)
        pick = show_figure(drawn, "panel", title, made)
    head, rows = panel_table(result, published, colours)
    panel_head, records = panel_records(result)
    records += [figure_record(("Readers", None, name), own) for name, own in figures]
    show_table("panel-table", _("Agreement of the panel"), head, rows, (panel_head, records), made)
    write(notes([f"{translated(PANEL_NOTE)} {translated(BANDS_NOTE)}"]))
    return pick

"""The Agreement view: kappa of all pairs and with the reference, the panel, confusion matrices."""

from __future__ import annotations

import streamlit as st

from lss_core.study.published import PUBLISHED
from lss_core.ui.charts import interval_figure
from lss_core.ui.charts_agreement import coefficient_figure, confusion_figure, kappa_figure
from lss_core.ui.choice import choose
from lss_core.ui.html import write
from lss_core.ui.results.cases import show_picked
from lss_core.ui.results.shown import Made, notes, show_figure, show_table
from lss_core.ui.results.tables import (
    BANDS_NOTE,
    figure_record,
    matrix_records,
    panel_records,
    panel_table,
    rater_records,
    rater_table,
    refusals,
)
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.figures import KAPPAS
from lss_core.usecases.result_agreement import Weights, agreement_matrix, panel_figures
from lss_core.usecases.result_data import Selection, StudyData, Unit
from lss_core.usecases.results import condition_result

MATRIX_NOTE = (
    "Cohen's kappa of each two raters; hover for its interval, exact agreement, and the prevalence and bias "
    "indices of the binary grades, which lower or raise a kappa."
)
CONFUSION_NOTE = (
    "Units by the reference's grade (rows) and the rater's (columns): counts, and their share of the row."
)
PANEL_NOTE = "All four grades; readers who answered too little are left out. " + BANDS_NOTE


def agreement_view(data: StudyData, selection: Selection, made: Made) -> None:
    """Heat map, kappas, panel, confusion; a click on a cell shows its cases."""
    result, colours = condition_result(data, selection), palette(current_mode())
    published = PUBLISHED[selection.condition] if selection.unit is Unit.SITE else None
    left, right = st.columns([6, 7], gap="medium")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            write("<h2>Kappa of each two raters</h2>")
            options = {weights.value: f"Kappa: {weights.label}" for weights in Weights}
            weights = Weights(choose("weights", options, width=270))
        matrix = agreement_matrix(data, selection, weights)
        title = f"Cohen's kappa, {weights.label}, {made.condition.lower()}"
        records = matrix_records(matrix)
        pick = show_figure(kappa_figure(matrix, colours), "kappa-matrix", title, made, records=records)
        write(notes([MATRIX_NOTE]))
    with right:
        _panels(data, selection, made)
    show_picked(data, selection, pick, made, of="kappa-matrix", hint=True)
    write("<h2>Kappa with the reference</h2>")
    head, rows = rater_table(result, KAPPAS, published, colours)
    show_table(
        "kappa-table", "Kappa with the reference", head, rows, rater_records(result, KAPPAS, published), made
    )
    drawn = interval_figure(result, KAPPAS, colours, published=published, bands=True)
    pick = show_figure(drawn, "kappas", f"Kappa with the reference, {made.condition.lower()}", made)
    write(notes([BANDS_NOTE, *refusals(result, KAPPAS)]))
    show_picked(data, selection, pick, made, of="kappas")
    write("<h2>Confusion matrices</h2>" + notes([CONFUSION_NOTE]))
    pick = show_figure(
        confusion_figure(result, colours), "confusion", f"Confusion matrices, {made.condition.lower()}", made,
        method="counts",
    )  # fmt: skip
    show_picked(data, selection, pick, made, of="confusion")


def _panels(data: StudyData, selection: Selection, made: Made) -> None:
    result, colours = condition_result(data, selection), palette(current_mode())
    published = PUBLISHED[selection.condition] if selection.unit is Unit.SITE else None
    write("<h2>Agreement of the panel</h2>")
    figures = panel_figures(data, selection)
    if figures:
        drawn = coefficient_figure(figures, colours)
        show_figure(drawn, "panel", f"Agreement of the readers, {made.condition.lower()}", made)
    head, rows = panel_table(result, published, colours)
    panel_head, records = panel_records(result)
    records += [figure_record(("Readers", None, name), own) for name, own in figures]
    show_table("panel-table", "Agreement of the panel", head, rows, (panel_head, records), made)
    write(notes([PANEL_NOTE]))

"""The ROC view: the curve with its band, every reader as a point, and the cases of what is clicked."""

from __future__ import annotations

import streamlit as st

from lss_core.study.published import PUBLISHED
from lss_core.texts import _, later
from lss_core.ui.charts_roc import legend_of, roc_figure
from lss_core.ui.html import write
from lss_core.ui.results.calibration import calibration_part
from lss_core.ui.results.cases import show_picked
from lss_core.ui.results.shown import Made, notes, show_figure, show_table
from lss_core.ui.results.tables import (
    AUC_NOTE,
    MEAN_NOTE,
    counts_line,
    rater_records,
    rater_table,
    refusals,
)
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.figures import BINARY
from lss_core.usecases.result_data import Selection, StudyData, Unit
from lss_core.usecases.result_roc import roc_bands
from lss_core.usecases.results import condition_result

BAND_NOTE = later(
    "Shaded: the pointwise 95% interval of the curve's sensitivity, percentiles over resampled patients. "
    "A reader's box is made of the intervals of his two rates. Crosses: the mean reader and the model at its "
    "own grades, with their intervals."
)


def roc_view(data: StudyData, selection: Selection, made: Made) -> None:
    """Curve, points and table, below them the model's calibration; a click shows a point's cases."""
    result, colours = condition_result(data, selection), palette(current_mode())
    published = PUBLISHED[selection.condition] if selection.unit is Unit.SITE else None
    left, right = st.columns([6, 7], gap="medium")
    with left:
        drawn = roc_figure(result, published, colours, roc_bands(data, selection))
        legend = legend_of(result, published, colours)
        method = later("95% patient bootstrap, BCa; band: percentile, pointwise")
        pick = show_figure(
            drawn, "roc", _("ROC, {condition}", condition=made.named), made, method=method, marks=legend
        )
    with right:
        head, rows = rater_table(result, BINARY, published, colours)
        show_table(
            "roc-table", _("Sensitivity, specificity, AUC"), head, rows,
            rater_records(result, BINARY, published), made,
        )  # fmt: skip
        write(notes([counts_line(result, selection.unit.value), BAND_NOTE, AUC_NOTE, MEAN_NOTE]))
        write(notes(refusals(result, BINARY)))
    show_picked(data, selection, pick, made, of="roc", hint=True)
    calibration_part(data, selection, made)

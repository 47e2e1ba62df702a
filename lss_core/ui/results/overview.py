"""The Overview: the finding in a sentence, the source paper's tables, differences from the readers."""

from __future__ import annotations

import streamlit as st

from lss_core.domain import RaterKind
from lss_core.study.published import PUBLISHED
from lss_core.texts import _, later, translated
from lss_core.ui.charts import interval_figure
from lss_core.ui.charts_comparison import forest_figure
from lss_core.ui.html import escape, write
from lss_core.ui.results.cases import show_picked
from lss_core.ui.results.choices import choose_margin
from lss_core.ui.results.shown import COUNTS, Made, heading_of, notes, show_figure, show_table
from lss_core.ui.results.tables import (
    AUC_NOTE,
    MEAN_NOTE,
    MISSING_NOTE,
    POOLED_NOTE,
    PUBLISHED_NOTE,
    WEIGHTED_NOTE,
    counts_line,
    figure_record,
    missing_records,
    missing_table,
    rater_records,
    rater_table,
    refusals,
)
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.figures import BINARY, GRADED
from lss_core.usecases.result_data import Selection, StudyData, Unit
from lss_core.usecases.result_differences import difference_rows
from lss_core.usecases.result_findings import Finding, findings
from lss_core.usecases.result_missing import missing_rows
from lss_core.usecases.results import condition_result, pooled_readers

FINDING_NOTE = later(
    "Obuchowski-Rockette test of the model by itself against readers and cases as samples of many, at the "
    "units that all of them graded; p adjusted by Holm over the conditions. A difference that is not shown "
    "may be there all the same: Comparison has the margins."
)
FOREST_NOTE = later(
    "The model's figure less the reader's at the same units: right of the dotted line the model is higher. "
    "Dashed: the margin. These readers and no others are meant; of readers in general Comparison tells."
)
DIFFERENCES = later("95%, shares: Wald clustered by patient; kappa and mean reader: patient bootstrap, BCa")


def overview_view(data: StudyData, selection: Selection, made: Made) -> None:
    """Findings, the binary table, differences, the graded table."""
    result, colours = condition_result(data, selection), palette(current_mode())
    published = PUBLISHED[selection.condition] if selection.unit is Unit.SITE else None
    found = findings(data, selection)
    several = len({own.model for own in found}) > 1
    told = "".join(
        f"<p><strong>{escape(_of(own, several))}.</strong> {escape(own.sentence)} "
        f'<span class="lss-muted">{escape(own.figures)}</span></p>'
        for own in found
    )
    write(f'<div class="lss-findings">{told}</div>{notes([translated(FINDING_NOTE)])}')
    write(
        heading_of(_("Stenosis present: grade 2 or 3")) + notes([counts_line(result, selection.unit.value)])
    )
    pooled = pooled_readers(data, selection)
    head, rows = rater_table(result, BINARY, published, colours, counts=True, pooled=pooled)
    records = rater_records(result, BINARY, published, pooled=pooled)
    title = _("Sensitivity, specificity, AUC, {condition}", condition=made.named)
    show_table("binary-table", title, head, rows, records, made)
    drawn = interval_figure(result, BINARY, colours, published=published)
    pick = show_figure(drawn, "binary", title, made)
    show_picked(data, selection, pick, made, of="binary", hint=True)
    printed = [PUBLISHED_NOTE, published.note] if published else []
    write(notes([AUC_NOTE, MEAN_NOTE, POOLED_NOTE, *printed, *refusals(result, BINARY)]))
    _forest(data, selection, made)
    _missing(data, selection, made)
    write(heading_of(_("Four grades")))
    left, right = st.columns([7, 6], gap="medium")
    with left:
        head, rows = rater_table(result, GRADED, None, colours, pooled=pooled)
        records = rater_records(result, GRADED, None, pooled=pooled)
        show_table("graded-table", _("Four grades"), head, rows, records, made)
    with right:
        title = _("Four grades, one against the rest, {condition}", condition=made.named)
        pick = show_figure(interval_figure(result, GRADED, colours), "graded", title, made)
    write(notes([WEIGHTED_NOTE, *refusals(result, GRADED)]))
    show_picked(data, selection, pick, made, of="graded")


def _missing(data: StudyData, selection: Selection, made: Made) -> None:
    rows = missing_rows(data, selection)
    if rows:
        title = _("What missing grades could change")
        write(f"<h2>{title}</h2>")
        show_table("missing-table", title, *missing_table(rows), missing_records(rows), made, method=COUNTS)
        write(notes([translated(MISSING_NOTE)]))


def _of(own: Finding, several: bool) -> str:
    condition = translated(own.condition.label)
    return f"{condition}, {own.model}" if several else condition


def _forest(data: StudyData, selection: Selection, made: Made) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        write(heading_of(_("Model less readers")))
        margin = choose_margin()
    rows = difference_rows(data, selection)
    if not rows:
        write(notes([_("There is no model, or no reader who has answered enough, to compare.")]))
        return
    readers = [rater.name for rater in data.table.raters if rater.kind is RaterKind.READER]
    head = ("model", "other", "statistic", "value", "low", "high", "n", "note", "p", "test")
    records = [
        (*figure_record((row.model, row.other, row.measure.value), row.figure), row.p, row.test)
        for row in rows
    ]
    drawn = forest_figure(rows, readers, palette(current_mode()), margin=margin)
    title = _("Model less readers, {condition}, margin {margin:g}", condition=made.named, margin=margin)
    pick = show_figure(drawn, "forest", title, made, method=DIFFERENCES, records=(head, records))
    write(notes([FOREST_NOTE]))
    show_picked(data, selection, pick, made, of="forest")

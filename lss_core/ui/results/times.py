"""Reading times, below the two arms of the Comparison view."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from lss_core.domain import RaterKind
from lss_core.texts import _, known, later, ngettext, number
from lss_core.ui.charts import Mark
from lss_core.ui.charts_comparison import reader_marks, times_figure
from lss_core.ui.frame import show_empty
from lss_core.ui.html import escape, write
from lss_core.ui.results.cases import show_picked
from lss_core.ui.results.shown import Made, heading_of, notes, show_figure, show_table
from lss_core.ui.results.tables import signed
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.result_cases import unit_rows
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.result_findings import times_finding
from lss_core.usecases.result_times import LONGEST_MIN, ReadingTimes, reading_times
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def times_part(workspace: Workspace, user: User, data: StudyData, selection: Selection, made: Made) -> None:
    """Minutes and exact grades over each reader's order of reading, and his median."""
    write(heading_of(_("Reading time")))
    times = reading_times(workspace, user, data.study_id, unit_rows(data, selection))
    if not times.sittings:
        show_empty(_("No reading times"), next_step=_without(times))
        return
    marks = own_marks(data, times.readers)
    rows = [
        (
            signed(marks, reader),
            known(arm),
            cases,
            _minutes(low, middle, high),
        )
        for reader, arm, cases, (low, middle, high) in times.by_reader()
    ]
    write(f'<div class="lss-findings"><p>{escape(times_finding(times))}</p></div>')
    records = [(s.reader, s.arm, s.case_id, s.order, s.minutes, s.exact) for s in times.sittings]
    head = ("reader", "arm", "case", "order", "minutes", "share_exact")
    left, right = st.columns([8, 5], gap="medium")
    with left:
        title = _(
            "Reading time and exact grades over the order of reading, {condition}", condition=made.named
        )
        drawn = times_figure(times, reader_names(data), palette(current_mode()))
        pick = show_figure(
            drawn, "times", title, made, method=later("no interval"), records=(head, records),
            marks=marks,
        )  # fmt: skip
    with right:
        shown = (_("Reader"), _("Arm"), _("Cases"), _("Minutes, median (quartiles)"))
        show_table(
            "times-table", _("Reading time"), shown, rows, (head, records), made, method=later("no interval"),
            numbers=(2, 3),
        )  # fmt: skip
        write(notes([_left_out(times)]))
    show_picked(data, selection, pick, made, of="times", hint=True)


def _without(times: ReadingTimes) -> str:
    lines = [_("The time at work on a case, else that from opening to submitting it.")]
    if times.simulated:
        lines.append(_("The reads of simulated readers ({n}) have none.", n=times.simulated))
    if times.open:
        lines.append(
            ngettext("{n} read is not submitted yet.", "{n} reads are not submitted yet.", times.open)
        )
    return " ".join([*lines, _left_out(times)]).strip()


def _left_out(times: ReadingTimes) -> str:
    if not times.interrupted:
        return ""
    return ngettext(
        "{n} sitting over {minutes:.0f} minutes was interrupted and is left out.",
        "{n} sittings over {minutes:.0f} minutes were interrupted and are left out.",
        times.interrupted,
        minutes=LONGEST_MIN,
    )


def _minutes(low: float, middle: float, high: float) -> str:
    return f"{number(middle, 1)} ({number(low, 1)}–{number(high, 1)})"


def reader_names(data: StudyData) -> list[str]:
    """The names of the study's readers, in the order of their marks."""
    return [rater.name for rater in data.table.raters if rater.kind is RaterKind.READER]


def own_marks(data: StudyData, shown: Iterable[str]) -> dict[str, Mark]:
    """The marks of those who are shown."""
    marks = reader_marks(reader_names(data), palette(current_mode()))
    return {name: marks[name] for name in shown if name in marks}

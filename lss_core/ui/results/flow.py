"""The Flow view: a STARD diagram from import to analysis, and what each reader answered."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lss_core.texts import _, later
from lss_core.ui.charts_flow import flow_figure
from lss_core.ui.html import write
from lss_core.ui.results.shown import COUNTS, Made, heading_of, notes, show_figure, show_table
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.result_flow import Counted, study_flow
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

NOTE = later("After STARD 2015 (Bossuyt et al., BMJ 351:h5527): positive is grade 2 or 3.")


def flow_view(workspace: Workspace, user: User, data: StudyData, selection: Selection, made: Made) -> None:
    """The diagram and, beside it, the readers' answers."""
    flow = study_flow(workspace, user, data, selection)
    left, right = st.columns([8, 5], gap="medium")
    with left:
        title = _("Flow of the study, {condition}", condition=made.named)
        records = (
            ("step", "count", "of", "left_here", "note"),
            [
                (step.title, step.count, step.unit, _said(step.left), _said(step.notes))
                for step in flow.steps
            ]
            + [
                (f"{flow.model}, {own.title.lower()}", own.units, selection.unit.value,
                 f"positive {own.positive}; negative {own.negative}; no grade {own.none}", "")
                for own in flow.outcomes
            ],
        )  # fmt: skip
        show_figure(
            flow_figure(flow, palette(current_mode())), "flow", title, made, method=COUNTS, records=records
        )
    with right:
        write(heading_of(_("Read by the readers")) + notes([NOTE]))
        head = (_("Reader"), _("Graded"), _("Not gradable"), _("Missing"))
        rows = list(flow.readers)
        answers = (("reader", "graded", "not_gradable", "missing"), rows)
        show_table("flow-readers", _("Read by the readers"), head, rows, answers, made, method=COUNTS)


def _said(counted: Sequence[Counted]) -> str:
    return "; ".join(what if n is None else f"{what}: {n}" for what, n in counted)

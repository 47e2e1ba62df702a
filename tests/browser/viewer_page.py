"""A bare page around the viewer, with the real routes: what tests/browser/test_viewer.py drives."""

from dataclasses import replace

import streamlit as st

from lss_core.domain import ALL_SITES, Site
from lss_core.ui.asking import COOKIE
from lss_core.ui.routes import ROUTES
from lss_core.ui.viewer import Command, View, ViewMode, viewer
from lss_core.usecases import reading, runs, users
from lss_core.usecases.preferences import preferences_of
from lss_core.usecases.workspace import open_workspace

app = st.App(__file__, routes=ROUTES)


def show() -> None:
    """One viewer: ?mode=&case=&next=, and sites=all: a read of 30; what comes back stands below as text."""
    st.set_page_config(layout="wide")
    workspace = open_workspace()
    user = users.user_of(workspace, st.context.cookies.get(COOKIE))
    asked, state = st.query_params, st.session_state
    mode = ViewMode(asked.get("mode", "look"))
    state.runs = state.get("runs", 0) + 1
    state.setdefault("case", asked["case"])
    state.setdefault("orders", 0)
    first, second, third = st.columns(3)
    if first.button("Next"):
        state.case = asked["next"]
    second.button("Again")
    if third.button("Order"):
        state.orders += 1
    read = reading.open_read(workspace, user, state.case) if mode is ViewMode.READ else None
    if read is not None and asked.get("sites") == "all":
        read = replace(read, plan=replace(read.plan, sites=ALL_SITES))
    result = viewer(
        View(
            case_id=state.case,
            user_id="nobody" if user is None else user.id,
            mode=mode,
            read=read,
            findings=runs.newest_findings(workspace, state.case) if mode is ViewMode.REVIEW else None,
            next_case_id=asked.get("next"),
            preferences={} if user is None or read is None else preferences_of(workspace, user),
            command=Command(number=state.orders, site=Site.parse("central:L4_L5")) if state.orders else None,
            height="640px",
            report_marks=mode is ViewMode.LOOK,
        ),
        key="viewer",
    )
    mark = result.mark and [round(mm, 2) for mm in result.mark.point_mm]
    site = result.site and result.site.key
    st.text(f"runs={state.runs} case={state.case} site={site} mark={mark} submitted={result.submitted_read}")


if st.runtime.exists():
    show()

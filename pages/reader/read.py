"""Read: a reader's own cases in his own order, one at a time."""

import streamlit as st

from lss_core.domain import Role
from lss_core.ui.choice import choose, go_to
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.read import open_to_him, progress_words
from lss_core.ui.session import require_role
from lss_core.ui.viewer import View, ViewMode, viewer
from lss_core.usecases.cases import list_studies
from lss_core.usecases.due import reads_of
from lss_core.usecases.reading import next_case, open_read
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.READER)
workspace = open_workspace()

reads = reads_of(workspace, user)
if not reads:
    show_empty("No cases to read yet", next_step="The coordinator of the study assigns them; come back then")
    st.stop()

following = next_case(workspace, user)
title, choices = page_head()
with choices:
    case_id = choose("case", open_to_him(reads, following))
    st.button(
        "Next case",
        type="primary",
        disabled=following is None or following == case_id,
        on_click=go_to,
        args=("case", following),
    )

read = open_read(workspace, user, case_id)
synthetic = {study.id for study in list_studies(workspace, user) if study.synthetic}
with title:
    progress = next(progress for progress in reads if progress.case_id == case_id)
    state = "this one is submitted and locked" if read.submitted else f"reading {case_id}"
    heading("Read", synthetic=progress.study_id in synthetic, detail=f"{progress_words(reads)}; {state}")

not_begun = [other.case_id for other in reads if other.read_id is None and other.case_id != case_id]
result = viewer(
    View(
        case_id=case_id,
        user_id=user.id,
        mode=ViewMode.READ,
        read=read,
        next_case_id=next(iter(not_begun), None),
        height="calc(100vh - 9.6rem)",
    ),
    key="read",
)
if result.submitted_read == read.read_id:
    go_to("case", next_case(workspace, user))
    st.rerun()

"""Read: a reader's own cases in his own order, one at a time."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui.choice import choose, go_to
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.read import fetched_ahead, going_on, open_to_him, progress_words, state_words, why_nothing
from lss_core.ui.session import require_role
from lss_core.ui.viewer import View, ViewMode, viewer
from lss_core.usecases.cases import list_studies
from lss_core.usecases.due import following, in_study, reads_of
from lss_core.usecases.preferences import preferences_of
from lss_core.usecases.reading import open_read
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.READER)
workspace = open_workspace()

reads = reads_of(workspace, user)
if not reads:
    show_empty(
        _("No cases to read yet"), next_step=_("The coordinator of the study assigns them; come back then")
    )
    st.stop()

studies = {study.id: study for study in list_studies(workspace, user, Role.READER)}
may_open = open_to_him(reads, {study.id: study.title for study in studies.values()})
if not may_open:
    heading(_("Read"), detail=progress_words(reads))
    show_empty(_("Nothing to read now"), next_step=why_nothing(reads))
    st.stop()

title, choices = page_head()
with choices:
    key = choose("case", may_open)
    progress = next(read for read in reads if read.key == key)
    own = in_study(reads, progress.study_id)
    coming = following(own) or following(reads)
    st.button(
        _("Next case"),
        type="primary",
        disabled=coming is None or coming.key == key,
        on_click=go_to,
        args=("case", coming and coming.key),
    )

read = open_read(workspace, user, key)
with title:
    detail = f"{progress_words(own)}; {state_words(progress)}"
    heading(_("Read"), synthetic=studies[progress.study_id].synthetic, detail=detail)

result = viewer(
    View(
        case_id=read.case_id,
        user_id=user.id,
        mode=ViewMode.READ,
        read=read,
        next_case_id=fetched_ahead(own, key),
        preferences=preferences_of(workspace, user),
        height="calc(100vh - 9.6rem)",
    ),
    key="read",
)
if result.submitted_read == read.read_id:
    going_on(workspace, user, progress)
    st.rerun()

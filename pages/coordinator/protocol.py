"""Protocol: who grades what, how and when; from the draft to its locked versions."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui import protocol as ui
from lss_core.ui.choice import choose_study
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.protocol_form import show_form
from lss_core.ui.session import require_role
from lss_core.usecases.cases import list_studies
from lss_core.usecases.protocols import protocol_state
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.COORDINATOR)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, Role.COORDINATOR))
    ui.show_new_study(workspace, user, study.id if study else "")
if study is None:
    with title:
        heading(_("Protocol"))
    show_empty(_("No study yet"), next_step=_("Make one here, or import DICOM files on the page Cases"))
    st.stop()

state = protocol_state(workspace, user, study.id)
with title:
    detail = f"{study.title}, {ui.state_words(state)}"
    heading(_("Protocol"), synthetic=study.synthetic, detail=detail)

form, preview, ready, versions, sessions = st.tabs(
    [_("Parts"), _("What a reader is asked"), _("Going live"), _("Versions"), _("Sessions")]
)
with form:
    show_form(workspace, user, study.id, state)
with preview:
    ui.show_preview(state.current)
with ready:
    ui.show_ready(workspace, user, study.id, state)
with versions:
    ui.show_versions(workspace, user, study, state)
with sessions:
    ui.show_sessions(workspace, user, study.id)

"""Cases: import DICOM, see what is there, run the model."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui import cases as ui
from lss_core.ui.choice import cases_of, choose_study, go_to
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.session import require_role
from lss_core.usecases.cases import RunStatus, list_studies
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.COORDINATOR)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, Role.COORDINATOR))
cases = cases_of(workspace, user, study)
synthetic = study is not None and study.synthetic
with title:
    heading(_("Cases"), synthetic=synthetic, detail=f"{study.title}, {ui.count(len(cases))}" if study else "")

ui.warn_of_open_door(workspace)
ui.import_panel(workspace, user, study.id if study and not synthetic else None, open_at_first=not cases)
ui.show_import(user)
ui.show_grading(cases)

if not cases:
    show_empty(
        _("No cases yet"),
        next_step=_("Import DICOM files above, or make the demo study: python -m lss_core demo"),
    )
    st.stop()

actions = st.container(horizontal=True, vertical_alignment="center")
chosen = ui.case_table(cases)
ungraded = [case for case in cases if case.model_status in (RunStatus.NONE, RunStatus.FAILED)]
with actions:
    if st.button(_("Run the model on all ungraded ({n})", n=len(ungraded)), disabled=not ungraded):
        ui.run_model(workspace, user, ungraded)
        st.rerun()
    if st.button(_("Run the model on {n} chosen", n=len(chosen)), disabled=not chosen):
        ui.run_model(workspace, user, chosen)
        st.rerun()
    if st.button(_("Open in Review"), disabled=len(chosen) != 1):
        go_to("case", chosen[0].case_id)
        st.switch_page("pages/coordinator/review.py")
    ui.delete_panel(workspace, user, chosen)

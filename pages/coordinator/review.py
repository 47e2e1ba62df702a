"""Review: a case with what the model found in it."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui.cases import refusal_words, run_model, show_grading
from lss_core.ui.choice import cases_of, choose_case, choose_study, site_of_address
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.session import require_role
from lss_core.ui.viewer import View, ViewMode, viewer
from lss_core.usecases.access import UNBLINDED, role_in_study
from lss_core.usecases.cases import RunStatus, list_studies
from lss_core.usecases.grading import findings_of
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.COORDINATOR, Role.STATISTICIAN)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, *UNBLINDED))
    cases = cases_of(workspace, user, study)
    case, following = choose_case(cases) if cases else (None, None)

if case is None:
    show_empty(_("No case to review"), next_step=_("Import a study on the page Cases first"))
    st.stop()

findings = findings_of(workspace, user, case.case_id)
with title:
    detail = (
        _("{bundle}, {n:.0f} s", bundle=findings.bundle, n=findings.seconds)
        if findings
        else _("not graded by the model")
    )
    heading(_("Review"), synthetic=case.synthetic, detail=detail)

show_grading(cases)
if findings is None:
    if case.model_status is RunStatus.FAILED:
        show_empty(_("The model could not grade this case"), next_step=refusal_words(case.model_message))
    if role_in_study(workspace, user, case.study_id) is not Role.STATISTICIAN and choices.button(
        _("Run the model"), type="primary", disabled=case.model_status is RunStatus.RUNNING
    ):
        run_model(workspace, user, [case])
        st.rerun()

viewer(
    View(
        case_id=case.case_id,
        user_id=user.id,
        mode=ViewMode.LOOK if findings is None else ViewMode.REVIEW,
        findings=findings,
        next_case_id=following,
        command=site_of_address(),
        height="calc(100vh - 9.6rem)",
    ),
    key="review",
)

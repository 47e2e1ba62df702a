"""Progress: who has read what, how long it takes, what departs from the protocol, what may be corrected."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui import progress as ui
from lss_core.ui.choice import choose_study
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.session import require_role
from lss_core.usecases.access import role_in_study
from lss_core.usecases.cases import list_studies
from lss_core.usecases.progress import study_progress
from lss_core.usecases.workspace import open_workspace

ROLES = (Role.COORDINATOR, Role.STATISTICIAN, Role.AUDITOR)

user = require_role(*ROLES)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, *ROLES))
if study is None:
    show_empty(_("No study yet"), next_step=_("Import DICOM files on the page Cases"))
    st.stop()

progress = study_progress(workspace, user, study.id)
with title:
    detail = f"{study.title}, {ui.progress_words(progress)}"
    heading(_("Progress"), synthetic=study.synthetic, detail=detail)
if not progress.sessions:
    show_empty(_("Nobody reads in this study yet"), next_step=_("Invite readers on the page People"))
    st.stop()

sections = ui.sections(role_in_study(workspace, user, study.id) or Role.AUDITOR)
for tab, section in zip(st.tabs(list(sections)), sections.values(), strict=True):
    with tab:
        section(workspace, user, progress)

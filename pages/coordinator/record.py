"""Record: what a study's data leave as, what comes in from outside, and who did what."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui import record as ui
from lss_core.ui.choice import choose_study
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.session import require_role
from lss_core.usecases.cases import list_studies
from lss_core.usecases.workspace import open_workspace

ROLES = (Role.COORDINATOR, Role.STATISTICIAN, Role.AUDITOR)

user = require_role(*ROLES)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, *ROLES))
with title:
    detail = study.title if study else ""
    heading(_("Record"), synthetic=study is not None and study.synthetic, detail=detail)
if study is None:
    show_empty(_("No study yet"), next_step=_("Import DICOM files on the page Cases"))
    st.stop()

sections = ui.sections(workspace, user, study.id)
for tab, section in zip(st.tabs(list(sections)), sections.values(), strict=True):
    with tab:
        section(workspace, user, study.id)

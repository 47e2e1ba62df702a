"""People: who is in a study with which role, invitations, roles, accounts."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui import people as ui
from lss_core.ui.choice import choose_study
from lss_core.ui.frame import heading, page_head, show_empty
from lss_core.ui.session import require_role
from lss_core.usecases.cases import list_studies
from lss_core.usecases.people import invitations_of, members_of
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.COORDINATOR)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, Role.COORDINATOR))
with title:
    heading(
        _("People"),
        synthetic=study is not None and study.synthetic,
        detail=study.title if study else "",
    )
if study is None:
    show_empty(_("No study yet"), next_step=_("Import DICOM files on the page Cases"))
    st.stop()

ui.show_members(members_of(workspace, user, study.id))
invited, changed = st.columns(2)
with invited:
    ui.invite_form(workspace, user, study.id)
    ui.show_invitations(workspace, user, study.id, invitations_of(workspace, user, study.id))
with changed:
    ui.change_form(workspace, user, study.id)

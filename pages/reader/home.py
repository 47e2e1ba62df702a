"""Home: a reader's studies, what is due in them, and the way on."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui.frame import heading, show_empty
from lss_core.ui.read import show_study
from lss_core.ui.session import require_role
from lss_core.usecases.due import home
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.READER)

studies = home(open_workspace(), user)
heading(_("My reading"))
if not studies:
    show_empty(
        _("No cases to read yet"), next_step=_("The coordinator of the study assigns them; come back then")
    )
    st.stop()
for due in studies:
    show_study(due)

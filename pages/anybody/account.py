"""Account: who somebody is here, his roles, and his own password."""

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _
from lss_core.ui.frame import heading
from lss_core.ui.people import show_own_roles
from lss_core.ui.session import require_role
from lss_core.ui.sign_in import own_password
from lss_core.usecases.accounts import has_password
from lss_core.usecases.workspace import open_workspace

user = require_role(*Role)
heading(_("Account"), detail=f"{user.display_name} ({user.name})")
workspace = open_workspace()
show_own_roles(workspace, user)
st.subheader(_("Password"))
own_password(has_one=has_password(workspace, user))

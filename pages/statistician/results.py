"""Results: model and readers against the reference standard, in six views of one choice of units."""

import streamlit as st

from lss_core.domain import Role
from lss_core.errors import StatisticsError
from lss_core.texts import _
from lss_core.ui import results as ui
from lss_core.ui.cases import count
from lss_core.ui.choice import choose_study
from lss_core.ui.frame import heading, page_head, show_error
from lss_core.ui.session import require_role
from lss_core.usecases.access import UNBLINDED
from lss_core.usecases.cases import list_studies
from lss_core.usecases.reference import list_references
from lss_core.usecases.result_data import study_data
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.COORDINATOR, Role.STATISTICIAN)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user, *UNBLINDED))
    references = [] if study is None else list_references(workspace, user, study.id)
    chosen = ui.choose_reference(references) if references else None
    if study is not None:
        ui.offer_reference(workspace, user, study.id)
with title:
    detail = "" if study is None else f"{study.title}, {count(study.cases)}"
    heading(_("Results"), synthetic=study is not None and study.synthetic, detail=detail)

if study is None or chosen is None:
    ui.no_reference()
    st.stop()

try:
    data = study_data(workspace, user, study.id, chosen)
    view = ui.choose_view()
    selection = ui.choose_selection(data)
    with choices:
        ui.offer_report(workspace, user, study.id, chosen, selection.arm if data.first_arm else None)
    ui.show_warnings(study, data, selection)
    ui.show_view(view, workspace, user, data, selection, ui.made_of(study, data, selection))
except StatisticsError as error:
    show_error(error)

"""Results: model and readers against the reference standard, condition by condition."""

import streamlit as st

from lss_core.domain import Role
from lss_core.errors import StatisticsError
from lss_core.ui import results as ui
from lss_core.ui.cases import count
from lss_core.ui.choice import choose_study
from lss_core.ui.frame import heading, page_head
from lss_core.ui.session import require_role
from lss_core.usecases.cases import list_studies
from lss_core.usecases.reference import list_references
from lss_core.usecases.results import study_results
from lss_core.usecases.workspace import open_workspace

user = require_role(Role.COORDINATOR, Role.STATISTICIAN)
workspace = open_workspace()

title, choices = page_head()
with choices:
    study = choose_study(list_studies(workspace, user))
    references = [] if study is None else list_references(workspace, user, study.id)
    chosen = ui.choose_reference(references) if references else None
    if study is not None:
        ui.offer_reference(workspace, user, study.id)
with title:
    detail = "" if study is None else f"{study.title}, {count(study.cases)}"
    heading("Results", synthetic=study is not None and study.synthetic, detail=detail)

if study is None or chosen is None:
    ui.no_reference()
    st.stop()

try:
    results = study_results(workspace, user, study.id, reference_id=chosen)
except StatisticsError as error:
    ui.show_refusal(error)
    st.stop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    condition = ui.choose_condition(results)
    ui.download(results)
ui.show_method(results)
ui.show_condition(condition)

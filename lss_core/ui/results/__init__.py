"""The result page's views and choices."""

from lss_core.ui.results.agreement import agreement_view
from lss_core.ui.results.cases import cases_view
from lss_core.ui.results.choices import (
    ViewName,
    choose_reference,
    choose_selection,
    choose_view,
    made_of,
    no_reference,
    offer_reference,
    show_warnings,
)
from lss_core.ui.results.comparison import comparison_view
from lss_core.ui.results.flow import flow_view
from lss_core.ui.results.overview import overview_view
from lss_core.ui.results.report import offer_report
from lss_core.ui.results.roc import roc_view
from lss_core.ui.results.shown import Made
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "choose_reference", "choose_selection", "choose_view", "made_of", "no_reference", "offer_reference",
    "offer_report", "show_view", "show_warnings",
]  # fmt: skip

OF_DATA = {
    ViewName.OVERVIEW: overview_view,
    ViewName.ROC: roc_view,
    ViewName.AGREEMENT: agreement_view,
    ViewName.CASES: cases_view,
}
OF_STORE = {ViewName.COMPARISON: comparison_view, ViewName.FLOW: flow_view}


def show_view(
    name: ViewName, workspace: Workspace, user: User, data: StudyData, selection: Selection, made: Made
) -> None:
    """The view of a name."""
    if name in OF_DATA:
        OF_DATA[name](data, selection, made)
    else:
        OF_STORE[name](workspace, user, data, selection, made)

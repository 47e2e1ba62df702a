"""What the user works at: a study and a case, kept in the address and from page to page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from lss_core.domain import ALL_SITES
from lss_core.texts import _, translated
from lss_core.ui.viewer import Command
from lss_core.usecases.cases import CaseSummary, StudySummary, list_cases
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

SITE_BY_KEY = {site.key: site for site in ALL_SITES}


def choose(name: str, options: Mapping[str, str], *, width: int = 260) -> str:
    """One of the options (value: text shown), by default what the address says or was chosen last.

    A refresh keeps the choice through the address, another page through the session.
    """
    key = _remembered(name, options)
    chosen = st.selectbox(
        name.capitalize(),
        list(options),
        key=key,
        format_func=lambda value: translated(options[value]),
        label_visibility="collapsed",
        width=width,
    )
    return _kept(name, chosen)


def choose_segment(name: str, options: Mapping[str, str]) -> str:
    """As `choose`, with all options side by side."""
    key = _remembered(name, options)
    chosen = st.segmented_control(
        name.capitalize(),
        list(options),
        key=key,
        format_func=lambda value: translated(options[value]),
        label_visibility="collapsed",
        required=True,
    )
    return _kept(name, chosen or next(iter(options)))


def _remembered(name: str, options: Mapping[str, str]) -> str:
    """The key of a choice's widget, set to what the user was sent to, has chosen, or last had."""
    key = f"choose-{name}"
    ordered = (st.session_state.pop(f"go-to-{name}", None), st.session_state.get(key))
    known = (st.query_params.get(name), st.session_state.get(f"last-{name}"), next(iter(options)))
    st.session_state[key] = next(value for value in (*ordered, *known) if value in options)
    return key


def _kept(name: str, chosen: str) -> str:
    st.query_params[name] = st.session_state[f"last-{name}"] = chosen
    return chosen


def choose_study(studies: Sequence[StudySummary]) -> StudySummary | None:
    """The study the user works in; a list to choose from only where there are several."""
    if len(studies) < 2:
        return next(iter(studies), None)
    by_id = {study.id: study for study in studies}
    return by_id[choose("study", {study.id: study.title for study in studies})]


def choose_case(cases: Sequence[CaseSummary]) -> tuple[CaseSummary, str | None]:
    """The case the user looks at, with steps to its neighbours, and the id of the next one."""
    ids = [case.case_id for case in cases]
    back = st.container(width="content")
    at = ids.index(choose("case", {case_id: case_id for case_id in ids}, width=150))
    back.button(_("Previous"), disabled=at == 0, on_click=go_to, args=("case", ids[max(at - 1, 0)]))
    following = ids[at + 1] if at + 1 < len(ids) else None
    st.button(_("Next"), disabled=following is None, on_click=go_to, args=("case", following))
    return cases[at], following


def site_of_address() -> Command | None:
    """The order to show the site that a link names; None where it names none."""
    site = SITE_BY_KEY.get(st.query_params.get("site", ""))
    return None if site is None else Command(number=1, site=site)


def go_to(name: str, value: str | None) -> None:
    """Make a choice for the user, which holds when its page runs next."""
    st.session_state[f"go-to-{name}"] = value


def cases_of(workspace: Workspace, user: User, study: StudySummary | None) -> list[CaseSummary]:
    """The cases of the study that was chosen; none where there is no study."""
    return [] if study is None else list_cases(workspace, user, study.id)

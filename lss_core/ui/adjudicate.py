"""Pieces of the Adjudicate page: the ties, the votes without names, the decision."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import streamlit as st

from lss_core.domain import Answer, Grade
from lss_core.ui.html import escape, table, write
from lss_core.usecases.reference import Adjudication


def ties(due: Sequence[Adjudication]) -> dict[str, Adjudication]:
    """The ties by a key that names case and site; the open ones first."""
    ordered = sorted(due, key=lambda tie: tie.settled is not None)
    return {f"{tie.case_id}:{tie.site.key}": tie for tie in ordered}


def tie_words(due: Sequence[Adjudication]) -> dict[str, str]:
    """How a list shows each tie."""
    return {
        key: f"{tie.case_id}, {tie.site.label}{', decided' if tie.settled else ''}"
        for key, tie in ties(due).items()
    }


def progress_words(due: Sequence[Adjudication]) -> str:
    """'3 of 12 ties decided'."""
    return f"{sum(tie.settled is not None for tie in due)} of {len(due)} ties decided"


def show_tie(tie: Adjudication) -> None:
    """The site, for a coordinator how many voted for each grade, and what was decided.

    An adjudicator is given no votes, for they would sway him.
    """
    write(f"<h3>{escape(tie.site.label)}</h3>")
    if tie.votes is not None:
        rows = [[f"{grade.value} {grade.name.lower()}", tie.votes[grade]] for grade in Grade]
        write(table(["Grade", "Votes"], rows, numbers=[1]))
    if tie.settled is not None and tie.settled.grade is not None:
        write(f'<p class="lss-muted">Decided: {tie.settled.grade.value}. {escape(tie.settled.note)}</p>')


def ask(tie: Adjudication) -> tuple[Answer | None, str]:
    """The adjudicator's answer once he gives it, and its idempotency key; nothing is preselected."""
    place = f"{tie.case_id}:{tie.site.key}"
    key = st.session_state.setdefault(f"decision:{place}", str(uuid4()))
    with st.form(f"decide:{place}", border=False):
        grade = st.radio(
            "Your grade", list(Grade), index=None, format_func=lambda one: f"{one.value} {one.name.lower()}"
        )
        reason = st.text_area("Why", max_chars=500)
        given = st.form_submit_button("Decide")
    if not given:
        return None, key
    if grade is None or not reason.strip():
        st.caption("A grade and a reason are needed.")
        return None, key
    del st.session_state[f"decision:{place}"]
    return Answer(site=tie.site, grade=grade, note=reason.strip()), key

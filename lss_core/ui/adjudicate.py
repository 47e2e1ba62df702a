"""Pieces of the Adjudicate page: the ties, the votes without names, the decision."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import streamlit as st

from lss_core.domain import Answer, Grade, NotGradable
from lss_core.texts import _, later, ngettext, translated
from lss_core.ui.html import escape, table, write
from lss_core.ui.viewer import READER_REASONS, Command
from lss_core.usecases.reference import Adjudication

NOT_GRADABLE = later("not gradable")
"""What stands beside the four grades."""

Choice = Grade | str


def ties(due: Sequence[Adjudication]) -> dict[str, Adjudication]:
    """The ties by a key that names case and site; the open ones first."""
    ordered = sorted(due, key=lambda tie: tie.settled is not None)
    return {tie.place: tie for tie in ordered}


def tie_words(due: Sequence[Adjudication]) -> dict[str, str]:
    """How a list shows each tie."""
    return {
        key: _("{case}, {site}, decided", case=tie.case_id, site=tie.site.label)
        if tie.settled
        else f"{tie.case_id}, {translated(tie.site.label)}"
        for key, tie in ties(due).items()
    }


def progress_words(due: Sequence[Adjudication], open_reads: int = 0) -> str:
    """'3 of 12 ties decided; 4 reads of the panel are not submitted yet'."""
    settled = sum(tie.settled is not None for tie in due)
    decided = _("{n} of {total} ties decided", n=settled, total=len(due))
    if not open_reads:
        return decided
    waiting = ngettext(
        "{n} read of the panel not submitted yet", "{n} reads of the panel not submitted yet", open_reads
    )
    return f"{decided}; {waiting}"


def next_open(due: Sequence[Adjudication], tie: Adjudication) -> str | None:
    """The key of the first tie after this one, round from the start, that waits for a decision."""
    at = next(number for number, one in enumerate(due) if one.place == tie.place)
    rest = [*due[at + 1 :], *due[:at]]
    return next((one.place for one in rest if one.settled is None), None)


def order_for(tie: Adjudication) -> Command:
    """The order that takes the pictures to the tie's site, and the keyboard to where it is seen best.

    Where the site lies is estimated from how the slices lie: the model's finding is not for this role.
    """
    last, number = st.session_state.get("tie-order", ("", 0))
    if last != tie.place:
        number += 1
        st.session_state["tie-order"] = (tie.place, number)
    return Command(number=number, site=tie.site)


def show_tie(tie: Adjudication) -> None:
    """The site, how many voted for each grade (by whom is not told), what was decided and why."""
    write(f"<h3>{escape(translated(tie.site.label))}</h3>")
    rows = [[grade_words(grade), tie.votes[grade]] for grade in Grade]
    rows += [[NOT_GRADABLE, tie.not_gradable_votes]] if tie.not_gradable_votes else []
    write(table([_("Grade"), _("Votes")], rows, numbers=[1]))
    if tie.settled is not None:
        decided = _("Decided: {what}", what=decision_words(tie.settled))
        write(f'<p class="lss-muted">{escape(decided)}</p>')


def grade_words(choice: Choice) -> str:
    """'2 moderate', 'not gradable'."""
    return f"{choice.value} {translated(choice.word)}" if isinstance(choice, Grade) else translated(choice)


def decision_words(answer: Answer) -> str:
    """'2 moderate. The sac is a slit', 'not gradable, image quality too poor.'."""
    if answer.not_gradable is not None:
        what = f"{translated(NOT_GRADABLE)}, {translated(answer.not_gradable.label).lower()}."
    else:
        what = f"{grade_words(answer.grade or Grade.NONE)}."
    return f"{what} {answer.note}".strip()


def ask(tie: Adjudication) -> tuple[Answer | None, str]:
    """The adjudicator's answer once he gives it, and its idempotency key; nothing is preselected.

    The key is part of every widget's name, so that a decision leaves an empty form behind.
    """
    key = st.session_state.setdefault(f"decision:{tie.place}", str(uuid4()))
    own = f"{tie.place}:{key}"
    choice = st.radio(
        _("Your grade"),
        [*Grade, NOT_GRADABLE],
        index=None,
        format_func=grade_words,
        key=f"grade:{own}",
    )
    with st.form(f"decide:{own}", border=False, enter_to_submit=False):
        reason = _reason(own) if choice == NOT_GRADABLE else None
        note = st.text_area(_("Why"), max_chars=500, key=f"why:{own}").strip()
        given = st.form_submit_button(_("Decide"))
    if not given:
        return None, key
    missing = _missing(choice, reason, note)
    if missing:
        st.caption(missing)
        return None, key
    del st.session_state[f"decision:{tie.place}"]
    grade = choice if isinstance(choice, Grade) else None
    return Answer(site=tie.site, grade=grade, not_gradable=reason, note=note), key


def _reason(own: str) -> NotGradable | None:
    return st.selectbox(
        _("Why it is not gradable"),
        READER_REASONS,
        index=None,
        format_func=lambda reason: translated(reason.label),
        placeholder=_("Choose a reason"),
        key=f"reason:{own}",
    )


def _missing(choice: Choice | None, reason: NotGradable | None, note: str) -> str:
    """What an answer still needs, in words; empty where nothing is missing."""
    if choice == NOT_GRADABLE and reason is None:
        return _("A reason is needed.")
    if choice == NOT_GRADABLE and (reason is not NotGradable.OTHER or note):
        return ""
    if choice == NOT_GRADABLE:
        return _("Say which other reason.")
    return "" if choice is not None and note else _("A grade and a reason are needed.")

"""What every page has around it: the bar on top, its heading, and how an error is shown."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import streamlit as st
import structlog
from streamlit.delta_generator import DeltaGenerator

from lss_core.errors import LssError
from lss_core.texts import _, later, sentence, translated
from lss_core.ui.html import escape, write
from lss_core.ui.sign_in import menu
from lss_core.usecases.users import User

NOTICE = later("Research use only, not a medical device")
SYNTHETIC = later("Synthetic demo data")

_log = structlog.get_logger(__name__)


def top_bar(user: User | None) -> None:
    """The notice and the user's menu at the right end of the bar on top."""
    with st.container(key="lss-bar", horizontal=True, vertical_alignment="center", gap="small"):
        write(f'<span class="lss-notice">{translated(NOTICE)}</span>')
        if user is not None:
            with st.popover(user.display_name):
                roles = ", ".join(sorted(translated(role.label) for role in user.held))
                who = _("Signed in as {name}, {role}", name=user.name, role=roles)
                write(f'<p class="lss-muted">{escape(who)}</p>')
                menu()


def page_head() -> tuple[DeltaGenerator, DeltaGenerator]:
    """The first line of a page: a place for its heading, and one at the right for choices."""
    with st.container(
        key="lss-head", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        title = st.container(width="content")
        choices = st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")
    return title, choices


def heading(title: str, *, synthetic: bool = False, detail: str = "") -> None:
    """A page's heading in one line; `synthetic` marks what is no patient's."""
    badge = f'<span class="lss-badge">{translated(SYNTHETIC)}</span>' if synthetic else ""
    aside = f'<span class="lss-muted">{escape(translated(detail))}</span>' if detail else ""
    write(f'<div class="lss-heading"><h1>{escape(translated(title))}</h1>{badge}{aside}</div>')


def show_error(error: LssError) -> None:
    """A refusal as what, why and what to do."""
    why, remedy = escape(sentence(error.reason)), escape(sentence(error.remedy))
    write(
        f'<div class="lss-error" role="alert"><strong>{escape(translated(error.subject))}</strong>'
        f"<span>{why}</span><span>{remedy}</span></div>"
    )


def carry_out(act: Callable[[], object]) -> None:
    """Do what was asked and run the page anew, or show why it was refused."""
    try:
        act()
    except LssError as error:
        show_error(error)
    else:
        st.rerun()


def show_empty(what: str, *, next_step: str) -> None:
    """Said where there is nothing yet: what is missing and what to do next."""
    what, next_step = escape(translated(what)), escape(translated(next_step))
    write(f'<div class="lss-empty"><strong>{what}</strong><span>{next_step}</span></div>')


def on_script_error(error: Exception) -> bool:
    """Show a refusal as one; of anything else only a reference that the log has too."""
    if isinstance(error, LssError):
        show_error(error)
        return True
    reference = secrets.token_hex(4).upper()
    _log.error("page_failed", reference=reference, exc_info=error)
    what = _("This page failed")
    remedy = _(
        "Nothing that was saved is lost. Reload the page; if it happens again, give the administrator this "
        "reference: {reference}",
        reference=f"<code>{reference}</code>",
    )
    write(f'<div class="lss-error" role="alert"><strong>{what}</strong><span>{remedy}</span></div>')
    return True

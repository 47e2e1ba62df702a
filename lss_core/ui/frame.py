"""What every page has around it: the bar on top, its heading, and how an error is shown."""

from __future__ import annotations

import secrets

import streamlit as st
import structlog
from streamlit.delta_generator import DeltaGenerator

from lss_core.errors import LssError
from lss_core.ui.html import escape, write
from lss_core.ui.sign_in import menu
from lss_core.usecases.users import User

NOTICE = "Research use only, not a medical device"
SYNTHETIC = "Synthetic demo data"

_log = structlog.get_logger(__name__)


def top_bar(user: User | None) -> None:
    """The notice and the user's menu at the right end of the bar on top."""
    with st.container(key="lss-bar", horizontal=True, vertical_alignment="center", gap="small"):
        write(f'<span class="lss-notice">{NOTICE}</span>')
        if user is not None:
            with st.popover(user.display_name):
                write(f'<p class="lss-muted">Signed in as {escape(user.name)}, {user.role.value}</p>')
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
    badge = f'<span class="lss-badge">{SYNTHETIC}</span>' if synthetic else ""
    aside = f'<span class="lss-muted">{escape(detail)}</span>' if detail else ""
    write(f'<div class="lss-heading"><h1>{escape(title)}</h1>{badge}{aside}</div>')


def show_error(error: LssError) -> None:
    """A refusal as what, why and what to do."""
    why, remedy = (escape(text[:1].upper() + text[1:]) for text in (error.reason, error.remedy))
    write(
        f'<div class="lss-error" role="alert"><strong>{escape(error.subject)}</strong>'
        f"<span>{why}.</span><span>{remedy}.</span></div>"
    )


def show_empty(what: str, *, next_step: str) -> None:
    """Said where there is nothing yet: what is missing and what to do next."""
    write(f'<div class="lss-empty"><strong>{escape(what)}</strong><span>{escape(next_step)}</span></div>')


def on_script_error(error: Exception) -> bool:
    """Show a refusal as one; of anything else only a reference that the log has too."""
    if isinstance(error, LssError):
        show_error(error)
        return True
    reference = secrets.token_hex(4).upper()
    _log.error("page_failed", reference=reference, exc_info=error)
    write(
        '<div class="lss-error" role="alert"><strong>This page failed</strong>'
        "<span>Nothing that was saved is lost. Reload the page; if it happens again, give "
        f"the administrator this reference: <code>{reference}</code></span></div>"
    )
    return True

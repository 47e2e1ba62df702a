"""Signing in elsewhere: OpenID Connect through Streamlit's own sign-in, where `[auth]` is in its secrets.

Streamlit keeps who came back from the provider in a cookie of its own, for weeks. Here that counts only while
it is fresh: it is changed into a sign-in of ours, with our limits, and the routes know that one alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from lss_core.errors import LssError
from lss_core.texts import _
from lss_core.ui.frame import show_error
from lss_core.usecases import people, users
from lss_core.usecases.workspace import Workspace

FRESH = timedelta(minutes=5)


def configured() -> bool:
    """Whether a provider is named in Streamlit's secrets."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def word_of(claims: Mapping[str, object], now: datetime) -> tuple[str, datetime] | None:
    """('issuer subject', when) of an ID token issued within the last five minutes; None of any other."""
    issuer, subject, issued = claims.get("iss"), claims.get("sub"), claims.get("iat")
    if not (isinstance(issuer, str) and isinstance(subject, str) and isinstance(issued, int | float)):
        return None
    issued_at = datetime.fromtimestamp(issued, UTC)
    fresh = timedelta(minutes=-1) <= now - issued_at <= FRESH
    return (f"{issuer} {subject}", issued_at) if issuer and subject and fresh else None


def token_here(workspace: Workspace) -> str | None:
    """A token of ours for who has just come back from the provider; None while there is nobody.

    Shows the button that leads there, what is refused, and for somebody unknown the form of his invitation.
    """
    if not configured():
        return None
    word = word_of(st.user, workspace.now()) if st.user.get("is_logged_in") else None
    if word is not None:
        try:
            return users.sign_in_elsewhere(workspace, *word) or _joined(workspace, word[0])
        except LssError as error:
            show_error(error)
    if st.button(_("Sign in with your institution's account")):
        st.login()
    return None


def _joined(workspace: Workspace, subject: str) -> str | None:
    """The token of somebody new who has an invitation."""
    with st.form("join-elsewhere"):
        st.caption(_("This sign-in is not known here yet. With an invitation it becomes your account."))
        link = st.text_input(_("Link of the invitation")).strip()
        name = st.text_input(_("Name of the new account"), max_chars=100)
        shown = st.text_input(_("Shown to others as"), max_chars=100)
        if not st.form_submit_button(_("Accept the invitation")):
            return None
    token = link.rpartition("#join=")[2]
    return people.accept(workspace, token, name=name, display_name=shown, openid_subject=subject)

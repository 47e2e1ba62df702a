"""Which language a page or a request speaks: the user's own choice, else what his browser asks for."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lss_core.texts import Language, language, speak
from lss_core.usecases.users import User


def language_for(user: User | None, accepted: str | None) -> Language:
    """The user's language, else the first of ours in an Accept-Language header, else English."""
    if user is not None and user.language is not None:
        return user.language
    known = {own.value: own for own in Language}
    found = (known[code] for code in _codes(accepted or "") if code in known)
    return next(found, Language.ENGLISH)


def speak_to(user: User | None) -> None:
    """Speak the user's language for the rest of this run of a page."""
    speak(language_for(user, st.context.headers.get("Accept-Language")))


def in_this_language(show: Callable[[], None]) -> Callable[[], None]:
    """`show` in the language that is spoken now: a fragment runs again without the page around it."""
    own = language()

    def speaking_it() -> None:
        speak(own)
        show()

    return speaking_it


def _codes(accepted: str) -> list[str]:
    """Two-letter codes of 'ru-RU,ru;q=0.9,en;q=0.8', the most wanted first."""
    found = []
    for part in accepted.split(","):
        tag, _, weight = part.partition(";q=")
        try:
            found.append((-float(weight or 1), tag.strip()[:2].lower()))
        except ValueError:
            continue
    return [code for _, code in sorted(found, key=lambda one: one[0])]

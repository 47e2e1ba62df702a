"""Which page is whose. Every page asks again for itself; this only draws the menu."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from lss_core.domain import Role
from lss_core.texts import _, later, translated
from lss_core.ui.language import speak_to
from lss_core.ui.session import current_user, require_role
from lss_core.usecases.users import User


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page in the menu: file, name, address below '/', whose menu it is in and who begins there."""

    file: str
    title: str
    url: str
    roles: frozenset[Role]
    home: frozenset[Role]


def _entry(file: str, title: str, *roles: Role, visitors: tuple[Role, ...] = ()) -> Entry:
    home = frozenset({*roles, Role.ADMINISTRATOR})
    url = Path(file).stem
    return Entry(file=file, title=title, url=url, roles=home.union(visitors), home=home)


ENTRIES = (
    _entry("pages/coordinator/cases.py", later("Cases"), Role.COORDINATOR),
    _entry("pages/coordinator/review.py", later("Review"), Role.COORDINATOR, visitors=(Role.STATISTICIAN,)),
    _entry("pages/coordinator/protocol.py", later("Protocol"), Role.COORDINATOR),
    _entry("pages/reader/home.py", later("My reading"), Role.READER),
    _entry("pages/reader/read.py", later("Read"), Role.READER),
    _entry("pages/adjudicator/adjudicate.py", later("Adjudicate"), Role.ADJUDICATOR),
    _entry("pages/statistician/results.py", later("Results"), Role.COORDINATOR, Role.STATISTICIAN),
    _entry(
        "pages/coordinator/progress.py",
        later("Progress"),
        Role.COORDINATOR,
        visitors=(Role.STATISTICIAN, Role.AUDITOR),
    ),
    _entry(
        "pages/coordinator/record.py",
        later("Record"),
        Role.COORDINATOR,
        Role.AUDITOR,
        visitors=(Role.STATISTICIAN,),
    ),
    _entry("pages/coordinator/people.py", later("People"), Role.COORDINATOR),
    _entry("pages/anybody/account.py", later("Account"), *Role),
)
"""All pages, in the menu's order; a role begins at the first that is its home."""


def navigate() -> None:
    """Run the page of the address; for nobody and for other roles it refuses itself."""
    user = current_user()
    speak_to(user)
    st.set_page_config(page_title=_("Lumbar stenosis reader study"), layout="wide")
    pages = {entry: _page(entry, user) for entry in ENTRIES}

    def start() -> None:
        signed_in = require_role(*Role)
        st.switch_page(next(page for entry, page in pages.items() if signed_in.held & entry.home))

    first = st.Page(start, title=_("Start"), default=True, visibility="hidden")
    st.navigation([first, *pages.values()], position="top").run()


def _page(entry: Entry, user: User | None) -> st.Page:
    mine = user is not None and not user.held.isdisjoint(entry.roles)
    return st.Page(
        entry.file,
        title=translated(entry.title),
        url_path=entry.url,
        visibility="visible" if mine else "hidden",
    )

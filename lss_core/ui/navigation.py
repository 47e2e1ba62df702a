"""Which page is whose. Every page asks again for itself; this only draws the menu."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lss_core.domain import Role
from lss_core.ui.session import current_user, require_role
from lss_core.usecases.users import User


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A page in the menu: its file, its name, the roles whose menu it is in and those who may begin there."""

    file: str
    title: str
    roles: frozenset[Role]
    home: frozenset[Role]

    @property
    def url(self) -> str:
        """The page's address below '/'."""
        return self.title.lower()


def _entry(file: str, title: str, *roles: Role, visitors: tuple[Role, ...] = ()) -> Entry:
    home = frozenset({*roles, Role.ADMINISTRATOR})
    return Entry(file=file, title=title, roles=home.union(visitors), home=home)


ENTRIES = (
    _entry("pages/coordinator/cases.py", "Cases", Role.COORDINATOR),
    _entry("pages/coordinator/review.py", "Review", Role.COORDINATOR, visitors=(Role.STATISTICIAN,)),
    _entry("pages/reader/read.py", "Read", Role.READER),
    _entry("pages/adjudicator/adjudicate.py", "Adjudicate", Role.ADJUDICATOR),
    _entry("pages/statistician/results.py", "Results", Role.COORDINATOR, Role.STATISTICIAN),
)
"""All pages, in the menu's order; a role begins at the first that is its home."""


def navigate() -> None:
    """Run the page of the address; for nobody and for other roles it refuses itself."""
    st.set_page_config(page_title="Lumbar stenosis reader study", layout="wide")
    user = current_user()
    pages = {entry: _page(entry, user) for entry in ENTRIES}

    def home() -> None:
        signed_in = require_role(*Role)
        st.switch_page(next(page for entry, page in pages.items() if signed_in.role in entry.home))

    start = st.Page(home, title="Start", default=True, visibility="hidden")
    st.navigation([start, *pages.values()], position="top").run()


def _page(entry: Entry, user: User | None) -> st.Page:
    mine = user is not None and user.role in entry.roles
    return st.Page(
        entry.file, title=entry.title, url_path=entry.url, visibility="visible" if mine else "hidden"
    )

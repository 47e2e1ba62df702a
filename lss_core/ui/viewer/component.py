"""The Streamlit component: our own scripts and style, joined; and what comes back from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from lss_core.domain import Point, Site
from lss_core.ui.scripts import common, texts_of
from lss_core.ui.viewer.data import View, as_data

SCRIPTS = (
    "geometry.js", "loader.js", "picture.js", "viewport.js", "levels.js", "pen.js", "answers.js", "clock.js",
    "sitting.js", "keys.js", "answer_box.js", "footer.js", "finding_box.js", "grid.js", "toolbar.js",
    "screens.js", "controls.js", "viewer.js",
)  # fmt: skip
"""The parts of the script in the order in which they are joined into one module."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point the user has clicked: in patient coordinates, and where in which slice."""

    point_mm: Point
    series_id: str
    slice_index: int
    row: float
    column: float


@dataclass(frozen=True, kw_only=True)
class ViewerResult:
    """What the user has done: the site he chose last (REVIEW), the read he has just asked to
    submit (READ; in one run only), the point he marked last.
    """

    site: Site | None = None
    submitted_read: str | None = None
    mark: Mark | None = None


def script() -> str:
    """The component's JavaScript module."""
    return "\n".join([common(), *((_FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)])


_SCRIPT = script()
_mount = st.components.v2.component(
    "lss_viewer",
    html='<div class="lss-viewer" tabindex="0" aria-label="Images and grades"></div>',
    css=(_FOLDER / "viewer.css").read_text(encoding="utf-8"),
    js=_SCRIPT,
)


def viewer(view: View, *, key: str) -> ViewerResult:
    """Show a view. The same key keeps zoom, slices and window across reruns.

    Answers given in READ go to the server by themselves and run nothing here.
    """
    result = _mount(
        key=key,
        data={**as_data(view, key=key), "texts": texts_of(_SCRIPT)},
        on_site_change=_nothing,
        on_mark_change=_nothing,
        on_submitted_change=_nothing,
    )
    return ViewerResult(
        site=Site.parse(result.site) if result.site else None,
        submitted_read=result.submitted,
        mark=_mark(result.mark),
    )


def _nothing() -> None:
    """Streamlit wants a callback for each value that comes back."""


def _mark(value: dict[str, Any] | None) -> Mark | None:
    if not value:
        return None
    x, y, z = value["point_mm"]
    return Mark(
        point_mm=(x, y, z),
        series_id=value["series"],
        slice_index=value["slice"],
        row=value["row"],
        column=value["column"],
    )

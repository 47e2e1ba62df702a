"""How a figure and a table stand on a result page: with what they rest on, and downloads of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from lss_core.texts import _, later, later_n, translated
from lss_core.ui.charts import SIGNS, Mark
from lss_core.ui.html import escape, table, write
from lss_core.ui.scripts import common, texts_of
from lss_core.usecases.result_cases import Pick

COUNTS = later("counts")
BOOTSTRAP = later("95% patient bootstrap, BCa")

_SCRIPT = common() + (Path(__file__).parent / "export.js").read_text(encoding="utf-8")
_mount = st.components.v2.component(
    "lss_export",
    html='<div class="lss-export"></div>',
    css=".lss-export { display: flex; gap: .35rem; justify-content: flex-end }"
    ".lss-export button { font: inherit; font-size: .75rem; padding: .05rem .5rem; cursor: pointer;"
    " color: var(--st-text-color); background: transparent; border: 1px solid var(--st-border-color);"
    " border-radius: 4px }"
    ".lss-export button:hover, .lss-export button:focus-visible { border-color: var(--st-primary-color) }",
    js=_SCRIPT,
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the figures of a view rest on: each figure and table names it."""

    study_id: str
    study: str
    fingerprint: str
    reference: str
    condition: str
    unit: str
    subgroup: str
    patients: int
    resamples: int
    seed: int

    @property
    def data(self) -> str:
        """Data, reference and units, in words."""
        return _(
            "{study}, data {digest}; reference {reference}; {condition}, unit: {unit}, {subgroup}",
            study=self.study,
            digest=self.fingerprint[:10],
            reference=self.reference,
            condition=self.named,
            unit=self.unit,
            subgroup=self.subgroup,
        )

    @property
    def named(self) -> str:
        """The condition within a title."""
        return translated(self.condition).lower()

    def method(self, method: str = BOOTSTRAP) -> str:
        """How an interval was made; a method that draws nothing has no seed."""
        if "bootstrap" not in method:
            return later_n("{method}, {n} patient", "{method}, {n} patients", self.patients, method=method)
        return later_n(
            "{method}, {n} patient, {resamples:,} resamples, seed {seed}",
            "{method}, {n} patients, {resamples:,} resamples, seed {seed}",
            self.patients,
            method=method,
            resamples=self.resamples,
            seed=self.seed,
        )

    def caption(self, method: str = BOOTSTRAP) -> str:
        """Data, reference, unit, method and seed in one line."""
        how = translated(self.method(method))
        return f"{self.data}. {how[:1].upper()}{how[1:]}."


def heading_of(title: str) -> str:
    """The heading of a part of a view."""
    return f"<h2>{escape(translated(title))}</h2>"


def notes(lines: Iterable[str]) -> str:
    """Lines of small print."""
    return f'<p class="lss-muted">{"<br>".join(escape(translated(line)) for line in lines if line)}</p>'


def show_figure(
    figure: go.Figure,
    name: str,
    title: str,
    made: Made,
    *,
    method: str = BOOTSTRAP,
    records: tuple[Sequence[str], Iterable[Sequence[object]]] | None = None,
    marks: Mapping[str, Mark] | None = None,
) -> Pick | None:
    """A figure with its caption and downloads; what the user has clicked in it.

    `name` is of the file and, with the choices of the page, of the widget; `records` are the numbers
    behind the figure as the head and rows of a CSV. `marks` become the legend of the file; on the page a
    table beside the figure is its legend.
    """
    for trace in figure.data:  # a click dims nothing
        if trace.type == "scatter" and trace.unselected.marker.opacity is None:
            trace.unselected = {"marker": {"opacity": 1}}
    figure.update_layout(clickmode="event+select", dragmode=False)
    with st.container(key=f"lss-figure-{name}", gap="small"):
        event = st.plotly_chart(
            figure,
            key=f"{name} {made.condition} {made.unit} {made.subgroup}",
            on_select="rerun",
            selection_mode="points",
            alt=translated(title),
            config={"displayModeBar": False},
        )
        text = "" if records is None else csv_of(*records, made=made, method=method)
        _foot(name, title, made.caption(method), figure=True, csv_text=text, marks=marks or {})
    return _picked(event)


def show_table(
    name: str,
    title: str,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    records: tuple[Sequence[str], Iterable[Sequence[object]]],
    made: Made,
    *,
    method: str = BOOTSTRAP,
    numbers: Sequence[int] | None = None,
) -> None:
    """A table with its caption and its full numbers as CSV; `records` are their head and rows."""
    columns = range(1, len(head)) if numbers is None else numbers
    write(table(head, rows, numbers=columns))
    _foot(name, title, made.caption(method), csv_text=csv_of(*records, made=made, method=method))


def csv_of(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, made: Made, method: str = BOOTSTRAP
) -> str:
    """Rows as CSV, each with what it rests on; None is an empty cell."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    fixed = {
        "study": made.study,
        "data_sha256": made.fingerprint,
        "reference": made.reference,
        "condition": made.condition,
        "unit": made.unit,
        "subgroup": made.subgroup,
        "method": made.method(method),
    }
    own = [name for name in fixed if name not in head]
    out.writerow((*head, *own))
    for row in rows:
        out.writerow((*("" if cell is None else cell for cell in row), *(fixed[name] for name in own)))
    return text.getvalue()


def _foot(
    name: str,
    title: str,
    caption: str,
    *,
    figure: bool = False,
    csv_text: str = "",
    marks: Mapping[str, Mark] = MappingProxyType({}),
) -> None:
    """The caption at the left, downloads at the right."""
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key=f"lss-foot-{name}"):
        write(f'<p class="lss-muted lss-caption">{escape(caption)}</p>')
        with st.container(width=130):
            _mount(
                key=f"export-{name}",
                data={
                    "name": name,
                    "title": translated(title),
                    "caption": caption,
                    "figure": figure,
                    "texts": texts_of(_SCRIPT),
                    "csv": csv_text,
                    "legend": [
                        {"name": translated(rater), "colour": mark.colour, "sign": SIGNS[mark.symbol]}
                        for rater, mark in marks.items()
                    ],
                },
            )


def _picked(event: Any) -> Pick | None:
    """What the first selected point leads to; points without a pick lead nowhere."""
    points = getattr(getattr(event, "selection", None), "points", None) or []
    for point in points:
        custom = point.get("customdata")
        text = custom[0] if isinstance(custom, list | tuple) and custom else custom
        try:
            return Pick.parse(str(text))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return None

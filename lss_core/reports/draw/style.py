"""The look of a report's figures: the house's light colours, marks of raters, one drawing for SVG and PNG."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lss_core.reports.texts import Texts
from lss_core.reports.values import Number, RaterPart

TEXT, MUTED, GRID, SURFACE = "#1c232c", "#5d6875", "#d5dae1", "#f4f6f8"
ACCENT, MODEL, WARNING = "#1f5f9e", "#0b5cad", "#8a6100"
READERS = ("#cc6677", "#117733", "#882255", "#0e8577", "#aa4499", "#7d7d1e", "#332288", "#a8602a")
READER_MARKS = ("o", "s", "^", "v", "p", "h", "*", "X")
MODEL_MARK, MEAN_MARK = "D", "P"

WIDTH_IN = 7.0
PNG_DPI = 200

_LOCK = threading.Lock()
"""Matplotlib's settings are the process's; two reports may be drawn at once."""

_SETTINGS: Any = {
    "font.family": "DejaVu Sans", "font.size": 7.5, "axes.titlesize": 8, "axes.labelsize": 7.5,
    "xtick.labelsize": 7, "ytick.labelsize": 7, "legend.fontsize": 7,
    "text.color": TEXT, "axes.labelcolor": TEXT, "axes.edgecolor": MUTED, "xtick.color": MUTED,
    "ytick.color": TEXT, "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6,
    "axes.grid": True, "grid.color": GRID, "grid.linewidth": 0.4, "axes.axisbelow": True,
    "axes.spines.top": False, "axes.spines.right": False,
    "svg.fonttype": "path", "svg.hashsalt": "lss", "figure.facecolor": "white",
}  # fmt: skip


def drawn(
    paint: Callable[[Figure], None], height_in: float, width_in: float = WIDTH_IN, *, fitted: bool = True
) -> tuple[str, bytes]:
    """What `paint` draws, as SVG whose letters are outlines and as PNG; the same bytes each time.

    `fitted`: axes make room for their labels; without it they stand where `paint` puts them.
    """
    with _LOCK, matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(width_in, height_in), layout="constrained" if fitted else None)
        FigureCanvasAgg(figure)
        paint(figure)
        svg, png = io.BytesIO(), io.BytesIO()
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
    text = svg.getvalue().decode("utf-8")
    return text[text.index("<svg") :], png.getvalue()


def mark_of(rater: RaterPart) -> dict[str, Any]:
    """A rater's colour and marker: the model a diamond, the mean reader a cross, readers their own."""
    if rater.is_model:
        return {"color": MODEL, "marker": MODEL_MARK, "markersize": 5}
    if rater.is_mean:
        return {"color": TEXT, "marker": MEAN_MARK, "markersize": 6}
    return reader_mark(rater.place)


def reader_mark(place: int) -> dict[str, Any]:
    """The colour and marker of a reader by his place among all readers of the study."""
    symbol = READER_MARKS[place % len(READER_MARKS)]
    size = 6.5 if symbol == "*" else 4.5
    return {"color": READERS[place % len(READERS)], "marker": symbol, "markersize": size}


def shown(raters: Sequence[RaterPart]) -> list[RaterPart]:
    """The raters that figures show: all but readers who answered only a little."""
    return [rater for rater in raters if rater.n and (rater.full or rater.is_model)]


def bar(axes: Any, number: Number, row: float, mark: Mapping[str, Any]) -> None:
    """A value with its interval as a horizontal bar; nothing where there is no value."""
    if number.value is None:
        return
    if number.interval is not None:
        ends = (number.interval.low, number.interval.high)
        axes.plot(ends, (row, row), color=mark["color"], linewidth=1.1, solid_capstyle="butt")
    axes.plot([number.value], [row], linestyle="none", markeredgewidth=0, **mark)


def name_of(rater: RaterPart, texts: Texts) -> str:
    """A rater's name; only the mean reader's is a word of ours."""
    return texts(rater.name) if rater.is_mean else rater.name

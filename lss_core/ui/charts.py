"""What the figures of results share: marks of raters, intervals side by side, the look.

Colours and symbols come from the theme, the same for a rater in every figure. Text and grid are left
to Streamlit's own template, which follows the browser's look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lss_core.domain import RaterKind
from lss_core.stats.agreement import BANDS
from lss_core.study.published import Published, PublishedCondition
from lss_core.texts import _, later, ngettext, number, separators, translated, whole
from lss_core.ui.theme import MODEL_SYMBOL, READER_SYMBOLS, Palette
from lss_core.usecases.figures import BINARY, ConditionResult, Figure, Measure, RaterResult
from lss_core.usecases.rater_statistics import POSITIVE
from lss_core.usecases.result_cases import Pick

MEAN_SYMBOL = "cross"
PUBLISHED_READERS = later("Published readers")
PUBLISHED_MODEL = later("Published model")
ROW_PX = 24
FONT_PX = 12

OF_TWO = (*BINARY, Measure.KAPPA_BINARY)
"""The measures that tell grades 0-1 from 2-3 only."""

Shape = dict[str, Any]
"""A shape as Plotly takes it."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How a rater is drawn."""

    colour: str
    symbol: str
    size: int


SIGNS: Mapping[str, str] = {
    "circle": "●", "square": "■", "triangle-up": "▲", "triangle-down": "▼", "pentagon": "⬟",
    "hexagon": "⬢", "star": "★", "x": "✖", "diamond": "◆", "cross": "✚", "circle-open-dot": "◎",
}  # fmt: skip
"""The symbols as characters, for a table that is the figures' legend."""


def shown(result: ConditionResult) -> list[RaterResult]:
    """The raters that figures show: all but readers who have answered only a little."""
    return [rater for rater in result.raters if rater.is_full or (rater.kind is RaterKind.MODEL and rater.n)]


def marks(raters: Sequence[RaterResult], colours: Palette) -> dict[str, Mark]:
    """Each rater's mark by name: the model a diamond, the mean reader a cross, readers their own."""
    readers = [rater.name for rater in raters if rater.kind is RaterKind.READER and not rater.is_mean]
    found = {}
    for rater in raters:
        if rater.is_mean:
            found[rater.name] = Mark(colour=colours.text, symbol=MEAN_SYMBOL, size=12)
        elif rater.kind is RaterKind.MODEL:
            found[rater.name] = Mark(colour=colours.model, symbol=MODEL_SYMBOL, size=12)
        else:
            at = readers.index(rater.name)
            symbol = READER_SYMBOLS[at % len(READER_SYMBOLS)]
            found[rater.name] = Mark(colour=colours.rater(RaterKind.READER, at), symbol=symbol, size=9)
    return found


def interval_figure(
    result: ConditionResult,
    measures: Sequence[Measure],
    colours: Palette,
    *,
    published: PublishedCondition | None = None,
    bands: bool = False,
) -> go.Figure:
    """One panel a measure, one row a rater: the value with its interval.

    Published figures stand as hollow circles on the rows of model and mean reader, with a dotted line
    through the panel. With `bands` the
    ground is shaded by the bands of kappa.
    """
    raters = shown(result)
    figure = make_subplots(
        rows=1, cols=len(measures), shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[translated(measure.label) for measure in measures],
    )  # fmt: skip
    drawn = marks(result.raters, colours)
    shapes = band_shapes(len(measures), colours) if bands else []
    for column, measure in enumerate(measures, start=1):
        for rater in raters:
            figure.add_trace(_interval(rater, measure, drawn[rater.name]), row=1, col=column)
        if published is not None:
            for trace in _published(raters, measure, published, colours):
                figure.add_trace(trace, row=1, col=column)
                shapes.append(line_shape(trace.x[0], column, trace.marker.color, "dot", 0.6))
    lowest = min(
        (low for m in measures for r in raters if (low := _low(r.figures[m])) is not None), default=0
    )
    figure.update_xaxes(range=[max(min(lowest - 0.03, 0.48), -1), 1.02], dtick=0.1 if lowest > 0.3 else 0.2)
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[translated(rater.name) for rater in reversed(raters)],
        showgrid=False,
    )
    return laid_out(figure, height=70 + ROW_PX * len(raters), shapes=shapes)


def _interval(rater: RaterResult, measure: Measure, mark: Mark) -> go.Scatter:
    figure = rater.figures[measure]
    said = f"{translated(rater.name)}: {figure.text}<br>{counts_of(rater, measure)}"
    return go.Scatter(
        x=[figure.value], y=[translated(rater.name)], mode="markers", error_x=bars(figure, mark),
        customdata=[[Pick(one=rater.name, binary=measure in OF_TWO).text]],
        marker={"symbol": mark.symbol, "size": mark.size - 2, "color": mark.colour},
        hovertemplate=f"{said}<extra></extra>",
    )  # fmt: skip


def counts_of(rater: RaterResult, measure: Measure) -> str:
    """The counts behind a figure: hits of positives, of negatives, of all, or how many units."""
    matrix = rater.confusion
    if matrix is None:
        return ngettext("mean of {n} reader", "mean of {n} readers", rater.raters)
    hits, positives, left, negatives = classes(rater)
    exact = sum(matrix[grade][grade] for grade in range(len(matrix)))
    shares = {
        Measure.SENSITIVITY: (hits, positives),
        Measure.SPECIFICITY: (left, negatives),
        Measure.ACCURACY: (hits + left, positives + negatives),
        Measure.WEIGHTED_SENSITIVITY: (exact, rater.n),
    }
    if measure not in shares:
        return f"n = {whole(rater.n)}"
    n, of = shares[measure]
    return _("{n} of {total}", n=whole(n), total=whole(of))


def classes(rater: RaterResult) -> tuple[int, int, int, int]:
    """True positives, positives, true negatives and negatives of a rater's confusion matrix."""
    counts = rater.confusion or ()
    hits = sum(counts[truth][given] for truth in POSITIVE for given in POSITIVE) if counts else 0
    positives = sum(sum(counts[truth]) for truth in POSITIVE) if counts else 0
    negative = [truth for truth in range(len(counts)) if truth not in POSITIVE]
    left = sum(counts[truth][given] for truth in negative for given in negative)
    return hits, positives, left, sum(sum(counts[truth]) for truth in negative)


def bars(figure: Figure, mark: Mark, *, mirrored: bool = False) -> Mapping[str, object] | None:
    """A figure's interval as bars of its point, turned round for an axis that is mirrored."""
    if figure.interval is None or figure.value is None:
        return None
    up, down = figure.interval.high - figure.value, figure.value - figure.interval.low
    if mirrored:
        up, down = down, up
    return {
        "type": "data", "symmetric": False, "array": [up], "arrayminus": [down],
        "color": mark.colour, "thickness": 1.5, "width": 0,
    }  # fmt: skip


def _published(
    raters: Sequence[RaterResult], measure: Measure, published: PublishedCondition, colours: Palette
) -> list[go.Scatter]:
    printed = []
    for rater in raters:
        if rater.is_mean:
            printed.append((rater.name, PUBLISHED_READERS, published.readers, colours.text))
        elif rater.kind is RaterKind.MODEL:
            printed.append((rater.name, PUBLISHED_MODEL, published.model, colours.model))
    return [
        go.Scatter(
            x=[value], y=[translated(row)], mode="markers",
            marker={"symbol": "circle-open-dot", "size": 10, "color": colour, "line": {"width": 1.5}},
            hovertemplate=f"{translated(name)}: {number(value)}<extra></extra>",
        )
        for row, name, own, colour in printed
        if (value := published_value(own, measure)) is not None
    ]  # fmt: skip


def published_value(own: Published, measure: Measure) -> float | None:
    """What the source prints for a measure; None where it prints nothing."""
    return {
        Measure.SENSITIVITY: own.sensitivity,
        Measure.SPECIFICITY: own.specificity,
        Measure.AUC: own.auc,
        Measure.KAPPA_BINARY: own.kappa_binary,
        Measure.KAPPA_GRADED: own.kappa_graded,
    }.get(measure)


def band_shapes(columns: int, colours: Palette) -> list[Shape]:
    """The ground of each of the panels shaded by the bands of kappa."""
    shapes, lower = [], 0.0
    for at, (upper, _name) in enumerate(BANDS):
        shapes += [
            {
                "type": "rect", **_across(column), "x0": lower, "x1": upper, "layer": "below",
                "fillcolor": colours.accent, "opacity": 0.04 + 0.045 * at, "line": {"width": 0},
            }
            for column in range(1, columns + 1)
        ]  # fmt: skip
        lower = upper
    return shapes


def line_shape(x: float, column: int, colour: str, dash: str, opacity: float = 1) -> Shape:
    """A vertical line through a panel. Shapes are set all at once: one by one they take long."""
    line = {"color": colour, "width": 1, "dash": dash}
    return {"type": "line", **_across(column), "x0": x, "x1": x, "line": line, "opacity": opacity}


def _across(column: int) -> Shape:
    """The axes of a panel in a row of panels, from its bottom to its top."""
    number = "" if column == 1 else str(column)
    return {"xref": f"x{number}", "yref": f"y{number} domain", "y0": 0, "y1": 1}


def _low(figure: Figure) -> float | None:
    return figure.value if figure.interval is None else figure.interval.low


def laid_out(figure: go.Figure, *, height: int, **layout: object) -> go.Figure:
    """The figure in the pages' look: no legend, no ground of its own, the font of the page."""
    figure.update_annotations(font_size=FONT_PX)
    return figure.update_layout(
        height=height,
        separators=separators(),
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        font={"size": FONT_PX},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"align": "left"},
        **layout,
    )

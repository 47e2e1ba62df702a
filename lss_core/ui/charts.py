"""Figures of results: ROC with readers as points, intervals side by side, confusion matrices.

Colours and symbols come from the theme, the same for a rater in every figure. Text and grid are left
to Streamlit's own template, which follows the browser's look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lss_core.domain import Grade, RaterKind
from lss_core.stats.agreement import BANDS
from lss_core.study.published import Published, PublishedCondition
from lss_core.ui.theme import MODEL_SYMBOL, READER_SYMBOLS, Palette
from lss_core.usecases.figures import ConditionResult, Figure, Measure, RaterResult

MEAN_SYMBOL = "cross"
PUBLISHED_READERS = "Published readers"
PUBLISHED_MODEL = "Published model"
ROC_PX = 460
ROW_PX = 24
MATRIX_PX = 230
FONT_PX = 12


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How a rater is drawn."""

    colour: str
    symbol: str
    size: int


SIGNS: Mapping[str, str] = {
    "circle": "●", "square": "■", "triangle-up": "▲", "triangle-down": "▼", "pentagon": "⬟",
    "hexagon": "⬢", "star": "★", "x": "✖", "diamond": "◆", "cross": "✚",
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


def roc_figure(result: ConditionResult, published: PublishedCondition, colours: Palette) -> go.Figure:
    """The models' curves, and every rater as a point of sensitivity over 1 - specificity."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.muted, "dash": "dot", "width": 1},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    drawn = marks(result.raters, colours)
    for rater in shown(result):
        if rater.curve is not None:
            figure.add_scatter(
                x=rater.curve.false_positive_rates, y=rater.curve.sensitivities, mode="lines",
                line={"color": drawn[rater.name].colour, "width": 2},
                name=rater.name,
                customdata=rater.curve.thresholds,
                hovertemplate="from %{customdata:.3f}: sensitivity %{y:.2f}, 1 − specificity %{x:.2f}"
                "<extra></extra>",
            )  # fmt: skip
    for name, own in ((PUBLISHED_READERS, published.readers), (PUBLISHED_MODEL, published.model)):
        colour = colours.model if own is published.model else colours.text
        figure.add_scatter(
            x=[1 - own.specificity], y=[own.sensitivity], mode="markers", name=name,
            marker={"symbol": "circle-open-dot", "size": 11, "color": colour, "line": {"width": 1.5}},
            hovertemplate=f"{name}: %{{y:.2f}}, %{{x:.2f}}<extra></extra>",
        )  # fmt: skip
    for rater in shown(result):
        _add_point(figure, rater, drawn[rater.name])
    figure.update_xaxes(title="1 − specificity", range=[-0.02, 1.02], constrain="domain", dtick=0.2)
    figure.update_yaxes(title="Sensitivity", range=[-0.02, 1.02], scaleanchor="x", dtick=0.2)
    return _laid_out(figure, height=ROC_PX)


def interval_figure(
    result: ConditionResult,
    measures: Sequence[Measure],
    colours: Palette,
    *,
    published: PublishedCondition | None = None,
    bands: bool = False,
) -> go.Figure:
    """One panel a measure, one row a rater: the value with its interval.

    Published figures stand as hollow circles on the rows of model and mean reader. With `bands` the
    ground is shaded by the bands of kappa.
    """
    raters = shown(result)
    figure = make_subplots(
        rows=1, cols=len(measures), shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[measure.label for measure in measures],
    )  # fmt: skip
    drawn = marks(result.raters, colours)
    for column, measure in enumerate(measures, start=1):
        for rater in raters:
            figure.add_trace(_interval(rater, measure, drawn[rater.name]), row=1, col=column)
        if published is not None:
            for trace in _published(raters, measure, published, colours):
                figure.add_trace(trace, row=1, col=column)
        if bands:
            _shade_bands(figure, column, colours)
    lowest = min(
        (low for m in measures for r in raters if (low := _low(r.figures[m])) is not None), default=0
    )
    figure.update_xaxes(range=[max(min(lowest - 0.03, 0.48), -1), 1.02], dtick=0.1 if lowest > 0.3 else 0.2)
    figure.update_yaxes(
        categoryorder="array", categoryarray=[rater.name for rater in reversed(raters)], showgrid=False
    )
    return _laid_out(figure, height=70 + ROW_PX * len(raters))


def confusion_figure(result: ConditionResult, colours: Palette, *, columns: int = 4) -> go.Figure:
    """Confusion matrices of model and readers: counts, shaded by the share of the reference's grade."""
    raters = [rater for rater in shown(result) if rater.confusion is not None]
    rows = -(-len(raters) // columns)
    figure = make_subplots(
        rows=rows, cols=columns, shared_yaxes=True, horizontal_spacing=0.03,
        vertical_spacing=0.28 / max(rows, 1), subplot_titles=[rater.name for rater in raters],
    )  # fmt: skip
    for place, rater in enumerate(raters):
        row, column = divmod(place, columns)
        figure.add_trace(_heat(rater, colours), row=row + 1, col=column + 1)
    digits = [grade.value for grade in Grade]
    figure.update_xaxes(tickvals=digits, showgrid=False)
    figure.update_yaxes(tickvals=digits, showgrid=False, autorange="reversed")
    figure.update_xaxes(title="Rated", title_standoff=4, row=rows)
    figure.update_yaxes(title="Reference", title_standoff=4, col=1)
    return _laid_out(figure, height=MATRIX_PX * rows)


def _add_point(figure: go.Figure, rater: RaterResult, mark: Mark) -> None:
    sensitivity, specificity = rater.figures[Measure.SENSITIVITY], rater.figures[Measure.SPECIFICITY]
    if sensitivity.value is None or specificity.value is None:
        return
    bars = {}
    if rater.is_mean or rater.kind is RaterKind.MODEL:
        bars = {"error_x": _bars(specificity, mark, mirrored=True), "error_y": _bars(sensitivity, mark)}
    figure.add_scatter(
        x=[1 - specificity.value], y=[sensitivity.value], mode="markers", **bars,
        name=rater.name,
        marker={"symbol": mark.symbol, "size": mark.size, "color": mark.colour},
        hovertemplate=f"{rater.name}, n {rater.n}<br>sensitivity {sensitivity.text}"
        f"<br>specificity {specificity.text}<extra></extra>",
    )  # fmt: skip


def _interval(rater: RaterResult, measure: Measure, mark: Mark) -> go.Scatter:
    figure = rater.figures[measure]
    return go.Scatter(
        x=[figure.value], y=[rater.name], mode="markers", error_x=_bars(figure, mark),
        marker={"symbol": mark.symbol, "size": mark.size - 2, "color": mark.colour},
        hovertemplate=f"{rater.name}: {figure.text}<extra></extra>",
    )  # fmt: skip


def _bars(figure: Figure, mark: Mark, *, mirrored: bool = False) -> Mapping[str, object] | None:
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
            x=[value], y=[row], mode="markers",
            marker={"symbol": "circle-open-dot", "size": 10, "color": colour, "line": {"width": 1.5}},
            hovertemplate=f"{name}: {value:.2f}<extra></extra>",
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


def _shade_bands(figure: go.Figure, column: int, colours: Palette) -> None:
    lower = 0.0
    for at, (upper, _) in enumerate(BANDS):
        figure.add_vrect(
            x0=lower, x1=upper, row=1, col=column, line_width=0, layer="below",
            fillcolor=colours.accent, opacity=0.04 + 0.045 * at,
        )  # fmt: skip
        lower = upper


def _heat(rater: RaterResult, colours: Palette) -> go.Heatmap:
    counts = rater.confusion or ()
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    return go.Heatmap(
        z=shares, text=counts, texttemplate="%{text}", zmin=0, zmax=1, showscale=False, xgap=1, ygap=1,
        colorscale=[[0, colours.surface], [1, _mixed(colours.surface, colours.model)]],
        textfont={"size": FONT_PX, "color": colours.text},
        hovertemplate=f"{rater.name}: reference %{{y}}, rated %{{x}}<br>%{{text}} sites, %{{z:.0%}} of the "
        "reference's grade<extra></extra>",
    )  # fmt: skip


def _mixed(one: str, other: str) -> str:
    """The colour half way between two of the form '#rrggbb'."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{(a + b) // 2:02x}" for a, b in pairs)


def _low(figure: Figure) -> float | None:
    return figure.value if figure.interval is None else figure.interval.low


def _laid_out(figure: go.Figure, *, height: int, **layout: object) -> go.Figure:
    figure.update_annotations(font_size=FONT_PX)
    return figure.update_layout(
        height=height,
        showlegend=False,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        font={"size": FONT_PX},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"align": "left"},
        **layout,
    )

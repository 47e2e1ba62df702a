"""Figures of comparisons: differences with a margin, reading times, learning curves, slopes of two arms."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lss_core.domain import RaterKind
from lss_core.stats.mrmc.result import Fixed
from lss_core.ui.charts import FONT_PX, MEAN_SYMBOL, Mark, bars, laid_out
from lss_core.ui.theme import READER_SYMBOLS, Palette
from lss_core.usecases.analysis import MEAN_READER
from lss_core.usecases.figures import Measure
from lss_core.usecases.result_arms import ArmComparison
from lss_core.usecases.result_cases import Pick
from lss_core.usecases.result_comparison import Compared, Standalone
from lss_core.usecases.result_differences import FOREST, DifferenceRow
from lss_core.usecases.result_times import ReadingTimes

ROW_PX = 24


def forest_figure(
    rows: Sequence[DifferenceRow], readers: Sequence[str], colours: Palette, *, margin: float
) -> go.Figure:
    """Model less mean reader and each reader, a panel a measure. Dotted: none; dashed: the margin."""
    figure = make_subplots(
        rows=1, cols=len(FOREST), shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[f"{measure.label}, model − reader" for measure in FOREST],
    )  # fmt: skip
    marks = reader_marks(readers, colours)
    names = list(dict.fromkeys(row.other for row in rows))
    for row in rows:
        mark, own = marks[row.other], row.figure
        p = "" if row.p is None else f", p {row.p:.3f} ({row.test})"
        figure.add_trace(
            go.Scatter(
                x=[own.value], y=[row.other], mode="markers", error_x=bars(own, mark),
                marker={"symbol": mark.symbol, "size": mark.size - 2, "color": mark.colour},
                customdata=[[_pick(row)]],
                hovertemplate=f"{row.model} − {row.other}: {own.text}{p}<extra></extra>",
            ),
            row=1, col=FOREST.index(row.measure) + 1,
        )  # fmt: skip
    _add_margin(figure, margin, colours)
    most = max((abs(end) for row in rows for end in _ends(row)), default=0.1)
    figure.update_xaxes(range=[-max(most, margin) - 0.03, max(most, margin) + 0.03], zeroline=False)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False)
    return laid_out(figure, height=70 + ROW_PX * len(names))


def margin_figure(rows: Sequence[Standalone], fixed: Fixed, colours: Palette, *, margin: float) -> go.Figure:
    """Model less the panel in each condition and figure, with the margin of non-inferiority."""
    figures = list(Compared)
    figure = make_subplots(
        rows=1, cols=len(figures), shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[own.label.split(",")[0] for own in figures],
    )  # fmt: skip
    mark = Mark(colour=colours.model, symbol="diamond", size=11)
    ends = [margin]
    for row in rows:
        test = row.tests.get(fixed)
        if test is None:
            continue
        own = test.estimate
        ends += [abs(own.low), abs(own.high)]
        figure.add_trace(
            go.Scatter(
                x=[own.value], y=[row.condition.label], mode="markers",
                marker={"symbol": mark.symbol, "size": mark.size - 2, "color": mark.colour},
                error_x={
                    "type": "data", "symmetric": False, "array": [own.high - own.value],
                    "arrayminus": [own.value - own.low], "color": mark.colour, "thickness": 1.5, "width": 0,
                },
                hovertemplate=f"{row.condition.label}, {row.figure.label}: {own.value:+.3f} "
                f"({own.low:+.3f} to {own.high:+.3f}), p {test.p_value:.3g}<extra></extra>",
            ),
            row=1, col=figures.index(row.figure) + 1,
        )  # fmt: skip
    _add_margin(figure, margin, colours)
    figure.update_xaxes(range=[-max(ends) - 0.02, max(ends) + 0.02], zeroline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    names = len({row.condition for row in rows})
    return laid_out(figure, height=80 + 34 * names)


def times_figure(times: ReadingTimes, readers: Sequence[str], colours: Palette) -> go.Figure:
    """Minutes a case over each reader's order of reading, with the median of five; exact grades below."""
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.08,
        subplot_titles=["Minutes a case", "Share of exact grades in the case"],
    )  # fmt: skip
    marks = reader_marks(readers, colours)
    for reader in times.readers:
        own = [sitting for sitting in times.sittings if sitting.reader == reader]
        mark = marks.get(reader, Mark(colour=colours.text, symbol="circle", size=8))
        told = [[Pick(one=reader).text, sitting.case_id] for sitting in own]
        for row, values in ((1, [s.minutes for s in own]), (2, [s.exact for s in own])):
            figure.add_trace(
                go.Scatter(
                    x=[sitting.order for sitting in own], y=values, mode="markers", name=reader,
                    marker={"symbol": mark.symbol, "size": mark.size - 3, "color": mark.colour},
                    customdata=told, opacity=0.75,
                    hovertemplate=f"{reader}, case %{{customdata[1]}}, %{{x}}.: %{{y:.2f}}<extra></extra>",
                ),
                row=row, col=1,
            )  # fmt: skip
            figure.add_trace(
                go.Scatter(
                    x=[sitting.order for sitting in own], y=_running(values), mode="lines",
                    line={"color": mark.colour, "width": 1.5}, hoverinfo="skip",
                ),
                row=row, col=1,
            )  # fmt: skip
    figure.update_xaxes(title="Place in the reader's order", row=2)
    figure.update_yaxes(rangemode="tozero")
    return laid_out(figure, height=420)


def slope_figure(arms: ArmComparison, readers: Sequence[str], colours: Palette) -> go.Figure:
    """A line a reader from the first arm to the second; dashed where he got worse."""
    figure = go.Figure()
    marks = reader_marks(readers, colours)
    for reader, (one, other) in arms.values.items():
        mark = marks[reader]
        figure.add_scatter(
            x=list(arms.arms), y=[one, other], mode="lines+markers", name=reader,
            line={"color": mark.colour, "width": 1.5, "dash": "dash" if other < one else "solid"},
            marker={"symbol": mark.symbol, "size": mark.size, "color": mark.colour},
            customdata=[[Pick(one=reader).text]] * 2,
            hovertemplate=f"{reader}: {one:.2f} to {other:.2f}<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(title=arms.figure.label)
    figure.update_xaxes(range=[-0.2, 1.2])
    return laid_out(figure, height=380)


def reader_marks(readers: Sequence[str], colours: Palette) -> dict[str, Mark]:
    """The marks of readers by their place among all of the study, and the mean reader's."""
    found = {
        name: Mark(
            colour=colours.rater(RaterKind.READER, place),
            symbol=READER_SYMBOLS[place % len(READER_SYMBOLS)],
            size=9,
        )
        for place, name in enumerate(readers)
    }
    return {**found, MEAN_READER: Mark(colour=colours.text, symbol=MEAN_SYMBOL, size=12)}


def _pick(row: DifferenceRow) -> str:
    return Pick(one=row.model, other=row.other, binary=row.measure is not Measure.KAPPA_GRADED).text


def _ends(row: DifferenceRow) -> tuple[float, ...]:
    own = row.figure.interval
    return () if own is None else (own.low, own.high)


def _add_margin(figure: go.Figure, margin: float, colours: Palette) -> None:
    figure.add_vline(x=0, line={"color": colours.muted, "width": 1, "dash": "dot"})
    figure.add_vline(x=-margin, line={"color": colours.warning, "width": 1, "dash": "dash"})
    figure.update_annotations(font_size=FONT_PX)


def _running(values: Sequence[float | None]) -> list[float | None]:
    """The median of each value and its two neighbours to either side."""
    found: list[float | None] = []
    for place in range(len(values)):
        near = sorted(v for v in values[max(0, place - 2) : place + 3] if v is not None)
        found.append(near[len(near) // 2] if near else None)
    return found

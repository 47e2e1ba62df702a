"""Figures of comparisons: differences with a margin, reading times, learning curves, slopes of two arms."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lss_core.domain import RaterKind
from lss_core.stats.mrmc.result import Fixed
from lss_core.texts import _, known, number, translated, whole
from lss_core.ui.charts import MEAN_SYMBOL, ROW_PX, Mark, Shape, bars, laid_out, line_shape
from lss_core.ui.theme import READER_SYMBOLS, Palette
from lss_core.usecases.analysis import MEAN_READER
from lss_core.usecases.figures import Figure, Measure
from lss_core.usecases.result_arms import ArmComparison
from lss_core.usecases.result_cases import Pick
from lss_core.usecases.result_comparison import Compared, Standalone
from lss_core.usecases.result_differences import FOREST, DifferenceRow, difference_text, p_text
from lss_core.usecases.result_times import ReadingTimes, Sitting

SLOPES_PX = 380
LABEL_SHARE = 0.055
"""How far apart names stand beside the slopes, as a share of their height."""


def forest_figure(
    rows: Sequence[DifferenceRow], readers: Sequence[str], colours: Palette, *, margin: float
) -> go.Figure:
    """Model less mean reader and each reader, a panel a measure. Dotted: none; dashed: the margin."""
    figure = make_subplots(
        rows=1, cols=len(FOREST), shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[_("{measure}, model − reader", measure=measure.label) for measure in FOREST],
    )  # fmt: skip
    marks = reader_marks(readers, colours)
    names = list(dict.fromkeys(row.other for row in rows))
    for row in rows:
        mark, own = marks[row.other], row.figure
        said = own.text if own.interval is None else difference_text(own.interval, 2)
        p = "" if row.p is None else f", p {number(row.p, 3)} ({known(row.test)})"
        figure.add_trace(
            go.Scatter(
                x=[own.value], y=[translated(row.other)], mode="markers", error_x=bars(own, mark),
                marker={"symbol": mark.symbol, "size": mark.size - 2, "color": mark.colour},
                customdata=[[_pick(row)]],
                hovertemplate=f"{row.model} − {translated(row.other)}: {said}{p}{_units(own)}<extra></extra>",
            ),
            row=1, col=FOREST.index(row.measure) + 1,
        )  # fmt: skip
    most = max((abs(end) for row in rows for end in _ends(row)), default=0.1)
    figure.update_xaxes(range=[-max(most, margin) - 0.03, max(most, margin) + 0.03], zeroline=False)
    figure.update_yaxes(
        categoryorder="array", categoryarray=[translated(name) for name in names[::-1]], showgrid=False
    )
    return laid_out(figure, height=70 + ROW_PX * len(names), shapes=_margins(len(FOREST), margin, colours))


def margin_figure(rows: Sequence[Standalone], fixed: Fixed, colours: Palette, *, margin: float) -> go.Figure:
    """Model less the panel in each condition and figure, with the margin of non-inferiority."""
    figures = list(Compared)
    figure = make_subplots(
        rows=1, cols=len(figures), shared_yaxes=True, horizontal_spacing=0.03,
        subplot_titles=[translated(own.label).split(",")[0] for own in figures],
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
                x=[own.value], y=[translated(row.condition.label)], mode="markers",
                marker={"symbol": mark.symbol, "size": mark.size - 2, "color": mark.colour},
                error_x={
                    "type": "data", "symmetric": False, "array": [own.high - own.value],
                    "arrayminus": [own.value - own.low], "color": mark.colour, "thickness": 1.5, "width": 0,
                },
                customdata=[[_against_readers(row)]],
                hovertemplate=f"{translated(row.condition.label)}, {translated(row.figure.label)}: "
                f"{difference_text(own, 3)}, p {p_text(test.p_value)}"
                f"<br>n = {whole(row.units)}<extra></extra>",
            ),
            row=1, col=figures.index(row.figure) + 1,
        )  # fmt: skip
    figure.update_xaxes(range=[-max(ends) - 0.02, max(ends) + 0.02], zeroline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    names = len({row.condition for row in rows})
    return laid_out(figure, height=80 + 34 * names, shapes=_margins(len(figures), margin, colours))


def times_figure(times: ReadingTimes, readers: Sequence[str], colours: Palette) -> go.Figure:
    """Minutes over each reader's order of reading with running means, and those of the exact grades.

    The first arm's lines are whole, a further one's dashed.
    """
    marks = reader_marks(readers, colours)
    stranger = Mark(colour=colours.text, symbol="circle", size=9)
    traces = []
    for reader in times.readers:
        mark = marks.get(reader, stranger)
        for arm, dash in zip(times.arms, ("solid", *["dash"] * len(times.arms)), strict=False):
            own = [s for s in times.sittings if (s.reader, s.arm) == (reader, arm)]
            if own:
                traces.append(_sittings(own, mark))
                traces.append(_running(own, [s.minutes for s in own], mark, dash, axis=""))
                traces.append(_running(own, [s.exact for s in own], mark, dash, axis="2"))
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.1,
        subplot_titles=[_("Minutes a case"), _("Share of exact grades, running mean")],
    )  # fmt: skip
    figure.add_traces(traces)
    figure.update_xaxes(title=_("Place in the reader's order"), row=2)
    figure.update_yaxes(rangemode="tozero")
    return laid_out(figure, height=460)


def _sittings(own: Sequence[Sitting], mark: Mark) -> Shape:
    """A reader's sittings in an arm as faint points that lead to their cases."""
    first = own[0]
    return {
        "type": "scatter", "mode": "markers", "opacity": 0.35,
        "x": [s.order for s in own], "y": [round(s.minutes, 2) for s in own],
        "marker": {"symbol": mark.symbol, "size": 4, "color": mark.colour},
        "customdata": [[Pick(one=s.reader, case_id=s.case_id).text, s.case_id] for s in own],
        "hovertemplate": f"{first.reader}, {known(first.arm)}, %{{customdata[1]}}, №\u00a0%{{x}}: %{{y:.1f}} "
        + _("min")
        + "<extra></extra>",
    }  # fmt: skip


def _running(
    own: Sequence[Sitting], values: Sequence[float | None], mark: Mark, dash: str, *, axis: str
) -> Shape:
    """The mean of each value with its neighbours to either side, as a line over the order."""
    near, means = max(2, len(values) // 10), []
    for place in range(len(values)):
        known = [v for v in values[max(0, place - near) : place + near + 1] if v is not None]
        means.append(round(sum(known) / len(known), 4) if known else None)
    return {
        "type": "scatter", "mode": "lines", "hoverinfo": "skip", "xaxis": f"x{axis}", "yaxis": f"y{axis}",
        "x": [s.order for s in own], "y": means,
        "line": {"color": mark.colour, "width": 2, "dash": dash},
    }  # fmt: skip


def slope_figure(arms: ArmComparison, readers: Sequence[str], colours: Palette) -> go.Figure:
    """A line a reader from the first arm to the second; dashed where he got worse."""
    figure = go.Figure()
    marks = reader_marks(readers, colours)
    for reader, (one, other) in arms.values.items():
        mark = marks[reader]
        figure.add_scatter(
            x=[known(arm) for arm in arms.arms], y=[one, other], mode="lines+markers", name=reader,
            line={"color": mark.colour, "width": 1.5, "dash": "dash" if reader in arms.worse else "solid"},
            marker={"symbol": mark.symbol, "size": mark.size, "color": mark.colour},
            customdata=[[Pick(one=reader).text]] * 2,
            hovertemplate=f"{reader}: {number(one)} → {number(other)}<extra></extra>",
        )  # fmt: skip
    ends = [end for pair in arms.values.values() for end in pair]
    gap = (max(ends, default=1) - min(ends, default=0)) * LABEL_SHARE
    names = sorted(arms.values, key=lambda name: arms.values[name][1])
    for name, height in zip(names, apart([arms.values[name][1] for name in names], gap), strict=True):
        figure.add_annotation(
            x=1.04, y=height, text=name, showarrow=False, xanchor="left", font={"color": marks[name].colour}
        )
    figure.update_yaxes(title=translated(arms.figure.label))
    figure.update_xaxes(range=[-0.2, 1.5])
    return laid_out(figure, height=SLOPES_PX)


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending heights moved up as little as it takes to stand a gap apart, then down by half of that."""
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + gap) if found else height)
    moved = [new - old for new, old in zip(found, heights, strict=True)]
    return [height - max(moved, default=0) / 2 for height in found]


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


def _units(own: Figure) -> str:
    """How many units a figure with an interval rests on, on a line of its own."""
    return "" if own.interval is None else f"<br>n = {whole(own.interval.n)}"


def _pick(row: DifferenceRow) -> str:
    return Pick(one=row.model, other=row.other, binary=row.measure is not Measure.KAPPA_GRADED).text


def _against_readers(row: Standalone) -> str:
    binary = row.figure in (Compared.SENSITIVITY, Compared.SPECIFICITY)
    return Pick(one=row.model, other=MEAN_READER, binary=binary, condition=row.condition.value).text


def _ends(row: DifferenceRow) -> tuple[float, ...]:
    own = row.figure.interval
    return () if own is None else (own.low, own.high)


def _margins(panels: int, margin: float, colours: Palette) -> list[Shape]:
    """No difference, dotted, and the margin, dashed, in each panel."""
    found = []
    for panel in range(1, panels + 1):
        found.append(line_shape(0, panel, colours.muted, "dot"))
        found.append(line_shape(-margin, panel, colours.warning, "dash"))
    return found

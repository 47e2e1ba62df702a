"""The STARD diagram: boxes from import to analysis, with what leaves at each step."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import plotly.graph_objects as go

from lss_core.texts import _, ngettext, translated, whole
from lss_core.ui.charts import FONT_PX, laid_out
from lss_core.ui.theme import Palette
from lss_core.usecases.result_flow import Counted, Flow, Outcome

STEP, HIGH, WIDE = 1.5, 0.9, 3.4
LEFT, SIDE = 2.0, 6.4
ROW_PX = 68
LETTERS = 42
LINE = 0.24


def flow_figure(flow: Flow, colours: Palette) -> go.Figure:
    """The steps from top to bottom, who leaves at the right, the model's answers below."""
    figure = go.Figure()
    at = 0.0
    for place, step in enumerate(flow.steps):
        at = -STEP * place
        head = f"<b>{translated(step.title)}</b><br>{counted_units(step.unit, step.count)}"
        notes = ", ".join(told(step.notes))
        _box(figure, LEFT, at, f"{head}<br>{notes}" if notes else head, colours)
        if place:
            _arrow(figure, (LEFT, at + STEP - HIGH / 2), (LEFT, at + HIGH / 2), colours)
        if step.left:
            lines = [part for text in told(step.left) for part in textwrap.wrap(text, LETTERS)]
            high = max(HIGH, LINE * (len(lines) + 1))
            _box(figure, SIDE, at, "<br>".join(lines), colours, high=high, quiet=True)
            _arrow(figure, (LEFT + WIDE / 2, at), (SIDE - WIDE / 2, at), colours)
    bottom = _outcomes(figure, flow, at, colours) if flow.outcomes else at
    figure.update_xaxes(visible=False, range=[0, 8.4], fixedrange=True)
    figure.update_yaxes(visible=False, range=[bottom - HIGH, HIGH], fixedrange=True)
    return laid_out(figure, height=round(ROW_PX * (HIGH * 2 - bottom)))


def counted_units(unit: str, n: int) -> str:
    """'24 cases', '1 patient'."""
    return {
        "case": ngettext("{n} case", "{n} cases", n),
        "site": ngettext("{n} site", "{n} sites", n),
        "level": ngettext("{n} level", "{n} levels", n),
        "patient": ngettext("{n} patient", "{n} patients", n),
    }[unit]


def told(counted: Sequence[Counted]) -> list[str]:
    """'graded by the model: 24', each."""
    return [translated(what) if n is None else f"{translated(what)}: {whole(n)}" for what, n in counted]


def _outcomes(figure: go.Figure, flow: Flow, above: float, colours: Palette) -> float:
    """The reference's two kinds, and under each what the model called positive and negative."""
    own, last = above - STEP, above - 2 * STEP
    branch = above - STEP / 2
    figure.add_shape(
        type="line", x0=LEFT, x1=LEFT, y0=above - HIGH / 2, y1=branch,
        line={"color": colours.muted, "width": 1},
    )  # fmt: skip
    for centre, outcome in zip((LEFT, SIDE), flow.outcomes, strict=False):
        _box(figure, centre, own, f"<b>{translated(outcome.title)}</b><br>{whole(outcome.units)}", colours)
        if centre != LEFT:
            line = {"color": colours.muted, "width": 1}
            figure.add_shape(type="line", x0=LEFT, x1=centre, y0=branch, y1=branch, line=line)
        _arrow(figure, (centre, branch), (centre, own + HIGH / 2), colours)
        _box(figure, centre, last, _answers(flow.model, outcome), colours)
        _arrow(figure, (centre, own - HIGH / 2), (centre, last + HIGH / 2), colours)
    return last


def _answers(model: str, outcome: Outcome) -> str:
    said = [_("positive {n:,}", n=outcome.positive), _("negative {n:,}", n=outcome.negative)]
    said += [_("no grade {n:,}", n=outcome.none)] if outcome.none else []
    return f"<b>{model}</b><br>{', '.join(said)}"


def _box(
    figure: go.Figure,
    x: float,
    y: float,
    text: str,
    colours: Palette,
    *,
    high: float = HIGH,
    quiet: bool = False,
) -> None:
    figure.add_shape(
        type="rect", x0=x - WIDE / 2, x1=x + WIDE / 2, y0=y - high / 2, y1=y + high / 2,
        fillcolor=colours.surface, line={"color": colours.border if quiet else colours.muted, "width": 1},
        layer="below",
    )  # fmt: skip
    colour = colours.muted if quiet else colours.text
    figure.add_annotation(x=x, y=y, text=text, showarrow=False, font={"size": FONT_PX, "color": colour})


def _arrow(figure: go.Figure, start: Sequence[float], end: Sequence[float], colours: Palette) -> None:
    figure.add_annotation(
        x=end[0], y=end[1], ax=start[0], ay=start[1], xref="x", yref="y", axref="x", ayref="y",
        text="", showarrow=True, arrowhead=2, arrowsize=1, arrowwidth=1, arrowcolor=colours.muted,
    )  # fmt: skip

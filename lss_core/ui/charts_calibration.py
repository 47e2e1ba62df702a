"""The reliability figure: a model's probability of grade 2 or 3 against the share that is."""

from __future__ import annotations

from math import sqrt

import plotly.graph_objects as go

from lss_core.texts import _, number, whole
from lss_core.ui.charts import Mark, laid_out
from lss_core.ui.theme import MODEL_SYMBOL, Palette
from lss_core.usecases.result_calibration import ModelCalibration
from lss_core.usecases.result_cases import Pick

RELIABILITY_PX = 420
SIZES_PX = (6, 18)
"""The least and the largest point: its area is the bin's share of the fullest bin's sites."""


def reliability_figure(own: ModelCalibration, colours: Palette) -> go.Figure:
    """A point a bin with its interval, which leads to its cases, beside the line of a calibrated model."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.muted, "dash": "dot", "width": 1},
        hoverinfo="skip",
    )  # fmt: skip
    most = max((one.n for one in own.bins), default=1)
    least, largest = SIZES_PX
    figure.add_scatter(
        x=[one.mean_probability for one in own.bins],
        y=[one.share for one in own.bins],
        mode="markers",
        cliponaxis=False,
        marker={
            "symbol": MODEL_SYMBOL,
            "color": colours.model,
            "opacity": 0.9,
            "size": [max(least, largest * sqrt(one.n / most)) for one in own.bins],
        },
        error_y={
            "type": "data", "symmetric": False, "color": colours.model, "thickness": 1.5, "width": 0,
            "array": [one.observed.high - one.share if one.observed else 0 for one in own.bins],
            "arrayminus": [one.share - one.observed.low if one.observed else 0 for one in own.bins],
        },
        name=own.model,
        customdata=[
            (Pick(one=own.model, shares=(one.low, one.high)).text, told)
            for one, told in zip(own.bins, _told(own), strict=True)
        ],
        hovertemplate="%{customdata[1]}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(
        title=_("Probability of grade 2 or 3, mean of the bin"), range=[-0.02, 1.02], dtick=0.2,
        constrain="domain",
    )  # fmt: skip
    figure.update_yaxes(
        title=_("Share with grade 2 or 3 in the reference"), range=[-0.02, 1.02], dtick=0.2, scaleanchor="x"
    )
    return laid_out(figure, height=RELIABILITY_PX)


def reliability_legend(own: ModelCalibration, colours: Palette) -> dict[str, Mark]:
    """The mark of the figure by the model's name."""
    return {own.model: Mark(colour=colours.model, symbol=MODEL_SYMBOL, size=12)}


def _told(own: ModelCalibration) -> list[str]:
    """What a bin says when the mouse is over it."""
    lines = []
    for one in own.bins:
        share = number(one.share)
        if one.observed is None:
            share = f"{share} ({_('no interval')})"
        else:
            share = f"{share} ({number(one.observed.low)}–{number(one.observed.high)})"
        lines.append(
            _(
                "probability {low:.1f} to {high:.1f}, n {n}<br>mean {mean:.2f}, observed {share}",
                low=one.low, high=one.high, n=whole(one.n), mean=one.mean_probability, share=share,
            )
        )  # fmt: skip
    return lines

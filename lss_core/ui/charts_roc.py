"""The ROC figure: a model's curve with its band, readers as points with boxes, the mean reader."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from lss_core.domain import RaterKind
from lss_core.study.published import PublishedCondition
from lss_core.texts import _, ngettext, translated
from lss_core.ui.charts import PUBLISHED_MODEL, PUBLISHED_READERS, Mark, bars, classes, laid_out, marks, shown
from lss_core.ui.theme import Palette, see_through
from lss_core.usecases.figures import ConditionResult, Measure, RaterResult
from lss_core.usecases.result_cases import Pick
from lss_core.usecases.result_roc import Band

ROC_PX = 480
MOST_POINTS = 120
"""A curve has no more points to click on than this."""


def roc_figure(
    result: ConditionResult,
    published: PublishedCondition | None,
    colours: Palette,
    bands: Mapping[str, Band],
) -> go.Figure:
    """The models' curves, and every rater as a point of sensitivity over 1 - specificity.

    Published figures are of sites: None where other units are shown.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.muted, "dash": "dot", "width": 1},
        hoverinfo="skip",
    )  # fmt: skip
    drawn = marks(result.raters, colours)
    raters = shown(result)
    for rater in raters:
        if rater.name in bands:
            _add_band(figure, bands[rater.name], drawn[rater.name])
    for rater in raters:
        if rater.curve is not None:
            _add_curve(figure, rater, drawn[rater.name])
    if published is not None:
        _add_published(figure, published, colours)
    for rater in raters:
        if rater.kind is RaterKind.READER and not rater.is_mean:
            _add_box(figure, rater, drawn[rater.name])
    for rater in raters:
        _add_point(figure, rater, drawn[rater.name])
    figure.update_xaxes(title=_("1 − specificity"), range=[-0.02, 1.02], constrain="domain", dtick=0.2)
    figure.update_yaxes(title=_("Sensitivity"), range=[-0.02, 1.02], scaleanchor="x", dtick=0.2)
    return laid_out(figure, height=ROC_PX)


def legend_of(
    result: ConditionResult, published: PublishedCondition | None, colours: Palette
) -> dict[str, Mark]:
    """The marks of all that the figure shows, by name."""
    drawn = marks(result.raters, colours)
    found: dict[str, Mark] = {rater.name: drawn[rater.name] for rater in shown(result)}
    if published is not None:
        found[PUBLISHED_READERS] = Mark(colour=colours.text, symbol="circle-open-dot", size=11)
        found[PUBLISHED_MODEL] = Mark(colour=colours.model, symbol="circle-open-dot", size=11)
    return found


def _add_band(figure: go.Figure, band: Band, mark: Mark) -> None:
    across = band.false_positive_rates
    figure.add_scatter(
        x=[*across, *reversed(across)], y=[*band.high, *reversed(band.low)], mode="lines",
        fill="toself", fillcolor=see_through(mark.colour, 0.14), line={"width": 0}, hoverinfo="skip",
    )  # fmt: skip


def _add_curve(figure: go.Figure, rater: RaterResult, mark: Mark) -> None:
    """The line, and on it unseen points that tell their counts and lead to their cases."""
    assert rater.curve is not None
    across, up = rater.curve.false_positive_rates, rater.curve.sensitivities
    figure.add_scatter(
        x=across, y=up, mode="lines", line={"color": mark.colour, "width": 2}, name=rater.name,
        hoverinfo="skip",
    )  # fmt: skip
    positives, negatives = classes(rater)[1::2]
    step = max(1, len(across) // MOST_POINTS)
    places = list(range(1, len(across), step))
    told = [
        (
            Pick(one=rater.name, threshold=rater.curve.thresholds[place]).text,
            _(
                "positive from {share:.3f}: {hits} of {positives} positives, "
                "{alarms} of {negatives} negatives called positive",
                share=rater.curve.thresholds[place],
                hits=round(up[place] * positives),
                positives=positives,
                alarms=round(across[place] * negatives),
                negatives=negatives,
            ),
        )
        for place in places
    ]
    figure.add_scatter(
        x=[across[place] for place in places], y=[up[place] for place in places], mode="markers",
        marker={"size": 7, "color": mark.colour, "opacity": 0}, customdata=told,
        selected={"marker": {"opacity": 0.9}}, unselected={"marker": {"opacity": 0}},
        hovertemplate=f"{translated(rater.name)}, %{{customdata[1]}}<br>{_('sensitivity')} %{{y:.2f}}, "
        f"{_('1 − specificity')} %{{x:.2f}}<extra></extra>",
    )  # fmt: skip


def _add_published(figure: go.Figure, published: PublishedCondition, colours: Palette) -> None:
    for name, own in ((PUBLISHED_READERS, published.readers), (PUBLISHED_MODEL, published.model)):
        colour = colours.model if own is published.model else colours.text
        figure.add_scatter(
            x=[1 - own.specificity], y=[own.sensitivity], mode="markers", name=name,
            marker={"symbol": "circle-open-dot", "size": 11, "color": colour, "line": {"width": 1.5}},
            hovertemplate=f"{translated(name)}: %{{y:.2f}}, %{{x:.2f}}<extra></extra>",
        )  # fmt: skip


def _add_box(figure: go.Figure, rater: RaterResult, mark: Mark) -> None:
    """A reader's box: the intervals of both of his rates."""
    up = rater.figures[Measure.SENSITIVITY].interval
    across = rater.figures[Measure.SPECIFICITY].interval
    if up is None or across is None:
        return
    left, right = 1 - across.high, 1 - across.low
    figure.add_scatter(
        x=[left, right, right, left, left], y=[up.low, up.low, up.high, up.high, up.low], mode="lines",
        fill="toself", fillcolor=see_through(mark.colour, 0.07),
        line={"color": see_through(mark.colour, 0.45), "width": 0.8}, hoverinfo="skip",
    )  # fmt: skip


def _add_point(figure: go.Figure, rater: RaterResult, mark: Mark) -> None:
    sensitivity, specificity = rater.figures[Measure.SENSITIVITY], rater.figures[Measure.SPECIFICITY]
    if sensitivity.value is None or specificity.value is None:
        return
    own = {}
    if rater.is_mean or rater.kind is RaterKind.MODEL:
        own = {"error_x": bars(specificity, mark, mirrored=True), "error_y": bars(sensitivity, mark)}
    counts = ngettext("mean of {n} reader", "mean of {n} readers", rater.raters)
    if not rater.is_mean:
        hits, positives, left, negatives = classes(rater)
        counts = _(
            "{hits} of {positives} positives found, {left} of {negatives} negatives left",
            hits=hits, positives=positives, left=left, negatives=negatives,
        )  # fmt: skip
    figure.add_scatter(
        x=[1 - specificity.value], y=[sensitivity.value], mode="markers", **own,
        name=rater.name, customdata=[[Pick(one=rater.name, binary=True).text]],
        marker={"symbol": mark.symbol, "size": mark.size, "color": mark.colour},
        hovertemplate=f"{translated(rater.name)}: {counts}<br>{_('sensitivity')} {sensitivity.text}"
        f"<br>{_('specificity')} {specificity.text}<extra></extra>",
    )  # fmt: skip

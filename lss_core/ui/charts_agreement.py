"""Figures of agreement: kappa of all pairs, coefficients of the panel, confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lss_core.domain import Grade
from lss_core.stats.agreement import band
from lss_core.texts import _, known, number, translated
from lss_core.ui.charts import FONT_PX, ROW_PX, Mark, band_shapes, bars, laid_out, shown
from lss_core.ui.theme import Palette, mixed
from lss_core.usecases.figures import ConditionResult, Figure, RaterResult
from lss_core.usecases.result_agreement import AgreementMatrix, PairAgreement
from lss_core.usecases.result_cases import Pick

MATRIX_PX = 230
CELL_PX = 44
UNSEEN = "rgba(0,0,0,0)"


def kappa_figure(matrix: AgreementMatrix, colours: Palette) -> go.Figure:
    """The kappa of each two raters, shaded; the first row and column are the reference."""
    names = list(matrix.names)
    shown_names = [translated(name) for name in names]
    kappas = [[_kappa(matrix, one, other) for other in names] for one in names]
    figure = go.Figure(
        go.Heatmap(
            z=[[None if value is None else max(value, 0.0) for value in row] for row in kappas],
            x=shown_names, y=shown_names, zmin=0, zmax=1, xgap=1, ygap=1, showscale=False, hoverinfo="skip",
            text=[["" if value is None else number(value) for value in row] for row in kappas],
            texttemplate="%{text}", textfont={"size": FONT_PX, "color": colours.text},
            colorscale=[[0, colours.surface], [1, mixed(colours.surface, colours.model)]],
        )
    )  # fmt: skip
    cells = [(one, other, pair) for one in names for other in names if (pair := _pair(matrix, one, other))]
    _add_cells(
        figure,
        [translated(cell[1]) for cell in cells],
        [translated(cell[0]) for cell in cells],
        [(Pick(one=one, other=other).text, _said(one, other, pair)) for one, other, pair in cells],
        CELL_PX - 12,
    )
    figure.update_xaxes(showgrid=False, side="top", tickangle=0 if len(names) < 7 else -35)
    figure.update_yaxes(showgrid=False, autorange="reversed")
    return laid_out(figure, height=90 + CELL_PX * len(names))


def coefficient_figure(figures: Sequence[tuple[str, Figure]], colours: Palette) -> go.Figure:
    """Coefficients of agreement, one a row, over the bands of kappa."""
    figure = make_subplots(rows=1, cols=1)
    mark = Mark(colour=colours.text, symbol="cross", size=10)
    for name, own in figures:
        figure.add_scatter(
            x=[own.value], y=[known(name)], mode="markers", error_x=bars(own, mark),
            marker={"symbol": mark.symbol, "size": mark.size - 2, "color": mark.colour},
            customdata=[[Pick(one=name, among=True).text]],
            hovertemplate=f"{known(name)}: {own.text}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(range=[min([0.0, *(own.value or 0 for _, own in figures)]) - 0.02, 1.02], dtick=0.2)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return laid_out(figure, height=50 + ROW_PX * len(figures), shapes=band_shapes(1, colours))


def confusion_figure(result: ConditionResult, colours: Palette, *, columns: int = 4) -> go.Figure:
    """Confusion matrices of model and readers: counts and, below, their share of the reference's grade."""
    raters = [rater for rater in shown(result) if rater.confusion is not None]
    rows = max(-(-len(raters) // columns), 1)
    figure = make_subplots(
        rows=rows, cols=columns, shared_yaxes=True, horizontal_spacing=0.03,
        vertical_spacing=0.28 / rows, subplot_titles=[rater.name for rater in raters],
    )  # fmt: skip
    for place, rater in enumerate(raters):
        row, column = (index + 1 for index in divmod(place, columns))
        figure.add_trace(_heat(rater, colours), row=row, col=column)
        _add_confusion_cells(figure, rater, row, column)
    digits = [grade.value for grade in Grade]
    figure.update_xaxes(tickvals=digits, showgrid=False, range=[-0.5, 3.5])
    figure.update_yaxes(tickvals=digits, showgrid=False, range=[3.5, -0.5])
    figure.update_xaxes(title=_("Rated"), title_standoff=4, row=rows)
    figure.update_yaxes(title=_("Reference"), title_standoff=4, col=1)
    return laid_out(figure, height=MATRIX_PX * rows)


def _add_cells(
    figure: go.Figure,
    x: Sequence[object],
    y: Sequence[object],
    told: Sequence[tuple[str, str]],
    size: int,
    **place: int,
) -> None:
    """Unseen points over the cells of a heat map, which itself cannot be clicked."""
    figure.add_trace(
        go.Scatter(
            x=x, y=y, mode="markers", customdata=told, hovertemplate="%{customdata[1]}<extra></extra>",
            marker={"symbol": "square", "size": size, "color": UNSEEN, "line": {"width": 0}},
        ),
        **place,
    )  # fmt: skip


def _add_confusion_cells(figure: go.Figure, rater: RaterResult, row: int, column: int) -> None:
    counts = rater.confusion or ()
    cells = [(truth, given) for truth in range(len(counts)) for given in range(len(counts))]
    told = [
        (
            Pick(one=rater.name, grades=(given, truth)).text,
            _(
                "{rater}: reference {truth}, rated {given}<br>units: {n}, "
                "{share:.0%} of the reference's grade",
                rater=rater.name,
                truth=truth,
                given=given,
                n=counts[truth][given],
                share=counts[truth][given] / max(sum(counts[truth]), 1),
            ),
        )
        for truth, given in cells
    ]
    _add_cells(
        figure, [cell[1] for cell in cells], [cell[0] for cell in cells], told, 28, row=row, col=column
    )


def _heat(rater: RaterResult, colours: Palette) -> go.Heatmap:
    counts = rater.confusion or ()
    shares = [[count / max(sum(row), 1) for count in row] for row in counts]
    text = [
        [f"{count}<br>{share:.0%}" for count, share in zip(row, own, strict=True)]
        for row, own in zip(counts, shares, strict=True)
    ]
    return go.Heatmap(
        z=shares, text=text, texttemplate="%{text}", zmin=0, zmax=1, showscale=False, xgap=1, ygap=1,
        colorscale=[[0, colours.surface], [1, mixed(colours.surface, colours.model)]],
        textfont={"size": FONT_PX - 1, "color": colours.text}, hoverinfo="skip",
    )  # fmt: skip


def _pair(matrix: AgreementMatrix, one: str, other: str) -> PairAgreement | None:
    return matrix.pairs.get((one, other)) or matrix.pairs.get((other, one))


def _kappa(matrix: AgreementMatrix, one: str, other: str) -> float | None:
    pair = _pair(matrix, one, other)
    return None if pair is None else pair.kappa.value


def _said(one: str, other: str, pair: PairAgreement) -> str:
    kappa = pair.kappa.text
    if pair.kappa.value is not None:
        kappa = f"{kappa}, {translated(band(pair.kappa.value))}"
    rest = [
        f"{name} {number(value)}"
        for name, value in (
            (_("exact agreement"), pair.exact),
            (_("prevalence index"), pair.prevalence),
            (_("bias index"), pair.bias),
        )
        if value is not None
    ]
    head = _("{one} and {other}, n {n}<br>kappa {kappa}", one=one, other=other, n=pair.n, kappa=kappa)
    return f"{head}<br>{', '.join(rest)}"

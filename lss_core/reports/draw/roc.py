"""ROC panels, one a condition: models' curves with bands, readers as points, the mean reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from lss_core.reports.draw.style import GRID, MODEL, MUTED, TEXT, drawn, mark_of, name_of, shown
from lss_core.reports.texts import Texts
from lss_core.reports.values import ConditionPart, RaterPart
from lss_core.texts import later

SENSITIVITY, SPECIFICITY = later("Sensitivity"), later("Specificity")
COLUMNS = 4


def roc_panels(parts: Sequence[ConditionPart], texts: Texts) -> tuple[str, bytes]:
    """One panel a condition side by side, the legend of all below."""

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(parts), squeeze=False)[0]
        known: dict[str, Any] = {}
        for axes, part in zip(panels, parts, strict=True):
            _panel(axes, part, texts, known)
        panels[0].set_ylabel(texts(SENSITIVITY))
        figure.legend(
            known.values(), known.keys(), loc="outside lower center", ncols=COLUMNS, frameon=False,
            handletextpad=0.4, columnspacing=1.4,
        )  # fmt: skip

    return drawn(paint, height_in=3.2 if len(parts) > 1 else 4.4, width_in=7.0 if len(parts) > 1 else 4.6)


def _panel(axes: Any, part: ConditionPart, texts: Texts, known: dict[str, Any]) -> None:
    axes.set_title(texts(part.condition.label))
    axes.plot((0, 1), (0, 1), color=GRID, linewidth=0.8, linestyle=":")
    raters = shown(part.raters)
    for rater in raters:
        if rater.band is not None:
            (across, low), (_, high) = rater.band
            axes.fill_between(across, low, high, color=MODEL, alpha=0.13, linewidth=0)
        if rater.curve is not None:
            axes.plot(*rater.curve, color=MODEL, linewidth=1.3)
    for rater in raters:
        _point(axes, rater, name_of(rater, texts), known)
    for own in part.published:
        at = own.numbers.get(SENSITIVITY), own.numbers.get(SPECIFICITY)
        if at[0] is None or at[1] is None or "auc" not in {label.lower() for label in own.numbers}:
            continue
        colour = MODEL if own.is_model else TEXT
        (point,) = axes.plot(
            [1 - at[1]], [at[0]], linestyle="none", marker="o", markersize=5.5, markerfacecolor="none",
            markeredgecolor=colour, markeredgewidth=0.9,
        )  # fmt: skip
        known.setdefault(texts(own.name), point)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=texts("1 − specificity"), aspect="equal")
    axes.set_xticks(
        [0, 0.2, 0.4, 0.6, 0.8, 1], [texts.number(tick, 1) for tick in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    )
    axes.set_yticks(
        [0, 0.2, 0.4, 0.6, 0.8, 1], [texts.number(tick, 1) for tick in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    )
    axes.tick_params(colors=MUTED)


def _point(axes: Any, rater: RaterPart, name: str, known: dict[str, Any]) -> None:
    up, across = rater.numbers[SENSITIVITY], rater.numbers[SPECIFICITY]
    if up.value is None or across.value is None:
        return
    mark = mark_of(rater)
    if (rater.is_model or rater.is_mean) and up.interval is not None and across.interval is not None:
        line = {"color": mark["color"], "linewidth": 0.9}
        axes.plot((1 - across.value,) * 2, (up.interval.low, up.interval.high), **line)
        axes.plot((1 - across.interval.high, 1 - across.interval.low), (up.value,) * 2, **line)
    (point,) = axes.plot(
        [1 - across.value], [up.value], linestyle="none", markeredgewidth=0.4, markeredgecolor="white", **mark
    )
    known.setdefault(name, point)

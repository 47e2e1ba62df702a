"""Values with intervals in rows: differences from the readers, kappas to the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from lss_core.reports.draw.style import (
    ACCENT,
    MODEL,
    MUTED,
    TEXT,
    bar,
    drawn,
    mark_of,
    name_of,
    reader_mark,
    shown,
)
from lss_core.reports.texts import Texts
from lss_core.reports.values import ConditionPart, DifferencePart
from lss_core.stats.agreement import BANDS

ROW_IN = 0.175


def difference_panels(
    parts: Sequence[ConditionPart], measures: Sequence[str], texts: Texts
) -> tuple[str, bytes]:
    """A row of panels a condition, a column a measure: the model less the mean reader and each reader."""
    rows = [list(dict.fromkeys((own.model, own.other) for own in part.differences)) for part in parts]
    places = {rater.name: rater.place for part in parts for rater in part.raters}
    ends = [
        abs(end)
        for part in parts
        for own in part.differences
        if own.number.interval is not None
        for end in (own.number.interval.low, own.number.interval.high)
    ]
    most = max(ends, default=0.1) + 0.03

    def paint(figure: Figure) -> None:
        grid = figure.subplots(
            len(parts), len(measures), squeeze=False, sharex=True,
            gridspec_kw={"height_ratios": [len(own) + 1 for own in rows]},
        )  # fmt: skip
        for across, (part, names) in enumerate(zip(parts, rows, strict=True)):
            for column, measure in enumerate(measures):
                axes = grid[across][column]
                own = [row for row in part.differences if row.measure == measure]
                _differences(axes, own, names, places)
                if across == 0:
                    axes.set_title(texts(measure))
                if across == len(parts) - 1:
                    axes.set_xlabel(texts("model − reader"))
                _name_rows(axes, _labels(names, texts) if column == 0 else None, len(names))
                _decimal(axes, texts)
            grid[across][0].set_ylabel(texts(part.condition.label), fontweight="bold")
        grid[0][0].set_xlim(-most, most)

    return drawn(paint, height_in=0.7 + sum(ROW_IN * (len(own) + 1) + 0.2 for own in rows))


def _differences(
    axes: Any,
    rows: Sequence[DifferencePart],
    names: Sequence[tuple[str, str]],
    places: Mapping[str, int],
) -> None:
    axes.axvline(0, color=MUTED, linewidth=0.8, linestyle=":")
    for row in rows:
        place = places.get(row.other, -1)
        mark = {"color": TEXT, "marker": "P", "markersize": 6} if place < 0 else reader_mark(place)
        bar(axes, row.number, names.index((row.model, row.other)), mark)


def _labels(names: Sequence[tuple[str, str]], texts: Texts) -> list[str]:
    several = len({model for model, _ in names}) > 1
    return [f"{model} − {texts(other)}" if several else texts(other) for model, other in names]


def kappa_panels(parts: Sequence[ConditionPart], measure: str, texts: Texts) -> tuple[str, bytes]:
    """A panel a condition: each rater's kappa to the reference, bands shaded, published figures hollow."""
    names = list(dict.fromkeys(name_of(rater, texts) for part in parts for rater in shown(part.raters)))

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(parts), squeeze=False, sharex=True)[0]
        for column, (axes, part) in enumerate(zip(panels, parts, strict=True)):
            _shade(axes)
            for rater in shown(part.raters):
                bar(axes, rater.numbers[measure], names.index(name_of(rater, texts)), mark_of(rater))
            for own in part.published:
                row = _row_of(part, names, texts, is_model=own.is_model)
                if (value := own.numbers.get(measure)) is not None and row is not None:
                    axes.plot(
                        [value], [row], linestyle="none", marker="o", markersize=5.5, markerfacecolor="none",
                        markeredgecolor=MODEL if own.is_model else TEXT, markeredgewidth=0.9,
                    )  # fmt: skip
            axes.set_title(texts(part.condition.label))
            axes.set_xlabel(texts(measure))
            _name_rows(axes, names if column == 0 else None, len(names))
            axes.set_xlim(min(0.0, *_lows(parts, measure)) - 0.03, 1.0)
            _decimal(axes, texts)

    return drawn(paint, height_in=0.75 + ROW_IN * (len(names) + 1))


def _lows(parts: Sequence[ConditionPart], measure: str) -> list[float]:
    numbers = [rater.numbers[measure] for part in parts for rater in shown(part.raters)]
    return [0.0, *(own.interval.low for own in numbers if own.interval is not None)]


def _row_of(part: ConditionPart, names: Sequence[str], texts: Texts, *, is_model: bool) -> int | None:
    """The row on which published figures stand: the first model's, or the mean reader's."""
    for rater in shown(part.raters):
        if rater.is_model if is_model else rater.is_mean:
            return names.index(name_of(rater, texts))
    return None


def _shade(axes: Any) -> None:
    lower = 0.0
    for at, (upper, _) in enumerate(BANDS):
        axes.axvspan(lower, upper, color=ACCENT, alpha=0.03 + 0.035 * at, linewidth=0)
        lower = upper


def _name_rows(axes: Any, names: Sequence[str] | None, count: int) -> None:
    axes.set_ylim(count - 0.4, -0.6)
    axes.set_yticks(range(count), names if names is not None else [""] * count)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _decimal(axes: Any, texts: Texts) -> None:
    axes.xaxis.set_major_formatter(lambda value, _: texts.number(value, 1))
    axes.tick_params(axis="x", colors=MUTED)

"""Reliability panels: a model's probability against the share observed, a panel a condition and model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from lss_core.reports.draw.style import GRID, MODEL, MODEL_MARK, MUTED, drawn
from lss_core.reports.texts import Texts
from lss_core.reports.values import CalibrationPart

TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)
ACROSS = 3
AREA_PT2 = (8.0, 60.0)
"""The least and the largest point: its area is the bin's share of the fullest bin's sites."""


def reliability_panels(parts: Sequence[tuple[str, CalibrationPart]], texts: Texts) -> tuple[str, bytes]:
    """Panels with their names, up to three side by side."""
    wide = min(len(parts), ACROSS)
    rows = -(-len(parts) // wide)

    def paint(figure: Figure) -> None:
        grid = figure.subplots(rows, wide, squeeze=False)
        for place in range(rows * wide):
            axes = grid[place // wide][place % wide]
            if place >= len(parts):
                axes.set_visible(False)
                continue
            _panel(axes, *parts[place], texts)
            if place % wide == 0:
                axes.set_ylabel(texts("Share with grade 2 or 3"))

    return drawn(paint, height_in=2.7 * rows, width_in=7.0 if wide > 1 else 3.2)


def _panel(axes: Any, name: str, own: CalibrationPart, texts: Texts) -> None:
    axes.set_title(name)
    axes.plot((0, 1), (0, 1), color=GRID, linewidth=0.8, linestyle=":")
    most = max((one.n for one in own.bins), default=1)
    least, largest = AREA_PT2
    for one in own.bins:
        if one.observed is not None:
            ends = (one.observed.low, one.observed.high)
            axes.plot((one.mean_probability,) * 2, ends, color=MODEL, linewidth=0.9)
        axes.scatter(
            [one.mean_probability], [one.share], s=max(least, largest * one.n / most), color=MODEL,
            marker=MODEL_MARK, linewidths=0, zorder=3, clip_on=False,
        )  # fmt: skip
    axes.set(
        xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xlabel=texts("Probability, mean of the bin")
    )
    axes.set_xticks(TICKS, [texts.number(tick, 1) for tick in TICKS])
    axes.set_yticks(TICKS, [texts.number(tick, 1) for tick in TICKS])
    axes.tick_params(colors=MUTED)

"""Confusion matrices of a condition: the model and each reader against the reference, in counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lss_core.reports.draw.style import ACCENT, TEXT, drawn, name_of, shown
from lss_core.reports.texts import Texts
from lss_core.reports.values import RaterPart

ACROSS = 4
SHADES = LinearSegmentedColormap.from_list("lss", ["#ffffff", ACCENT])


def confusion_panels(raters: Sequence[RaterPart], texts: Texts) -> tuple[str, bytes]:
    """A matrix a rater. Rows are the reference's grades, shaded by their share; numbers are counts."""
    own = [rater for rater in shown(raters) if rater.confusion is not None]
    rows = -(-len(own) // ACROSS)

    def paint(figure: Figure) -> None:
        grid = figure.subplots(rows, ACROSS, squeeze=False).ravel()
        for place, axes in enumerate(grid):
            if place < len(own):
                _matrix(axes, own[place], texts, left=place % ACROSS == 0, low=place + ACROSS >= len(own))
            else:
                axes.set_visible(False)

    return drawn(paint, height_in=0.25 + 1.75 * rows)


def _matrix(axes: Any, rater: RaterPart, texts: Texts, *, left: bool, low: bool) -> None:
    counts = np.array(rater.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ends = np.arange(len(counts) + 1) - 0.5
    axes.pcolormesh(ends, ends, shares, cmap=SHADES, vmin=0, vmax=1, edgecolors="white", linewidth=0.6)
    axes.set(aspect="equal", xlim=(ends[0], ends[-1]), ylim=(ends[-1], ends[0]))
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.55 else TEXT
        axes.text(column, row, texts.count(int(count)), ha="center", va="center", color=colour, fontsize=7)
    axes.set_title(name_of(rater, texts))
    axes.set_xticks(range(len(counts)))
    axes.set_yticks(range(len(counts)))
    axes.tick_params(length=0)
    axes.grid(visible=False)
    if low:
        axes.set_xlabel(texts("Grade given"))
    if left:
        axes.set_ylabel(texts("Reference grade"))

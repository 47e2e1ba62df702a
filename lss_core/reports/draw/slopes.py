"""Slopes: each reader's figure from the first arm to the second, a row a condition, a column a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from lss_core.reports.arm_values import ArmsPart, ArmTestPart
from lss_core.reports.draw.style import MUTED, drawn, reader_mark
from lss_core.reports.texts import Texts

COLUMNS = 4
HEIGHT_IN = 1.75


def slope_panels(
    parts: Sequence[tuple[str, ArmsPart]], arms: tuple[str, str], texts: Texts
) -> tuple[str, bytes]:
    """A panel a condition (named) and figure; the legend of the readers below."""
    tests = [(name, own.tests) for name, own in parts]

    def paint(figure: Figure) -> None:
        wide = max(len(own) for _, own in tests)
        grid = figure.subplots(len(tests), wide, squeeze=False, sharex=True)
        known: dict[str, Any] = {}
        for across, (name, row) in enumerate(tests):
            for column, test in enumerate(row):
                axes = grid[across][column]
                _slopes(axes, test, known)
                if across == 0:
                    axes.set_title(texts(test.figure).split(",")[0], fontsize=7)
                axes.yaxis.set_major_formatter(lambda value, _: texts.number(value, 2))
                axes.set_xticks((0, 1), arms)
                axes.tick_params(colors=MUTED)
            grid[across][0].set_ylabel(name, fontweight="bold")
        figure.legend(
            known.values(), known.keys(), loc="outside lower center", ncols=COLUMNS, frameon=False,
            handletextpad=0.4, columnspacing=1.4,
        )  # fmt: skip

    rows = -(-len({slope.name for _, own in parts for test in own.tests for slope in test.slopes}) // COLUMNS)
    return drawn(paint, height_in=0.4 + HEIGHT_IN * len(tests) + 0.18 * rows)


def _slopes(axes: Any, test: ArmTestPart, known: dict[str, Any]) -> None:
    axes.set_xlim(-0.3, 1.3)
    for slope in test.slopes:
        mark = reader_mark(slope.place)
        dash = "--" if slope.second < slope.first else "-"
        axes.plot((0, 1), (slope.first, slope.second), color=mark["color"], linewidth=1.0, linestyle=dash)
        (point,) = axes.plot((0, 1), (slope.first, slope.second), linestyle="none", markeredgewidth=0, **mark)
        known.setdefault(slope.name, point)

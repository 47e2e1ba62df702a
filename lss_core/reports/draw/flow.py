"""The STARD diagram: from import to analysis for all conditions, and what the model answered."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from lss_core.reports.draw.style import GRID, MUTED, SURFACE, TEXT, drawn
from lss_core.reports.texts import Texts
from lss_core.reports.values import ConditionPart, OutcomePart, StepPart
from lss_core.texts import later

LINE = 0.145
"""Inches a line of text takes."""

PAD, GAP = 0.14, 0.24
COMMON_WIDE, LOST_WIDE = 2.5, 2.9
TRUNK = 3.5 - (LOST_WIDE + 0.3) / 2
"""Where the common boxes are centred, so that they and who leaves stand in the middle."""
LETTERS_LOST, LETTERS_BOX, LETTERS_COLUMN = 44, 38, 32
LEFT_OUT = 1
"""The box of a column that says what was left out; it goes where nothing was."""

CASE = "case"
UNITS = {CASE: later("cases"), "site": later("sites")}
"""The unit of the first steps, which are the same for every condition."""


def flow_diagram(parts: Sequence[ConditionPart], texts: Texts) -> tuple[str, bytes]:
    """Cases on top with who leaves beside them, then a column a condition."""
    common = [step for step in parts[0].flow.steps if step.unit == CASE]
    tops, at = [], 0.0
    for step in common:
        tops.append(at)
        at += _tall(max(len(_head(step, texts)), len(_lost(step, texts)))) + GAP
    columns = [_column(part, texts) for part in parts]
    if all(own[LEFT_OUT][1] == texts("none") for own in columns):
        columns = [own[:LEFT_OUT] + own[LEFT_OUT + 1 :] for own in columns]
    rows = [max(len(own[row]) for own in columns) for row in range(len(columns[0]))]
    height = at + sum(_tall(lines) + GAP for lines in rows)

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(0, 7), ylim=(height, 0))
        axes.axis("off")
        for step, top in zip(common, tops, strict=True):
            _common(axes, step, top, texts, last=step is common[-1])
        centres = [7 * (2 * place + 1) / (2 * len(columns)) for place in range(len(columns))]
        _branch(axes, at, centres)
        for own, centre in zip(columns, centres, strict=True):
            _draw_column(axes, own, texts, rows, centre, at, 7 / len(columns) - 0.25)

    return drawn(paint, height_in=height, fitted=False)


def _branch(axes: Any, at: float, centres: Sequence[float]) -> None:
    """From the last common box to each column; `at` is the top of the columns."""
    middle = at - GAP / 2
    axes.plot((min(centres), max(*centres, TRUNK)), (middle, middle), color=MUTED, linewidth=0.8)
    for centre in centres:
        _arrow(axes, (centre, middle), (centre, at))


def _common(axes: Any, step: StepPart, top: float, texts: Texts, *, last: bool) -> None:
    lost = _lost(step, texts)
    head = _head(step, texts)
    tall = _tall(max(len(head), len(lost)))
    left = TRUNK - COMMON_WIDE / 2
    box = _tall(len(head))
    middle = top + tall / 2
    _box(axes, left + COMMON_WIDE / 2, middle - box / 2, COMMON_WIDE, head)
    if lost:
        right = left + COMMON_WIDE + 0.3
        _box(axes, right + LOST_WIDE / 2, middle - _tall(len(lost)) / 2, LOST_WIDE, lost, quiet=True)
        _arrow(axes, (left + COMMON_WIDE, middle), (right, middle))
    foot = top + tall + (GAP / 2 if last else GAP)
    if last:
        axes.plot((TRUNK, TRUNK), (middle + box / 2, foot), color=MUTED, linewidth=0.8)
    else:
        _arrow(axes, (TRUNK, middle + box / 2), (TRUNK, foot))


def _column(part: ConditionPart, texts: Texts) -> list[list[str]]:
    """The lines of each box of a condition, the bold first line first."""
    sites, analysed = (step for step in part.flow.steps if step.unit != CASE)
    boxes = [[texts(part.condition.label), _counted(sites, texts)]]
    boxes.append(
        [
            texts("Left out"),
            *(
                _lost(sites, texts, LETTERS_COLUMN) + _lost(analysed, texts, LETTERS_COLUMN)
                or [texts("none")]
            ),
        ]
    )
    boxes.append([texts("Analysed"), _counted(analysed, texts)])
    boxes += [_outcome(own, texts) for own in part.flow.outcomes]
    return boxes


def _outcome(own: OutcomePart, texts: Texts) -> list[str]:
    lines = [
        f"{texts(own.title)}: {texts.count(own.units)}",
        texts("model positive: {n}", n=texts.count(own.positive)),
        texts("model negative: {n}", n=texts.count(own.negative)),
    ]
    return [*lines, texts("model without a grade: {n}", n=texts.count(own.none))]


def _draw_column(
    axes: Any,
    boxes: Sequence[Sequence[str]],
    texts: Texts,
    rows: Sequence[int],
    centre: float,
    top: float,
    wide: float,
) -> None:
    for place, (lines, most) in enumerate(zip(boxes, rows, strict=True)):
        _box(axes, centre, top, wide, lines, quiet=lines[0] == texts("Left out"), lines_tall=most)
        if place + 1 < len(boxes):
            _arrow(axes, (centre, top + _tall(most)), (centre, top + _tall(most) + GAP))
        top += _tall(most) + GAP


def _head(step: StepPart, texts: Texts) -> list[str]:
    return [texts(step.title), _counted(step, texts), *_said(step.notes, texts, LETTERS_BOX)]


def _counted(step: StepPart, texts: Texts) -> str:
    return f"{texts(UNITS[step.unit])}: {texts.count(step.count)}"


def _lost(step: StepPart, texts: Texts, letters: int = LETTERS_LOST) -> list[str]:
    return _said(step.lost, texts, letters)


def _said(counts: Sequence[tuple[str, int | None]], texts: Texts, letters: int) -> list[str]:
    said = [
        texts(what) if count is None else f"{texts(what)}: {texts.count(count)}" for what, count in counts
    ]
    return [line for text in said for line in textwrap.wrap(text, letters)]


def _tall(lines: int) -> float:
    return 2 * PAD - 0.06 + LINE * lines


def _box(
    axes: Any,
    centre: float,
    top: float,
    wide: float,
    lines: Sequence[str],
    *,
    quiet: bool = False,
    lines_tall: int = 0,
) -> None:
    tall = _tall(lines_tall or len(lines))
    fill, edge = ("white", GRID) if quiet else (SURFACE, MUTED)
    axes.add_patch(
        Rectangle((centre - wide / 2, top), wide, tall, facecolor=fill, edgecolor=edge, linewidth=0.8)
    )
    first = top + tall / 2 - LINE * (len(lines) - 1) / 2
    for place, line in enumerate(lines):
        bold = place == 0 and not quiet
        axes.text(
            centre, first + LINE * place, line, ha="center", va="center", fontsize=7.2,
            color=TEXT if not quiet else MUTED, fontweight="bold" if bold else "normal",
        )  # fmt: skip


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=7, linewidth=0.8, color=MUTED, shrinkA=0,
                        shrinkB=0)
    )  # fmt: skip

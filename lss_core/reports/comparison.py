"""The part of a report on the model by itself against the readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from lss_core.reports.document import Builder
from lss_core.reports.draw.intervals import difference_panels
from lss_core.reports.texts import Texts
from lss_core.reports.values import ConditionPart, StudyReport, TestPart
from lss_core.texts import later

Row = Sequence[str]
MARK = " †"
FIXED_NOTE = later("†: of these readers alone; a test with readers as samples of many cannot be made.")


def add_comparison(to: Builder, report: StudyReport, t: Texts) -> None:
    """The model by itself against the readers: the tests, and its differences from each reader."""
    to.part("comparison", t("Model and readers"))
    rows = [row for part in report.conditions for row in _tests(part, t)]
    if not any(part.tests for part in report.conditions):
        to.say(t("There is no model, or no reader who answered enough, to compare."))
        return
    to.table(
        "tab:tests",
        t("Model less the mean of the readers, readers and cases as samples of many"),
        [
            t("Statistic"), t("Sites"), t("Model"), t("Readers (range)"), t("Difference"), t("t (df)"),
            t("p"), t("p, Holm"), t("p, non-inferior"),
        ],
        rows,
        widths=(2.2, 1, 1, 1.9, 3, 1.55, 0.85, 0.9, 0.95),
        note=_note(report, t),
    )  # fmt: skip
    if any(part.differences for part in report.conditions):
        parts = [part for part in report.conditions if part.differences]
        to.picture(
            "fig:differences",
            t(
                "The model less the mean reader and each reader, at the sites that both graded, {level} "
                "intervals. Right of the dotted line the model is higher.",
                level=f"{report.level:.0%}",
            ),
            _difference_alt(parts, t),
            difference_panels(parts, report.forest, t),
        )


def _tests(part: ConditionPart, t: Texts) -> Iterable[Row]:
    if part.tests:
        yield (t(part.condition.label),)
    several = len({test.model for test in part.tests}) > 1
    for test in part.tests:
        name = f"{test.model}: {t(test.figure)}" if several else t(test.figure)
        yield (name, *_test_cells(test, t))


def _test_cells(test: TestPart, t: Texts) -> Row:
    if test.model_value is None or test.readers_mean is None:
        return ("", "", "", t(test.refusal), *("",) * 4)
    readers = t.number(test.readers_mean)
    if test.lowest is not None and test.highest is not None:
        readers = f"{readers} ({t.number(test.lowest)}–{t.number(test.highest)})"
    values = (t.count(test.units), t.number(test.model_value), readers)
    if test.difference is None or test.p is None or test.p_holm is None:
        return (*values, t(test.refusal), *("",) * 4)
    shown_as = f"{t.number(test.difference.value, signed=True)} ({t.range(test.difference, signed=True)})"
    return (
        *values,
        shown_as + (MARK if test.readers_fixed else ""),
        statistic(test.statistic, test.df, t),
        t.p(test.p),
        t.p(test.p_holm),
        "" if test.noninferior_p is None else t.p(test.noninferior_p),
    )


def statistic(value: float | None, df: float | None, t: Texts) -> str:
    """'−2.31 (24.6)': t with its degrees of freedom; '∞' where it is z."""
    if value is None or df is None:
        return ""
    return f"{t.number(value)} ({t.number(df, 1) if isfinite(df) else '∞'})"


def _note(report: StudyReport, t: Texts) -> str:
    said = t(
        "At the sites that model and readers all graded, grades taken as grades; so figures differ from "
        "those of the tables above."
    )
    marked = any(test.readers_fixed for part in report.conditions for test in part.tests)
    return f"{said} {margin_said(report, t)} {t(FIXED_NOTE) if marked else ''}".strip()


def margin_said(report: StudyReport, t: Texts) -> str:
    """What 'non-inferior' means and where the margin is from."""
    return t(
        "Non-inferior: one-sided p that the value is lower by less than the margin {margin}; below {limit} "
        "it is shown. The margin was given when this report was made; it has to be chosen before the data "
        "are seen.",
        margin=t.number(report.margin),
        limit=t.number((1 - report.level) / 2, 3),
    )


def _difference_alt(parts: Sequence[ConditionPart], t: Texts) -> str:
    return "; ".join(
        f"{t(part.condition.label)}, {t(own.other)}, {t(own.measure)}: {t.figure(own.number, signed=True)}"
        for part in parts
        for own in part.differences
    )

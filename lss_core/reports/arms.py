"""The parts of a report on two arms of the same readers and on reading times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lss_core.reports.arm_values import ArmsPart, ArmTestPart
from lss_core.reports.comparison import FIXED_NOTE, MARK, margin_said, statistic
from lss_core.reports.document import Builder
from lss_core.reports.draw.slopes import slope_panels
from lss_core.reports.methods import arm_name
from lss_core.reports.texts import Texts
from lss_core.reports.values import StudyReport

Row = Sequence[str]


def add_arms(to: Builder, report: StudyReport, t: Texts) -> None:
    """The test of two arms, each reader's figures in both, and what readers changed; nothing for one arm."""
    parts = [(t(part.condition.label), part.arms) for part in report.conditions if part.arms is not None]
    if not parts:
        return
    first, second = (arm_name(arm, t) for arm in parts[0][1].arms)
    to.part("arms", t("Two arms"))
    to.say(
        t(
            "The same readers in the arms “{first}” and “{second}”, at the sites that all of them graded in "
            "both.",
            first=first,
            second=second,
        )
    )
    _tested(to, report, parts, t)
    _by_reader(to, parts, t)
    slopes = [(name, own) for name, own in parts if any(test.slopes for test in own.tests)]
    if slopes:
        to.picture(
            "fig:slopes",
            t(
                "Each reader from “{first}” to “{second}”. Dashed: lower in “{second}”.",
                first=first,
                second=second,
            ),
            _alt(slopes, t),
            slope_panels(slopes, (first, second), t),
        )
    _overridden(to, parts, t)


def _tested(to: Builder, report: StudyReport, parts: Sequence[tuple[str, ArmsPart]], t: Texts) -> None:
    first, second = (arm_name(arm, t) for arm in parts[0][1].arms)
    rows: list[Row] = []
    for name, own in parts:
        rows.append((name,))
        rows += [_cells(test, t) for test in own.tests]
    marked = any(test.readers_fixed for _, own in parts for test in own.tests)
    to.table(
        "tab:arms",
        t("“{second}” less “{first}”, readers and cases as samples of many", first=first, second=second),
        [
            t("Statistic"), t("Sites"), first, second, t("Difference"), t("t (df)"), t("p"),
            t("p, non-inferior"),
        ],
        rows,
        widths=(2.4, 1, 1.1, 1.1, 2.8, 1.6, 0.9, 1),
        note=f"{margin_said(report, t)} {t(FIXED_NOTE) if marked else ''}".strip(),
    )  # fmt: skip


def _cells(test: ArmTestPart, t: Texts) -> Row:
    if test.difference is None or test.p is None or test.first is None or test.second is None:
        return (t(test.figure), t.count(test.units), "", "", t(test.refusal), "", "", "")
    own, mark = test.difference, MARK if test.readers_fixed else ""
    return (
        t(test.figure),
        t.count(test.units),
        t.number(test.first),
        t.number(test.second),
        f"{t.number(own.value, signed=True)} ({t.range(own, signed=True)}){mark}",
        statistic(test.statistic, test.df, t),
        t.p(test.p),
        "" if test.noninferior_p is None else t.p(test.noninferior_p),
    )


def _by_reader(to: Builder, parts: Sequence[tuple[str, ArmsPart]], t: Texts) -> None:
    first, second = (arm_name(arm, t) for arm in parts[0][1].arms)
    rows: list[Row] = []
    for name, own in parts:
        if any(test.slopes for test in own.tests):
            rows.append((name,))
            rows += _readers(own, t)
    to.table(
        "tab:slopes",
        t("Each reader in “{first}” and in “{second}”", first=first, second=second),
        [t("Reader"), *(t(test.figure) for test in parts[0][1].tests)],
        rows,
        widths=(2, *(2.2,) * len(parts[0][1].tests)),
        note=t("↓: lower in “{second}”.", second=second),
    )


def _readers(own: ArmsPart, t: Texts) -> Iterable[Row]:
    names = dict.fromkeys(slope.name for test in own.tests for slope in test.slopes)
    for name in names:
        cells = []
        for test in own.tests:
            slope = next((slope for slope in test.slopes if slope.name == name), None)
            lower = slope is not None and slope.second < slope.first
            cells.append(
                "" if slope is None
                else f"{t.number(slope.first)} → {t.number(slope.second)}{' ↓' if lower else ''}"
            )  # fmt: skip
        yield (name, *cells)


def _overridden(to: Builder, parts: Sequence[tuple[str, ArmsPart]], t: Texts) -> None:
    first, second = (arm_name(arm, t) for arm in parts[0][1].arms)
    shown = [(name, own) for name, own in parts if own.overrides]
    rows: list[Row] = []
    for name, own in shown:
        rows.append((name,))
        rows += [
            (
                t(row.before),
                *(t("{n} ({right} right)", n=t.count(n), right=t.count(right)) for _, n, right in row.after),
            )
            for row in own.overrides
        ]
    after = [what for what, _, _ in shown[0][1].overrides[0].after] if shown else []
    to.table(
        "tab:overrides",
        t("Grades in “{second}” by how the reader's grade in “{first}” stood to the model's",
          first=first, second=second),
        [t("First grade ({arm})", arm=first), *(t(what) for what in after)],
        rows,
        widths=(2.6, *(2.2,) * len(after)),
        note=t("Numbers of grades of all readers; in brackets those that the reference confirms."),
    )  # fmt: skip
    for reason in dict.fromkeys(own.refusal for _, own in parts if own.refusal):
        to.say(t("Overrides: {reason}", reason=t(reason)))


def add_times(to: Builder, report: StudyReport, t: Texts) -> None:
    """How long the readers took; nothing where no read has a time."""
    times = report.times
    if times is None:
        return
    to.part("times", t("Reading time"))
    medians = ", ".join(f"{arm_name(arm, t)} {t.number(own, 1)}" for arm, own in times.medians.items())
    to.say(t("Minutes a case, median of the readers' medians: {medians}.", medians=medians))
    left = (
        t("Sittings over {minutes} minutes were interrupted and are left out: {n}.",
          minutes=f"{times.longest_min:.0f}", n=t.count(times.interrupted))
        if times.interrupted else ""
    )  # fmt: skip
    said = t("The time at work on a case, else that from opening to submitting it.")
    arms = list(times.medians)
    to.table(
        "tab:times",
        t("Minutes a case: median (quartiles), in brackets the number of cases"),
        [t("Reader"), *(arm_name(arm, t) for arm in arms)],
        [
            (reader, *(_minutes(report, reader, arm, t) for arm in arms))
            for reader in dict.fromkeys(row.reader for row in times.rows)
        ],
        widths=(2, *(2.4,) * len(arms)),
        note=f"{said} {left}".strip(),
    )


def _minutes(report: StudyReport, reader: str, arm: str, t: Texts) -> str:
    rows = () if report.times is None else report.times.rows
    row = next((row for row in rows if (row.reader, row.arm) == (reader, arm)), None)
    if row is None:
        return ""
    median, low, high = (t.number(end, 1) for end in (row.median, row.low, row.high))
    return f"{median} ({low}–{high}) [{t.count(row.cases)}]"


def _alt(parts: Sequence[tuple[str, ArmsPart]], t: Texts) -> str:
    return "; ".join(
        f"{name}, {slope.name}, {t(test.figure)}: {t.number(slope.first)} → {t.number(slope.second)}"
        for name, own in parts
        for test in own.tests
        for slope in test.slopes
    )

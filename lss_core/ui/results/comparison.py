"""The Comparison view: MRMC tables, non-inferiority, two arms, reading times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.result import Difference, Fixed
from lss_core.texts import _, known, later, number, sentence, translated
from lss_core.ui.charts_comparison import margin_figure, slope_figure
from lss_core.ui.choice import choose
from lss_core.ui.frame import show_empty
from lss_core.ui.html import escape, write
from lss_core.ui.results.cases import show_picked
from lss_core.ui.results.choices import choose_margin
from lss_core.ui.results.shown import COUNTS, Made, heading_of, notes, show_figure, show_table
from lss_core.ui.results.times import own_marks, reader_names, times_part
from lss_core.ui.theme import current_mode, palette
from lss_core.usecases.result_arms import AFTER, BEFORE, compare_arms, overrides
from lss_core.usecases.result_comparison import Compared, Standalone, non_inferiority, standalone_tests
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.result_differences import difference_text, p_text
from lss_core.usecases.result_findings import arms_finding
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

METHOD = later("95% Obuchowski-Rockette, covariances by jackknife over patients, df of Hillis")
NOTE = later(
    "The model by itself against the panel (Hillis 2007). All are compared by their grades 0 to 3, so "
    "that the model's AUC here is of its grades too. p is two-sided; Holm adjusts it over the conditions."
)
MARGIN_NOTE = later(
    "Non-inferior: the model is worse than the readers by less than the margin (dashed), one-sided p below "
    "0.025, adjusted by Holm over the conditions. A margin is chosen before the data are seen."
)
RANDOM = {
    Fixed.NONE: later("Random readers, random cases"),
    Fixed.READERS: later("Fixed readers, random cases"),
    Fixed.CASES: later("Random readers, fixed cases"),
}


def comparison_view(
    workspace: Workspace, user: User, data: StudyData, selection: Selection, made: Made
) -> None:
    """All comparisons; the tables hold all three conditions."""
    margin = _standalone(data, selection, made)
    _arms(data, selection, made, margin)
    times_part(workspace, user, data, selection, made)


def _standalone(data: StudyData, selection: Selection, made: Made) -> float:
    """The tests against the readers; gives the margin that was chosen."""
    rows = standalone_tests(data, selection)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        write(heading_of(_("The model against the readers")))
        options = {fixed.value: label for fixed, label in RANDOM.items()}
        fixed = Fixed(choose("random", options, width=250))
        margin = choose_margin()
    if not rows:
        show_empty(_("No model to compare"), next_step=_("Run the model on the cases on the page Cases"))
        return margin
    head: tuple[str, ...] = (
        _("Condition"), _("Statistic"), _("Model"), _("Readers (range)"), _("Difference (95% CI)"), "t", "df",
        _("p"), _("p, Holm"), _("Non-inferior, {margin:g}", margin=margin),
    )  # fmt: skip
    adjusted = non_inferiority(rows, fixed, margin)
    shown = [_row(row, fixed, p) for row, p in zip(rows, adjusted, strict=True)]
    several = len({row.model for row in rows}) > 1
    if several:
        head = (_("Model version"), *head)
        shown = [(row.model, *cells) for row, cells in zip(rows, shown, strict=True)]
    wide = Made(**{**vars(made), "condition": later("all conditions")})
    title = _("Model against readers, {fixed}", fixed=translated(RANDOM[fixed]).lower())
    show_table(
        "standalone", title, head, shown, _records(rows, margin), wide, method=METHOD,
        numbers=range(len(head) - 8, len(head)),
    )  # fmt: skip
    write(notes([NOTE, *_said(rows)]))
    pick = show_figure(
        margin_figure(rows, fixed, palette(current_mode()), margin=margin), "margins",
        _("{title}, margin {margin:g}", title=title, margin=margin), wide, method=METHOD,
    )  # fmt: skip
    write(notes([MARGIN_NOTE]))
    show_picked(data, selection, pick, made, of="margins")
    return margin


def _row(row: Standalone, fixed: Fixed, p: float | None) -> tuple[object, ...]:
    head = (row.condition.label, row.figure.label)
    test, mean = row.tests.get(fixed), row.readers_mean
    if test is None or row.model_value is None or mean is None or p is None:
        return (*head, *[""] * 7, known(row.refusals.get(fixed, "undefined")))
    own = test.estimate
    return (
        *head,
        number(row.model_value, 3),
        f"{number(mean, 3)} ({number(min(row.reader_values))}–{number(max(row.reader_values))})",
        difference_text(own, 3),
        number(test.statistic),
        _df(test),
        p_text(test.p_value),
        p_text(row.p_holm[fixed]),
        _noninferior(p),
    )


def _noninferior(p: float) -> str:
    return f"{_('yes') if p < 0.025 else _('not shown')}, p {p_text(p)}"


def _df(test: Difference) -> str:
    return "∞" if np.isinf(test.df) else number(test.df, 1)


def _records(rows: Sequence[Standalone], margin: float) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Every test in full precision, whatever is fixed."""
    head = (
        "model", "condition", "figure", "units", "positives", "patients", "left_out", "n_readers",
        "model_value", "readers_mean", "random", "difference", "low", "high", "std_error", "t", "df", "p",
        "p_holm", "margin", "p_noninferior_holm", "note",
    )  # fmt: skip
    found: list[Sequence[object]] = []
    for fixed in Fixed:
        for row, p in zip(rows, non_inferiority(rows, fixed, margin), strict=True):
            test = row.tests.get(fixed)
            own = test and test.estimate
            found.append((
                row.model, row.condition.value, row.figure.value, row.units, row.positives, row.patients,
                row.left_out, len(row.readers), row.model_value, row.readers_mean, fixed.label,
                own and own.value, own and own.low, own and own.high, test and test.standard_error,
                test and test.statistic, test and test.df, test and test.p_value, row.p_holm.get(fixed),
                margin, p, row.refusals.get(fixed, ""),
            ))  # fmt: skip
    return head, found


def _said(rows: Sequence[Standalone]) -> list[str]:
    """How many units each condition's tests rest on, and what the tests note."""
    lines = {}
    for row in rows:
        if row.units:
            left = _(", {n} left out that somebody has not graded", n=row.left_out) if row.left_out else ""
            lines[row.condition] = (
                _(
                    "{condition}: units {units}, patients {patients}, positive {positives}, "
                    "readers {readers}",
                    condition=row.condition.label,
                    units=row.units,
                    patients=row.patients,
                    positives=row.positives,
                    readers=len(row.readers),
                )
                + f"{left}."
            )
    noted = dict.fromkeys(
        f"{translated(row.condition.label)}, {translated(row.figure.label).lower()}: {known(note)}."
        for row in rows
        for note in row.notes
    )
    return [" ".join(lines.values()), " ".join(noted)]


def _arms(data: StudyData, selection: Selection, made: Made, margin: float) -> None:
    """Slopes, the test and overrides of two arms; what is missing where there is one."""
    write(heading_of(_("Two arms")))
    if len(data.arms) < 2:
        show_empty(
            _("One arm only"),
            next_step=_(
                "Slopes of each reader, the test of two arms and the table of overrides (alone, model, with "
                "the model) appear with a second arm."
            ),
        )
        return
    figure = Compared(choose("figure", {own.value: own.label for own in Compared}, width=250))
    try:
        compared = compare_arms(data, selection, figure)
    except StatisticsError as refusal:
        show_empty(
            _("The arms cannot be compared"),
            next_step=f"{sentence(refusal.reason)} {sentence(refusal.remedy)}",
        )
        return
    readers = reader_names(data)
    write(f'<div class="lss-findings"><p>{escape(arms_finding(compared))}</p></div>')
    left, right = st.columns([6, 7], gap="medium")
    with left:
        title = _(
            "{figure} of each reader in two arms, {condition}", figure=figure.label, condition=made.named
        )
        head = ("reader", "figure", *compared.arms)
        records = [(name, figure.value, *own) for name, own in compared.values.items()]
        drawn = slope_figure(compared, readers, palette(current_mode()))
        marks = own_marks(data, compared.values)
        pick = show_figure(drawn, "slopes", title, made, method=METHOD, records=(head, records), marks=marks)
    with right:
        rows = [
            (RANDOM[fixed], difference_text(d.estimate, 3),
             number(d.statistic), _df(d), p_text(d.p_value), _noninferior(d.noninferiority(margin).p_value))
            for fixed, analysis in compared.tests.items() for d in analysis.differences
        ]  # fmt: skip
        title = _(
            "{arm} less {other}, {figure}",
            arm=known(compared.arms[1]),
            other=known(compared.arms[0]),
            figure=translated(figure.label).lower(),
        )
        shown = (_("Analysis"), _("Difference (95% CI)"), "t", "df", _("p"),
                 _("Non-inferior, {margin:g}", margin=margin))  # fmt: skip
        show_table("arms", title, shown, rows, (shown, rows), made, method=METHOD)
        write(
            notes(
                [
                    _(
                        "Units: {n:,}; dashed: the reader is lower in the arm '{arm}'.",
                        n=compared.units,
                        arm=known(compared.arms[1]),
                    )
                ]
            )
        )
        _overrides(data, selection, made)
    show_picked(data, selection, pick, made, of="slopes", hint=True)


def _overrides(data: StudyData, selection: Selection, made: Made) -> None:
    try:
        found = overrides(data, selection)
    except StatisticsError as refusal:
        write(notes([sentence(refusal.reason)]))
        return
    head = (_("First grade ({arm})", arm=known(found.arms[0])), *AFTER)
    rows = [
        (before, *(_right(found.counts.get((before, after), 0), found.right.get((before, after), 0))
                   for after in AFTER))
        for before in BEFORE
    ]  # fmt: skip
    records = [
        (before, after, found.counts.get((before, after), 0), found.right.get((before, after), 0))
        for before in BEFORE for after in AFTER
    ]  # fmt: skip
    title = _("Overrides in {arm}, {condition}", arm=known(found.arms[1]), condition=made.named)
    show_table("overrides", title, head, rows, (("first", "then", "count", "right"), records), made,
               method=COUNTS)  # fmt: skip


def _right(count: int, right: int) -> str:
    return _("{n} ({right} right)", n=count, right=right)

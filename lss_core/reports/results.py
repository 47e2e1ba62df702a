"""The section Results of a report: tables and figures."""

from __future__ import annotations

from collections.abc import Sequence

from lss_core.domain import Grade
from lss_core.reports.arms import add_arms, add_times
from lss_core.reports.calibration import add_calibration
from lss_core.reports.comparison import add_comparison
from lss_core.reports.document import Builder
from lss_core.reports.draw.confusion import confusion_panels
from lss_core.reports.draw.flow import flow_diagram
from lss_core.reports.draw.intervals import kappa_panels
from lss_core.reports.draw.roc import roc_panels
from lss_core.reports.draw.style import name_of, shown
from lss_core.reports.texts import Texts
from lss_core.reports.values import ConditionPart, PooledPart, RaterPart, StudyReport
from lss_core.stats.agreement import band

Row = Sequence[str]
NAMED = 6
"""Figures that share a reason for having no interval are named up to this number, then counted."""

KAPPA_SHOWN = 1
"""Which of the report's kappas the figure shows: that of four grades."""


def add_results(to: Builder, report: StudyReport, t: Texts) -> None:
    """All parts of Results."""
    to.section("results", t("Results"))
    _flow(to, report, t)
    _accuracy(to, report, t)
    add_calibration(to, report, t)
    add_comparison(to, report, t)
    add_arms(to, report, t)
    add_times(to, report, t)
    _agreement(to, report, t)
    _confusion(to, report, t)


def _flow(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("flow", t("Flow and units"))
    caption = t("Flow from import to analysis (STARD).")
    models = [bundle.name for bundle in report.bundles]
    if models:
        caption += " " + t("Last boxes: answers of {model}.", model=models[0])
    alt = "; ".join(
        f"{t(part.condition.label)}: "
        + ", ".join(f"{t(step.title)} {t.count(step.count)}" for step in part.flow.steps)
        for part in report.conditions
    )
    to.picture("fig:flow", caption, alt, flow_diagram(report.conditions, t))
    rows = [
        (
            t(part.condition.label),
            t.count(part.cases),
            t.count(part.units),
            *(t.count(count) for count in part.grade_counts),
            t.count(part.reference_not_gradable),
        )
        for part in report.conditions
    ]
    to.table(
        "tab:units",
        t("Units of the reference and their grades"),
        [
            t("Condition"),
            t("Cases"),
            t("Sites"),
            *(t(grade.label) for grade in Grade),
            t("Not gradable"),
        ],
        rows,
        widths=(2.2, 1, 1, 1, 1, 1.2, 1, 1.5),
        note=t("Not gradable: by the reference; left out of all figures."),
    )


def _accuracy(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("accuracy", t("Accuracy"))
    _rater_table(
        to, report, t, "tab:binary", t("Stenosis present: grade 2 or 3"), report.binary, counts=True,
        pooled=True,
    )  # fmt: skip
    caption = t(
        "ROC: the model's curve with its pointwise {level} band, each rater as a point, the mean reader and "
        "the model with intervals.",
        level=f"{report.level:.0%}",
    )
    hollow = t("Hollow: {source}.", source=report.published_source)
    to.picture(
        "fig:roc", f"{caption} {hollow}", _alt(report, report.binary, t), roc_panels(report.conditions, t)
    )
    _rater_table(
        to, report, t, "tab:graded", t("Four grades, each against the rest, weighted"), report.graded,
        pooled=True,
    )  # fmt: skip


def _agreement(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("agreement", t("Agreement"))
    _rater_table(to, report, t, "tab:kappa", t("Cohen's kappa with the reference"), report.kappas, bands=True)
    measure = report.kappas[KAPPA_SHOWN]
    to.picture(
        "fig:kappa",
        t("Cohen's kappa with the reference, four grades unweighted. Shaded from light to dark: slight, "
          "fair, moderate, substantial, almost perfect. Hollow: {source}.", source=report.published_source),
        _alt(report, (measure,), t),
        kappa_panels(report.conditions, measure, t),
    )  # fmt: skip
    rows: list[Row] = []
    for part in report.conditions:
        rows.append((t(part.condition.label),))
        rows += [
            (_panel_name(own.name, t), str(own.raters), t.figure(own.fleiss), t.figure(own.alpha))
            for own in part.panels
        ]
        rows += [
            (t(own.name), "", t.number(own.fleiss), t.number(own.alpha))
            for own in part.published
            if own.fleiss is not None and own.alpha is not None
        ]
    to.table(
        "tab:panels",
        t("Agreement within panels on the four grades"),
        [t("Raters"), t("Number"), t("Fleiss' kappa"), t("Krippendorff's alpha, ordinal")],
        rows,
        widths=(3, 0.9, 2, 2.4),
    )


def _confusion(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("confusion", t("Confusion matrices"))
    for part in report.conditions:
        own = [rater for rater in shown(part.raters) if rater.confusion is not None]
        if own:
            to.picture(
                f"fig:confusion-{part.condition.value}",
                t(
                    "{condition}: grades given against the reference, numbers of sites, shaded by the "
                    "share of the reference's grade.",
                    condition=t(part.condition.label),
                ),
                "; ".join(f"{rater.name}: {rater.confusion}" for rater in own),
                confusion_panels(own, t),
            )


def _rater_table(
    to: Builder,
    report: StudyReport,
    t: Texts,
    key: str,
    caption: str,
    measures: Sequence[str],
    *,
    counts: bool = False,
    bands: bool = False,
    pooled: bool = False,
) -> None:
    rows: list[Row] = []
    for part in report.conditions:
        rows.append((t(part.condition.label),))
        rows += [_rater_row(rater, measures, t, counts=counts, bands=bands) for rater in part.raters]
        if pooled and part.pooled is not None:
            rows.append(_pooled_row(part.pooled, measures, t, counts=counts))
        rows += _published(part, measures, t, blank=3 if counts else 1)
    counted = (t("n"), t("Not gradable"), t("Missing")) if counts else (t("n"),)
    widths = (2.0 if bands else 2.6, *(0.55 if bands else 0.8,) * len(counted), *(2.6,) * len(measures))
    if counts:
        widths = (2.4, 0.7, 1.2, 1.2, 2.0, 2.0, 2.0)
    notes = [_refusals(report, measures, t)]
    if pooled:
        notes.insert(0, t("Counts pooled: the same readers' counts added up, shown apart for comparison; it "
                          "counts a reader by how much he graded and hides how readers differ."))  # fmt: skip
    if any(own.numbers.keys() & set(measures) for part in report.conditions for own in part.published):
        notes.insert(0, t("Published: {source}, another study's cases and readers.",
                          source=report.published_source))  # fmt: skip
        notes += dict.fromkeys(t(part.published_note) for part in report.conditions)
    to.table(
        key, caption, [t("Rater"), *counted, *(t(measure) for measure in measures)], rows, widths=widths,
        note=" ".join(text for text in notes if text),
    )  # fmt: skip


def _rater_row(rater: RaterPart, measures: Sequence[str], t: Texts, *, counts: bool, bands: bool) -> Row:
    name = name_of(rater, t)
    if rater.is_mean:
        own = (t("of {n}", n=rater.raters), "", "")
    else:
        own = (t.count(rater.n), t.count(rater.not_gradable), t.count(rater.missing))
    cells = []
    for measure in measures:
        number = rater.numbers[measure]
        text = t.figure(number)
        if bands and number.value is not None:
            text = f"{text}, {t(band(number.value))}"
        cells.append(text)
    return (name, *(own if counts else own[:1]), *cells)


def _pooled_row(own: PooledPart, measures: Sequence[str], t: Texts, *, counts: bool) -> Row:
    cells = (t.figure(own.numbers[measure]) if measure in own.numbers else "" for measure in measures)
    return (t(own.name), t.count(own.n), *("",) * (2 if counts else 0), *cells)


def _published(part: ConditionPart, measures: Sequence[str], t: Texts, *, blank: int) -> list[Row]:
    rows: list[Row] = []
    for own in part.published:
        values = [own.numbers.get(measure) for measure in measures]
        if any(value is not None for value in values):
            cells = ("" if value is None else t.number(value) for value in values)
            rows.append((t(own.name), *("",) * blank, *cells))
    return rows


def _refusals(report: StudyReport, measures: Sequence[str], t: Texts) -> str:
    """Who has a figure without value or interval; the reasons of those who answered enough."""
    found: dict[str, list[str]] = {}
    for part in report.conditions:
        for rater in part.raters:
            for measure in measures:
                reason = rater.numbers[measure].refusal
                if reason and (rater.full or rater.is_model):
                    who = f"{name_of(rater, t)} ({t(part.condition.label)}, {t(measure)})"
                    found.setdefault(reason, []).append(who)
    few = dict.fromkeys(
        rater.name
        for part in report.conditions
        for rater in part.raters
        if not rater.full and not rater.is_model
    )
    said = [
        f"{', '.join(who)} – {t(reason)}."
        if len(who) <= NAMED
        else t("figures: {n}", n=len(who)) + f" – {t(reason)}."
        for reason, who in found.items()
    ]
    if few:
        said.append(t("Answered too little to count in the mean reader: {names}.", names=", ".join(few)))
    return " ".join(said)


def _panel_name(name: str, t: Texts) -> str:
    model, with_reference, _ = name.partition(" with the reference")
    return t("{model} with the reference", model=model) if with_reference else t(name)


def _alt(report: StudyReport, measures: Sequence[str], t: Texts) -> str:
    return "; ".join(
        f"{t(part.condition.label)}, {name_of(rater, t)}: "
        + ", ".join(f"{t(measure)} {t.figure(rater.numbers[measure])}" for measure in measures)
        for part in report.conditions
        for rater in shown(part.raters)
    )

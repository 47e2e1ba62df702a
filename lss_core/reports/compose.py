"""What stands in a report, in which order: a study's values in, a document out."""

from __future__ import annotations

from lss_core.reports.checklists import AUTHORS, CLAIM, STARD_AI, Checklist, Item
from lss_core.reports.citations import REFERENCES
from lss_core.reports.document import Builder, Document, Tone
from lss_core.reports.methods import add_methods
from lss_core.reports.results import add_results
from lss_core.reports.texts import Texts
from lss_core.reports.values import StudyReport, TestPart
from lss_core.texts import later

RESEARCH = later("Research use only. Not a medical device.")
SYNTHETIC = later("Synthetic data: no patients.")


def document_of(report: StudyReport, texts: Texts) -> Document:
    """The report in the language of `texts`."""
    t = texts
    to = Builder(table_word=t("Table"), figure_word=t("Figure"))
    _summary(to, report, t)
    add_methods(to, report, t)
    add_results(to, report, t)
    _limits(to, report, t)
    to.plain(t("References"))
    to.items(REFERENCES)
    for checklist in (CLAIM, STARD_AI):
        _add_checklist(to, checklist, t)
    badge = f"{t(SYNTHETIC)} {t(RESEARCH)}" if report.synthetic else t(RESEARCH)
    return Document(
        title=t("Report of the reader study “{title}”", title=report.title),
        language=t.language.value,
        badge=badge,
        details=_details(report, t),
        blocks=tuple(to.blocks),
    )


def _details(report: StudyReport, t: Texts) -> tuple[tuple[str, str], ...]:
    own = report.reference
    return (
        (t("Study"), f"{report.title} ({report.study_id})"),
        (t("Made"), t.moment(report.made_at)),
        (t("Reference standard"), t("{name}, version {version}", name=t(own.name), version=own.version)),
        (t("Resamples, seed"), f"{t.count(report.resamples)}, {report.seed}"),
        (t("Data, SHA-256"), report.data_sha256),
    )


def _summary(to: Builder, report: StudyReport, t: Texts) -> None:
    to.plain(t("Summary"))
    to.places["summary"] = t("Summary")
    if report.synthetic:
        to.say(
            t("This report is of a synthetic demonstration study. Its numbers show what a report looks "
              "like and say nothing about patients, readers or the model's worth."),
            tone=Tone.WARNING,
        )  # fmt: skip
    if report.reference.readers_made_it:
        to.say(t("The readers' own majority is the reference, which favours them."), tone=Tone.WARNING)
    for part in report.conditions:
        models = dict.fromkeys(test.model for test in part.tests)
        lead = f"{t(part.condition.label)}. "
        for model in models:
            own = [test for test in part.tests if test.model == model][:2]
            to.say(_finding(model, own, t), lead=lead)
        if not models:
            positive = sum(part.grade_counts[2:])
            counts = (t.count(part.cases), t.count(part.units), t.count(positive))
            text = t("Cases: {cases}; sites: {units}, of them positive in the reference: {positive}.",
                     cases=counts[0], units=counts[1], positive=counts[2])  # fmt: skip
            to.say(text, lead=lead)


def _finding(model: str, tests: list[TestPart], t: Texts) -> str:
    said = "; ".join(_compared(test, t) for test in tests)
    readers = max(test.readers for test in tests)
    return t("{model} against the mean of the readers ({n}): {said}.", model=model, n=readers, said=said)


def _compared(test: TestPart, t: Texts) -> str:
    name = t(test.figure)
    if test.model_value is None or test.readers_mean is None:
        return f"{name}: {t(test.refusal)}"
    values = {"name": name, "one": t.number(test.model_value), "other": t.number(test.readers_mean)}
    if test.difference is None or test.p_holm is None:
        return t("{name} {one} against {other}, no test", **values)
    if test.p_holm >= 1 - test.difference.level:
        verdict = t("no difference shown")
    else:
        verdict = t("the model is higher") if test.difference.value > 0 else t("the model is lower")
    return t(
        "{name} {one} against {other} (difference {difference}, {range}; Holm-adjusted p {p}), {verdict}",
        **values,
        difference=t.number(test.difference.value, signed=True),
        range=t.range(test.difference, signed=True),
        p=t.p(test.p_holm),
        verdict=verdict,
    )


def _limits(to: Builder, report: StudyReport, t: Texts) -> None:
    to.section("limits", t("Limits of these results"))
    said = []
    if report.synthetic:
        said.append(t("The images are synthetic."))
    if any(reader.simulated for reader in report.readers):
        said.append(t("Readers are simulated."))
    if report.reference.readers_made_it:
        said.append(
            t("Readers and reference are not independent: each reader is compared with a majority that he is "
              "part of, the model with one that it is not part of.")
        )  # fmt: skip
    said += [
        t("Intervals are over patients like these; what differs between hospitals, scanners and protocols is "
          "not in them."),
        t("With few patients, or few positive sites, intervals of the bootstrap are too narrow."),
        t("Published figures are of other patients and readers; standing beside these they are no test."),
        t("Outside the tests of the comparison, many figures are shown and none is adjusted."),
    ]  # fmt: skip
    to.items(said)


def _add_checklist(to: Builder, checklist: Checklist, t: Texts) -> None:
    key = f"checklist:{checklist.title}"
    to.appendix(key, t("Checklist {title}", title=checklist.title))
    to.say(
        t("{source}. Item numbers are as published, the wording is shortened; the published list holds.",
          source=t(checklist.source)),
        tone=Tone.NOTE,
    )  # fmt: skip
    rows: list[tuple[str, ...]] = []
    group = ""
    for item in checklist.items:
        if item.group != group:
            group = item.group
            rows.append((t(group),))
        rows.append((item.number, t(item.wording), _place(item, to, t)))
    to.table(
        key, "", [t("Item"), t("What it asks"), t("Where")], rows, widths=(0.6, 4, 3), left=3,
        numbered=False,
    )  # fmt: skip


def _place(item: Item, to: Builder, t: Texts) -> str:
    """'2.4, Table 3', with what is left for the authors."""
    known = [to.places[place] for place in item.places if place in to.places]
    if not known:
        return t(item.rest or AUTHORS)
    named = ", ".join(dict.fromkeys(known))
    return f"{named}. {t(item.rest)}" if item.rest else named

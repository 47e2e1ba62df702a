"""The section Methods of a report: what was done in this study, from its own facts."""

from __future__ import annotations

from collections import Counter

from lss_core.domain import Condition, Level
from lss_core.reports.document import Builder, Tone
from lss_core.reports.statistics import add_statistics
from lss_core.reports.texts import Texts
from lss_core.reports.values import BundleFacts, StudyReport
from lss_core.texts import later

ARMS = {
    "unaided": later("unaided"),
    "aided": later("aided by the model"),
    "with the model": later("with the model"),
    "": later("not stated"),
}
DECISIONS = {
    "majority": later("majority of the panel"),
    "adjudicated": later("word of an adjudicator"),
    "external": later("given from outside the study"),
}


def arm_name(arm: str, t: Texts) -> str:
    """An arm as the report calls it: the usual names translated, others as they are."""
    return t(ARMS.get(arm, arm))


def add_methods(to: Builder, report: StudyReport, t: Texts) -> None:
    """All parts of Methods."""
    to.section("methods", t("Methods"))
    _design(to, report, t)
    _cases(to, report, t)
    _readers(to, report, t)
    _model(to, report, t)
    _reference(to, report, t)
    _units(to, report, t)
    add_statistics(to, report, t)
    _missing(to, report, t)
    _software(to, report, t)


def _design(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("design", t("Design"))
    to.say(
        t(
            "Reader study of diagnostic accuracy: readers ({readers}) and models ({models}) graded the same "
            "MRI studies of the lumbar spine ({cases}) for stenosis of the central canal, the lateral recess "
            "and the neural foramen. Each is compared with a reference standard that was frozen before the "
            "analysis, and the models with the readers.",
            readers=t.count(len(report.readers)),
            models=t.count(len(report.bundles)),
            cases=t.count(max(part.cases for part in report.conditions)),
        )
    )


def _cases(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("cases", t("Cases"))
    if report.synthetic:
        to.say(
            t(
                "All cases are synthetic: images computed from drawn anatomy, not patients. Nothing in this "
                "report says how model or readers do on patients."
            ),
            tone=Tone.WARNING,
        )
    if report.imported is not None:
        first, last = report.imported
        to.say(
            t("Cases were imported from {first} to {last}.", first=t.day(first), last=t.day(last))
            if t.day(first) != t.day(last)
            else t("Cases were imported on {day}.", day=t.day(first))
        )
    said = ", ".join(f"{t(role)}: {t.count(count)}" for role, count in report.series.items())
    to.say(t("Series used, with the number of cases that have them: {series}.", series=said) if said else "")
    to.say(
        t(
            "On import every case got an opaque id; DICOM attributes on an allow list were kept, all "
            "others were dropped. Who was eligible, where and when the patients were examined, and on "
            "which scanners, is not known to the software and is for the authors to add."
        )
    )


def _readers(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("readers", t("Readers"))
    to.say(
        ""
        if report.readers and all(reader.simulated for reader in report.readers)
        else t(
            "Readers graded in the browser, each on his own. The server sent them images and an opaque case "
            "id, but no other reader's grades and no reference, and in an unaided reading no answer of the "
            "model. No grade was preselected. The newest answer of a reader at a site counts."
        )
    )
    rows = [
        (
            reader.name,
            t("simulated") if reader.simulated else t("person"),
            t("yes") if reader.in_panel else t("no"),
            f"{t.count(reader.submitted)} / {t.count(reader.opened)}",
            ", ".join(arm_name(arm, t) for arm in reader.arms),
        )
        for reader in report.readers
    ]
    to.table(
        "tab:readers",
        t("Readers"),
        [
            t("Reader"),
            t("Kind"),
            t("Votes in a majority"),
            t("Cases submitted / opened"),
            t("Reading"),
        ],
        rows,
        widths=(1.5, 1.4, 1.6, 2, 2.4),
        left=5,
        note=t("Experience and training of the readers are for the authors to add."),
    )
    if report.silent:
        to.say(
            t(
                "Members without a single answer among those analysed, left out of all tables and figures: "
                "{n}.",
                n=t.count(report.silent),
            )
        )
    if report.arms and not report.arm:
        to.say(
            t(
                "Readers read in several arms ({arms}); figures of readers are of their newest answers, in "
                "whatever arm, but for those that compare two arms.",
                arms=", ".join(arm_name(arm, t) for arm in report.arms),
            )
        )
    if report.arm:
        to.say(
            t(
                "Readers read in several arms ({arms}); figures of readers are of their answers in the arm "
                "“{arm}”, but for those that compare two arms.",
                arms=", ".join(arm_name(arm, t) for arm in report.arms),
                arm=arm_name(report.arm, t),
            )
        )
    if any(reader.simulated for reader in report.readers):
        to.say(
            t(
                "Simulated readers are drawn by a program from the known truth with bias, noise and "
                "thresholds of their own; they are nobody's readings."
            ),
            tone=Tone.WARNING,
        )


def _model(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("model", t("Model"))
    if not report.bundles:
        to.say(t("No model graded the cases of this study."))
    for bundle in report.bundles:
        _bundle(to, bundle, t)


def _bundle(to: Builder, bundle: BundleFacts, t: Texts) -> None:
    if not bundle.found:
        to.say(
            t("its bundle cannot be read here, so that its card cannot be quoted."),
            lead=f"{bundle.name}: ",
        )
        return
    to.say(f"{bundle.summary} {bundle.intended_use}", lead=f"{bundle.name} ({bundle.made}): ")
    if bundle.training_data:
        data = "; ".join(f"{name}, {licence}" for name, licence in bundle.training_data)
        to.say(t("Training data: {data}.", data=data))
    to.table(
        f"tab:bundle-{bundle.name}",
        t("Networks of {bundle}", bundle=bundle.name),
        [t("Network"), t("Architecture"), t("SHA-256 of the weights")],
        [(name, kind, digest[:16] + "…") for name, kind, digest in bundle.networks],
        widths=(2, 2, 2.4),
        left=3,
        note=t("The card of the bundle states preprocessing, training and measured results in full."),
    )


def _reference(to: Builder, report: StudyReport, t: Texts) -> None:
    own = report.reference
    to.part("reference", t("Reference standard"))
    decided = "; ".join(f"{t(DECISIONS[how])}: {t.count(count)}" for how, count in own.decisions.items())
    to.say(
        t(
            "“{name}”, version {version}, frozen on {at}: grades at sites: {grades} ({decided}).",
            name=t(own.name),
            version=own.version,
            at=t.moment(own.made_at),
            grades=t.count(own.grades),
            decided=decided,
        )
    )
    if own.majority:
        to.say(
            t(
                "A site's reference grade is the grade that more than half of the panel gave it in submitted "
                "reads; where there is none, an adjudicator who is not a reader decides (adjudicators: {n}). "
                "A site with neither is left out.",
                n=report.adjudicators,
            )
        )
    else:
        to.say(t("The grades were given to the software from outside the study; how they were made is for "
                 "the authors to add."))  # fmt: skip
    if own.readers_made_it:
        to.say(
            t(
                "Readers of this study voted for this reference, which favours them against the model and "
                "their agreement with it."
            ),
            tone=Tone.WARNING,
        )
    if own.unreferenced:
        to.say(
            t(
                "Sites that somebody graded but the reference does not have, left out: {n}.",
                n=t.count(own.unreferenced),
            )
        )


def _units(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("unit", t("Unit of analysis and cut-offs"))
    asked = Counter(site.condition for site in report.sites)
    levels = {site.level for site in report.sites}
    to.say(
        t(
            "The unit is the site: a condition at a disc level ({levels}), for the lateral recess and the "
            "foramen on each side, so {central} central, {recess} lateral recess and {foraminal} foraminal "
            "sites a case. Grades are 0 none, 1 mild, 2 moderate, 3 severe. Positive is grade 2 or 3, for "
            "raters and reference alike; the cut-off was fixed in the software before the study. Each "
            "condition is analysed by itself.",
            levels=", ".join(level.label for level in Level if level in levels),
            central=t.count(asked[Condition.CENTRAL]),
            recess=t.count(asked[Condition.LATERAL_RECESS]),
            foraminal=t.count(asked[Condition.FORAMINAL]),
        )
    )


def _missing(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("missing", t("Missing and not gradable"))
    to.say(
        t(
            "A site that a rater called not gradable or did not answer is left out of his figures and "
            "counted in the tables; a site that the reference calls not gradable is left out of all. "
            "Nothing is imputed. Readers who answered fewer than {share} of the units are listed, but "
            "count neither in the mean reader nor in panels and comparisons. A figure that is undefined, "
            "or whose interval is, is shown as such with the reason.",
            share=f"{report.full_share:.0%}",
        )
    )


def _software(to: Builder, report: StudyReport, t: Texts) -> None:
    to.part("software", t("Software, data and repetition"))
    to.say(
        t(
            "Made by the command report of lss_core on {at}. Draws of the bootstrap: {n}, seed {seed}. The "
            "same data, versions and seed give the same numbers.",
            at=t.moment(report.made_at),
            n=t.count(report.resamples),
            seed=report.seed,
        )
    )
    to.say("; ".join(f"{name} {version}" for name, version in report.software) + ".", lead=t("Versions: "))
    to.say(
        t(
            "{digest} (SHA-256 of the table of all ratings and the reference, rows: {rows}; the command "
            "report writes it with --data).",
            digest=report.data_sha256,
            rows=t.count(report.data_rows),
        ),
        lead=t("Data: "),
    )
    to.say(
        t(
            "Answers are stored and never overwritten; each act is in an audit trail. Code, definitions and "
            "their validation come with the software (docs/statistics.md, docs/validation.md)."
        )
    )

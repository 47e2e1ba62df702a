"""The part of a report on a model's probabilities: reliability, scores, and how many sites it graded."""

from __future__ import annotations

from collections.abc import Sequence

from lss_core.reports.document import Builder
from lss_core.reports.draw.reliability import reliability_panels
from lss_core.reports.texts import Texts
from lss_core.reports.values import CalibrationPart, Number, StudyReport

Row = Sequence[str]


def add_calibration(to: Builder, report: StudyReport, t: Texts) -> None:
    """A figure and two tables; nothing where no model has probabilities."""
    parts = [(t(part.condition.label), own) for part in report.conditions for own in part.calibrations]
    if not parts:
        return
    several = len({own.model for _, own in parts}) > 1
    named = [(f"{name}, {own.model}" if several else name, own) for name, own in parts]
    to.part("calibration", t("Calibration and coverage of the model"))
    to.picture(
        "fig:reliability",
        t(
            "Reliability: the model's probability of grade 2 or 3 in ten bins of equal width against the "
            "share that has it in the reference, {level} intervals; the more sites, the larger the point. "
            "Below the dotted line the model says too much.",
            level=f"{report.level:.0%}",
        ),
        _alt(named, t),
        reliability_panels(named, t),
    )
    labels = [label for label, _, _ in parts[0][1].scores]
    to.table(
        "tab:scores",
        t("Scores of the model's probabilities"),
        [t("Score"), *(name for name, _ in named), t("Best")],
        [
            (
                t(label),
                *(_score(own.scores[place][1], t) for _, own in named),
                parts[0][1].scores[place][2],
            )
            for place, label in enumerate(labels)
        ],
        widths=(2.8, *(2.3,) * len(named), 1),
        note=t("The calibration error is above 0 by chance even for a calibrated model. A slope below 1: the "
               "probabilities are too extreme. In the large, below 0: they are too high on the whole."),
    )  # fmt: skip
    to.table(
        "tab:coverage",
        t("Sites with a reference grade, and why the model did not grade some"),
        [t("Sites"), *(name for name, _ in named)],
        _coverage([own for _, own in named], t),
        widths=(2.8, *(2.4,) * len(named)),
        note=t("Curves, scores and bins are of the graded sites alone."),
    )


def _coverage(parts: Sequence[CalibrationPart], t: Texts) -> list[Row]:
    reasons = dict.fromkeys(reason for own in parts for reason, _ in own.others)
    return [
        (t("Graded by the model"), *(_share(own.graded, own.sites, t) for own in parts)),
        *((t(reason), *(_share(dict(own.others).get(reason, 0), own.sites, t) for own in parts))
          for reason in reasons),
        (t("All sites"), *(t.count(own.sites) for own in parts)),
    ]  # fmt: skip


def _share(n: int, of: int, t: Texts) -> str:
    return f"{t.count(n)} ({t.number(100 * n / of, 1)}\u00a0%)" if of else t.count(n)


def _score(number: Number, t: Texts) -> str:
    """'0.083 (0.071 to 0.096)': scores need the third decimal."""
    if number.value is None or number.interval is None:
        return t.figure(number)
    value, low, high = (t.number(end, 3) for end in (number.value, number.interval.low, number.interval.high))
    return t("{value} ({low} to {high})", value=value, low=low, high=high)


def _alt(parts: Sequence[tuple[str, CalibrationPart]], t: Texts) -> str:
    return "; ".join(
        f"{name}: "
        + ", ".join(f"{t.number(one.mean_probability)} → {t.number(one.share)}" for one in own.bins)
        for name, own in parts
    )

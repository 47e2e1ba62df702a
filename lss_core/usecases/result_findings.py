"""What was found, in plain words first and in figures after: for those who read no tables.

Everything is said in the language of the context.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import Condition
from lss_core.stats.mrmc.result import Difference, Fixed
from lss_core.texts import _, ngettext, number, translated
from lss_core.usecases.result_arms import ArmComparison
from lss_core.usecases.result_comparison import Compared, Standalone, standalone_tests
from lss_core.usecases.result_data import Selection, StudyData
from lss_core.usecases.result_differences import difference_text, p_text
from lss_core.usecases.result_times import ReadingTimes


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is found of a model in one condition: a sentence anybody reads, and the figures behind it."""

    condition: Condition
    model: str
    sentence: str
    figures: str


def findings(data: StudyData, selection: Selection) -> tuple[Finding, ...]:
    """The finding of each condition and model, from the tests with random readers and cases."""
    rows = standalone_tests(data, selection)
    found = []
    for condition, model in dict.fromkeys((row.condition, row.model) for row in rows):
        own = {row.figure: row for row in rows if (row.condition, row.model) == (condition, model)}
        sentence, figures = _said(own)
        found.append(Finding(condition=condition, model=model, sentence=sentence, figures=figures))
    return tuple(found)


def _said(own: Mapping[Compared, Standalone]) -> tuple[str, str]:
    rows = [own[Compared.SENSITIVITY], own[Compared.SPECIFICITY]]
    if any(row.model_value is None for row in rows):
        reason = next((text for row in rows for text in row.refusals.values()), "")
        return _("The model and the readers cannot be compared."), translated(reason)
    verdicts = [_verdict(row) for row in rows]
    figures = [_compared(row) for row in rows]
    n = len(rows[0].readers)
    head = ngettext("The model against {n} reader:", "The model against the mean of {n} readers:", n)
    return _plain(*verdicts), f"{head} {figures[0]}; {figures[1]}."


def _plain(found: int | None, spared: int | None) -> str:
    """What a difference in sensitivity and in specificity means; 0 where none is shown, None: no test."""
    if found is None or spared is None:
        return _("The model and the readers are set side by side; there is no test.")
    if found == 0 and spared == 0:
        return _("No difference between the model and the readers is shown.")
    finds = {
        1: _("The model finds more of the stenoses than the readers."),
        -1: _("The model misses more of the stenoses than the readers."),
        0: _("In stenoses found no difference from the readers is shown."),
    }
    spares = {
        1: _("It raises fewer false alarms."),
        -1: _("It raises more false alarms."),
        0: _("In false alarms no difference is shown."),
    }
    return f"{finds[found]} {spares[spared]}"


def _test(row: Standalone) -> tuple[Difference, float] | None:
    """The widest test that could be made, and its p adjusted over the conditions."""
    for fixed in (Fixed.NONE, Fixed.READERS):
        if fixed in row.tests:
            return row.tests[fixed], row.p_holm[fixed]
    return None


def _verdict(row: Standalone) -> int | None:
    """1 where the model is shown to be higher, -1 lower, 0 where neither is; None without a test."""
    tested = _test(row)
    if tested is None:
        return None
    test, p = tested
    return 0 if p >= 1 - test.estimate.level else 1 if test.estimate.value > 0 else -1


def _compared(row: Standalone) -> str:
    tested = _test(row)
    values = {
        "figure": translated(row.figure.label).lower(),
        "model": number(row.model_value or 0.0),
        "readers": number(row.readers_mean or 0.0),
    }
    if tested is None:
        return _("{figure} {model} against {readers}, no test", **values)
    test, p = tested
    values |= {"difference": difference_text(test.estimate, 2), "p": p_text(p)}
    return _("{figure} {model} against {readers}, difference {difference}, p {p}", **values)


def arms_finding(compared: ArmComparison) -> str:
    """What the second arm changed: the test for readers and cases like these, and who got worse."""
    first, second = compared.arms
    readers = len(compared.values)
    worse = ngettext(
        "{n} of {readers} readers is lower in {second}.", "{n} of {readers} readers are lower in {second}.",
        len(compared.worse), readers=readers, second=second,
    )  # fmt: skip
    tested = compared.tests.get(Fixed.NONE) or compared.tests.get(Fixed.READERS)
    if tested is None:
        return worse
    (test,) = tested.differences
    values = {
        "first": first,
        "second": second,
        "figure": translated(compared.figure.label),
        "difference": difference_text(test.estimate, 3),
        "p": p_text(test.p_value),
    }
    if test.p_value >= 1 - test.estimate.level:
        said = _("{figure}, {second} less {first}: {difference}, p {p}. No difference is shown.", **values)
    elif test.estimate.value > 0:
        said = _("{figure}, {second} less {first}: {difference}, p {p}. It is higher in {second}.", **values)
    else:
        said = _("{figure}, {second} less {first}: {difference}, p {p}. It is lower in {second}.", **values)
    return f"{said} {worse}"


def times_finding(times: ReadingTimes) -> str:
    """The median minutes of each arm: of the readers' own medians."""
    medians = ", ".join(f"{arm} {number(minutes, 1)}" for arm, minutes in times.medians.items())
    n = len(times.readers)
    return ngettext(
        "Minutes a case, median of {n} reader: {medians}.",
        "Minutes a case, median of {n} readers' medians: {medians}.",
        n, medians=medians,
    )  # fmt: skip

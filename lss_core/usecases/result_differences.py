"""A model less each reader and the mean reader, for the forest plot; the finding of each condition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lss_core.domain import Estimate, RaterKind
from lss_core.stats.mrmc.result import Fixed
from lss_core.usecases.differences import comparisons
from lss_core.usecases.figures import Figure, Measure
from lss_core.usecases.rater_statistics import Rules
from lss_core.usecases.result_comparison import Compared, Standalone, full_readers, standalone_tests
from lss_core.usecases.result_data import RESAMPLES, SEED, Selection, StudyData, cut, drawn

FOREST = (Measure.SENSITIVITY, Measure.SPECIFICITY, Measure.KAPPA_GRADED)
"""What the forest plot shows; AUCs of a curve and of a hard label are not alike."""


@dataclass(frozen=True, kw_only=True)
class DifferenceRow:
    """A model less a reader, or the mean reader, in one measure; higher favours the model."""

    model: str
    other: str
    measure: Measure
    figure: Figure
    p: float | None = None
    test: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is found of a model in one condition, in one sentence."""

    condition: str
    sentence: str


@lru_cache(maxsize=64)
def difference_rows(
    data: StudyData, selection: Selection, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[DifferenceRow, ...]:
    """Each model less the mean reader and each reader who counts; empty without either."""
    table = cut(data, selection).table
    models = tuple(rater for rater in table.raters if rater.kind is RaterKind.MODEL)
    names = {rater.name for rater in models}
    compared = replace(table, raters=(*models, *full_readers(table)))
    replicates = drawn(table.n_patients, resamples, seed)
    own = comparisons(compared, Rules(), replicates, margin=None)
    rows = []
    for row in own:
        if Measure(row["statistic"]) not in FOREST or row["other"] in names:
            continue
        found = row.get("difference")
        interval = None if found is None else Estimate(**found)
        rows.append(
            DifferenceRow(
                model=row["model"],
                other=row["other"],
                measure=Measure(row["statistic"]),
                figure=Figure(
                    value=None if interval is None else interval.value,
                    interval=interval,
                    refusal=row.get("refusal", ""),
                ),
                p=row.get("p"),
                test=row.get("test", ""),
            )
        )
    return tuple(rows)


def findings(data: StudyData, selection: Selection) -> tuple[Finding, ...]:
    """One sentence for each condition and model, from the tests with random readers and cases."""
    rows = standalone_tests(data, selection)
    keys = dict.fromkeys((row.condition, row.model) for row in rows)
    found = []
    for condition, model in keys:
        own = {row.figure: row for row in rows if (row.condition, row.model) == (condition, model)}
        found.append(Finding(condition=condition.label, sentence=_sentence(model, own)))
    return tuple(found)


def _sentence(model: str, own: dict[Compared, Standalone]) -> str:
    rows = [own[Compared.SENSITIVITY], own[Compared.SPECIFICITY]]
    if any(row.model_value is None or row.readers_mean is None for row in rows):
        reason = next((text for row in rows for text in row.refusals.values()), "a figure is undefined")
        return f"{model} and the readers cannot be compared: {reason}."
    said = [_compared(row) for row in rows]
    return f"{model} against the mean of {len(rows[0].readers)} readers: {said[0]}; {said[1]}."


def _compared(row: Standalone) -> str:
    name = row.figure.label.lower()
    head = f"{name} {row.model_value:.2f} against {row.readers_mean:.2f}"
    test = row.tests.get(Fixed.NONE) or row.tests.get(Fixed.READERS)
    if test is None:
        return f"{head}, no test"
    p = row.p_holm.get(Fixed.NONE, row.p_holm.get(Fixed.READERS, test.p_value))
    if p >= 1 - test.estimate.level:
        verdict = "no difference shown"
    else:
        verdict = "the model is higher" if test.estimate.value > 0 else "the model is lower"
    own = test.estimate
    return f"{head}, difference {difference_text(own, 2)}, Holm-adjusted p {p_text(p)}: {verdict}"


def difference_text(own: Estimate, digits: int) -> str:
    """'+0.05 (-0.01 to +0.11)'; what rounds to 0 has no sign."""
    value, low, high = (
        f"{number + 0.0:+.{digits}f}" if (number := round(end, digits)) else f"{0:.{digits}f}"
        for end in (own.value, own.low, own.high)
    )
    return f"{value} ({low} to {high})"


def p_text(p: float) -> str:
    """'0.034', '<0.001'."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"

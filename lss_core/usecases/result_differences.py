"""A model less each reader and the mean reader, for the forest plot; how differences are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lss_core.domain import Estimate, RaterKind
from lss_core.texts import _, number
from lss_core.usecases.differences import comparisons
from lss_core.usecases.figures import Figure, Measure
from lss_core.usecases.rater_statistics import Rules
from lss_core.usecases.result_comparison import full_readers
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import RESAMPLES, SEED, Selection, StudyData, drawn

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
    own = comparisons(compared, Rules(), replicates, margin=None, measures=FOREST)
    rows = []
    for row in own:
        if row["other"] in names:
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


def difference_text(own: Estimate, digits: int) -> str:
    """'+0.05 (−0.01 to +0.11)' in the language; what rounds to 0 has no sign."""
    value, low, high = (number(end, digits, signed=True) for end in (own.value, own.low, own.high))
    return _("{value} ({low} to {high})", value=value, low=low, high=high)


def p_text(p: float) -> str:
    """'0.034', '<0.001', in the language."""
    return f"<{number(0.001, 3)}" if p < 0.001 else number(p, 3)

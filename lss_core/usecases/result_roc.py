"""What the ROC view shows beyond the figures: the curve's confidence band."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lss_core.domain import RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats.curves import curve_tables
from lss_core.stats.tables import MISSING, encode
from lss_core.usecases.rater_statistics import SCALE, Rules, score_of
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import RESAMPLES, SEED, Selection, StudyData, drawn

GRID = tuple(np.linspace(0, 1, 51).tolist())
"""The false positive rates at which the band is computed."""

ROWS_AT_ONCE = 256
UPPER_END = 1e-9
"""Added to a rate, so that where the curve rises straight up its upper end is read."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """A curve's pointwise interval: sensitivities at false positive rates, percentiles over patients."""

    false_positive_rates: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    method: str = "patient bootstrap, percentile, pointwise"


@lru_cache(maxsize=64)
def roc_bands(
    data: StudyData, selection: Selection, *, resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Band]:
    """The band of each model's curve by its name; none for one patient or one class of the reference.

    The same as `stats.curves.band` at each rate of GRID, from one product of matrices for all of them.
    """
    table = cut(data, selection).table
    truth = encode(table.truth, SCALE)
    known, positive = truth != MISSING, np.isin(truth, Rules().positive)
    if not (positive[known].any() and (~positive[known]).any()):
        return {}
    if table.n_patients < 2:
        return {}  # nothing to resample
    replicates = drawn(table.n_patients, resamples, seed)
    tails = np.array([1 - replicates.level, 1 + replicates.level]) / 2
    grid, found = np.array(GRID) + UPPER_END, {}
    for rater in table.raters:
        if rater.kind is not RaterKind.MODEL or not rater.has_curve:
            continue
        scores = score_of(rater, Rules())[known]
        if np.isnan(scores).all():
            continue
        curve = curve_tables(scores, positive[known], table.patients[known], n_patients=table.n_patients)
        heights = []
        for start in range(0, len(replicates.counts), ROWS_AT_ONCE):
            x, y = curve.rates(replicates.counts[start : start + ROWS_AT_ONCE])
            heights += [np.interp(grid, own, sens) for own, sens in zip(x, y, strict=True)]
        try:
            low, high = np.nanquantile(np.array(heights), tails, axis=0)
        except ValueError as error:
            raise StatisticsError("ROC band", reason=str(error), remedy="Add cases") from error
        found[rater.name] = Band(
            false_positive_rates=GRID, low=tuple(low.tolist()), high=tuple(high.tolist())
        )
    return found

"""How good a model's probabilities are, and at how many sites it gives any, for the ROC view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lss_core.domain import NotGradable
from lss_core.errors import StatisticsError
from lss_core.stats import probabilities
from lss_core.stats.probabilities import Flags, ReliabilityBin
from lss_core.stats.resample import Array, Resamples
from lss_core.stats.tables import MISSING, Codes, encode
from lss_core.texts import later
from lss_core.usecases.analysis import RatingTable, figure_of
from lss_core.usecases.figures import Figure
from lss_core.usecases.rater_statistics import (
    SCALE,
    RaterColumn,
    Rules,
    forecasts,
    probability_statistics,
)
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import RESAMPLES, SEED, Selection, StudyData, Unit, drawn

NO_ANSWER = later("No answer of the model")
NOT_GRADABLE = later("Not gradable")
SCORES = {
    "ranked_probability_score": (later("Ranked probability score, four grades"), "0"),
    "brier_score": (later("Brier score, grade 2 or 3"), "0"),
    "expected_calibration_error": (later("Calibration error, ten bins"), "0"),
    "slope": (later("Calibration slope"), "1"),
    "in_the_large": (later("Calibration in the large"), "0"),
}
"""The scores by their names in `analyse`: how the page calls them, and what the best value is."""

FITTED = ("slope", "in_the_large")
"""What the page shows of the logistic recalibration."""


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """At how many of the `sites` with a reference grade the model gave one, and why not at the others."""

    sites: int
    graded: int
    others: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class ModelCalibration:
    """A model's probability of grade 2 or 3 against the share observed, its scores, and its coverage.

    `scores` are by the names of `analyse`: ranked_probability_score, brier_score,
    expected_calibration_error, slope, in_the_large.
    """

    model: str
    bins: tuple[ReliabilityBin, ...]
    scores: Mapping[str, Figure]
    coverage: Coverage


@lru_cache(maxsize=64)
def calibrations(
    data: StudyData, selection: Selection, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[ModelCalibration, ...]:
    """Of each model with probabilities at the sites of the selection; none where the unit is not the site.

    A worst site has no four probabilities. Raises StatisticsError where the reference has no such site.
    """
    if selection.unit is not Unit.SITE:
        return ()
    own = cut(data, selection)
    replicates, places = drawn(own.table.n_patients, resamples, seed), np.flatnonzero(own.members >= 0)
    nothing = (None,) * len(data.sites)
    return tuple(
        _calibration(rater, own.table, replicates, [data.reasons.get(rater.name, nothing)[i] for i in places])
        for rater in own.table.raters
        if rater.probabilities is not None and not np.isnan(rater.probabilities).all()
    )


def _calibration(
    rater: RaterColumn, table: RatingTable, replicates: Resamples, reasons: Sequence[NotGradable | None]
) -> ModelCalibration:
    truth, patients, n, rules = encode(table.truth, SCALE), table.patients, table.n_patients, Rules()
    asked = probability_statistics(rater, truth, patients, n_patients=n, rules=rules)
    forecast = forecasts(rater, truth, patients, rules)
    scores = {name: figure_of(statistic, replicates) for name, statistic in asked.items()}
    return ModelCalibration(
        model=rater.name,
        bins=probabilities.reliability(*forecast, n_patients=n),
        scores=scores | _fitted(forecast, n),
        coverage=_coverage(rater, truth != MISSING, reasons),
    )


def _fitted(forecast: tuple[Flags, Array, Codes], n_patients: int) -> dict[str, Figure]:
    """Slope and intercept of the logistic recalibration, or why there is none."""
    try:
        fit = probabilities.calibration(*forecast, n_patients=n_patients)
    except StatisticsError as refusal:
        return dict.fromkeys(FITTED, Figure(refusal=refusal.reason))
    own = {name: getattr(fit, name) for name in FITTED}
    return {name: Figure(value=estimate.value, interval=estimate) for name, estimate in own.items()}


def _coverage(rater: RaterColumn, known: Flags, reasons: Sequence[NotGradable | None]) -> Coverage:
    """What became of the units with a reference; the reason named most often first."""
    left = Counter[str]()
    for place in np.flatnonzero(known & np.isnan(rater.grades)).tolist():
        reason = reasons[place]
        left[reason.label if reason else NOT_GRADABLE if rater.refused[place] else NO_ANSWER] += 1
    sites = int(known.sum())
    return Coverage(sites=sites, graded=sites - left.total(), others=tuple(left.most_common()))

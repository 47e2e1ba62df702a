"""What the missing and not gradable answers of each rater could change, for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lss_core.domain import RaterKind
from lss_core.stats.tables import MISSING, encode
from lss_core.stats.units import Bounds
from lss_core.usecases.figures import Measure
from lss_core.usecases.missing import bounds_of
from lss_core.usecases.rater_statistics import SCALE, Rules
from lss_core.usecases.result_comparison import full_readers
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import Selection, StudyData

SHOWN = (
    Measure.SENSITIVITY,
    Measure.SPECIFICITY,
    Measure.AUC,
    Measure.KAPPA_BINARY,
    Measure.KAPPA_GRADED,
)


@dataclass(frozen=True, kw_only=True)
class MissingRow:
    """A rater who has not graded `missing` units: each figure were all of those wrong, and right."""

    name: str
    missing: int
    bounds: Mapping[Measure, Bounds | str]


@lru_cache(maxsize=64)
def missing_rows(data: StudyData, selection: Selection) -> tuple[MissingRow, ...]:
    """The models and the readers who count and have left units without a grade."""
    table = cut(data, selection).table
    models = [rater for rater in table.raters if rater.kind is RaterKind.MODEL]
    found = []
    for rater in (*models, *full_readers(table)):
        truth = encode(table.truth, SCALE) if rater.truth is None else rater.truth
        missing = int(np.sum((truth != MISSING) & np.isnan(rater.grades)))
        if missing:
            bounds = bounds_of(
                rater, truth, table.patients, n_patients=table.n_patients, rules=Rules(), measures=SHOWN
            )
            found.append(MissingRow(name=rater.name, missing=missing, bounds=bounds))
    return tuple(found)

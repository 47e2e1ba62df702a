"""Several hypotheses at once, such as the same one in three conditions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lss_core.errors import StatisticsError


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values that hold the family's error rate: Holm 1979, Scand J Stat 6:65.

    The k-th smallest of m is multiplied by m - k + 1; none is below one before it. Equals statsmodels'
    multipletests(method='holm'). Raises StatisticsError for a value outside 0 to 1, or none at all.
    """
    values = _checked(p_values)
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return tuple(adjusted.tolist())


def gatekeeping(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values of hypotheses tested in the order given, each only where those before it fell.

    Each is the largest up to and with itself, so a fixed sequence needs no share of alpha: Maurer,
    Hothorn and Lehmacher 1995. Raises StatisticsError as `holm` does.
    """
    return tuple(np.maximum.accumulate(_checked(p_values)).tolist())


def _checked(p_values: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = np.array(p_values, dtype=np.float64)
    if not len(values) or not np.all((values >= 0) & (values <= 1)):
        reason = "p-values are numbers from 0 to 1, one or more"
        raise StatisticsError("multiplicity", reason=reason, remedy="Check them")
    return values

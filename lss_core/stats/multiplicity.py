"""Several hypotheses at once: adjusted p-values, one for each hypothesis, in the order given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lss_core.errors import StatisticsError


def bonferroni(p: Sequence[float]) -> tuple[float, ...]:
    """min(1, m p)."""
    _check(p)
    return tuple(min(1.0, len(p) * each) for each in p)


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down: the running maximum of (m - i) p over the ordered p, i from 0; at most 1.

    Holds the family-wise error under any dependence. Holm 1979, Scand J Stat 6:65. As in statsmodels.
    """
    _check(p)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * np.asarray(p, np.float64)[order])
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1.0)
    return tuple(adjusted.tolist())


def fixed_sequence(p: Sequence[float]) -> tuple[float, ...]:
    """Hypotheses tested in the order given, each only if all before it are shown: the running maximum.

    Maurer, Hothorn and Lehmacher 1995.
    """
    _check(p)
    return tuple(np.maximum.accumulate(np.asarray(p, np.float64)).tolist())


def serial_gatekeeping(families: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """Families in order, each a gate: the next is tested only when all of this one are shown.

    Within a family Holm; an adjusted p is no smaller than the largest of the family before. Westfall and
    Krishen 2001, J Stat Plan Inference 99:25. With one hypothesis a family it is the fixed sequence.
    """
    gate, adjusted = 0.0, []
    for family in families:
        own = tuple(max(gate, each) for each in holm(family))
        adjusted.append(own)
        gate = max(own)
    return tuple(adjusted)


def parallel_gatekeeping(
    first: Sequence[float], then: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Two families; the second is tested when any of the first is shown, at the level won there.

    Bonferroni in the first, each shown hypothesis passing on its share of the level to Holm in the
    second: the Bonferroni-Holm case of Dmitrienko, Offen and Westfall 2003, Stat Med 22:2387. The
    adjusted p of the second is the least level at which it is shown.
    """
    opened = bonferroni(first)
    within = np.asarray(holm(then))
    levels = np.sort(np.asarray(opened))
    won = np.arange(1, len(levels) + 1) / len(levels)
    least = np.min(np.maximum(levels[None, :], within[:, None] / won[None, :]), axis=1)
    return opened, tuple(np.minimum(least, 1.0).tolist())


def _check(p: Sequence[float]) -> None:
    if not len(p) or not all(0 <= each <= 1 for each in p):
        raise StatisticsError(
            "multiplicity",
            reason="it needs one p-value or more, each between 0 and 1",
            remedy="Leave out hypotheses without a test",
        )

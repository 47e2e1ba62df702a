"""Sums over pairs of readers' results whose cases have no patient in common (U-statistics).

The figure of a cell (a reader in a modality) is won / weight. For an AUC, won adds up W(i, j), the pairs
that positive cases of patient i win over negative cases of patient j, and weight the numbers of such
pairs; for sensitivity and specificity it adds up W(i), the patient's right calls. With c(p) what W holds
of patient p in either role, the sum of products of two cells over terms without a common patient is

    sum W sum V - sum_p c_W(p) c_V(p) + sum_{i /= j} W(i, j) (V(i, j) + V(j, i)),

which needs no loop over quadruples. With one case a patient it is the sum behind Gallas' eighth moment
(2006, Acad Radiol 13:353; 2009, Commun Stat A 38:2586). Where a patient has positive and negative cases,
W(i, i) is won within him, which is as a rule likelier than between patients: terms within and between are
then averaged apart and put together again in the shares they have in the figure.

Products are taken of won - figure weight, centred. Where all have read the same it makes no difference. In
other designs the uncentred products of iMRMC leave the variance at the mercy of the figures' level (it is
not the same for AUC and 1 - AUC, and in simulations with 6 % of scores missing it came out below 0 in one
study of ten); centred ones are as unbiased and vary much less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.study import Cell, Measure, Metric, ReaderStudy
from lss_core.stats.resample import Array, ratio
from lss_core.stats.roc import Flags, concordance
from lss_core.stats.tables import Codes

BLOCK = 2**22
"""How many numbers of the patients x patients matrices are held at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """What is added up of each cell.

    `first` and `second` (cells, patients) hold W by the patient in the first role (the positive cases of
    an AUC) and in the second (its negative ones), `within` (cells, patients) is W(i, i). `pairs` (cells,
    cells) adds W(i, j) V(i, j) over i /= j, `crossed` W(i, j) V(j, i).
    """

    first: Array
    second: Array
    within: Array
    pairs: Array
    crossed: Array

    @cached_property
    def kinds(self) -> Array:
        """Totals within patients and between them: (2, cells)."""
        inside = self.within.sum(axis=1)
        return np.stack([inside, self.first.sum(axis=1) - inside])

    @cached_property
    def total(self) -> Array:
        """All that is added up: (cells,)."""
        return np.asarray(self.kinds.sum(axis=0))

    @cached_property
    def involved(self) -> Array:
        """What W holds of each patient in either role: (cells, patients)."""
        return np.asarray(self.first + self.second - self.within)

    @cached_property
    def disjoint(self) -> Array:
        """Products over pairs of terms without a common patient, by kind: (2, 2, cells, cells)."""
        parts = (self.within, self.involved - self.within)
        found = np.array(
            [
                [np.outer(self.kinds[a], self.kinds[b]) - parts[a] @ parts[b].T for b in range(2)]
                for a in range(2)
            ]
        )
        found[1, 1] += self.pairs + self.crossed
        return found

    def take(self, cells: slice) -> Sums:
        """The sums of some of the cells."""
        return Sums(
            first=self.first[cells],
            second=self.second[cells],
            within=self.within[cells],
            pairs=self.pairs[cells, cells],
            crossed=self.crossed[cells, cells],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Kernels:
    """The cells of a study; `sums` holds what each has won, then how much there was to win."""

    cells: tuple[Cell, ...]
    sums: Sums

    @cached_property
    def won(self) -> Sums:
        """What was won."""
        return self.sums.take(slice(None, len(self.cells)))

    @cached_property
    def weight(self) -> Sums:
        """How much there was to win."""
        return self.sums.take(slice(len(self.cells), None))

    @cached_property
    def figures(self) -> Array:
        """The figure of each cell: (cells,)."""
        return np.asarray(self.won.total / self.weight.total)

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the cells' figures over patients: (cells, cells).

        Less the mean product of centred terms without a common patient, since the product of the
        figures, so centred, is 0. Raises StatisticsError where there are no such terms.
        """
        shares = self.weight.kinds / self.weight.total
        weights = np.einsum("ac,bd->abcd", shares, shares)
        centred = self._centred(self.figures[:, None], self.figures)
        return np.asarray(-_mixed(centred, self.weight.disjoint, weights))

    def apart(
        self, rows: Codes, columns: Codes, chosen: Flags, centres: tuple[float, float] = (0.0, 0.0)
    ) -> float:
        """The mean product of terms of the cells `rows` and `columns`, where `chosen`, (rows, columns),
        without a common patient, less their centres. Raises StatisticsError where there is no such term.
        """
        where = (slice(None), slice(None), rows[:, None], columns[None, :])
        won, weight = (
            np.where(chosen, products[where], 0).sum(axis=(2, 3))
            for products in (self._centred(*centres), self.weight.disjoint)
        )
        shares = [self.weight.kinds[:, cells].sum(axis=1) for cells in (rows, columns)]
        weights = np.outer(*(share / share.sum() for share in shares))
        return float(_mixed(won, weight, weights))

    def _centred(self, first: Array | float, second: Array | float) -> Array:
        """Products of won - centre weight without a common patient, by kind: (2, 2, cells, cells)."""
        n, products = len(self.cells), self.sums.disjoint
        level = first * products[:, :, n:, :n] + products[:, :, :n, n:] * second
        return np.asarray(products[:, :, :n, :n] - level + first * second * products[:, :, n:, n:])


def _mixed(won: Array, weight: Array, shares: Array) -> Array:
    """Mean products within and between patients, (2, 2, ...), put together in their shares."""
    means = np.where(shares > 0, ratio(won, weight), 0)
    if np.isnan(means).any():
        reason = "too few readers or patients: no two results come from different readers and patients"
        raise StatisticsError("U-statistic variance", reason=reason, remedy="Add readers or cases")
    return np.asarray((shares * means).sum(axis=(0, 1)))


def kernels_of(study: ReaderStudy, measure: Measure, cells: Sequence[Cell]) -> Kernels:
    """The sums of the cells, of the cases that each has read.

    Raises StatisticsError for kappa, which is no such average, and for a cell without a case to judge.
    """
    if measure.metric is Metric.KAPPA:
        reason = "kappa is not an average over cases"
        raise StatisticsError("U-statistics", reason=reason, remedy="Use or or dbm for kappa")
    sums = (_pairs if measure.metric is Metric.AUC else _calls)(study, measure, cells)
    found = Kernels(cells=tuple(cells), sums=sums)
    for cell, total in zip(cells, found.weight.total, strict=True):
        if total == 0:
            name = f"reader {study.readers[cell[1]]}, modality {study.modalities[cell[0]]}"
            needed = {Metric.AUC: "positive case and a negative one", Metric.SENSITIVITY: "positive case"}
            reason = f"has not read a {needed.get(measure.metric, 'negative case')}"
            raise StatisticsError(name, reason=reason, remedy="Add such cases or leave the reader out")
    return found


def _calls(study: ReaderStudy, measure: Measure, cells: Sequence[Cell]) -> Sums:
    wanted = measure.metric is Metric.SENSITIVITY
    judged, right = (np.zeros((len(cells), study.n_patients)) for _ in range(2))
    for row, cell in enumerate(cells):
        kept = study.read[cell] & (study.positive == wanted)
        called = study.scores[cell][kept] >= measure.threshold
        np.add.at(judged[row], study.patients[kept], 1)
        np.add.at(right[row], study.patients[kept], called == wanted)
    return _single(np.concatenate([right, judged]))


def _single(values: Array) -> Sums:
    """One patient a term: he has one role, so his own sum is counted once by involved."""
    nothing = np.zeros((len(values), len(values)))
    return Sums(
        first=values,
        second=np.zeros_like(values),
        within=np.zeros_like(values),
        pairs=nothing,
        crossed=nothing,
    )


def _pairs(study: ReaderStudy, measure: Measure, cells: Sequence[Cell]) -> Sums:
    n, found = study.n_patients, []
    for cell in cells:
        kept = study.read[cell]
        found.append(
            concordance(study.scores[cell][kept], study.positive[kept], study.patients[kept], n_patients=n)
        )
    counts = [one.positives.sum(axis=1, keepdims=True) for one in found]
    others = [one.negatives[:, None] for one in found]
    return _outer_sums(
        [*(one.positives for one in found), *counts], [*(one.beaten for one in found), *others]
    )


def _outer_sums(lefts: Sequence[Array], rights: Sequence[Array]) -> Sums:
    """Sums of the matrices W = left right', block by block of their rows; left is (patients, k)."""
    cells = len(lefts)
    rows = np.flatnonzero(np.any([left.any(axis=1) for left in lefts], axis=0))
    columns = np.flatnonzero(np.any([right.any(axis=1) for right in rights], axis=0))
    mixed = np.intersect1d(rows, columns)
    pairs, crossed = np.zeros((cells, cells)), np.zeros((cells, cells))
    step = max(1, BLOCK // max(1, cells * len(columns)))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        pairs += _inner(lefts, rights, block, columns, across=False)
    for start in range(0, len(mixed), step):
        crossed += _inner(lefts, rights, mixed[start : start + step], mixed, across=True)
    both = list(zip(lefts, rights, strict=True))
    return Sums(
        first=np.stack([left @ right.sum(axis=0) for left, right in both]),
        second=np.stack([right @ left.sum(axis=0) for left, right in both]),
        within=np.stack([np.einsum("pk,pk->p", left, right) for left, right in both]),
        pairs=pairs,
        crossed=crossed,
    )


def _inner(
    lefts: Sequence[Array], rights: Sequence[Array], rows: Codes, columns: Codes, *, across: bool
) -> Array:
    """Sums over i in rows, j in columns, i /= j, of W(i, j) V(i, j), or of W(i, j) V(j, i)."""
    apart = rows[:, None] != columns[None, :]
    here = [
        (left[rows] @ right[columns].T * apart).ravel() for left, right in zip(lefts, rights, strict=True)
    ]
    if not across:
        flat = np.stack(here)
        return np.asarray(flat @ flat.T)
    there = [
        ((right[rows] @ left[columns].T) * apart).ravel() for left, right in zip(lefts, rights, strict=True)
    ]
    return np.asarray(np.stack(here) @ np.stack(there).T)

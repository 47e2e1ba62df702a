"""Gallas' one-shot analysis by U-statistics, for any design: who read what is free.

The mean figure of a modality is the figure of all its readers' terms together (pairs of cases for an
AUC), so a reader who read more counts more; where all read the same cases it is the mean of their
figures. The covariance of two such figures A and B over random readers and patients is A B less the mean
product of their terms that share neither reader nor patient, given the design. Gallas 2006, Acad Radiol
13:353; Gallas, Pennello and Myers 2007, JOSA A 24:B70; Gallas and Brown 2008, Neural Netw 21:387; Gallas,
Bandos, Samuelson and Wagner 2009, Commun Stat A 38:2586. As iMRMC where all have read all; elsewhere terms
are centred, and terms that share a patient in any role are left out (`kernels`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Errors
from lss_core.stats.mrmc.kernels import Kernels, Sums, kernels_of
from lss_core.stats.mrmc.result import (
    NO_VARIANCE,
    Analysis,
    Difference,
    Fixed,
    Mean,
    cellwise,
    difference,
    mean,
)
from lss_core.stats.mrmc.study import Measure, Metric, ReaderStudy
from lss_core.stats.resample import Array, ratio
from lss_core.stats.roc import Flags
from lss_core.stats.tables import Codes

METHOD = "one-shot U-statistics (Gallas)"
REPLACED = "the unbiased variance is not above 0; the sum of the readers' and patients' parts stands in"


def u_statistics(
    study: ReaderStudy, measure: Measure, *, fixed: Fixed = Fixed.NONE, level: float = 0.95
) -> Analysis:
    """The analysis of any design, all pairs of modalities compared.

    t has Satterthwaite's df over readers, negative and positive patients (one term for all patients
    where one may have both), never fewer than the least of these; normal with fixed readers. Raises
    StatisticsError for kappa, where a modality has too few readers or patients, and where two modalities
    do not differ in any reader or patient.
    """
    cells = [cell for i in range(len(study.modalities)) for cell in study.readers_of(i)]
    kernels = kernels_of(study, measure, cells)
    groups = [Group.of(kernels, i, study.modalities[i]) for i in range(len(study.modalities))]
    spread = Spread(study=study, measure=measure, kernels=kernels, fixed=fixed)
    n = len(study.cases)
    means = [_mean(spread, group, level, n) for group in groups]
    differences = [compare(spread, *pair, level=level, n=n) for pair in combinations(groups, 2)]
    return Analysis(
        method=METHOD,
        variance="unbiased",
        fixed=fixed,
        measure=measure,
        level=level,
        cases=n,
        patients=study.n_patients,
        readers=len({reader for _, reader in cells}),
        figures=cellwise(study, measure, cells, errors_from(study, kernels), level=level),
        means=tuple(one for one, _ in means),
        differences=tuple(one for one, _ in differences),
        overall=None,
        components=_moments(study, measure, kernels, groups),
        notes=tuple(note for _, notes in (*means, *differences) for note in notes),
    )


def errors_from(study: ReaderStudy, kernels: Kernels) -> Errors:
    """The cells' figures with their unbiased covariance."""
    units = tuple(int(study.read[cell].sum()) for cell in kernels.cells)
    return Errors(figures=kernels.figures, covariance=kernels.covariance, units=units, how="unbiased")


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """The cells of one modality. A `lone` one is a model: one reader who is no sample of readers."""

    name: str
    cells: Codes
    figure: float
    weight: float
    lone: bool = False

    @classmethod
    def of(cls, kernels: Kernels, modality: int, name: str, *, lone: bool = False) -> Group:
        """The group of a modality. Raises StatisticsError where nobody has read in it."""
        cells = np.flatnonzero([cell[0] == modality for cell in kernels.cells])
        if not len(cells):
            raise StatisticsError(f"modality {name}", reason="it has no score", remedy="Add scores")
        weight = float(kernels.weight.total[cells].sum())
        figure = float(kernels.won.total[cells].sum()) / weight
        return cls(name=name, cells=cells, figure=figure, weight=weight, lone=lone)


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """The variance of a figure, its df, and what must be said of it."""

    variance: float
    df: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """The variances of the groups' figures for what is random in the study."""

    study: ReaderStudy
    measure: Measure
    kernels: Kernels
    fixed: Fixed

    def covariance(self, one: Group, other: Group) -> float:
        """Of two groups' figures, or the variance of one with itself.

        Raises StatisticsError where there are no terms that share neither reader nor patient.
        """
        if self.fixed is Fixed.READERS or one.lone or other.lone:
            if self.fixed is Fixed.CASES:
                return 0.0
            total = self.kernels.weight.total
            between = self.kernels.covariance[np.ix_(one.cells, other.cells)]
            return float(total[one.cells] @ between @ total[other.cells]) / (one.weight * other.weight)
        apart = self._different_readers(one, other)
        if self.fixed is Fixed.NONE:
            centres = one.figure, other.figure
            return -self.kernels.apart(one.cells, other.cells, apart, centres)
        won, weight = self.kernels.won.total, self.kernels.weight.total
        mine, yours = (won[group.cells] - group.figure * weight[group.cells] for group in (one, other))
        among = np.outer(weight[one.cells], weight[other.cells])[apart].sum()
        return -float(np.outer(mine, yours)[apart].sum() / among)

    def _different_readers(self, one: Group, other: Group) -> Flags:
        readers = np.array([reader for _, reader in self.kernels.cells])
        apart = readers[one.cells][:, None] != readers[other.cells][None, :]
        if not apart.any():
            who = one.name if one is other else f"{one.name} and {other.name}"
            reason = "it has one reader, and random readers need two or more"
            raise StatisticsError(
                f"modality {who}", reason=reason, remedy="Add readers, or take them as fixed"
            )
        return np.asarray(apart)

    def of(self, groups: tuple[Group, ...]) -> Uncertainty:
        """The variance of a group's figure, or of the difference of two, with Satterthwaite's df.

        df = variance^2 / sum (part^2 / df) over what is random. A part is n / (n - 1) sum u^2 with u the
        influence of each reader or patient on the figure, n = 1 / sum (share of the weight)^2 their
        effective number, and df = n - 1. A variance that is not above 0 gives way to the sum of the
        parts, which never is below, and a note says so.
        """
        one, other = groups[0], groups[-1]
        variance = self.covariance(one, one)
        if one is not other:
            variance += self.covariance(other, other) - 2 * self.covariance(one, other)
        parts = self._parts(groups)
        notes: tuple[str, ...] = ()
        if not variance > NO_VARIANCE:
            variance = sum(part for part, _ in parts)
            notes = (f"{' - '.join(group.name for group in groups)}: {REPLACED}",)
        if self.fixed is Fixed.READERS:
            return Uncertainty(variance=variance, df=float("inf"), notes=notes)
        least, below = min(df for _, df in parts), sum(part**2 / df for part, df in parts)
        df = max(variance**2 / below, least) if below > 0 else least
        return Uncertainty(variance=variance, df=df, notes=notes)

    def _parts(self, groups: tuple[Group, ...]) -> list[tuple[float, float]]:
        readers = np.zeros((len(groups), len(self.study.readers)))
        weights = np.zeros_like(readers)
        for row, group in enumerate(groups):
            for cell in () if group.lone else group.cells:
                place = self.kernels.cells[cell][1]
                readers[row, place] = self.kernels.won.total[cell]
                weights[row, place] = self.kernels.weight.total[cell]
        found = [] if self.fixed is Fixed.READERS else [_part(groups, readers, weights)]
        if self.fixed is not Fixed.CASES:
            for role in self._roles():
                won, weight = (
                    np.stack([_of_role(sums, role)[group.cells].sum(axis=0) for group in groups])
                    for sums in (self.kernels.won, self.kernels.weight)
                )
                found.append(_part(groups, won, weight))
        return found

    def _roles(self) -> tuple[str, ...]:
        if self.measure.metric is not Metric.AUC:
            return ("first",)
        sums = self.kernels.weight
        both = np.any((sums.first.sum(axis=0) > 0) & (sums.second.sum(axis=0) > 0))
        return ("involved",) if both else ("second", "first")


def compare(
    spread: Spread, one: Group, other: Group, *, level: float, n: int
) -> tuple[Difference, tuple[str, ...]]:
    """The difference of two groups' figures, and notes. Raises StatisticsError where nothing varies."""
    found, value = spread.of((one, other)), one.figure - other.figure
    return (
        difference(one.name, other.name, value, found.variance, found.df, level=level, n=n),
        found.notes,
    )


def _of_role(sums: Sums, role: str) -> Array:
    return {"first": sums.first, "second": sums.second, "involved": sums.involved}[role]


def _part(groups: tuple[Group, ...], won: Array, weight: Array) -> tuple[float, float]:
    """A source's share of the variance and its df; won and weight are (groups, readers or patients)."""
    influence, numbers = np.zeros(won.shape[1]), []
    for sign, group, mine, size in zip((1, -1), groups, won, weight, strict=False):
        influence += sign * (mine - group.figure * size) / group.weight
        if size.any():
            numbers.append(float(size.sum() ** 2 / np.sum(size**2)))
    n = min(numbers)
    return n / (n - 1) * float(np.sum(influence**2)), n - 1


def _mean(spread: Spread, group: Group, level: float, n: int) -> tuple[Mean, tuple[str, ...]]:
    found = spread.of((group,))
    one = mean(group.name, group.figure, found.variance, found.df, measure=spread.measure, level=level, n=n)
    return one, found.notes


def _moments(study: ReaderStudy, measure: Measure, kernels: Kernels, groups: list[Group]) -> dict[str, float]:
    """Gallas' eight moments of an AUC with one case a patient, 'M1[A, B]' for each pair of modalities.

    M1 to M4 are mean products of terms of the same reader with the same pair of cases, the same
    positive case only, the same negative only, and neither; M5 to M8 likewise of different readers. A
    moment of which the design has no term is left out.
    """
    if measure.metric is not Metric.AUC or study.clustered:
        return {}
    readers = np.array([reader for _, reader in kernels.cells])
    found = {}
    for one, other in [(g, g) for g in groups] + list(combinations(groups, 2)):
        same = readers[one.cells][:, None] == readers[other.cells][None, :]
        for first, who in ((1, same), (5, ~same)):
            parts = zip(_quadruples(kernels.won), _quadruples(kernels.weight), strict=True)
            for place, (won, weight) in enumerate(parts, start=first):
                chosen = np.ix_(one.cells, other.cells)
                value = ratio(won[chosen][who].sum(), weight[chosen][who].sum())
                if not np.isnan(value):
                    found[f"M{place}[{one.name}, {other.name}]"] = float(value)
    return found


def _quadruples(sums: Sums) -> tuple[Array, ...]:
    positive = sums.first @ sums.first.T - sums.pairs
    negative = sums.second @ sums.second.T - sums.pairs
    return sums.pairs, positive, negative, sums.disjoint[1, 1]

"""Agreement of all raters with each other: kappa of each pair, and coefficients of the readers' panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import combinations

import numpy as np

from lss_core.domain import RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats import agreement, binary, rates
from lss_core.stats.agreement import Metric, Weighting
from lss_core.stats.panels import Coefficient, panel_agreement
from lss_core.stats.ranks import kendall_w
from lss_core.stats.resample import Resamples, Statistic
from lss_core.stats.tables import (
    MISSING,
    Codes,
    Tables,
    coincidence_tables,
    confusion_tables,
    dichotomised,
    encode,
    vote_counts,
)
from lss_core.texts import later
from lss_core.usecases.analysis import RatingTable, figure_of
from lss_core.usecases.figures import FULL_READER, Figure
from lss_core.usecases.rater_statistics import POSITIVE, SCALE
from lss_core.usecases.result_cut import cut
from lss_core.usecases.result_data import RESAMPLES, SEED, Selection, StudyData, drawn

REFERENCE = later("Reference")


ALPHAS = {
    Metric.NOMINAL: later("Krippendorff's alpha, nominal"),
    Metric.ORDINAL: later("Krippendorff's alpha, ordinal"),
    Metric.INTERVAL: later("Krippendorff's alpha, interval"),
}


class Weights(StrEnum):
    """Which kappa is shown."""

    QUADRATIC = "quadratic"
    LINEAR = "linear"
    UNWEIGHTED = "unweighted"
    BINARY = "binary"

    @property
    def label(self) -> str:
        """The kappa in words."""
        return {
            Weights.QUADRATIC: later("four grades, quadratic weights"),
            Weights.LINEAR: later("four grades, linear weights"),
            Weights.UNWEIGHTED: later("four grades, unweighted"),
            Weights.BINARY: later("binary (grades 0-1 against 2-3)"),
        }[self]

    def kappa(self, tables: Tables) -> Statistic:
        """The kappa of confusion tables of the four grades."""
        if self is Weights.BINARY:
            return agreement.cohen(dichotomised(tables, POSITIVE))
        weighting = Weighting.PLAIN if self is Weights.UNWEIGHTED else Weighting(self.value)
        return agreement.cohen(tables, weighting)


@dataclass(frozen=True, kw_only=True)
class PairAgreement:
    """Two raters: their kappa, over `n` units, and what bears on it; None where undefined."""

    one: str
    other: str
    n: int
    kappa: Figure
    exact: float | None
    prevalence: float | None
    bias: float | None


@dataclass(frozen=True, kw_only=True)
class AgreementMatrix:
    """The kappa of each two raters; `names` are the reference, models, readers."""

    weights: Weights
    names: tuple[str, ...]
    pairs: Mapping[tuple[str, str], PairAgreement]


@lru_cache(maxsize=64)
def agreement_matrix(
    data: StudyData,
    selection: Selection,
    weights: Weights,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> AgreementMatrix:
    """Cohen's kappa of each two raters and of each with the reference, with intervals over patients."""
    table = cut(data, selection).table
    replicates = drawn(table.n_patients, resamples, seed)
    codes, own_truth = _codes(table), {rater.name: rater.truth for rater in table.raters}
    pairs = {}
    for one, other in combinations(codes, 2):
        truth = own_truth.get(other) if one == REFERENCE else None
        tables = confusion_tables(
            codes[one] if truth is None else truth,
            codes[other],
            table.patients,
            grades=len(SCALE),
            n_patients=table.n_patients,
        )
        folded = dichotomised(tables, POSITIVE)
        pairs[one, other] = PairAgreement(
            one=one,
            other=other,
            n=int(tables.total.sum()),
            kappa=figure_of(weights.kappa(tables), replicates),
            exact=_value(rates.accuracy(tables)),
            prevalence=_value(binary.prevalence_index(folded)),
            bias=_value(binary.bias_index(folded)),
        )
    return AgreementMatrix(weights=weights, names=tuple(codes), pairs=pairs)


@dataclass(frozen=True, kw_only=True)
class SelfAgreement:
    """A reader's first and second grades of the same `n` units; a kappa a kind of weights."""

    name: str
    n: int
    kappas: Mapping[Weights, Figure]
    exact: float | None


@lru_cache(maxsize=64)
def intra_reader(
    data: StudyData, selection: Selection, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[SelfAgreement, ...]:
    """The agreement of each reader with himself, where he has read cases twice."""
    if data.repeats is None:
        return ()
    again = replace(
        data, fingerprint=f"{data.fingerprint} repeats", tables={"": data.repeats}, sessions={}
    )  # what is kept goes by the fingerprint
    first = cut(data, replace(selection, leave_one_out=False)).table
    second = cut(again, replace(selection, arm="", session=0, leave_one_out=False)).table
    replicates, found = drawn(first.n_patients, resamples, seed), []
    for one, other in zip(first.raters, second.raters, strict=True):
        tables = confusion_tables(
            encode(one.grades, SCALE),
            encode(other.grades, SCALE),
            first.patients,
            grades=len(SCALE),
            n_patients=first.n_patients,
        )
        n = int(tables.total.sum())
        if one.kind is RaterKind.READER and n:
            kappas = {weights: figure_of(weights.kappa(tables), replicates) for weights in Weights}
            exact = _value(rates.accuracy(tables))
            found.append(SelfAgreement(name=one.name, n=n, kappas=kappas, exact=exact))
    return tuple(found)


@lru_cache(maxsize=64)
def panel_figures(
    data: StudyData, selection: Selection, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[tuple[str, Figure], ...]:
    """Coefficients of the readers' panel on the four grades; none for fewer than two readers."""
    table = cut(data, selection).table
    readers = [rater for rater in table.raters if rater.kind is RaterKind.READER]
    codes = [own for rater in readers if _full(own := encode(rater.grades, SCALE), table, rater.refused)]
    if len(codes) < 2:
        return ()
    return _of_panel(np.stack(codes, axis=1), table, drawn(table.n_patients, resamples, seed))


def _of_panel(codes: Codes, table: RatingTable, replicates: Resamples) -> tuple[tuple[str, Figure], ...]:
    votes, n = vote_counts(codes, grades=len(SCALE)), table.n_patients
    coincidences = coincidence_tables(votes, table.patients, n_patients=n)
    asked = [
        (later("Percent agreement"), Coefficient.PERCENT, Weighting.PLAIN),
        (later("Fleiss' kappa"), Coefficient.FLEISS, Weighting.PLAIN),
        (later("Brennan-Prediger"), Coefficient.BRENNAN_PREDIGER, Weighting.PLAIN),
        (later("Gwet's AC1"), Coefficient.GWET, Weighting.PLAIN),
        (later("Gwet's AC2, quadratic weights"), Coefficient.GWET, Weighting.QUADRATIC),
    ]
    statistics = [
        (name, panel_agreement(votes, table.patients, kind, weighting, n_patients=n))
        for name, kind, weighting in asked
    ]
    statistics += [
        (ALPHAS[metric], agreement.alpha(coincidences, metric))
        for metric in (Metric.NOMINAL, Metric.ORDINAL, Metric.INTERVAL)
    ]
    w = kendall_w(codes, table.patients, grades=len(SCALE), n_patients=n)
    statistics.append((later("Kendall's W"), w))
    return tuple((name, figure_of(statistic, replicates)) for name, statistic in statistics)


def _codes(table: RatingTable) -> dict[str, Codes]:
    """The codes of the reference, then of each rater who has answered enough to be compared."""
    found = {REFERENCE: encode(table.truth, SCALE)}
    for rater in table.raters:
        own = encode(rater.grades, SCALE)
        if (own != MISSING).any() and (rater.kind is RaterKind.MODEL or _full(own, table, rater.refused)):
            found[rater.name] = own
    return found


def _full(codes: Codes, table: RatingTable, refused: np.ndarray) -> bool:
    """Whether a reader counts in the panel: see figures.FULL_READER."""
    known = ~np.isnan(table.truth)
    answered = int((known & ((codes != MISSING) | refused)).sum())
    return bool((codes[known] != MISSING).any()) and answered >= FULL_READER * int(known.sum())


def _value(statistic: Statistic) -> float | None:
    try:
        return statistic.value()
    except StatisticsError:
        return None

"""Differences of a model and the readers on the same units, with tests and margins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from lss_core.domain import RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats.comparisons import bootstrap_test, jackknife_test, paired_auc_test
from lss_core.stats.estimates import Ci
from lss_core.stats.paired import (
    Difference,
    clustered_difference,
    equivalence,
    mcnemar,
    newcombe,
    non_inferiority,
)
from lss_core.stats.resample import Interval, Resamples, Statistic, mean_of
from lss_core.stats.roc import Area
from lss_core.stats.tables import MISSING, Codes, encode
from lss_core.usecases.analysis import MEAN_READER, RatingTable
from lss_core.usecases.figures import Measure
from lss_core.usecases.rater_statistics import RaterColumn, Rules, statistics_of

COMPARED = (
    Measure.SENSITIVITY,
    Measure.SPECIFICITY,
    Measure.AUC,
    Measure.AUC_OF_GRADES,
    Measure.KAPPA_GRADED,
    Measure.KAPPA_QUADRATIC,
)

NOT_ALIKE = (
    "one AUC is of a curve, the other of a hard label, which lies below the curve through it: "
    "auc_of_grades sets grades against grades"
)


def comparisons(
    table: RatingTable,
    rules: Rules,
    resamples: Resamples,
    *,
    margin: float | None,
    measures: tuple[Measure, ...] = COMPARED,
) -> list[dict[str, Any]]:
    """Each model less the mean reader, each reader, and each later model; empty without a model.

    With a margin each difference is also tested for non-inferiority and equivalence.
    """
    truth = encode(table.truth, rules.scale)
    asked = replace(rules, measures=measures)
    own = {
        rater.name: statistics_of(rater, truth, table.patients, n_patients=table.n_patients, rules=asked)
        for rater in table.raters
    }
    models = [rater for rater in table.raters if rater.kind is RaterKind.MODEL]
    readers = [rater for rater in table.raters if rater.kind is RaterKind.READER]
    found = []
    for place, model in enumerate(models):
        if readers:
            mean = {
                measure: mean_of(measure.label, [own[rater.name][measure] for rater in readers])
                for measure in measures
            }
            rows = _rows(model.name, MEAN_READER, own[model.name], mean, rules, resamples, margin)
            found += _alike_only(rows, alike=model.has_curve == all(rater.has_curve for rater in readers))
        for other in (*readers, *models[place + 1 :]):
            row = _Pair(table, rules, resamples, truth, model, other, margin)
            rows = row.rows(own[model.name], own[other.name])
            found += _alike_only(rows, alike=model.has_curve == other.has_curve)
    return found


def _alike_only(rows: list[dict[str, Any]], *, alike: bool) -> list[dict[str, Any]]:
    """The rows, without the test of the AUC where a curve's would be set against a hard label's."""
    if alike:
        return rows
    named = ("model", "other", "statistic")
    return [
        {name: row[name] for name in named} | {"refusal": NOT_ALIKE}
        if row["statistic"] == Measure.AUC
        else row
        for row in rows
    ]


def _rows(
    model: str,
    other: str,
    one: Mapping[Measure, Statistic],
    two: Mapping[Measure, Statistic],
    rules: Rules,
    resamples: Resamples,
    margin: float | None,
) -> list[dict[str, Any]]:
    rows = []
    for measure in one:
        head = {"model": model, "other": other, "statistic": measure.value}
        try:
            rows.append(head | _json(_tested(one[measure], two[measure], rules, resamples), margin))
        except StatisticsError as refusal:
            rows.append(head | {"refusal": refusal.reason})
    return rows


class _Pair:
    """Two raters whose units are compared one by one."""

    def __init__(
        self,
        table: RatingTable,
        rules: Rules,
        resamples: Resamples,
        truth: Codes,
        model: RaterColumn,
        other: RaterColumn,
        margin: float | None,
    ) -> None:
        self.table, self.rules, self.resamples = table, rules, resamples
        self.truth = truth if other.truth is None else other.truth
        self.model, self.other, self.margin = model, other, margin

    def rows(
        self, one: Mapping[Measure, Statistic], two: Mapping[Measure, Statistic]
    ) -> list[dict[str, Any]]:
        """One row for each measure; shares by their units, the rest by their replicates."""
        found = []
        for measure in one:
            head = {
                "model": self.model.name,
                "other": self.other.name,
                "statistic": measure.value,
            }
            try:
                if measure in (Measure.SENSITIVITY, Measure.SPECIFICITY):
                    made = self._share(positive=measure is Measure.SENSITIVITY)
                else:
                    made = _tested(one[measure], two[measure], self.rules, self.resamples)
                found.append(head | _json(made, self.margin))
            except StatisticsError as refusal:
                found.append(head | {"refusal": refusal.reason})
        return found

    def _share(self, *, positive: bool) -> Difference:
        known = self.truth != MISSING
        own = known & (np.isin(self.truth, self.rules.positive) == positive)
        right = []
        for rater in (self.model, self.other):
            codes = encode(rater.grades[own], self.rules.scale)
            hit = (np.isin(codes, self.rules.positive) == positive).astype(np.float64)
            right.append(np.where(codes == MISSING, np.nan, hit))
        one, other = right
        made = clustered_difference(
            one,
            other,
            self.table.patients[own],
            n_patients=self.table.n_patients,
            level=self.resamples.level,
        )
        if not self.rules.interval.of_independent_units:
            return made
        both = ~np.isnan(one + other)
        cells = np.zeros((2, 2))
        np.add.at(cells, (one[both].astype(np.int64), other[both].astype(np.int64)), 1)
        return replace(
            made,
            estimate=newcombe(cells, level=self.resamples.level),
            test=mcnemar(int(cells[1, 0]), int(cells[0, 1])),
        )


def _tested(one: Statistic, two: Statistic, rules: Rules, resamples: Resamples) -> Difference:
    if rules.interval is Ci.ROBUST:
        if isinstance(one, Area) and isinstance(two, Area):
            return paired_auc_test(one.pairs, two.pairs, level=resamples.level)
        return jackknife_test(one, two, level=resamples.level)
    kind = Interval.PERCENTILE if rules.interval is Ci.BOOTSTRAP else Interval.BCA
    return bootstrap_test(one, two, resamples, kind)


def _json(made: Difference, margin: float | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "difference": asdict(made.estimate),
        "standard_error": made.error,
        "test": made.test.method,
        "test_statistic": made.test.statistic,
        "p": made.test.p,
    }
    if margin is not None:
        row["non_inferiority"] = asdict(non_inferiority(made.estimate.value, made.error, margin))
        row["equivalence"] = asdict(equivalence(made.estimate.value, made.error, margin))
    return row

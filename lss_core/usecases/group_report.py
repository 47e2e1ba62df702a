"""What `analyse` says of a group of units beyond a rater's measures, as plain values for JSON.

Agreement of the readers and of each pair of raters, a model's calibration and curve, each grade against
the rest, bounds for what is missing, and differences between a model and the readers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

import numpy as np

from lss_core.domain import Estimate, RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats import agreement, binary, curves, graded, probabilities, ranks, rates, roc
from lss_core.stats.agreement import Metric, Weighting
from lss_core.stats.binormal import categorise, fit_binormal
from lss_core.stats.panels import Coefficient, panel_agreement
from lss_core.stats.resample import Array, Resamples, Statistic
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
from lss_core.usecases.analysis import RatingTable, figure_of
from lss_core.usecases.figures import Figure, Measure
from lss_core.usecases.missing import bounds_of
from lss_core.usecases.rater_statistics import (
    RaterColumn,
    Rules,
    for_each_grade,
    forecasts,
    pooled_statistics,
    probability_statistics,
    score_of,
)

PARTIAL_TO = 0.2
"""The partial AUC is over false positive rates from 0 to this."""

POOLED = (Measure.SENSITIVITY, Measure.SPECIFICITY, Measure.ACCURACY)
"""What is told of the readers' counts added up."""

AT = 0.9
"""Operating points are read at this specificity, and at this sensitivity."""


def figure_json(figure: Figure) -> dict[str, Any]:
    """A figure as JSON: value, low, high, n, method, level; the refusal where something is missing."""
    if figure.interval is not None:
        return estimate_json(figure.interval)
    if figure.value is None:
        return {"value": None, "refusal": figure.refusal}
    return {"value": figure.value, "low": None, "high": None, "refusal": figure.refusal}


def estimate_json(estimate: Estimate) -> dict[str, Any]:
    """An estimate as JSON."""
    return asdict(estimate)


class GroupReport:
    """The reports of one group: its table, rules and replicates, and the questions asked of them."""

    def __init__(self, table: RatingTable, rules: Rules, resamples: Resamples) -> None:
        self.table, self.rules, self.resamples = table, rules, resamples
        self.grades = len(rules.scale)
        self.truth = encode(table.truth, rules.scale)
        self.codes = {rater.name: encode(rater.grades, rules.scale) for rater in table.raters}

    def figure(self, statistic: Statistic) -> dict[str, Any]:
        """A statistic with the interval of the rules, as JSON."""
        return figure_json(figure_of(statistic, self.resamples, how=self.rules.interval))

    def own_truth(self, rater: RaterColumn) -> Codes:
        """The reference of a rater: the table's, or his own."""
        return self.truth if rater.truth is None else rater.truth

    def pair_tables(self, one: Codes, other: Codes) -> Tables:
        """Confusion tables (patients, one, other) of two raters' codes."""
        table = self.table
        return confusion_tables(one, other, table.patients, grades=self.grades, n_patients=table.n_patients)

    def by_grade(self, rater: RaterColumn) -> dict[str, Any]:
        """Sensitivity, specificity and AUC of each grade against the rest, by the grade's value."""
        truth = self.own_truth(rater)
        tables = self.pair_tables(truth, self.codes[rater.name])
        speaking, known = for_each_grade(rater, self.rules), truth != MISSING
        found = {}
        for grade, value in enumerate(self.rules.scale):
            own = graded.one_vs_rest(tables, grade)
            pairs = roc.concordance(
                speaking[known, grade],
                truth[known] == grade,
                self.table.patients[known],
                n_patients=self.table.n_patients,
            )
            found[f"{value:g}"] = {
                "sensitivity": self.figure(rates.sensitivity(own)),
                "specificity": self.figure(rates.specificity(own)),
                "auc": self.figure(roc.auc(pairs)),
            }
        return found

    def bounds(self, rater: RaterColumn) -> dict[str, Any]:
        """The figures of BOUNDED with every missing or refused rating wrong, and right."""
        found = bounds_of(
            rater,
            self.own_truth(rater),
            self.table.patients,
            n_patients=self.table.n_patients,
            rules=self.rules,
        )
        return {
            measure.value: {"refusal": own} if isinstance(own, str) else asdict(own)
            for measure, own in found.items()
        }

    def curve(self, rater: RaterColumn) -> dict[str, Any]:
        """Partial AUC, operating points and the binormal fit of a rater with scores."""
        truth = self.own_truth(rater)
        known = truth != MISSING
        scores, positive = score_of(rater, self.rules)[known], np.isin(truth[known], self.rules.positive)
        patients, n = self.table.patients[known], self.table.n_patients
        own = curves.curve_tables(scores, positive, patients, n_patients=n)
        return {
            f"partial_auc_fpr_0_{PARTIAL_TO:g}": self.figure(curves.partial_auc(own, 0, PARTIAL_TO)),
            f"sensitivity_at_specificity_{AT:g}": self.figure(curves.sensitivity_at_specificity(own, AT)),
            f"specificity_at_sensitivity_{AT:g}": self.figure(curves.specificity_at_sensitivity(own, AT)),
            "binormal": self._binormal(scores, positive),
        }

    def _binormal(self, scores: Array, positive: roc.Flags) -> dict[str, Any]:
        try:
            fit = fit_binormal(*categorise(scores, positive))
        except StatisticsError as refusal:
            return {"refusal": refusal.reason}
        errors = np.sqrt(np.diag(fit.covariance))
        return {
            "a": fit.a,
            "a_standard_error": float(errors[0]),
            "b": fit.b,
            "b_standard_error": float(errors[1]),
            "auc": estimate_json(fit.auc(level=self.resamples.level)),
            "note": "units taken as independent",
        }

    def calibration(self, rater: RaterColumn) -> dict[str, Any]:
        """Scores and calibration of a rater's probabilities; only of those that he gives by grade."""
        truth, patients, n = self.own_truth(rater), self.table.patients, self.table.n_patients
        asked = probability_statistics(rater, truth, patients, n_patients=n, rules=self.rules)
        own = forecasts(rater, truth, patients, self.rules)
        found: dict[str, Any] = {name: self.figure(statistic) for name, statistic in asked.items()}
        found["reliability"] = [asdict(one) for one in probabilities.reliability(*own, n_patients=n)]
        try:
            fit = probabilities.calibration(*own, n_patients=n, level=self.resamples.level)
            found |= {name: estimate_json(getattr(fit, name)) for name in vars(fit)}
        except StatisticsError as refusal:
            found |= {"slope": {"value": None, "refusal": refusal.reason}}
        return found

    def pooled(self) -> dict[str, Any]:
        """Sensitivity, specificity and accuracy of the readers' counts added up; not the mean reader."""
        table, rules = self.table, replace(self.rules, measures=POOLED)
        asked = pooled_statistics(
            self.readers, self.truth, table.patients, n_patients=table.n_patients, rules=rules
        )
        return {measure.value: self.figure(statistic) for measure, statistic in asked.items()}

    @property
    def readers(self) -> list[RaterColumn]:
        """The raters who are readers."""
        return [rater for rater in self.table.raters if rater.kind is RaterKind.READER]

    def panel(self, names: Sequence[str]) -> dict[str, Any]:
        """Agreement of several raters: Fleiss, Gwet, Brennan-Prediger, alpha, Kendall's W, per cent."""
        codes = np.stack([self.codes[name] for name in names], axis=1)
        votes = vote_counts(codes, grades=self.grades)
        patients, n = self.table.patients, self.table.n_patients
        coincidences = coincidence_tables(votes, patients, n_patients=n)
        asked = {
            "percent_agreement": (Coefficient.PERCENT, Weighting.PLAIN),
            "fleiss_kappa": (Coefficient.FLEISS, Weighting.PLAIN),
            "brennan_prediger": (Coefficient.BRENNAN_PREDIGER, Weighting.PLAIN),
            "gwet_ac1": (Coefficient.GWET, Weighting.PLAIN),
            "gwet_ac2_linear": (Coefficient.GWET, Weighting.LINEAR),
            "gwet_ac2_quadratic": (Coefficient.GWET, Weighting.QUADRATIC),
        }
        found = {
            name: self.figure(panel_agreement(votes, patients, *how, n_patients=n))
            for name, how in asked.items()
        }
        for metric in Metric:
            found[f"krippendorff_alpha_{metric.value}"] = self._alpha(coincidences, metric)
        w = ranks.kendall_w(codes, patients, grades=self.grades, n_patients=n)
        return {"raters": list(names), **found, "kendall_w": self.figure(w)}

    def _alpha(self, coincidences: Tables, metric: Metric) -> dict[str, Any]:
        try:
            return self.figure(agreement.alpha(coincidences, metric, self.rules.scale))
        except StatisticsError as refusal:
            return {"value": None, "refusal": refusal.reason}

    def pairs(self) -> list[dict[str, Any]]:
        """Agreement of each two raters, with prevalence and bias beside every kappa."""
        return [
            {"raters": [one, other], **self.two(self.codes[one], self.codes[other])}
            for one, other in combinations(self.codes, 2)
        ]

    def intra(self, repeats: Mapping[str, Array]) -> list[dict[str, Any]]:
        """Agreement of each reader with himself in a second session."""
        return [
            {"rater": name, **self.two(self.codes[name], encode(again, self.rules.scale))}
            for name, again in repeats.items()
        ]

    def two(self, one: Codes, other: Codes) -> dict[str, Any]:
        """Kappas of two sets of codes, per cent agreement, PABAK, prevalence and bias."""
        tables = self.pair_tables(one, other)
        folded = dichotomised(tables, self.rules.positive)
        votes = vote_counts(
            np.isin(np.stack([one, other], axis=1), self.rules.positive).astype(np.int64), grades=2
        )
        both = (one != MISSING) & (other != MISSING)
        pabak = panel_agreement(
            votes[both],
            self.table.patients[both],
            Coefficient.BRENNAN_PREDIGER,
            n_patients=self.table.n_patients,
        )
        return {
            "percent_agreement": self.figure(rates.accuracy(tables)),
            "kappa_binary": self.figure(agreement.cohen(folded)),
            "kappa_graded": self.figure(agreement.cohen(tables)),
            "kappa_linear": self.figure(agreement.cohen(tables, Weighting.LINEAR)),
            "kappa_quadratic": self.figure(agreement.cohen(tables, Weighting.QUADRATIC)),
            "pabak_binary": self.figure(pabak),
            "prevalence_index": self.figure(binary.prevalence_index(folded)),
            "bias_index": self.figure(binary.bias_index(folded)),
        }

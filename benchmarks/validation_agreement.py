"""Agreement of raters beside published values and other programs: sections of docs/validation.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.validation_row import RECALLED, Row, error_of, printed, read
from lss_core.stats import agreement, intervals, panels, ranks
from lss_core.stats.agreement import Metric, Weighting
from lss_core.stats.panels import Coefficient
from lss_core.stats.tables import coincidence_tables, encode, vote_counts

RECALLED_METRICS = (Metric.INTERVAL, Metric.RATIO)
"""Whose printed alphas were typed from memory."""


def kappa_rows(folder: Path) -> list[Row]:
    """Cohen's kappa with its error, prevalence and bias."""
    from statsmodels.stats.inter_rater import cohens_kappa

    rows = []
    named = {Weighting.PLAIN: None, Weighting.LINEAR: "linear", Weighting.QUADRATIC: "quadratic"}
    for name in ("cont3x3abstractors", "landiskoch_ms_winnipeg", "sexualfun_agresti", "vision_stuart"):
        table = read(folder, f"table_{name}.csv")
        for weighting, _ in named.items():
            weights = None if weighting is Weighting.PLAIN else weighting.disagreement(len(table))
            theirs = cohens_kappa(table, weights=weights)
            own = agreement.cohen_large_sample(table, weighting)
            error = (own.high - own.low) / (2 * intervals.normal_quantile(0.95))
            for what, ours, other in (("", own.value, theirs.kappa), (", error", error, theirs.std_kappa)):
                rows.append(
                    Row(statistic=f"Cohen's kappa, {weighting.value}{what}", data=f"table_{name}",
                        ours=ours, theirs=float(other), source="statsmodels")
                )  # fmt: skip
    for name, value, error in (
        ("landiskoch_ms_winnipeg", 0.2079, 0.05046),
        ("landiskoch_ms_neworleans", 0.2965, 0.07850),
    ):
        own = agreement.cohen_large_sample(read(folder, f"table_{name}.csv"))
        made = (own.high - own.low) / (2 * intervals.normal_quantile(0.95))
        source = "R's vcd, Kappa(MSPatients); Landis and Koch 1977"
        rows += [
            Row(statistic="Cohen's kappa", data=f"table_{name}", ours=own.value, theirs=value,
                source=source, within=printed(4)),
            Row(statistic="Cohen's kappa, error", data=f"table_{name}", ours=made, theirs=error,
                source=source, within=printed(5)),
        ]  # fmt: skip
    abstractors = agreement.cohen_large_sample(read(folder, "table_cont3x3abstractors.csv"))
    rows.append(
        Row(statistic="Cohen's kappa", data="table_cont3x3abstractors", ours=abstractors.value,
            theirs=0.7964094, source="irrCAC's vignette (Gwet 2014)", within=printed(7))
    )  # fmt: skip
    return rows


def panel_rows(folder: Path) -> list[Row]:
    """Panels of raters, with missing values."""
    import krippendorff
    from scipy.stats import friedmanchisquare
    from statsmodels.stats.inter_rater import fleiss_kappa

    rows = []
    ratings = read(folder, "krippendorff_4x12.csv")[:, 1:]
    votes = vote_counts(encode(ratings, range(1, 6)), grades=5)
    fifteen = read(folder, "fleiss1971_counts.csv")
    source = "irrCAC's README (Gwet 2014)"
    for data, counted, coefficient, value, error, digits in (
        ("krippendorff_4x12", votes, Coefficient.FLEISS, 0.76117, 0.15302, 5),
        ("krippendorff_4x12", votes, Coefficient.GWET, 0.77544, 0.14295, 5),
        ("krippendorff_4x12", votes, Coefficient.ALPHA, 0.74342, 0.14548, 5),
        ("fleiss1971_counts, first 15", fifteen[:15], Coefficient.GWET, 0.4448007, 0.08418757, 7),
        ("fleiss1971_counts, first 15", fifteen[:15], Coefficient.FLEISS, 0.4139265, 0.08119291, 7),
    ):
        own = panels.panel_large_sample(counted, coefficient)
        name = coefficient.titled(Weighting.PLAIN)
        rows += [
            Row(statistic=name, data=data, ours=own.value, theirs=value, source=source,
                within=printed(digits)),
            Row(statistic=f"{name}, error", data=data, ours=error_of(own, len(counted)), theirs=error,
                source=source, within=printed(digits if digits == 5 else 8)),
        ]  # fmt: skip
    counts = read(folder, "table_cont3x3abstractors.csv").astype(int)
    one, other = np.nonzero(counts)
    pairs = np.repeat(np.column_stack([one, other]), counts[one, other], axis=0)
    for coefficient, value, digits in (
        (Coefficient.GWET, 0.8493305, 7),
        (Coefficient.BRENNAN_PREDIGER, 0.835, 3),
        (Coefficient.FLEISS, 0.7962397, 7),
        (Coefficient.ALPHA, 0.7972585, 7),
    ):
        own = panels.panel_large_sample(vote_counts(pairs, grades=3), coefficient)
        rows.append(
            Row(
                statistic=coefficient.titled(Weighting.PLAIN),
                data="table_cont3x3abstractors",
                ours=own.value,
                theirs=value,
                source="irrCAC's vignette (Gwet 2014)",
                within=printed(digits),
            )
        )
    units = np.arange(len(fifteen))
    fleiss = agreement.fleiss(fifteen, units, n_patients=len(units)).value()
    wikipedia = read(folder, "fleiss_wikipedia_counts.csv")
    rows += [
        Row(statistic="Fleiss' kappa", data="fleiss1971_counts", ours=fleiss, theirs=0.430,
            source="Fleiss 1971, Psychol Bull 76:378", within=printed(3)),
        Row(statistic="Fleiss' kappa", data="fleiss1971_counts", ours=fleiss,
            theirs=fleiss_kappa(fifteen), source="statsmodels"),
        Row(statistic="Fleiss' kappa", data="fleiss_wikipedia_counts",
            ours=agreement.fleiss(wikipedia, np.arange(10), n_patients=10).value(), theirs=0.210,
            source="Wikipedia, Fleiss' kappa", within=printed(3)),
    ]  # fmt: skip
    tables = coincidence_tables(votes, np.arange(12), n_patients=12)
    for metric, value in (
        (Metric.NOMINAL, 0.743), (Metric.ORDINAL, 0.815), (Metric.INTERVAL, 0.849), (Metric.RATIO, 0.797),
    ):  # fmt: skip
        ours = agreement.alpha(tables, metric, (1, 2, 3, 4, 5)).value()
        theirs = krippendorff.alpha(
            ratings.T, level_of_measurement=metric.value, value_domain=[1.0, 2, 3, 4, 5]
        )
        rows += [
            Row(statistic=f"Krippendorff's alpha, {metric.value}", data="krippendorff_4x12", ours=ours,
                theirs=value, source="Krippendorff 2011" + RECALLED * (metric in RECALLED_METRICS),
                within=printed(3)),
            Row(statistic=f"Krippendorff's alpha, {metric.value}", data="krippendorff_4x12", ours=ours,
                theirs=float(theirs), source="krippendorff"),
        ]  # fmt: skip
    anxiety = read(folder, "irr_anxiety.csv")
    w = ranks.kendall_w(encode(anxiety, range(1, 7)), np.arange(20), grades=6, n_patients=20).value()
    test = ranks.kendall_w_test(w, raters=3, units=20)
    rows += [
        Row(statistic="Kendall's W, with ties", data="irr_anxiety", ours=w, theirs=0.54,
            source="R's irr, kendall(anxiety, TRUE)", within=printed(2)),
        Row(statistic="Kendall's W, p", data="irr_anxiety", ours=test.p, theirs=0.0429,
            source="R's irr, kendall(anxiety, TRUE)", within=printed(4)),
        Row(statistic="Friedman's chi-squared of W", data="irr_anxiety", ours=test.statistic,
            theirs=float(friedmanchisquare(*anxiety).statistic), source="SciPy"),
    ]  # fmt: skip
    return rows

"""Shares and their differences beside published values and other programs: sections of docs/validation.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.validation_row import RECALLED, Row, printed, read
from lss_core.stats import binary, intervals, paired, rates
from lss_core.stats.tables import confusion_tables


def binary_rows(folder: Path) -> list[Row]:
    """Sensitivity and specificity of two tests of the same patients, with all intervals and tests."""
    import statsmodels.api as sm
    from sklearn import metrics
    from statsmodels.stats import contingency_tables
    from statsmodels.stats.proportion import proportion_confint

    truth, one, other = read(folder, "dtcompair_paired1.csv").astype(int).T
    units = np.arange(len(truth))
    table = confusion_tables(truth, one, units, grades=2, n_patients=len(units))
    data = f"dtcompair_paired1, test 1 ({len(units)} patients)"
    plus, minus = metrics.class_likelihood_ratios(truth, one)
    found = [
        ("sensitivity", rates.sensitivity, metrics.recall_score(truth, one)),
        ("specificity", rates.specificity, metrics.recall_score(1 - truth, 1 - one)),
        ("positive predictive value", rates.positive_predictive_value, metrics.precision_score(truth, one)),
        (
            "negative predictive value",
            rates.negative_predictive_value,
            metrics.precision_score(1 - truth, 1 - one),
        ),
        ("accuracy", rates.accuracy, metrics.accuracy_score(truth, one)),
        ("positive likelihood ratio", binary.positive_likelihood_ratio, plus),
        ("negative likelihood ratio", binary.negative_likelihood_ratio, minus),
        ("Youden's index", binary.youden, 2 * metrics.balanced_accuracy_score(truth, one) - 1),
    ]
    rows = [
        Row(statistic=name, data=data, ours=statistic(table).value(), theirs=theirs, source="scikit-learn")
        for name, statistic, theirs in found
    ]
    hits, n = int(table.total[1, 1]), int(table.total[1].sum())
    for name, made, method in (
        ("Wilson", rates.wilson, "wilson"),
        ("Clopper-Pearson", intervals.clopper_pearson, "beta"),
        ("Jeffreys", intervals.jeffreys, "jeffreys"),
    ):
        low, high = proportion_confint(hits, n, method=method)
        own = made(hits, n)
        for end, ours, theirs in (("low", own.low, low), ("high", own.high, high)):
            rows.append(
                Row(statistic=f"{name}, {end}", data=data, ours=ours, theirs=theirs, source="statsmodels")
            )
    fit = sm.Logit(np.repeat([1, 0], [hits, n - hits]), np.ones(n)).fit(disp=0, tol=1e-14)
    low = float(1 / (1 + np.exp(-fit.conf_int()[0][0])))
    rows.append(
        Row(statistic="logit, low", data=data, ours=intervals.logit(hits, n).low, theirs=low,
            source="statsmodels, logistic regression")
    )  # fmt: skip
    ratio = contingency_tables.Table2x2(table.total[::-1, ::-1]).riskratio_confint()
    rows.append(
        Row(statistic="positive likelihood ratio, low", data=data,
            ours=binary.likelihood_ratio_interval(table.total).low, theirs=ratio[0],
            source="statsmodels, relative risk")
    )  # fmt: skip
    cells = np.zeros((2, 2))
    np.add.at(cells, (one[truth == 1], other[truth == 1]), 1)
    b, c = int(cells[1, 0]), int(cells[0, 1])
    for kind, options in (
        (paired.McNemar.EXACT, {"exact": True}),
        (paired.McNemar.ASYMPTOTIC, {"exact": False, "correction": False}),
        (paired.McNemar.CORRECTED, {"exact": False, "correction": True}),
    ):
        theirs = contingency_tables.mcnemar(cells, **options).pvalue
        rows.append(
            Row(statistic=f"{kind.value}, p", data="dtcompair_paired1, sensitivities",
                ours=paired.mcnemar(b, c, kind).p, theirs=theirs, source="statsmodels")
        )  # fmt: skip
    return rows


def published_binary_rows(_: Path) -> list[Row]:
    """Values printed in papers, of tables small enough to be typed."""
    from statsmodels.stats.proportion import proportion_confint

    rows = []
    for (hits, n), (low, high) in {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (1, 29): (0.0061, 0.1718),
    }.items():
        own = rates.wilson(hits, n)
        for end, ours, theirs in (("low", own.low, low), ("high", own.high, high)):
            rows.append(
                Row(statistic=f"Wilson, {end}", data=f"{hits} of {n}", ours=ours, theirs=theirs,
                    source="Newcombe 1998, Stat Med 17:857" + RECALLED, within=printed(4))
            )  # fmt: skip
        independent = proportion_confint(hits, n, method="wilson")
        for end, ours, theirs in zip(("low", "high"), (own.low, own.high), independent, strict=True):
            rows.append(
                Row(statistic=f"Wilson, {end}", data=f"{hits} of {n}", ours=ours, theirs=theirs,
                    source="statsmodels")
            )  # fmt: skip
    own = paired.newcombe(np.array([[0.0, 2], [12, 36]]))
    for end, ours, theirs in (("low", own.low, 0.0569), ("high", own.high, 0.3404)):
        rows.append(
            Row(statistic=f"paired difference, {end}", data="36, 12, 2, 0", ours=ours, theirs=theirs,
                source="Newcombe 1998, Stat Med 17:2635, method 10" + RECALLED, within=printed(4))
        )  # fmt: skip
    for end, ours, theirs in zip(("low", "high"), (own.low, own.high), newcombe_by_hand(), strict=True):
        rows.append(
            Row(statistic=f"paired difference, {end}", data="36, 12, 2, 0", ours=ours, theirs=theirs,
                source="method 10 written out, Wilson's ends from statsmodels")
        )  # fmt: skip
    own = paired.newcombe(np.array([[80.0, 6], [16, 59]]))
    for end, ours, theirs in (("low", own.low, 0.0046), ("high", own.high, 0.1186)):
        rows.append(
            Row(statistic=f"paired difference, {end}", data="59, 16, 6, 80", ours=ours, theirs=theirs,
                source="contingencytables (R), printed in its tests: square-and-add", within=printed(4))
        )  # fmt: skip
    rows.append(
        Row(statistic="McNemar, mid-p", data="1 and 7 discordant of 21",
            ours=paired.mcnemar(1, 7, paired.McNemar.MID_P).p,
            theirs=2 * (1 + 8) / 2**8 - 8 / 2**8,  # 2^8 ways for 8 units to fall: none in 1, one in 8 of them
            source="Fagerland et al. 2013, BMC Med Res Methodol 13:91, supplement, formula 2")
    )  # fmt: skip
    return rows


def newcombe_by_hand() -> tuple[float, float]:
    """The interval of 36 / 12 / 2 / 0, step by step from the shares 48/50 and 38/50."""
    from statsmodels.stats.proportion import proportion_confint

    (l1, u1), (l2, u2) = (proportion_confint(hits, 50, method="wilson") for hits in (48, 38))
    phi = (36 * 0 - 12 * 2) / np.sqrt(48 * 2 * 38 * 12)  # below 0: no correction for continuity
    gap, d1, d2 = 0.2, 0.96 - l1, u2 - 0.76
    e1, e2 = u1 - 0.96, 0.76 - l2
    low = gap - np.sqrt(d1**2 - 2 * phi * d1 * d2 + d2**2)
    return float(low), float(gap + np.sqrt(e1**2 - 2 * phi * e1 * e2 + e2**2))


def clustered_rows(folder: Path) -> list[Row]:
    """Sites of the same patient: robust intervals and Obuchowski's test."""
    import statsmodels.api as sm

    study = np.genfromtxt(folder / "sim_study.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    study = study[study["type"] == "foramen"]
    positive, owners = study["truth"] >= 2, study["patient"]
    hits = (study["r1"] >= 2).astype(int)
    table = confusion_tables(positive.astype(int), hits, owners, grades=2, n_patients=150)
    rate = rates.sensitivity(table)
    own, groups = hits[positive], owners[positive]
    fit = sm.OLS(own, np.ones(len(own))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    m = len(np.unique(groups))
    p, n = own.mean(), len(own)
    effect = float(fit.bse[0]) ** 2 * m / (m - 1) / (p * (1 - p) / n)
    gee = sm.GEE(own, np.ones(n), groups=groups, family=sm.families.Binomial()).fit()
    low = float(1 / (1 + np.exp(-gee.conf_int()[0][0])))
    data = "sim_study, foramen, reader 1"
    rows = [
        Row(statistic="design effect of the sensitivity (Rao-Scott)", data=data,
            ours=intervals.design_effect(rate), theirs=effect, source="statsmodels, OLS with clusters"),
        Row(statistic="sensitivity, GEE robust, low", data=data, ours=intervals.gee_logit(rate).low,
            theirs=low, source="statsmodels, GEE", within=1e-7),
    ]  # fmt: skip
    right = [(study[name][positive] >= 2).astype(float) for name in ("r1", "r2")]
    made = paired.clustered_difference(*right, groups, n_patients=150)
    gap = sm.OLS(right[0] - right[1], np.ones(n)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    rows.append(
        Row(statistic="clustered difference of sensitivities, error", data=f"{data} less 2", ours=made.error,
            theirs=float(gap.bse[0]) * np.sqrt(m / (m - 1)), source="statsmodels, OLS with clusters")
    )  # fmt: skip
    return rows

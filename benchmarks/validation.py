"""Every statistic beside a published value or an independent program's: makes docs/validation.md.

    python benchmarks/validation.py ../shared/data/stats > docs/validation.md

The folder holds the public data sets; they are no part of this project. A section is a function of the
folder that returns rows; SECTIONS lists them, and a new one is added there.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import validation_mrmc
from benchmarks.validation_agreement import kappa_rows, panel_rows
from benchmarks.validation_binary import binary_rows, clustered_rows, published_binary_rows
from benchmarks.validation_row import EXACT, RECALLED, Row, printed
from lss_core.stats import (
    comparisons,
    curves,
    graded,
    multiplicity,
    probabilities,
    rates,
    roc,
)
from lss_core.stats.binormal import fit_binormal
from lss_core.stats.tables import (
    confusion_tables,
)


def roc_rows(folder: Path) -> list[Row]:
    """AUCs, their tests and the binormal fit."""
    from sklearn import metrics

    published = {
        1: (0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066),
        2: (0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169),
    }
    lines = (folder / "vandyke.csv").read_text(encoding="utf-8").splitlines()[1:]
    cells = np.array([line.replace('"', "").split(",") for line in lines])
    reader, treatment, case = (cells[:, column].astype(int) for column in (0, 1, 2))
    truth, rating = cells[:, 5].astype(int) == 1, cells[:, 6].astype(float)
    rows, pairs = [], {}
    for one in (1, 2):
        for own in range(1, 6):
            at = np.flatnonzero((reader == own) & (treatment == one))
            at = at[np.argsort(case[at])]
            pairs[one, own] = roc.concordance(rating[at], truth[at], np.arange(len(at)), n_patients=len(at))
            rows.append(
                Row(statistic="AUC", data=f"vandyke, treatment {one}, reader {own}",
                    ours=roc.auc(pairs[one, own]).value(), theirs=published[one][own - 1],
                    source="RJafroc Quick Start; MRMCaov", within=printed(8))
            )  # fmt: skip
    at = np.flatnonzero((reader == 1) & (treatment == 1))
    curve = curves.curve_tables(rating[at], truth[at], np.arange(len(at)), n_patients=len(at))
    rows.append(
        Row(statistic="partial AUC, standardised, to 0.2", data="vandyke, treatment 1, reader 1",
            ours=curves.partial_auc(curve, 0, 0.2).value(),
            theirs=metrics.roc_auc_score(truth[at], rating[at], max_fpr=0.2), source="scikit-learn")
    )  # fmt: skip
    scores = [rating[np.flatnonzero((reader == 1) & (treatment == one))] for one in (1, 2)]
    rows.append(
        Row(statistic="DeLong's z, paired", data="vandyke, reader 1, treatment 1 less 2",
            ours=comparisons.paired_auc_test(pairs[1, 1], pairs[2, 1]).test.statistic,
            theirs=delong_z(np.array(scores), truth[at]), source="DeLong 1988 written out by loops")
    )  # fmt: skip
    fit = fit_binormal(np.array([33.0, 6, 6, 11, 2]), np.array([3.0, 2, 2, 11, 33]))
    for name, ours, theirs, digits in (
        ("binormal a", fit.a, 1.656782, 6),
        ("binormal b", fit.b, 0.713002, 6),
        ("binormal AUC", fit.auc().value, 0.911331, 6),
        ("binormal log likelihood", fit.log_likelihood, -123.64855, 5),
    ):
        rows.append(
            Row(statistic=name, data="Hanley and McNeil 1982, 109 CT images", ours=ours, theirs=theirs,
                source="Stata's manual, rocfit" + RECALLED, within=printed(digits))
        )  # fmt: skip
    a, b, likelihood = binormal_by_search()
    for name, ours, theirs, within in (
        ("binormal a", fit.a, round(a, 5), printed(5)),
        ("binormal b", fit.b, round(b, 5), printed(5)),
        ("binormal log likelihood", fit.log_likelihood, round(likelihood, 5), printed(5)),
    ):
        rows.append(
            Row(statistic=name, data="Hanley and McNeil 1982, 109 CT images", ours=ours, theirs=theirs,
                source="SciPy, search without derivatives, to 5 decimals", within=within)
        )  # fmt: skip
    return rows


def binormal_by_search() -> tuple[float, float, float]:
    """a, b and log likelihood of Hanley and McNeil's readings, by Nelder and Mead's simplex."""
    from scipy import optimize, stats

    counts = np.array([[33.0, 6, 6, 11, 2], [3, 2, 2, 11, 33]])

    def cost(point: np.ndarray) -> float:
        cuts = np.sort(point[2:])
        below = stats.norm.cdf(np.stack([cuts, point[1] * cuts - point[0]]))
        shares = np.diff(below, axis=1, prepend=0, append=1)
        return -float(np.sum(counts * np.log(np.maximum(shares, 1e-300))))

    exact = {"xatol": 1e-10, "fatol": 1e-13, "maxiter": 20_000, "maxfev": 20_000}
    start = np.array([1.5, 1, 0, 0.3, 0.6, 1.5])
    found = optimize.minimize(cost, start, method="Nelder-Mead", options=exact)
    return float(found.x[0]), float(found.x[1]), -float(found.fun)


def delong_z(scores: np.ndarray, positive: np.ndarray) -> float:
    """DeLong's z of two scores of the same units, by placements one by one."""
    v10 = np.array(
        [[np.mean((x > s[~positive]) + (x == s[~positive]) / 2) for x in s[positive]] for s in scores]
    )
    v01 = np.array(
        [[np.mean((s[positive] > y) + (s[positive] == y) / 2) for y in s[~positive]] for s in scores]
    )
    covariance = np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]
    contrast = np.array([1, -1])
    return float(contrast @ v10.mean(axis=1) / np.sqrt(contrast @ covariance @ contrast))


def graded_rows(folder: Path) -> list[Row]:
    """Four grades, and a model's probabilities."""
    import statsmodels.api as sm
    from scipy.special import logit
    from sklearn import metrics

    study = np.genfromtxt(folder / "sim_study.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    truth, given, owners = study["truth"], study["ai"], study["patient"]
    p = np.column_stack([study[f"p{grade}"] for grade in range(4)])
    tables = confusion_tables(truth, given, owners, grades=4, n_patients=150)
    grades, support = np.unique(truth, return_counts=True)
    rest = [metrics.recall_score(truth != grade, given != grade) for grade in grades]
    data = "sim_study, model, 3,750 sites"
    found = [
        ("weighted sensitivity", rates.weighted_sensitivity(tables).value(),
         metrics.recall_score(truth, given, average="weighted"), "scikit-learn"),
        ("weighted specificity", rates.weighted_specificity(tables).value(),
         float(np.average(rest, weights=support)), "scikit-learn"),
        ("weighted AUC", roc.weighted_auc(truth, p, owners, n_patients=150).value(),
         metrics.roc_auc_score(truth, p, multi_class="ovr", average="weighted"), "scikit-learn"),
        ("macro sensitivity", graded.macro_sensitivity(tables).value(),
         metrics.recall_score(truth, given, average="macro"), "scikit-learn"),
        ("mean absolute error", graded.mean_absolute_error(tables).value(),
         metrics.mean_absolute_error(truth, given), "scikit-learn"),
        ("Brier score of grade 2 or 3",
         probabilities.brier(truth >= 2, p[:, 2:].sum(axis=1), owners, n_patients=150).value(),
         metrics.brier_score_loss(truth >= 2, p[:, 2:].sum(axis=1)), "scikit-learn"),
        ("ranked probability score",
         probabilities.ranked_probability_score(truth, p, owners, n_patients=150).value(),
         float(np.mean([metrics.brier_score_loss(truth <= k, np.minimum(p[:, : k + 1].sum(axis=1), 1))
                        for k in range(3)])), "scikit-learn, mean of three Brier scores"),
    ]  # fmt: skip
    probability = np.clip(p[:, 2:].sum(axis=1), probabilities.CUT, 1 - probabilities.CUT)
    fit = sm.GLM((truth >= 2).astype(float), sm.add_constant(logit(probability)),
                 family=sm.families.Binomial()).fit(tol=1e-14)  # fmt: skip
    own = probabilities.calibration(truth >= 2, probability, owners, n_patients=150)
    found += [
        ("calibration intercept", own.intercept.value, float(fit.params[0]), "statsmodels, GLM"),
        ("calibration slope", own.slope.value, float(fit.params[1]), "statsmodels, GLM"),
    ]
    return [
        Row(statistic=name, data=data, ours=ours, theirs=theirs, source=source)
        for name, ours, theirs, source in found
    ]


def multiplicity_rows(_: Path) -> list[Row]:
    """Holm."""
    from statsmodels.stats.multitest import multipletests

    p = [0.012, 0.2, 0.031]
    theirs = multipletests(p, method="holm")[1]
    return [
        Row(statistic="Holm", data=f"p = {one}", ours=ours, theirs=float(other), source="statsmodels")
        for one, ours, other in zip(p, multiplicity.holm(p), theirs, strict=True)
    ]


def reader_study_rows(folder: Path) -> list[Row]:
    """Multi-reader multi-case analysis and planning; see docs/mrmc.md."""
    return [
        Row(
            statistic=row.statistic,
            data=row.data,
            ours=row.ours,
            theirs=row.theirs,
            source=row.source,
            within=row.rounding,
        )
        for row in validation_mrmc.rows(folder)
    ]


Section = Callable[[Path], Sequence[Row]]

SECTIONS: list[tuple[str, Section]] = [
    ("Binary", binary_rows),
    ("Binary, published", published_binary_rows),
    ("Binary, sites of one patient", clustered_rows),
    ("ROC", roc_rows),
    ("Four grades and probabilities", graded_rows),
    ("Cohen's kappa", kappa_rows),
    ("Panels", panel_rows),
    ("Multiplicity", multiplicity_rows),
    ("Reader studies (MRMC) and planning", reader_study_rows),
]
"""Title and rows; add a section here."""

HEAD = """# Validation

Made by `python benchmarks/validation.py FOLDER > docs/validation.md`; a test makes it again and compares.
FOLDER holds public data sets, which are no part of this project; their names are those of its files.
"Theirs" is a value printed in a source, or an independent program's at full precision; the difference
is judged by half a unit of the last printed digit, or 1e-9. A source with an asterisk was quoted from memory;
its digits were not compared with the print, and an independent value of the same data stands below it.
"""


def page(folder: Path) -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for title, section in SECTIONS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = section(folder)
        lines = [f"## {title}", "", "| statistic | data | ours | theirs | difference | source |"]
        lines.append("|---|---|---|---|---|---|")
        for row in found:
            if not row.holds:
                raise SystemExit(f"{row} does not hold")
            lines.append(
                f"| {row.statistic} | {row.data} | {row.ours:.8g} | {row.theirs:.8g} | "
                f"{shown(abs(row.ours - row.theirs))} | {row.source} |"
            )
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def shown(difference: float) -> str:
    """A difference to one digit; rounding errors, which differ between machines, are told as such."""
    return "< 1e-9" if difference < EXACT else f"{difference:.0e}"


if __name__ == "__main__":
    sys.stdout.write(page(Path(sys.argv[1])))

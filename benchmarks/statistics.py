"""Statistics with intervals: ours beside the usual loops, in one run, and for many patients.

    python benchmarks/statistics.py

First the whole set for 150 patients x 25 sites x 8 raters, 2,000 resamples of patients, value and BCa
interval of each figure. The same numbers by loops over scikit-learn, statsmodels and krippendorff are
computed for a few of the same replicates and compared; their time is that of a replicate times the
replicates. Then 10,000 patients x 8 raters, in a process of its own whose peak memory is read. Times are the
processor's, of one thread, which hardly depend on what else the machine does. Exits with 1 where a claim
does not hold: 1,000 times faster, equal to 1e-10; 10 s and 2 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

import numpy as np
from threadpoolctl import threadpool_limits

from lss_core.domain import SITES, Condition, RaterKind
from lss_core.stats import agreement
from lss_core.stats.resample import Resamples
from lss_core.stats.tables import coincidence_tables, encode, vote_counts
from lss_core.usecases.analysis import RatingTable, analyse_units
from lss_core.usecases.figures import Measure
from lss_core.usecases.rater_statistics import SCALE, RaterColumn, Rules, statistics_of

RATIO, EQUAL, SECONDS, GIGABYTES = 1000, 1e-10, 10, 2
RULES = Rules(measures=tuple(Measure))
RESAMPLES = 2000


def study(patients: int, sites: tuple, rng: np.random.Generator) -> RatingTable:
    """Seven readers and a model with probabilities, more alike within a patient."""
    n = patients * len(sites)
    owners = np.repeat(np.arange(patients), len(sites))
    latent = rng.normal(size=patients)[owners] + rng.normal(size=n)
    truth = np.digitize(latent, [0.3, 1.1, 2.0]).astype(float)
    columns = []
    for number in range(1, 8):
        given = np.digitize(latent + rng.normal(scale=0.7, size=n), [0.3, 1.1, 2.0]).astype(float)
        none = np.zeros(n, bool)
        columns.append(RaterColumn(name=f"r{number}", kind=RaterKind.READER, grades=given, refused=none))
    heights = -(((latent + rng.normal(scale=0.5, size=n))[:, None] - np.array([-0.5, 0.7, 1.5, 2.5])) ** 2)
    probabilities = np.exp(heights)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    model = RaterColumn(
        name="model",
        kind=RaterKind.MODEL,
        grades=probabilities.argmax(axis=1).astype(float),
        refused=np.zeros(n, bool),
        probabilities=probabilities,
    )
    return RatingTable(
        patients=owners,
        n_patients=patients,
        conditions=[site.condition for site in sites] * patients,
        truth=truth,
        refused=np.zeros(n, bool),
        raters=(model, *columns),
    )


def groups(table: RatingTable) -> list[np.ndarray]:
    named = np.array([condition.value for condition in table.conditions])
    return [own for condition in Condition if len(own := np.flatnonzero(named == condition.value))]


def ours(table: RatingTable, resamples: Resamples) -> int:
    """Every figure with its interval; returns how many."""
    figures = 0
    for units in groups(table):
        result = analyse_units(table, units, resamples, RULES)
        figures += sum(len(rater.figures) for rater in result.raters) + 2 * len(result.panels)
    return figures


def our_replicates(table: RatingTable, units: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    """The raw replicates of the same statistics."""
    truth, patients = encode(table.truth[units], SCALE), table.patients[units]
    found = {}
    for rater in table.raters:
        own = statistics_of(rater.take(units), truth, patients, n_patients=table.n_patients, rules=RULES)
        found |= {f"{rater.name} {measure.value}": own[measure].of(counts) for measure in own}
    codes = [encode(rater.grades[units], SCALE) for rater in table.raters if rater.name != "model"]
    votes = vote_counts(np.stack(codes, axis=1), grades=4)
    n = table.n_patients
    found["Fleiss"] = agreement.fleiss(votes, patients, n_patients=n).of(counts)
    coincidences = coincidence_tables(votes, patients, n_patients=n)
    found["alpha"] = agreement.alpha(coincidences, agreement.Metric.ORDINAL).of(counts)
    return found


def usual(table: RatingTable, units: np.ndarray, count: np.ndarray) -> dict[str, float]:
    """One replicate, the patients written out, by the packages that most people call."""
    import krippendorff
    from statsmodels.stats.inter_rater import fleiss_kappa

    again = np.repeat(units, count.astype(int)[table.patients[units]])
    truth = table.truth[again].astype(int)
    found = {}
    for rater in table.raters:
        given = rater.grades[again].astype(int)
        p = np.eye(4)[given] if rater.probabilities is None else rater.probabilities[again]
        found |= {f"{rater.name} {name}": own for name, own in of_rater(truth, given, p).items()}
    codes = np.stack([r.grades[again].astype(int) for r in table.raters if r.name != "model"], axis=1)
    votes = np.stack([(codes == grade).sum(axis=1) for grade in range(4)], axis=1)
    found["Fleiss"] = fleiss_kappa(votes)
    found["alpha"] = krippendorff.alpha(value_counts=votes, level_of_measurement="ordinal")
    return found


def of_rater(truth: np.ndarray, given: np.ndarray, p: np.ndarray) -> dict[str, float]:
    from sklearn import metrics

    positive, called = truth >= 2, given >= 2
    grades, support = np.unique(truth, return_counts=True)
    rest = [metrics.recall_score(truth != grade, given != grade) for grade in grades]
    areas = [metrics.roc_auc_score(truth == grade, p[:, grade]) for grade in grades]
    plus, minus = metrics.class_likelihood_ratios(positive, called)
    (tn, fp), (fn, tp) = metrics.confusion_matrix(positive, called)
    kappa = metrics.cohen_kappa_score
    sensitivity = metrics.recall_score(positive, called)
    specificity = metrics.recall_score(~positive, ~called)
    n = len(truth)
    return {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "auc": metrics.roc_auc_score(positive, p[:, 2:].sum(axis=1)),
        "auc_of_grades": metrics.roc_auc_score(positive, given),
        "ppv": metrics.precision_score(positive, called),
        "npv": metrics.precision_score(~positive, ~called),
        "accuracy": metrics.accuracy_score(positive, called),
        "weighted_sensitivity": metrics.recall_score(truth, given, average="weighted"),
        "weighted_specificity": np.average(rest, weights=support),
        "weighted_auc": np.average(areas, weights=support),
        "kappa_binary": kappa(positive, called),
        "kappa_graded": kappa(truth, given, labels=range(4)),
        "kappa_quadratic": kappa(truth, given, labels=range(4), weights="quadratic"),
        "kappa_linear": kappa(truth, given, labels=range(4), weights="linear"),
        "positive_likelihood_ratio": plus,
        "negative_likelihood_ratio": minus,
        "youden_index": sensitivity + specificity - 1,
        "balanced_accuracy": metrics.balanced_accuracy_score(positive, called),
        "macro_sensitivity": metrics.recall_score(truth, given, labels=grades, average="macro"),
        "macro_specificity": np.mean(rest),
        "micro_sensitivity": metrics.recall_score(truth, given, average="micro"),
        "micro_specificity": 1 - np.sum(truth != given) / (3 * n),
        "exact_agreement": metrics.accuracy_score(truth, given),
        "agreement_within_one": np.mean(np.abs(truth - given) <= 1),
        "mean_absolute_error": metrics.mean_absolute_error(truth, given),
        "mean_error": np.mean(given - truth),
        "prevalence_index": abs(tp - tn) / n,
        "bias_index": abs(fp - fn) / n,
    }


def compare(replicates: int) -> bool:
    """Ours and the loops on the same study; True where the claim holds."""
    table = study(150, SITES, np.random.default_rng(1))
    start = time.process_time()
    drawn = Resamples.draw(150, rng=np.random.default_rng(2), resamples=RESAMPLES)
    figures = ours(table, drawn)
    own_seconds = time.process_time() - start
    worst, seconds = 0.0, 0.0
    for units in groups(table):
        found = our_replicates(table, units, drawn.counts[:replicates])
        for row in range(replicates):
            start = time.process_time()
            loop = usual(table, units, drawn.counts[row])
            seconds += time.process_time() - start
            worst = max(worst, *(abs(loop[name] - found[name][row]) for name in loop))
            assert loop.keys() == found.keys()
    whole = seconds / replicates * (RESAMPLES + 150 + 1)  # value, replicates, and the jackknife for BCa
    ratio = whole / own_seconds
    print(f"150 patients x 25 sites x 8 raters, {RESAMPLES} resamples, BCa, one thread")
    print(f"  ours        {own_seconds:10.2f} s for {figures} figures with intervals")
    print(f"  usual loops {whole:10.0f} s ({seconds / replicates:.2f} s a replicate, {replicates} measured)")
    print(f"  ratio       {ratio:10.0f}   largest difference {worst:.1e} of {len(found)} x 3 figures")
    return ratio >= RATIO and worst <= EQUAL


def large(sites: int) -> None:
    """10,000 patients x 8 raters in this process; prints one line of JSON."""
    table = study(10_000, SITES[:sites], np.random.default_rng(1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    drawn = Resamples.draw(10_000, rng=np.random.default_rng(2), resamples=RESAMPLES)
    figures = ours(table, drawn)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"s": seconds, "gb": peak / 2**20, "before_gb": before / 2**20, "figures": figures}))


def measure_large(sites: int) -> bool:
    """The same in a process of its own; True where the claim holds."""
    child = subprocess.run(
        [sys.executable, __file__, "--large", str(sites)], check=True, capture_output=True, text=True
    )
    found = json.loads(child.stdout)
    print(f"10,000 patients x {sites} site(s) x 8 raters, {RESAMPLES} resamples, BCa, one thread")
    print(f"  {found['s']:.1f} s for {found['figures']} figures; peak memory {found['gb']:.2f} GB")
    return found["s"] < SECONDS and found["gb"] < GIGABYTES


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--replicates", type=int, default=3, help="replicates of the usual loops")
    asked.add_argument("--large", type=int, default=0, help="measure this many sites here, and nothing else")
    options = asked.parse_args()
    with threadpool_limits(1):
        if options.large:
            large(options.large)
            return 0
        warnings.filterwarnings("ignore", module="sklearn")
        held = [compare(options.replicates), measure_large(1)]
        measure_large(5)
    print("every claim holds" if all(held) else "A CLAIM DOES NOT HOLD")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

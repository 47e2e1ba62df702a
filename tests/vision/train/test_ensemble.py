"""The ensemble's fit on answers whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from lss_core.domain import Condition, Probabilities
from lss_core.vision.ensemble import FEATURES, Ensemble, median_grade
from lss_core.vision.train.ensemble import (
    Evidence,
    figures_of,
    fitted,
    held,
    ordinal_fit,
    pooling_fit,
    reliability_of,
    results_of,
)
from lss_core.vision.train.pictures import NONE_OR_MILD

SURE: dict[int, Probabilities] = {k: tuple(np.eye(4)[k] * 0.88 + 0.03) for k in range(4)}  # type: ignore[misc]


def evidence(study: int, truth: int, ratio: float, said: Probabilities) -> Evidence:
    return Evidence(
        study=study,
        site="central:L4_L5",
        truth=truth,
        measurements={"sac_area_ratio": ratio},
        streams={"classification": said},
        reason=None,
    )


def simulated(n: int, *, classifier_right: bool) -> list[Evidence]:
    """The grade follows Lurie's thirds of the ratio; the other stream is right, or always says mild."""
    rng = np.random.default_rng(0)
    found = []
    for study in range(n):
        ratio = float(rng.uniform(0.1, 1))
        truth = sum(1 - ratio > limit for limit in (0.1, 1 / 3, 2 / 3))
        found.append(evidence(study, truth, ratio, SURE[truth if classifier_right else 1]))
    return found


def test_an_ordinal_fit_finds_the_cuts_that_made_the_grades() -> None:
    sites = simulated(200, classifier_right=False)
    fit = ordinal_fit(sites, ("sac_area_ratio",))
    agreed = [median_grade(p) == one.truth for one in sites if (p := fit.probabilities(one.measurements))]
    assert np.mean(agreed) > 0.9


def test_the_better_stream_gets_the_weight() -> None:
    right = fitted(simulated(80, classifier_right=True), Condition.CENTRAL).both.weights
    wrong = fitted(simulated(80, classifier_right=False), Condition.CENTRAL).both.weights
    assert right["classification"] > 0.5
    assert wrong["measurement"] > 3 * wrong["classification"]


def test_a_stream_that_is_too_sure_is_taken_down_a_peg() -> None:
    rng = np.random.default_rng(1)
    truths = rng.integers(0, 4, 200)
    said = [int(truth) if rng.random() < 0.5 else int(rng.integers(0, 4)) for truth in truths]
    answers = [({"classification": SURE[k]}, int(truth)) for k, truth in zip(said, truths, strict=True)]
    assert pooling_fit(answers, ("classification",)).weights["classification"] < 0.6


def test_a_perfect_rater_has_auc_and_kappa_of_one() -> None:
    figures = figures_of([(SURE[k], k) for k in (0, 1, 2, 3)])
    assert {name: figures[name] for name in ("AUC", "sensitivity", "specificity", "quadratic kappa")} == {
        "AUC": 1,
        "sensitivity": 1,
        "specificity": 1,
        "quadratic kappa": 1,
    }


def test_what_is_undefined_is_absent() -> None:
    assert set(figures_of([(SURE[0], 0), (SURE[0], 0)])) == {"n"}


def test_sites_that_could_not_be_graded_are_counted_apart() -> None:
    sites = simulated(40, classifier_right=True)
    sites.append(sites[0].model_copy(update={"reason": "level_not_found", "streams": {}}))
    combination = fitted(sites, Condition.CENTRAL)
    results = results_of(sites, Condition.CENTRAL, Ensemble(conditions={Condition.CENTRAL: combination}))
    assert (results["sites"], results["gradable"]) == (41, 40)
    assert results["coverage"] == round(40 / 41, 4)
    assert sum(results["not gradable"].values()) == 1
    assert results["ensemble AUC"] == pytest.approx(1, abs=0.01)
    assert FEATURES[Condition.CENTRAL][0] == "sac_area_ratio"


def test_where_none_and_mild_are_one_both_probabilities_count_and_kappa_does_not() -> None:
    assert held(NONE_OR_MILD).tolist() == [1, 1, 0, 0]
    assert held(2).tolist() == [0, 0, 1, 0]
    figures = figures_of([(SURE[1], NONE_OR_MILD), (SURE[0], NONE_OR_MILD), (SURE[3], 3), (SURE[2], 3)])
    assert (figures["AUC"], figures["sensitivity"], figures["specificity"]) == (1, 1, 1)
    assert "quadratic kappa" not in figures  # all that is left is severe
    said = [({"classification": SURE[k]}, NONE_OR_MILD) for k in (0, 1) * 20]
    pooling = pooling_fit(said, ("classification",))
    assert all(sum(pooling.pooled({"classification": SURE[k]})[:2]) > 0.94 for k in (0, 1))


def test_an_ordinal_fit_takes_none_or_mild_as_either() -> None:
    sites = [
        one.model_copy(update={"truth": NONE_OR_MILD if one.truth < 2 else one.truth})
        for one in simulated(200, classifier_right=False)
    ]
    fit = ordinal_fit(sites, ("sac_area_ratio",))
    said = [
        (median_grade(p) >= 2, one.truth >= 2) for one in sites if (p := fit.probabilities(one.measurements))
    ]
    assert np.mean([a == b for a, b in said]) > 0.9


def test_reliability_is_the_share_observed_by_the_probability_said() -> None:
    # two sites said 0.06 (one of them positive), two said 0.94, both positive
    found = reliability_of([(SURE[0], 0), (SURE[1], 2), (SURE[2], 3), (SURE[3], 2)])
    assert found["reliability"] == [
        {"n": 2, "mean": 0.06, "observed": 0.5},
        {"n": 2, "mean": 0.94, "observed": 1.0},
    ]
    assert found["calibration error"] == pytest.approx((0.44 + 0.06) / 2)
    assert reliability_of([]) == {}


def test_with_too_few_sites_the_classification_stream_speaks_alone() -> None:
    for sites in (simulated(5, classifier_right=True), []):
        assert fitted(sites, Condition.CENTRAL).both.weights == {"classification": 1}

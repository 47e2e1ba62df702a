"""The ensemble's fit on answers whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from lss_core.domain import Condition, Probabilities
from lss_core.vision.ensemble import FEATURES, Ensemble, median_grade
from lss_core.vision.train.ensemble import Evidence, best_weight, figures_of, fitted, ordinal_fit, results_of

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
    assert fitted(simulated(80, classifier_right=True), Condition.CENTRAL).classification_weight > 0.5
    assert fitted(simulated(80, classifier_right=False), Condition.CENTRAL).classification_weight < 0.2


def test_the_weight_is_one_when_only_the_second_answer_is_ever_right() -> None:
    assert best_weight([(SURE[0], SURE[3], 3), (SURE[1], SURE[2], 2)]) == 1


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
    assert results["ensemble AUC"] == pytest.approx(1, abs=0.01)
    assert FEATURES[Condition.CENTRAL][0] == "sac_area_ratio"

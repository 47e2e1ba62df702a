from __future__ import annotations

import numpy as np
import pytest

from lss_core.domain import SITES, Condition, Grade
from lss_core.study.simulate import (
    ReaderPopulation,
    SimulatedReader,
    adjudicator,
    draw_readers,
    simulate_reads,
)


def truth_of(cases: int, seed: int = 1) -> dict[str, dict[object, Grade]]:
    rng = np.random.default_rng(seed)
    return {
        f"C-{case}": {site: Grade(int(rng.choice(4, p=[0.5, 0.2, 0.2, 0.1]))) for site in SITES}
        for case in range(cases)
    }


def agreement(truth, reads, condition: Condition | None = None) -> float:
    pairs = [
        (answer.grade, truth[case][answer.site])
        for case, answers in reads.items()
        for answer in answers
        if answer.grade is not None and condition in (None, answer.site.condition)
    ]
    return sum(given is true for given, true in pairs) / len(pairs)


def reader(**changes) -> SimulatedReader:
    neutral = {"name": "R", "sigma": 0.4, "bias": 0.0, "shifts": (0.0, 0.0, 0.0), "not_gradable_rate": 0.0}
    return SimulatedReader(**(neutral | changes))


def test_the_same_seed_gives_the_same_readers_and_answers() -> None:
    def once():
        rng = np.random.default_rng(7)
        return simulate_reads(truth_of(5), draw_readers(7, rng=rng), rng=rng)

    assert once() == once()


def test_every_reader_answers_every_site_in_order() -> None:
    rng = np.random.default_rng(7)
    reads = simulate_reads(truth_of(3), draw_readers(7, rng=rng), rng=rng)
    assert list(reads) == [f"Reader {n}" for n in range(1, 8)]
    for cases in reads.values():
        for answers in cases.values():
            assert tuple(answer.site for answer in answers) == SITES


def test_a_reader_without_noise_bias_or_shifts_tells_the_truth() -> None:
    truth = truth_of(10)
    reads = simulate_reads(truth, [reader(sigma=0)], rng=np.random.default_rng(1))
    assert agreement(truth, reads["R"]) == 1


def test_more_noise_means_less_agreement_and_the_adjudicator_agrees_most() -> None:
    truth = truth_of(60)
    readers = [adjudicator("A"), reader(name="B", sigma=0.4), reader(name="C", sigma=1.0)]
    reads = simulate_reads(truth, readers, rng=np.random.default_rng(1))
    a, b, c = (agreement(truth, reads[name]) for name in "ABC")
    assert a > b > c


def test_a_bias_moves_the_grades_its_way() -> None:
    truth = truth_of(40)
    readers = [reader(name="up", bias=0.6), reader(name="down", bias=-0.6)]
    reads = simulate_reads(truth, readers, rng=np.random.default_rng(1))
    mean = {
        name: np.mean([answer.grade for answers in cases.values() for answer in answers])
        for name, cases in reads.items()
    }
    assert mean["up"] > mean["down"] + 0.5


def test_the_lateral_recess_is_harder_than_the_central_canal() -> None:
    truth = truth_of(80)
    reads = simulate_reads(truth, [reader()], rng=np.random.default_rng(1))["R"]
    central = agreement(truth, reads, Condition.CENTRAL)
    assert central > agreement(truth, reads, Condition.LATERAL_RECESS) + 0.05


def test_not_gradable_answers_come_at_the_readers_own_rate() -> None:
    reads = simulate_reads(truth_of(80), [reader(not_gradable_rate=0.1)], rng=np.random.default_rng(1))
    answers = [answer for given in reads["R"].values() for answer in given]
    share = sum(answer.grade is None for answer in answers) / len(answers)
    assert share == pytest.approx(0.1, abs=0.03)


def test_readers_of_a_population_without_spread_are_alike_but_for_their_names() -> None:
    population = ReaderPopulation(sigma_spread=0, bias_sd=0, threshold_sd=0, not_gradable_mean=0)
    one, two = draw_readers(2, rng=np.random.default_rng(1), population=population)
    assert one.name != two.name
    assert (
        (one.sigma, one.bias, one.thresholds) == (two.sigma, two.bias, two.thresholds) == (0.45, 0, (1, 2, 3))
    )

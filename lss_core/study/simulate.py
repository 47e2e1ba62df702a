"""Simulated readers for demonstrations, tests and planning: a stated latent-variable model.

Each site has a latent severity on the scale of the grades: s = grade + u, with u uniform in (0, 1),
drawn once and shared by all readers, so that sites near a threshold are hard for everybody. What
reader j perceives at site i is

    y_ij = s_i + bias_j + sigma_j * difficulty(condition_i) * (sqrt(rho) c_i + sqrt(1 - rho) e_ij)

with independent standard normal c_i (what misleads all readers alike) and e_ij. He grades k where
y_ij lies between his thresholds t_jk and t_j(k+1), t_jk = k + shift_jk, and answers 'not gradable'
with his own probability. His confidence grows with the distance to his nearest threshold:
1 - exp(-2 |y - t|). It is the ordinal probit model with random readers (Roe and Metz 1997 use the
same decomposition into shared and own noise for ROC scores).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import Answer, Condition, Grade, NotGradable, Site

SHARED_NOISE = 0.3
"""rho: the share of the noise variance that all readers have in common."""

DIFFICULTY: Mapping[Condition, float] = {
    Condition.CENTRAL: 1.0,
    Condition.LATERAL_RECESS: 1.6,
    Condition.FORAMINAL: 1.25,
}
"""How much noisier a condition is than central stenosis; the order of the source's kappas."""

Truth = Mapping[str, Mapping[Site, Grade]]
"""The true grade of each site of each case, by case id."""


@dataclass(frozen=True, kw_only=True)
class SimulatedReader:
    """One reader's parameters, in grades: noise `sigma`, `bias`, `shifts` of the three thresholds."""

    name: str
    sigma: float
    bias: float
    shifts: tuple[float, float, float]
    not_gradable_rate: float

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The least perceived severity of grade 1, 2 and 3, in ascending order."""
        return tuple(sorted(k + shift for k, shift in enumerate(self.shifts, start=1)))


@dataclass(frozen=True, kw_only=True)
class ReaderPopulation:
    """What readers are drawn from.

    sigma is log-normal around `sigma` with `sigma_spread`; bias and threshold shifts are normal with
    the given standard deviations; the not-gradable rate is exponential with the given mean.
    """

    sigma: float = 0.45
    sigma_spread: float = 0.3
    bias_sd: float = 0.2
    threshold_sd: float = 0.12
    not_gradable_mean: float = 0.01


def draw_readers(
    count: int, *, rng: np.random.Generator, population: ReaderPopulation = ReaderPopulation()
) -> tuple[SimulatedReader, ...]:
    """Readers 'Reader 1' ... drawn from the population."""
    return tuple(
        SimulatedReader(
            name=f"Reader {number}",
            sigma=float(population.sigma * np.exp(rng.normal(0, population.sigma_spread))),
            bias=float(rng.normal(0, population.bias_sd)),
            shifts=_three(rng.normal(0, population.threshold_sd, 3)),
            not_gradable_rate=float(min(rng.exponential(population.not_gradable_mean), 0.1)),
        )
        for number in range(1, count + 1)
    )


def adjudicator(name: str = "Adjudicator") -> SimulatedReader:
    """A reader with little noise, no bias, who grades everything."""
    return SimulatedReader(name=name, sigma=0.12, bias=0, shifts=(0, 0, 0), not_gradable_rate=0)


def simulate_reads(
    truth: Truth, readers: Sequence[SimulatedReader], *, rng: np.random.Generator
) -> dict[str, dict[str, tuple[Answer, ...]]]:
    """Every reader's answers to every site: {reader's name: {case id: answers in the truth's order}}."""
    places = [(case_id, site, grade) for case_id, sites in truth.items() for site, grade in sites.items()]
    severity = np.array([grade for *_, grade in places], float) + rng.uniform(0, 1, len(places))
    difficulty = np.array([DIFFICULTY[site.condition] for _, site, _ in places])
    shared = rng.normal(0, 1, len(places))
    reads: dict[str, dict[str, tuple[Answer, ...]]] = {}
    for reader in readers:
        own = rng.normal(0, 1, len(places))
        noise = np.sqrt(SHARED_NOISE) * shared + np.sqrt(1 - SHARED_NOISE) * own
        perceived = severity + reader.bias + reader.sigma * difficulty * noise
        refused = rng.uniform(0, 1, len(places)) < reader.not_gradable_rate
        answers = _answers([site for _, site, _ in places], perceived, refused, reader)
        cases: dict[str, list[Answer]] = {case_id: [] for case_id in truth}
        for (case_id, *_), answer in zip(places, answers, strict=True):
            cases[case_id].append(answer)
        reads[reader.name] = {case_id: tuple(given) for case_id, given in cases.items()}
    return reads


def with_model(
    answers: Sequence[Answer],
    said: Mapping[Site, Grade | None],
    *,
    trust: float,
    rng: np.random.Generator,
) -> tuple[Answer, ...]:
    """The answers of a second read with the model's grades in view.

    Where the model's grade differs from the reader's own he takes it over with probability `trust`, else he
    keeps his own; what either calls not gradable stays the reader's.
    """
    taken = rng.uniform(0, 1, len(answers)) < trust
    return tuple(
        replace(answer, grade=said[answer.site])
        if take and answer.grade is not None and said.get(answer.site) is not None
        else answer
        for take, answer in zip(taken, answers, strict=True)
    )


def minutes_at_work(places: Sequence[int], *, rng: np.random.Generator) -> NDArray[np.float64]:
    """Minutes for the cases at these places (from 1) of a reader's order: 4 at first, falling with the place
    to the power of -0.15 as he learns the page, log-normal around that with a standard deviation of 0.25."""
    return 4 * np.asarray(places, float) ** -0.15 * np.exp(rng.normal(0, 0.25, len(places)))


def _answers(
    sites: Sequence[Site],
    perceived: NDArray[np.float64],
    refused: NDArray[np.bool_],
    reader: SimulatedReader,
) -> list[Answer]:
    thresholds = np.array(reader.thresholds)
    grades = np.searchsorted(thresholds, perceived, side="right")
    distance = np.abs(perceived[:, None] - thresholds).min(axis=1)
    confidence = 1 - np.exp(-2 * distance)
    return [
        Answer(site=site, not_gradable=NotGradable.POOR_QUALITY)
        if refused[i]
        else Answer(site=site, grade=Grade(int(grades[i])), confidence=round(float(confidence[i]), 3))
        for i, site in enumerate(sites)
    ]


def _three(values: NDArray[np.float64]) -> tuple[float, float, float]:
    first, second, third = values.tolist()
    return first, second, third

"""How far a measurement can be trusted: its spread over slices, and over several outlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lss_core.domain import Site
from lss_core.measure.alignment import measure_whole
from lss_core.measure.axial import Measurements
from lss_core.measure.study import Study

NEIGHBOURS = (-1, 1)
"""Steps from the slice that shows a site best."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Several values of one quantity, in its unit: their median, standard deviation (n - 1), number."""

    median: float
    deviation: float
    n: int


def spread_of(several: Sequence[Mapping[Site, Mapping[str, float]]]) -> dict[Site, dict[str, Spread]]:
    """The spread of each quantity over several measurements of one study.

    A quantity that was measured fewer than twice has no spread and is absent.
    """
    sites = dict.fromkeys(site for one in several for site in one)
    return {site: _spread([one[site] for one in several if site in one]) for site in sites}


def spreads(
    study: Study,
    measured: Mapping[Site, Measurements],
    varied: Sequence[Study] = (),
) -> dict[Site, dict[str, Spread]]:
    """The spread over the slice that shows a site best, its neighbours in the same block, and other
    outlines of the study.

    measured: what `measure_whole` says of the study. varied: the study with such other outlines as
    those of test-time augmentation.
    """
    neighbours = [measure_whole(study, step=step) for step in NEIGHBOURS]
    return spread_of([measured, *neighbours, *map(measure_whole, varied)])


def _spread(several: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    found = {}
    for name in dict.fromkeys(name for one in several for name in one):
        values = np.array([one[name] for one in several if name in one])
        if len(values) > 1:
            found[name] = Spread(
                median=float(np.median(values)), deviation=float(values.std(ddof=1)), n=len(values)
            )
    return found

"""One comparison of the page docs/validation.md, and how its data are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t

from lss_core.domain import Estimate

EXACT = 1e-9
"""How far ours may be from another program's number at full precision."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison. `within` is half a unit of the last printed digit, or EXACT for a program's number."""

    statistic: str
    data: str
    ours: float
    theirs: float
    source: str
    within: float = EXACT

    @property
    def holds(self) -> bool:
        """Whether the two agree as far as the other is known."""
        return abs(self.ours - self.theirs) <= self.within * 1.0001 + 1e-12


RECALLED = "*"
"""Behind a source whose value was typed from memory and never compared with the print."""


def printed(digits: int) -> float:
    """Half a unit of the last of so many printed decimals."""
    return 0.5 * 10.0**-digits


def read(folder: Path, name: str) -> np.ndarray:
    """A CSV of numbers without its header; NaN where a cell is empty."""
    return np.genfromtxt(folder / name, delimiter=",", skip_header=1)


def error_of(estimate: Estimate, units: int) -> float:
    """The standard error back from the lower end of a t interval."""
    return float((estimate.value - estimate.low) / t.ppf(0.975, units - 1))

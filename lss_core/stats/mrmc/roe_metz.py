"""Simulated reader studies after Roe and Metz (1997, Acad Radiol 4:298), to check tests and power by.

Score = [positive] mu(modality) + R + C + (TR) + (TC) + (RC) + E with independent normal terms for each
truth; the variances of C, TC, RC and E add up to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.study import ReaderStudy
from lss_core.stats.resample import Array


@dataclass(frozen=True, kw_only=True)
class RoeMetz:
    """AUCs of the modalities, and the variances of the scores' terms by their names.

    The defaults are Roe and Metz' structure 'HL': high correlation of the scores, low reader variance.
    """

    aucs: tuple[float, ...]
    var_r: float = 0.0055
    var_tr: float = 0.0055
    var_c: float = 0.3
    var_tc: float = 0.3
    var_rc: float = 0.2

    @property
    def var_e(self) -> float:
        """What is left of 1. Raises StatisticsError for variances below 0 or beyond 1 in all."""
        left = 1 - self.var_c - self.var_tc - self.var_rc
        if min(left, self.var_r, self.var_tr, self.var_c, self.var_tc, self.var_rc) < 0:
            reason = "the variances of C, TC and RC add up to 1 at most and none is below 0"
            raise StatisticsError("Roe-Metz model", reason=reason, remedy="Correct them")
        return left

    def draw(self, rng: np.random.Generator, *, readers: int, negatives: int, positives: int) -> ReaderStudy:
        """One fully crossed study; cases negative first.

        mu = sqrt(2 (1 + var_r + var_tr)) probit(AUC), so that the AUC expected of a random reader is it.
        """
        t, r, n = len(self.aucs), readers, negatives + positives
        truth = np.repeat([0.0, 1.0], [negatives, positives])

        def term(variance: float, *shape: int) -> Array:
            return np.asarray(np.sqrt(variance) * rng.normal(size=shape))

        mu = np.sqrt(2 * (1 + self.var_r + self.var_tr)) * special.ndtri(np.array(self.aucs))
        of_readers = [term(self.var_r, 1, r, 1) + term(self.var_tr, t, r, 1) for _ in range(2)]
        scores = np.where(truth == 1, mu[:, None, None] + of_readers[1], of_readers[0])
        scores = scores + term(self.var_c, 1, 1, n) + term(self.var_tc, t, 1, n)
        scores = scores + term(self.var_rc, 1, r, n) + term(self.var_e, t, r, n)
        return ReaderStudy(
            scores=scores,
            truth=truth,
            patients=np.arange(n),
            modalities=tuple(f"modality {i + 1}" for i in range(t)),
            readers=tuple(f"reader {j + 1}" for j in range(r)),
            cases=tuple(f"case {k + 1}" for k in range(n)),
        )

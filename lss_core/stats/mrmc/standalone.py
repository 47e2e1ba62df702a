"""A model by itself against a panel of readers, who are a sample of readers while the model is not.

The readers' differences psi(j) = figure(j) - figure(model) are analysed as readers of one modality:
Hillis' test of a single modality's mean against a value (2007, Stat Med 26:596), the model's own error
entering through the covariances. RJafroc calls it 1T-RRRC (readers less model; here it is model less
readers), Chakraborty 2017, Observer Performance Methods, chapter 22.
"""

from __future__ import annotations

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Errors, Resampling, Variance, errors_of
from lss_core.stats.mrmc.kernels import kernels_of
from lss_core.stats.mrmc.obuchowski_rockette import need_readers
from lss_core.stats.mrmc.result import (
    Analysis,
    Cellwise,
    Difference,
    Fixed,
    cellwise,
    difference,
    satterthwaite,
)
from lss_core.stats.mrmc.study import Cell, Measure, ReaderStudy
from lss_core.stats.mrmc.u_statistics import METHOD, Group, Spread, compare, errors_from
from lss_core.stats.resample import Array

TRUNCATED = "Cov2 of the readers' differences from the model is estimated below 0 and counts as 0"


def standalone(
    study: ReaderStudy,
    measure: Measure,
    model: str,
    *,
    variance: Variance = Variance.JACKKNIFE,
    fixed: Fixed = Fixed.NONE,
    level: float = 0.95,
    resampling: Resampling | None = None,
) -> Analysis:
    """The modality `model`, read by one reader, less the panel of each other modality.

    Var(mean psi) is (MS(R) + r max(Cov2, 0)) / r with df_H for random readers and cases, (Var + (r - 1)
    Cov2) / r with z for fixed readers, MS(R) / r with r - 1 for fixed cases, where Var and Cov2 are of
    psi. Raises StatisticsError where the model has several readers, for a gap, one reader taken as
    random, and where a figure or a covariance is undefined.
    """
    lone = _lone(study, model)
    found: list[Difference] = []
    figures: list[Cellwise] = []
    components: dict[str, float] = {}
    notes: list[str] = []
    for i in _panels(study, model):
        panel = study.readers_of(i)
        need_readers(len(panel), fixed)
        cells = [lone, *panel]
        errors = errors_of(study, measure, cells, variance, resampling=resampling)
        own, parts = _against(study, errors, i, model, fixed, level)
        found.append(own)
        components |= parts
        if fixed is Fixed.NONE and parts[f"Cov2[{study.modalities[i]}]"] < 0:
            notes.append(f"{study.modalities[i]}: {TRUNCATED}")
        every = cellwise(study, measure, cells, errors, level=level)
        figures += every[1:] if figures else every
    return Analysis(
        method="standalone model against readers, Obuchowski-Rockette with Hillis' degrees of freedom",
        variance=errors.how,
        fixed=fixed,
        measure=measure,
        level=level,
        cases=len(study.cases),
        patients=study.n_patients,
        readers=len({one.reader for one in figures}) - 1,
        figures=tuple(figures),
        means=(),
        differences=tuple(found),
        overall=None,
        components=components,
        notes=tuple(notes),
    )


def standalone_u_statistics(
    study: ReaderStudy, measure: Measure, model: str, *, fixed: Fixed = Fixed.NONE, level: float = 0.95
) -> Analysis:
    """As `standalone`, by U-statistics: not every reader need have read every case."""
    lone = _lone(study, model)
    panels = _panels(study, model)
    cells = [lone, *(cell for i in panels for cell in study.readers_of(i))]
    kernels = kernels_of(study, measure, cells)
    spread = Spread(study=study, measure=measure, kernels=kernels, fixed=fixed)
    mine = Group.of(kernels, lone[0], model, lone=True)
    n = len(study.cases)
    compared = [
        compare(spread, mine, Group.of(kernels, i, study.modalities[i]), level=level, n=n) for i in panels
    ]
    return Analysis(
        method=f"standalone model against readers, {METHOD}",
        variance="unbiased",
        fixed=fixed,
        measure=measure,
        level=level,
        cases=n,
        patients=study.n_patients,
        readers=len({reader for _, reader in cells[1:]}),
        figures=cellwise(study, measure, cells, errors_from(study, kernels), level=level),
        means=(),
        differences=tuple(one for one, _ in compared),
        overall=None,
        components={},
        notes=tuple(note for _, notes in compared for note in notes),
    )


def _lone(study: ReaderStudy, model: str) -> Cell:
    place = study.named(model)
    cells = study.readers_of(place)
    if len(cells) != 1:
        reason = f"a standalone modality has one reader, the model, not {len(cells)}"
        raise StatisticsError(f"modality {model}", reason=reason, remedy="Keep the model's own rows only")
    return cells[0]


def _panels(study: ReaderStudy, model: str) -> list[int]:
    others = [i for i, name in enumerate(study.modalities) if name != model]
    if not others:
        reason = "there is no other modality to compare it with"
        raise StatisticsError(f"modality {model}", reason=reason, remedy="Add the readers' scores")
    return others


def _against(
    study: ReaderStudy, errors: Errors, panel: int, model: str, fixed: Fixed, level: float
) -> tuple[Difference, dict[str, float]]:
    """Model less panel; the model is the first cell of the errors."""
    r = len(errors.figures) - 1
    contrast = np.column_stack([np.full(r, -1.0), np.eye(r)])
    psi = contrast @ errors.figures
    covariance: Array = contrast @ errors.covariance @ contrast.T
    var = float(np.trace(covariance)) / r
    cov2 = float(covariance.sum() - np.trace(covariance)) / (r * (r - 1)) if r > 1 else 0.0
    squares = float(psi.var(ddof=1)) if r > 1 else float("nan")
    if fixed is Fixed.READERS:
        total, df = var + (r - 1) * cov2, np.inf
    elif fixed is Fixed.CASES:
        total, df = squares, float(r - 1)
    else:
        total = squares + r * max(cov2, 0.0)
        df = satterthwaite(total, squares, r - 1)
    name = study.modalities[panel]
    value, n = -float(psi.mean()), errors.units[0]
    parts = {"MS(R)": squares, "Var(Error)": var, "Cov2": cov2, "Var(R)": squares - var + cov2}
    kept = {f"{key}[{name}]": part for key, part in parts.items() if not np.isnan(part)}
    return difference(model, name, value, total / r, df, level=level, n=n), kept

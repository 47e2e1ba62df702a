"""Readers, cases and units that a study needs, as plain values."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.agreement import Weighting
from lss_core.stats.mrmc.result import Fixed
from lss_core.stats.power import Pilot, mrmc_cases, mrmc_power
from lss_core.stats.power_precision import Clusters, kappa_precision, sensitivity_precision

Json = dict[str, Any]

NAMES = {"var_tr": "Var(TR)", "var": "Var(Error)", "cov1": "Cov1", "cov2": "Cov2", "cov3": "Cov3"}
"""Our names of the components, and those in the results of the command mrmc."""


def pilot_of(path: Path) -> Pilot:
    """The components in results that `mrmc --method or --json FILE` has written.

    Raises StatisticsError for a file that holds none.
    """
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        parts, patients = results["components"], int(results["data"]["n_patients"])
        return Pilot(**{ours: float(parts[theirs]) for ours, theirs in NAMES.items()}, cases=patients)
    except (ValueError, KeyError, TypeError):
        reason = "it does not hold the components Var(TR), Var(Error), Cov1, Cov2 and Cov3"
        remedy = "Write it by 'mrmc SCORES --method or --json FILE', with two modalities and random cases"
        raise StatisticsError(path.name, reason=reason, remedy=remedy) from None


def pilot_given(*, var_tr: float, var: float, cov1: float, cov2: float, cov3: float, cases: int) -> Pilot:
    """The components as they are given."""
    return Pilot(var_tr=var_tr, var=var, cov1=cov1, cov2=cov2, cov3=cov3, cases=cases)


def plan_mrmc(
    pilot: Pilot,
    *,
    effect: float,
    readers: int,
    cases: int | None,
    power: float,
    margin: float,
    alpha: float,
    fix: str,
) -> Json:
    """The power with so many cases; without them, the cases that have the power."""
    asked: Json = {"effect": effect, "readers": readers, "margin": margin, "alpha": alpha}
    fixed = Fixed(fix)
    if cases is None:
        found = mrmc_cases(pilot, power=power, fixed=fixed, **asked)
    else:
        found = mrmc_power(pilot, cases=cases, fixed=fixed, **asked)
    return {
        "method": "Hillis, Obuchowski and Berbaum 2011",
        "hypothesis": "non-inferiority" if margin else "difference",
        "effect": effect,
        "margin": margin,
        "alpha": alpha,
        "fixed": fix,
        "pilot": asdict(pilot),
        "n_readers": found.readers,
        "n_cases": found.cases,
        "power": found.power,
        "std_error": found.standard_error,
        "df": None if np.isinf(found.df) else found.df,
    }


def plan_kappa(
    *,
    kappa: float,
    shares: tuple[float, ...],
    width: float,
    weights: str,
    sites: int,
    correlation: float,
    level: float,
) -> Json:
    """Units for a kappa of two raters with an interval of this width."""
    found = kappa_precision(
        kappa=kappa,
        shares=shares,
        width=width,
        weighting=Weighting(weights),
        clusters=Clusters(sites=sites, correlation=correlation),
        level=level,
    )
    return {
        "method": "large-sample interval, Fleiss, Cohen and Everitt 1969",
        "kappa": kappa,
        "weights": weights,
        "shares": list(shares),
        "level": level,
        "n_units": found.units,
        "n_patients": found.patients,
        "expected_width": found.width,
        "design_effect": found.design_effect,
    }


def plan_sensitivity(
    *,
    sensitivity: float,
    width: float,
    prevalence: float,
    sites: int,
    correlation: float,
    level: float,
) -> Json:
    """Units for a sensitivity with an interval of this width."""
    found = sensitivity_precision(
        sensitivity=sensitivity,
        width=width,
        prevalence=prevalence,
        clusters=Clusters(sites=sites, correlation=correlation),
        level=level,
    )
    return {
        "method": "Wilson's interval",
        "sensitivity": sensitivity,
        "prevalence": prevalence,
        "level": level,
        "n_positive_units": found.counting,
        "n_units": found.units,
        "n_patients": found.patients,
        "expected_width": found.width,
        "design_effect": found.design_effect,
    }

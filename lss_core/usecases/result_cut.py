"""The units of a selection, cut from a study's tables: sites or worst sites, of some cases, in an arm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

import numpy as np

from lss_core.domain import Level, RaterKind, Site
from lss_core.errors import StatisticsError
from lss_core.stats.tables import Codes, encode
from lss_core.stats.units import worst, worst_score
from lss_core.texts import later
from lss_core.usecases.analysis import RatingTable
from lss_core.usecases.csv_tables import of_the_others
from lss_core.usecases.rater_statistics import SCALE, Rules, score_of
from lss_core.usecases.result_data import Selection, StudyData, Unit

WHOLE_PATIENT = later("whole patient")

LEAST_PANEL = 3
"""A panel that is left with two readers or more once one is left out."""


@dataclass(frozen=True, kw_only=True)
class UnitName:
    """A unit of analysis: its case, how it is called, and the site that shows it."""

    case_id: str
    label: str
    site: Site


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """The units of a selection: their table, their names, and how many a rater graded only in part.

    `members` (sites of the data,) is the unit of each, -1 where a site is in none.
    """

    table: RatingTable
    names: tuple[UnitName, ...]
    members: Codes
    partial: Mapping[str, int] = field(default_factory=dict)


@lru_cache(maxsize=64)
def cut(data: StudyData, selection: Selection) -> Cut:
    """The units of a selection. Raises StatisticsError where there is none, or no such arm or session.

    Kept by the data's fingerprint, as all that a page computes of it.
    """
    source = _source(data, selection)
    cases = cases_of(data, selection)
    wanted = [i for i, (case, site) in enumerate(data.sites) if case in cases and selection.takes(site)]
    if not wanted:
        reason = later("the reference has no such site")
        remedy = later("Choose another level, side or condition")
        raise StatisticsError(later("Results"), reason=reason, remedy=remedy)
    table = _take(source, np.array(wanted))
    if selection.attribute is not None:  # the other cases are no part of the sample
        own, patients = np.unique(table.patients, return_inverse=True)
        table = replace(table, patients=patients.astype(np.int64), n_patients=len(own))
    sites = [data.sites[index] for index in wanted]
    if selection.unit is Unit.SITE:
        owners = np.arange(len(sites))
    else:
        named: dict[tuple[str, Level | None], int] = {}
        keys = [(case, site.level if selection.unit is Unit.LEVEL else None) for case, site in sites]
        owners = np.array([named.setdefault(key, len(named)) for key in keys])
        table, partial = _worst(table, owners)
    members = np.full(len(data.sites), -1)
    members[wanted] = owners
    shown = _shown(source, np.array(wanted), owners)
    names = [_name(*data.sites[index], selection.unit) for index in shown]
    found = partial if selection.unit is not Unit.SITE else {}
    return Cut(table=table, names=tuple(names), members=members, partial=found)


def cases_of(data: StudyData, selection: Selection) -> set[str]:
    """The ids of the cases that a selection takes."""
    every = {case_id for case_id, _ in data.sites}
    if selection.attribute is None:
        return every
    name, value = selection.attribute
    return {case for case, own in data.attributes.get(name, {}).items() if own == value} & every


def _source(data: StudyData, selection: Selection) -> RatingTable:
    """The answers that a selection takes, with the reference that each rater has in it."""
    if selection.session and selection.session not in data.sessions:
        reason = later("nobody has read in this session")
        raise StatisticsError(later("Results"), reason=reason, remedy=later("Choose another session"))
    if selection.arm not in data.tables:
        reason = later("nobody has read in this arm")
        raise StatisticsError(later("Results"), reason=reason, remedy=later("Choose another arm"))
    table = data.sessions[selection.session] if selection.session else data.tables[selection.arm]
    if not selection.leave_one_out:
        return table
    votes = {r.name: encode(r.grades, SCALE) for r in data.table.raters if r.name in data.panel}
    if len(votes) < LEAST_PANEL:
        raise StatisticsError(
            later("Leave one out"),
            reason=later("without his own vote fewer than two readers of the panel are left"),
            remedy=later("Compare with the reference as it is"),
        )
    others = of_the_others(votes, grades=len(SCALE))
    return replace(table, raters=tuple(replace(r, truth=others.get(r.name)) for r in table.raters))


def _take(table: RatingTable, units: Codes) -> RatingTable:
    return replace(
        table,
        patients=table.patients[units],
        conditions=(),
        truth=table.truth[units],
        refused=table.refused[units],
        raters=tuple(rater.take(units) for rater in table.raters),
    )


def _worst(table: RatingTable, owners: Codes) -> tuple[RatingTable, dict[str, int]]:
    """The worst site of each owner as a unit, as `analyse` takes it: highest grade, highest score."""
    n, scale = int(owners.max()) + 1, np.array([*SCALE, np.nan])
    partial, columns = {}, []
    for rater in table.raters:
        own = worst(encode(rater.grades, SCALE), owners, n_groups=n)
        others = None if rater.truth is None else worst(rater.truth, owners, n_groups=n).codes
        partial[rater.name] = own.partial
        scores = worst_score(score_of(rater, Rules()), owners, n_groups=n) if rater.has_curve else None
        refused = _all_of(rater.refused, owners, n)
        columns.append(
            replace(
                rater,
                grades=scale[own.codes],
                refused=refused,
                probabilities=None,
                scores=scores,
                truth=others,
            )
        )
    truth = worst(encode(table.truth, SCALE), owners, n_groups=n)
    partial["Reference"] = truth.partial
    patients = np.zeros(n, dtype=np.int64)
    patients[owners] = table.patients
    made = replace(
        table,
        patients=patients,
        truth=scale[truth.codes],
        refused=_all_of(table.refused, owners, n),
        raters=tuple(columns),
    )
    return made, {name: count for name, count in partial.items() if count}


def _all_of(flags: np.ndarray, owners: Codes, n: int) -> np.ndarray:
    """Whether all units of an owner are flagged."""
    return np.asarray(np.bincount(owners, ~flags, minlength=n) == 0)


def _shown(table: RatingTable, units: Codes, owners: Codes) -> list[int]:
    """The site that shows each owner: where the reference, then the model, is worst."""
    model = next((rater.grades[units] for rater in table.raters if rater.kind is RaterKind.MODEL), None)
    height = np.nan_to_num(table.truth[units], nan=-1.0) * 10
    height = height if model is None else height + np.nan_to_num(model, nan=-1.0)
    best: dict[int, int] = {}
    for place in np.argsort(-height, kind="stable").tolist():
        best.setdefault(int(owners[place]), int(units[place]))
    return [best[owner] for owner in range(int(owners.max()) + 1)]


def _name(case_id: str, site: Site, unit: Unit) -> UnitName:
    return UnitName(case_id=case_id, label=_label(site, unit), site=site)


@cache
def _label(site: Site, unit: Unit) -> str:
    """What a unit is called in its case; the same few for all cases."""
    return {Unit.SITE: site.label, Unit.LEVEL: site.level.label, Unit.PATIENT: WHOLE_PATIENT}[unit]

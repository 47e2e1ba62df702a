"""Ratings of a CSV as tables of units: groups, reference, sessions, clusters, level and patient as unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats.resample import Array
from lss_core.stats.tables import MISSING, Codes, encode, vote_counts
from lss_core.stats.units import worst, worst_score
from lss_core.usecases.analysis import RatingTable
from lss_core.usecases.rater_statistics import RaterColumn, Rules, score_of
from lss_core.usecases.rating_csv import SESSION, CsvRating, CsvRatings, level_of

MAJORITY, LEAVE_ONE_OUT = "majority", "leave-one-out"

Place = tuple[str, str]
"""A unit: case and site."""


class Unit(StrEnum):
    """What is counted: each site, or the worst site of a level or of a patient."""

    SITE = "site"
    LEVEL = "level"
    PATIENT = "patient"


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupTable:
    """A group of units as a rating table.

    `key` are the values of the attributes that make it, `repeats` each rater's grades in a second session
    (units,), `partial` how many units have a worst grade although a site of theirs has none, by rater.
    """

    key: Mapping[str, str]
    table: RatingTable
    repeats: Mapping[str, Array]
    partial: Mapping[str, int]


def group_tables(
    ratings: CsvRatings,
    kinds: Mapping[str, RaterKind],
    *,
    reference: str,
    by: Sequence[str],
    cluster: str,
    unit: Unit,
    rules: Rules,
) -> tuple[GroupTable, ...]:
    """One table for each combination of the attributes `by`, in the order of the file.

    Rows of the reference join by case and site whatever their attributes; a group is of the raters' rows.
    A second row of a rater for a site is refused, unless a column `session` tells them apart: then the
    first session (in the order of its text, numbers as numbers) counts and the second is kept for the
    agreement of a reader with himself.
    """
    patients = _patients(ratings, cluster)
    named = reference not in (MAJORITY, LEAVE_ONE_OUT)
    truth = _answers(ratings, [row for row in ratings.rows if named and row.rater == reference], by=())
    groups: dict[tuple[str, ...], list[CsvRating]] = defaultdict(list)
    for row in ratings.rows:
        if not (named and row.rater == reference):
            groups[tuple(row.attributes[name] for name in by)].append(row)
    for row in ratings.rows:
        key = tuple(row.attributes[name] for name in by)
        if named and row.rater == reference and key in groups:
            groups[key].append(row)
    found = []
    for key, rows in groups.items():
        own = [row for row in rows if not (named and row.rater == reference)]
        group = _group(ratings, rows, own, truth.get(reference, {}), kinds, patients, rules, by)
        group = _with_reference(group, reference, rules)
        if unit is not Unit.SITE:
            group = _worst(group, _owners(ratings, rows, unit), rules)
        found.append(replace(group, key=dict(zip(by, key, strict=True))))
    return tuple(found)


def _patients(ratings: CsvRatings, cluster: str) -> dict[Place, tuple[int, int]]:
    """Each unit's patient, and the number of patients beside it; a unit belongs to one."""
    index: dict[str, int] = {}
    owner: dict[Place, int] = {}
    for row in ratings.rows:
        name = row.attributes[cluster]
        mine = index.setdefault(name, len(index))
        if owner.setdefault((row.case, row.site), mine) != mine:
            reason = f"site '{row.site}' of case '{row.case}' is in two values of '{cluster}'"
            raise ratings.refuse(row.line, reason, "Name a column that is the same for a case")
    return {place: (mine, len(index)) for place, mine in owner.items()}


def _answers(
    ratings: CsvRatings, rows: Sequence[CsvRating], by: Sequence[str]
) -> dict[str, dict[Place, list[CsvRating]]]:
    """Each rater's rows at each unit, the first session first. Refuses a second row without a session."""
    found: dict[str, dict[Place, list[CsvRating]]] = defaultdict(lambda: defaultdict(list))
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        session = row.attributes.get(SESSION, "")
        key = (row.rater, row.case, row.site, session)
        if key in seen:
            reason = (
                f"'{row.rater}' rates site '{row.site}' of case '{row.case}' again, as in row {seen[key]}"
            )
            remedy = f"Remove one, tell them apart with --by, or with a column '{SESSION}'"
            raise ratings.refuse(row.line, reason, remedy)
        seen[key] = row.line
        found[row.rater][row.case, row.site].append(row)
    for places in found.values():
        for own in places.values():
            own.sort(key=lambda row: _order(row.attributes.get(SESSION, "")))
    return found


def _order(session: str) -> tuple[int, float, str]:
    return (0, float(session), "") if session.replace(".", "", 1).isdigit() else (1, 0.0, session)


def _group(
    ratings: CsvRatings,
    rows: Sequence[CsvRating],
    own: Sequence[CsvRating],
    truth: Mapping[Place, Sequence[CsvRating]],
    kinds: Mapping[str, RaterKind],
    patients: Mapping[Place, tuple[int, int]],
    rules: Rules,
    by: Sequence[str],
) -> GroupTable:
    places = list(dict.fromkeys((row.case, row.site) for row in rows))
    answers = _answers(ratings, own, by)
    kept = {RaterKind.READER, RaterKind.MODEL}
    columns = [
        _column(name, kinds[name], places, given, len(rules.scale))
        for name, given in answers.items()
        if kinds[name] in kept
    ]
    columns.sort(key=lambda column: column.kind is not RaterKind.MODEL)
    first = [truth[place][0] if place in truth else None for place in places]
    table = RatingTable(
        patients=np.array([patients[place][0] for place in places], dtype=np.int64),
        n_patients=patients[places[0]][1],
        truth=np.array([np.nan if row is None else row.grade for row in first]),
        refused=np.array([row is not None and row.refused for row in first], dtype=np.bool_),
        raters=tuple(columns),
    )
    repeats = {
        name: np.array([_second(given.get(place, ())) for place in places])
        for name, given in answers.items()
        if any(len(given[place]) > 1 for place in list(given))
    }
    return GroupTable(key={}, table=table, repeats=repeats, partial={})


def _second(rows: Sequence[CsvRating]) -> float:
    return rows[1].grade if len(rows) > 1 else np.nan


def _column(
    name: str,
    kind: RaterKind,
    places: Sequence[Place],
    given: Mapping[Place, Sequence[CsvRating]],
    grades: int,
) -> RaterColumn:
    first = [given[place][0] if place in given else None for place in places]
    nothing = (np.nan,) * grades
    probabilities = np.array([nothing if row is None else row.probabilities or nothing for row in first])
    scores = np.array([np.nan if row is None else row.score for row in first])
    return RaterColumn(
        name=name,
        kind=kind,
        grades=np.array([np.nan if row is None else row.grade for row in first]),
        refused=np.array([row is not None and row.refused for row in first], dtype=np.bool_),
        probabilities=None if np.all(np.isnan(probabilities)) else probabilities,
        scores=None if np.all(np.isnan(scores)) else scores,
    )


def majority(votes: Array) -> Codes:
    """The grade of more than half of the votes (units, grades); MISSING where there is none."""
    best = votes.argmax(axis=1)
    return np.where(2 * votes.max(axis=1, initial=0) > votes.sum(axis=1), best, MISSING)


def of_the_others(codes: Mapping[str, Codes], *, grades: int) -> dict[str, Codes]:
    """Of each reader the majority of the other readers' codes (units,); MISSING where they have none."""
    each = {name: vote_counts(own[:, None], grades=grades) for name, own in codes.items()}
    votes = np.sum(list(each.values()), axis=0)
    return {name: majority(votes - own) for name, own in each.items()}


def _with_reference(group: GroupTable, reference: str, rules: Rules) -> GroupTable:
    """The group with its majority, or each reader with that of the others, as reference."""
    if reference not in (MAJORITY, LEAVE_ONE_OUT):
        return group
    table = group.table
    readers = [rater for rater in table.raters if rater.kind is RaterKind.READER]
    if len(readers) < (3 if reference == LEAVE_ONE_OUT else 1):
        reason = f"{len(readers)} readers are too few for the reference '{reference}'"
        raise StatisticsError("reference", reason=reason, remedy="Name a rater with --reference")
    codes = {rater.name: encode(rater.grades, rules.scale) for rater in readers}
    votes = vote_counts(np.stack(list(codes.values()), axis=1), grades=len(rules.scale))
    scale = np.append(np.asarray(rules.scale), np.nan)
    table = replace(table, truth=scale[majority(votes)])
    if reference == LEAVE_ONE_OUT:
        own = of_the_others(codes, grades=len(rules.scale))
        raters = tuple(replace(rater, truth=own.get(rater.name)) for rater in table.raters)
        table = replace(table, raters=raters)
    return replace(group, table=table)


def _owners(ratings: CsvRatings, rows: Sequence[CsvRating], unit: Unit) -> Codes:
    """Which level or patient each unit of a group belongs to."""
    index: dict[tuple[str, ...], int] = {}
    owner: dict[Place, int] = {}
    for row in rows:
        level = level_of(row) if unit is Unit.LEVEL else ""
        if level is None:
            reason = f"the level of site '{row.site}' is not known"
            raise ratings.refuse(
                row.line, reason, "Give a column 'level', or name sites as condition:level:side"
            )
        owner.setdefault((row.case, row.site), index.setdefault((row.case, level), len(index)))
    return np.array(list(owner.values()), dtype=np.int64)


def _worst(group: GroupTable, owners: Codes, rules: Rules) -> GroupTable:
    """The group with the worst site of each owner as its unit."""
    n, table = int(owners.max()) + 1, group.table
    scale = np.append(np.asarray(rules.scale), np.nan)
    partial = {}
    columns = []
    for rater in table.raters:
        own = worst(encode(rater.grades, rules.scale), owners, n_groups=n)
        partial[rater.name] = own.partial
        scores = worst_score(score_of(rater, rules), owners, n_groups=n) if rater.has_curve else None
        columns.append(
            RaterColumn(
                name=rater.name,
                kind=rater.kind,
                grades=scale[own.codes],
                refused=_any(rater.refused, owners, n) & (own.codes == MISSING),
                scores=scores,
                truth=None if rater.truth is None else worst(rater.truth, owners, n_groups=n).codes,
            )
        )
    truth = worst(encode(table.truth, rules.scale), owners, n_groups=n)
    patients = np.zeros(n, dtype=np.int64)
    patients[owners] = table.patients
    whole = RatingTable(
        patients=patients,
        n_patients=table.n_patients,
        truth=scale[truth.codes],
        refused=_any(table.refused, owners, n) & (truth.codes == MISSING),
        raters=tuple(columns),
    )
    repeats = {
        name: scale[worst(encode(given, rules.scale), owners, n_groups=n).codes]
        for name, given in group.repeats.items()
    }
    return replace(group, table=whole, repeats=repeats, partial={"reference": truth.partial, **partial})


def _any(flags: NDArray[np.bool_], owners: Codes, n: int) -> NDArray[np.bool_]:
    return np.bincount(owners[flags], minlength=n) > 0

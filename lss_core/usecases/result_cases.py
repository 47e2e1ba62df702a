"""The units behind a figure: where raters disagree, most telling first, each with who said what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Self

import numpy as np

from lss_core.domain import RaterKind
from lss_core.stats.tables import MISSING
from lss_core.texts import _, known, later
from lss_core.usecases.analysis import MEAN_READER
from lss_core.usecases.rater_statistics import POSITIVE, Rules, score_of
from lss_core.usecases.result_agreement import REFERENCE
from lss_core.usecases.result_cut import UnitName, cut
from lss_core.usecases.result_data import Selection, StudyData


@dataclass(frozen=True, kw_only=True)
class Pick:
    """What was asked for by a click: units where two raters differ, or that stand in one cell.

    `binary` compares grades 0-1 against 2-3 only. `grades` (of `one`, of `other`) is a cell of a confusion
    matrix. `threshold` calls the model `one` positive from that probability on; `shares` (from, to) are its
    units whose probability of positive lies within. `case_id`: of one case only. `among`: where the readers
    differ from each other. `condition` is named where it is not the one that is shown.
    """

    one: str
    other: str = REFERENCE
    binary: bool = False
    grades: tuple[int, int] | None = None
    threshold: float | None = None
    shares: tuple[float, float] | None = None
    case_id: str = ""
    among: bool = False
    condition: str = ""

    @property
    def text(self) -> str:
        """The pick for a plot's point: what differs from a bare one, as a plot may have thousands."""
        bare = {own.name: own.default for own in fields(self)}
        return json.dumps({name: value for name, value in vars(self).items() if value != bare[name]})

    @classmethod
    def parse(cls, text: str) -> Self:
        """The pick of a point. Raises ValueError or TypeError for anything else."""
        found = json.loads(text)
        grades, shares = found.pop("grades", None), found.pop("shares", None)
        return cls(
            grades=None if grades is None else (int(grades[0]), int(grades[1])),
            shares=None if shares is None else (float(shares[0]), float(shares[1])),
            **found,
        )

    @property
    def title(self) -> str:
        """What the units have in common."""
        if self.among:
            return _("The readers gave different grades")
        if self.grades is not None:
            return _(
                "{one}: grade {given}, {other}: grade {truth}",
                one=known(self.one), given=self.grades[0],
                other=known(self.other).lower(), truth=self.grades[1],
            )  # fmt: skip
        if self.threshold is not None:
            return _(
                "{one}, positive from a probability of {share:.3f}: misses and false alarms",
                one=known(self.one),
                share=self.threshold,
            )
        if self.shares is not None:
            return _(
                "{one}, probability of grade 2 or 3 from {low:.1f} to {high:.1f}",
                one=known(self.one), low=self.shares[0], high=self.shares[1],
            )  # fmt: skip
        if self.case_id:
            return _("{one} and the reference in case {case}", one=known(self.one), case=self.case_id)
        other = known(self.other).lower() if self.other == REFERENCE else known(self.other)
        if self.binary:
            return _("{one} and {other} fall on different sides of grade 2", one=known(self.one), other=other)
        return _("{one} and {other} gave different grades", one=known(self.one), other=other)


MISS, FALSE_ALARM = later("miss"), later("false alarm")


@dataclass(frozen=True, kw_only=True)
class UnitRow:
    """A unit with what everybody said: grades 0 to 3, None where there is none.

    `probability` is the first model's of its own grade, `positive` its probability of grade 2 or 3; `scores`
    are those of each model by its name. `own` are the references of readers who have one of their own.
    """

    name: UnitName
    reference: int | None
    model: int | None
    probability: float | None
    positive: float | None
    readers: Mapping[str, int | None]
    others: Mapping[str, int | None]
    own: Mapping[str, int | None] = field(default_factory=dict)
    scores: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def side(self) -> str:
        """'miss', 'false alarm' or '' of the model against the reference."""
        if self.reference is None or self.model is None:
            return ""
        wrong = (self.reference in POSITIVE) - (self.model in POSITIVE)
        return {1: MISS, -1: FALSE_ALARM, 0: ""}[wrong]

    @property
    def with_reference(self) -> float:
        """The share of the readers' grades that are the reference's."""
        given = [grade for grade in self.readers.values() if grade is not None]
        return sum(grade == self.reference for grade in given) / len(given) if given else 0.0

    @property
    def telling(self) -> tuple[float, ...]:
        """What orders disagreements: grades apart, readers who side with the reference, how sure it was."""
        if self.reference is None or self.model is None:
            return (-1.0, 0.0, 0.0)
        apart = abs(self.model - self.reference) + (0.5 if self.side else 0.0)
        return (apart, self.with_reference, self.probability or 0.0)

    def said_by(self, rater: str) -> int | None:
        """The grade of a rater, the reference or the readers' middle."""
        if rater == REFERENCE:
            return self.reference
        if rater == MEAN_READER:
            given = sorted(grade for grade in self.readers.values() if grade is not None)
            return given[len(given) // 2] if given else None
        return {**self.readers, **self.others}.get(rater)


@lru_cache(maxsize=64)
def unit_rows(data: StudyData, selection: Selection) -> tuple[UnitRow, ...]:
    """Every unit of a selection, most telling first."""
    own = cut(data, selection)
    table = own.table
    models = [rater for rater in table.raters if rater.kind is RaterKind.MODEL]
    readers = [rater for rater in table.raters if rater.kind is RaterKind.READER]
    main = models[0] if models else None
    curves = {rater.name: score_of(rater, Rules()) for rater in models if rater.has_curve}
    rows = []
    for place, name in enumerate(own.names):
        grade = None if main is None else _grade(main.grades[place])
        share = (
            None
            if main is None or main.probabilities is None or grade is None
            else (_number(main.probabilities[place, grade]))
        )
        scores = {model: _number(of[place]) for model, of in curves.items()}
        score = None if main is None else scores.get(main.name)
        if share is None and score is not None and grade is not None:
            share = score if grade in POSITIVE else 1 - score
        rows.append(
            UnitRow(
                name=name,
                reference=_grade(table.truth[place]),
                model=grade,
                probability=share,
                positive=score,
                readers={rater.name: _grade(rater.grades[place]) for rater in readers},
                scores=scores,
                others={rater.name: _grade(rater.grades[place]) for rater in models},
                own={
                    rater.name: None if rater.truth[place] == MISSING else int(rater.truth[place])
                    for rater in readers
                    if rater.truth is not None
                },
            )
        )
    return tuple(sorted(rows, key=lambda row: row.telling, reverse=True))


def disagreements(rows: Sequence[UnitRow]) -> list[UnitRow]:
    """The units where model and reference differ; without a model, where any reader does."""
    if any(row.model is not None for row in rows):
        return [row for row in rows if row.telling[0] > 0]
    apart = [row for row in rows if row.reference is not None and row.with_reference < 1]
    return sorted(apart, key=lambda row: row.with_reference)


def picked(rows: Sequence[UnitRow], pick: Pick) -> list[UnitRow]:
    """The units of a pick, in the order of the rows."""
    return [row for row in rows if _answers(row, pick)]


def rows_records(rows: Sequence[UnitRow]) -> tuple[Sequence[str], list[Sequence[object]]]:
    """The units as the head and rows of a CSV: who said what."""
    names = list(rows[0].readers) if rows else []
    head = ("case", "label", "site", "reference_grade", "model", "probability", "p_positive", *names)
    records: list[Sequence[object]] = []
    for row in rows:
        said = (row.reference, row.model, row.probability, row.positive)
        given = (row.readers[name] for name in names)
        records.append((row.name.case_id, row.name.label, row.name.site.key, *said, *given))
    return head, records


def _answers(row: UnitRow, pick: Pick) -> bool:
    if pick.case_id:
        return row.name.case_id == pick.case_id
    if pick.among:
        return len({grade for grade in row.readers.values() if grade is not None}) > 1
    one, other = row.said_by(pick.one), row.said_by(pick.other)
    if pick.other == REFERENCE and pick.one in row.own:
        other = row.own[pick.one]
    if pick.threshold is not None:
        score = row.scores.get(pick.one)
        called = None if score is None else score >= pick.threshold
        return called is not None and other is not None and called != (other in POSITIVE)
    if one is None or other is None:
        return False
    if pick.shares is not None:
        low, high = pick.shares
        score = row.scores.get(pick.one)
        return score is not None and (low <= score < high or low < score == high == 1)
    if pick.grades is not None:
        return (one, other) == pick.grades
    return ((one in POSITIVE) != (other in POSITIVE)) if pick.binary else one != other


def _grade(value: float) -> int | None:
    return None if np.isnan(value) else int(value)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

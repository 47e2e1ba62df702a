"""The ratings of a study as results need them: arrays with the names of their units, read once.

What is computed of them is kept by their fingerprint, so that one more answer makes new results and
nothing else does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from lss_core.domain import ALL_SITES, Condition, Level, NotGradable, RaterKind, Side, Site
from lss_core.errors import StatisticsError
from lss_core.stats.resample import Resamples
from lss_core.store import cases, protocols, ratings, reads, references, studies
from lss_core.store.values import Rater, RatingRow, ReferenceGrade, ReferenceMethod, ReferenceSummary
from lss_core.study.protocol import PANEL_ARM, AssignmentKind, Protocol, ReferenceSource
from lss_core.texts import joined, later
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.analysis import RaterColumn, RatingTable
from lss_core.usecases.csv_tables import Unit
from lss_core.usecases.due import UNAIDED
from lss_core.usecases.reference import ADJUDICATION
from lss_core.usecases.result_subgroups import Attributes, subgroup_attributes
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = ["Selection", "StudyData", "Unit", "drawn", "rating_table", "study_data"]

RESAMPLES = 2000
SEED = 20240607

_SIDES = {Side.LEFT: later("left"), Side.RIGHT: later("right")}

UNIT_LABELS: Mapping[Unit, str] = {
    Unit.SITE: later("the site"),
    Unit.LEVEL: later("the level, by its worst site"),
    Unit.PATIENT: later("the patient, by his worst site"),
}
"""The units as a note names them."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which units are looked at: of a condition, as sites or worst sites, at a level, side, arm or session.

    An empty `arm` takes each rater's newest answer, in whatever arm he gave it; a `session` goes before an
    arm. `attribute` (name, value) takes the cases that have it. `leave_one_out`: each reader of the panel
    against the majority of its other readers, everybody else against the reference.
    """

    condition: Condition
    unit: Unit = Unit.SITE
    level: Level | None = None
    side: Side | None = None
    arm: str = ""
    session: int = 0
    attribute: tuple[str, str] | None = None
    leave_one_out: bool = False

    @property
    def subgroup(self) -> str:
        """'all levels', 'L4-L5, left'."""
        parts = [] if self.level is None else [self.level.label]
        parts += [] if self.side is None else [_SIDES[self.side]]
        parts += [] if self.attribute is None else [" ".join(self.attribute)]
        return joined(parts) if parts else later("all levels")

    def takes(self, site: Site) -> bool:
        """Whether a site is one of those that are looked at, whatever its case."""
        return (
            site.condition is self.condition
            and self.level in (None, site.level)
            and self.side in (None, site.side)
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyData:
    """A study's ratings against one reference standard; equal where the fingerprints are.

    `tables` by arm ('' for the newest answer in any arm) have the units of `sites`, the sites of the
    reference in its order; so have those of `sessions`, where there are several, and `repeats`, the readers'
    second reads of the same cases. `attributes` split the cases. `reasons` (sites,) of each model say why it
    called a site not gradable. `panel_made_reference`: readers of the
    tables, those of the `panel`, voted for it.
    """

    study_id: str
    reference: ReferenceSummary
    fingerprint: str
    sites: tuple[tuple[str, Site], ...]
    tables: Mapping[str, RatingTable]
    panel_made_reference: bool
    unreferenced: int
    panel: tuple[str, ...] = ()
    sessions: Mapping[int, RatingTable] = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)
    repeats: RatingTable | None = None
    reasons: Mapping[str, tuple[NotGradable | None, ...]] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StudyData) and other.fingerprint == self.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def table(self) -> RatingTable:
        """All raters' newest answers."""
        return self.tables[""]

    @property
    def first_arm(self) -> str:
        """The arm that stands for the readers where none is chosen: of several the first, else ''."""
        return self.arms[0] if len(self.arms) > 1 else ""

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms in which readers have answered."""
        return tuple(arm for arm in self.tables if arm)


def study_data(workspace: Workspace, user: User, study_id: str, reference_id: str | None = None) -> StudyData:
    """A study's ratings beside a reference standard, by default the newest majority.

    Coordinators and statisticians. Raises StatisticsError where there is no reference or its cases are gone,
    NotFoundError for an unknown study or reference.
    """
    require_study(workspace, user, study_id, *UNBLINDED)
    with workspace.store.read() as tx:
        studies.study_summary(tx, study_id)
        known = references.reference_summaries(tx, study_id)
        version = ratings.data_version(tx, study_id)
        live = protocols.live_protocol(tx, study_id)
        raters = _compared(studies.study_raters(tx, study_id), live.protocol if live else None)
    if reference_id is None and not known:
        raise StatisticsError(
            "Results",
            reason="the study has no reference standard yet",
            remedy="A coordinator makes one on the page Results once the panel has read",
        )
    return _loaded(workspace, study_id, reference_id or known[0].id, version, raters)


@lru_cache(maxsize=64)
def drawn(patients: int, resamples: int = RESAMPLES, seed: int = SEED) -> Resamples:
    """The replicates that all results of a study share; of one patient none: figures without intervals."""
    if patients < 2:
        return Resamples.none(patients)
    return Resamples.draw(patients, rng=np.random.default_rng(seed), resamples=resamples)


def rating_table(
    raters: Sequence[Rater], rows: Iterable[RatingRow], truth: Sequence[ReferenceGrade]
) -> RatingTable:
    """Rows of the store as arrays: one unit for each site in the reference, one column a rater.

    Adjudicators and adjudications are left out; so is what was graded outside the reference.
    """
    units = {(grade.case_id, grade.site): index for index, grade in enumerate(truth)}
    patients = {case_id: index for index, case_id in enumerate(dict.fromkeys(g.case_id for g in truth))}
    columns = {
        rater.id: RaterColumn(
            name=rater.name,
            kind=rater.kind,
            grades=np.full(len(units), np.nan),
            refused=np.zeros(len(units), dtype=np.bool_),
            probabilities=np.full((len(units), 4), np.nan) if rater.kind is RaterKind.MODEL else None,
        )
        for rater in sorted(raters, key=lambda rater: (rater.kind is not RaterKind.MODEL, rater.name))
        if rater.kind in (RaterKind.MODEL, RaterKind.READER)
    }
    for row in rows:
        unit, column = units.get((row.case_id, row.site)), columns.get(row.rater_id)
        if unit is None or column is None or row.arm == ADJUDICATION:
            continue
        column.refused[unit] = row.grade is None
        if row.grade is not None:
            column.grades[unit] = row.grade
        if column.probabilities is not None and row.probabilities is not None and row.grade is not None:
            column.probabilities[unit] = row.probabilities
    return RatingTable(
        patients=np.array([patients[grade.case_id] for grade in truth], dtype=np.int64),
        n_patients=len(patients),
        conditions=[grade.site.condition for grade in truth],
        truth=np.array([np.nan if grade.grade is None else grade.grade for grade in truth]),
        refused=np.array([grade.grade is None for grade in truth], dtype=np.bool_),
        raters=tuple(columns.values()),
    )


@lru_cache(maxsize=16)
def _loaded(
    workspace: Workspace,
    study_id: str,
    reference_id: str,
    version: tuple[int, ...],
    raters: tuple[Rater, ...],
) -> StudyData:
    """What the store holds at a version; ratings and references are only ever added."""
    with workspace.store.read() as tx:
        rows = ratings.study_ratings(tx, study_id)
        live = protocols.live_protocol(tx, study_id)
        arms = _arms(reads.study_arms(tx, study_id), live.protocol if live else None)
        by_arm = ratings.study_ratings(tx, study_id, by_arm=True) if len(arms) > 1 else rows
        by_session = ratings.study_ratings(tx, study_id, by_session=True)
        attributes = cases.case_attributes(tx, study_id)
        repeated = ratings.study_ratings(tx, study_id, kind=AssignmentKind.REPEAT)
        truth = references.reference_grades(tx, reference_id)
        known = references.reference_summaries(tx, study_id)
    if not truth:
        reason, remedy = "the reference's cases are deleted", "Choose another reference or make a new one"
        raise StatisticsError("Results", reason=reason, remedy=remedy)
    reference = next(summary for summary in known if summary.id == reference_id)
    panel = {rater.id for rater in raters if rater.in_panel}
    order = {site: place for place, site in enumerate(ALL_SITES)}
    truth = tuple(sorted(truth, key=lambda grade: (grade.case_id, order[grade.site])))
    sites = tuple((grade.case_id, grade.site) for grade in truth)
    tables = {"": rating_table(raters, rows, truth)}
    for arm in arms:
        tables[arm] = rating_table(raters, (row for row in by_arm if row.arm in ("", arm)), truth)
    found = sorted({row.session for row in by_session if row.session})
    by_session = by_session if len(found) > 1 else ()
    of_session = {
        one: rating_table(raters, (row for row in by_session if row.session in (0, one)), truth)
        for one in (found if by_session else ())
    }
    subgroups = subgroup_attributes({case: attributes.get(case, {}) for case, _ in sites})
    voted = {row.rater_id for row in rows}
    return StudyData(
        study_id=study_id,
        reference=reference,
        fingerprint=_fingerprint(
            f"{study_id} {reference_id} {raters}", (*by_arm, *by_session, *repeated), truth, subgroups
        ),
        sites=sites,
        tables=tables,
        panel_made_reference=reference.method is ReferenceMethod.MAJORITY and bool(panel & voted),
        panel=tuple(rater.name for rater in raters if rater.id in panel & voted),
        sessions=of_session,
        repeats=rating_table(raters, repeated, truth) if any(row.read_id for row in repeated) else None,
        attributes=subgroups,
        unreferenced=len({(row.case_id, row.site) for row in rows} - set(sites)),
        reasons=_reasons(raters, rows, sites),
    )


def _reasons(
    raters: Sequence[Rater], rows: Iterable[RatingRow], sites: Sequence[tuple[str, Site]]
) -> dict[str, tuple[NotGradable | None, ...]]:
    """Why each model gave no grade at the sites that it called not gradable."""
    said = {(row.rater_id, row.case_id, row.site): row.not_gradable for row in rows}
    return {
        rater.name: tuple(said.get((rater.id, *site)) for site in sites)
        for rater in raters
        if rater.kind is RaterKind.MODEL
    }


def _arms(read: Sequence[str], protocol: Protocol | None) -> list[str]:
    """The arms that are compared: in the protocol's order, without one the unaided one first."""
    own = [] if protocol is None else [stage for arm in protocol.arms for stage in arm.stages]
    known = [arm for arm in read if arm not in (ADJUDICATION, PANEL_ARM.name)]
    return sorted(known, key=lambda arm: (own.index(arm) if arm in own else len(own), arm != UNAIDED, arm))


def _compared(raters: Sequence[Rater], protocol: Protocol | None) -> tuple[Rater, ...]:
    """The raters that are compared: a panel that made the reference, and did not read, is not."""
    apart = protocol is not None and protocol.reference is ReferenceSource.PANEL
    return tuple(rater for rater in raters if not (apart and rater.in_panel))


def _fingerprint(
    of_whom: str, rows: Iterable[RatingRow], truth: Iterable[ReferenceGrade], subgroups: Attributes
) -> str:
    """SHA-256 of all that results rest on: who, which answer at which site, which reference and subgroups."""
    digest = hashlib.sha256(of_whom.encode())
    for row in rows:
        said = (row.case_id, row.rater_id, row.site.key, row.grade, row.not_gradable, row.probabilities)
        digest.update(f"{said} {row.arm} {row.session}".encode())
    for grade in truth:
        digest.update(f"{grade.case_id} {grade.site.key} {grade.grade}".encode())
    for name, values in sorted(subgroups.items()):
        digest.update(f"{name} {sorted(values.items())}".encode())
    return digest.hexdigest()

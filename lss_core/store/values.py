"""What the store hands out: frozen values, so that nobody above it meets a database row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lss_core.domain import (
    ALL_SITES,
    Answer,
    Grade,
    NotGradable,
    Probabilities,
    RaterKind,
    Role,
    SeriesRole,
    Site,
)
from lss_core.study.protocol import AssignmentKind as AssignmentKind
from lss_core.study.protocol import Protocol

SITE_OF = {site.key: site for site in ALL_SITES}
"""The sites by the keys that the database holds."""


class RunStatus(StrEnum):
    """How far the model is with a case."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ReferenceMethod(StrEnum):
    """How a reference standard came about."""

    MAJORITY = "majority"
    EXTERNAL = "external"


class Decision(StrEnum):
    """What one grade of a reference standard rests on."""

    MAJORITY = "majority"
    ADJUDICATED = "adjudicated"
    EXTERNAL = "external"


class AnswerOrigin(StrEnum):
    """How an answer came: given at its site, with all remaining ones at once, or from a file."""

    GIVEN = "given"
    REMAINING = "remaining"
    IMPORTED = "imported"


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """A reader study: the cases and raters that are analysed together."""

    id: str
    title: str
    synthetic: bool
    cases: int


@dataclass(frozen=True, kw_only=True)
class ProtocolRecord:
    """A version of a study's protocol: a draft until it is locked, with its SHA-256."""

    id: str
    study_id: str
    version: int
    protocol: Protocol
    reason: str
    created_by: str
    created_at: datetime
    sha256: str | None
    locked_by: str | None
    locked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """That a reader reads a case: in which session, at which place (from 1), in which arm."""

    id: str
    protocol_id: str
    rater_id: str
    case_id: str
    session: int
    position: int
    arm: str
    kind: AssignmentKind


@dataclass(frozen=True, kw_only=True)
class SeriesSummary:
    """A series of a case. `notes` name gaps, doubles and blocks found on import."""

    id: str
    role: SeriesRole
    slices: int
    rows: int
    columns: int
    notes: tuple[str, ...] = ()
    window: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class CaseSummary:
    """A case as a list shows it.

    `model_message` says why a run failed, `graded_sites` at how many sites the newest run gave a grade.
    """

    case_id: str
    study_id: str
    synthetic: bool
    imported_at: datetime
    series: tuple[SeriesSummary, ...]
    model_status: RunStatus = RunStatus.NONE
    model_message: str = ""
    graded_sites: int = 0


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One image of a series: its hashed UID and a digest of pixels and geometry."""

    uid: str
    digest: str
    instance_number: int
    slice_index: int


@dataclass(frozen=True, kw_only=True)
class Rater:
    """Who or what grades in a study. The votes of `in_panel` make the majority reference."""

    id: str
    name: str
    kind: RaterKind
    in_panel: bool = False


@dataclass(frozen=True, kw_only=True)
class UserRecord:
    """A user as stored, with the hash of his password; empty where he signs in elsewhere alone."""

    id: str
    name: str
    display_name: str
    role: Role
    rater_id: str | None
    password_hash: str
    language: str | None = None
    openid_subject: str | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RatingRow:
    """The answer that counts of one rater at one site of one case (the newest given)."""

    case_id: str
    rater_id: str
    site: Site
    grade: Grade | None
    not_gradable: NotGradable | None
    probabilities: Probabilities | None
    confidence: float | None
    arm: str
    read_id: str | None
    run_id: str | None
    given_at: datetime
    session: int = 1


@dataclass(frozen=True, kw_only=True)
class ReferenceGrade:
    """What a reference standard says of one site; no grade where it says 'not gradable'."""

    case_id: str
    site: Site
    grade: Grade | None
    not_gradable: NotGradable | None
    decision: Decision


@dataclass(frozen=True, kw_only=True)
class ReferenceSummary:
    """A reference standard: frozen when made, a newer one has a higher version."""

    id: str
    study_id: str
    name: str
    method: ReferenceMethod
    version: int
    created_at: datetime
    created_by: str
    grades: int


@dataclass(frozen=True, kw_only=True)
class ReadRecord:
    """A sitting of a reader with a case, and the answers that count in it by site key.

    `stage` is 2 where the model is shown after the answers of stage 1 were locked.
    """

    id: str
    case_id: str
    rater_id: str
    arm: str
    opened_at: datetime
    submitted_at: datetime | None
    answers: Mapping[str, Answer]
    assignment_id: str | None = None
    session: int = 1
    stage: int = 1


@dataclass(frozen=True, kw_only=True)
class ReadSummary:
    """How far a sitting is: sites answered, and when it was submitted."""

    id: str
    answered: int
    opened_at: datetime
    submitted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ReadNote:
    """What a reader says of a whole case; `image_quality` is 1 unusable to 5 excellent."""

    image_quality: int | None = None
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who has signed a read, with what meaning, when, and the SHA-256 of what he signed."""

    printed_name: str
    meaning: str
    answers_sha256: str
    signed_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReadSpan:
    """A stretch of time in front of the images, at a site or at none; milliseconds."""

    site: Site | None
    active_ms: int
    idle_ms: int
    key: str


@dataclass(frozen=True, kw_only=True)
class ReadTime:
    """When a reader opened a case and when he submitted it; None where he has not.

    `active_ms`: how long he was at work with the images before him; None where that was not kept.
    """

    case_id: str
    reader: str
    simulated: bool
    arm: str
    opened_at: datetime
    submitted_at: datetime | None
    active_ms: int | None = None

"""The tables, and the promises the database itself keeps: checks, keys, append-only triggers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from lss_core.domain import ALL_SITES, NotGradable, RaterKind, Role, SeriesRole, Verdict
from lss_core.store.values import AnswerOrigin, AssignmentKind, Decision, ReferenceMethod, RunStatus


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone. SQLite keeps none, so what it gives back is read as UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a time without a zone is a bug and raises."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, with the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: type[StrEnum] | Iterable[str], name: str) -> sa.CheckConstraint:
    """A check that a column holds one of these words."""
    words = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({words})", name=name)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(32), primary_key=True)


def _to(column: str, target: str, *, nullable: bool = False, **options: Any) -> sa.Column[str]:
    return sa.Column(column, sa.String(32), sa.ForeignKey(target), nullable=nullable, **options)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcTime(), nullable=nullable)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _grade_or_reason() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("(grade IS NULL) <> (not_gradable IS NULL)", name="grade_or_reason"),
        sa.CheckConstraint("grade BETWEEN 0 AND 3", name="grade"),
        one_of("not_gradable", NotGradable, "not_gradable"),
        one_of("site", (site.key for site in ALL_SITES), "site"),
    ]


studies = sa.Table(
    "studies",
    metadata,
    _id(),
    sa.Column("title", sa.String(200), nullable=False, unique=True),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    _time("created_at"),
)

cases = sa.Table(
    "cases",
    metadata,
    _id(),
    _to("study_id", "studies.id"),
    sa.Column("uid", sa.String(64), nullable=False),  # keyed hash of the Study Instance UID
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("imported_at", UtcTime(), nullable=False),
    sa.UniqueConstraint("study_id", "uid"),
)

series = sa.Table(
    "series",
    metadata,
    _id(),
    _to("case_id", "cases.id", index=True),
    sa.Column("uid", sa.String(64), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("slices", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("columns", sa.Integer, nullable=False),
    sa.Column("window_centre", sa.Double),
    sa.Column("window_width", sa.Double),
    sa.Column("attributes", sa.JSON, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),
    sa.UniqueConstraint("case_id", "uid"),
    one_of("role", SeriesRole, "role"),
)

instances = sa.Table(
    "instances",
    metadata,
    _to("series_id", "series.id", primary_key=True),
    sa.Column("uid", sa.String(64), primary_key=True),
    sa.Column("slice_index", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("instance_number", sa.Integer, nullable=False),
)

# Files are no rows: what became of them is told on import, and counted here for the flow of the study.
import_counts = sa.Table(
    "import_counts",
    metadata,
    _to("study_id", "studies.id", primary_key=True),
    sa.Column("at", UtcTime(), primary_key=True),
    sa.Column("verdict", sa.String(20), primary_key=True),
    sa.Column("reason", sa.String(200), primary_key=True),
    sa.Column("files", sa.Integer, nullable=False),
    one_of("verdict", Verdict, "verdict"),
    sa.CheckConstraint("files >= 1", name="files"),
)

raters = sa.Table(
    "raters",
    metadata,
    _id(),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("traits", sa.JSON, nullable=False),  # a simulated reader's skill; empty otherwise
    one_of("kind", RaterKind, "kind"),
)

# One part in a study for each rater: who votes in the panel can never adjudicate there.
parts = sa.Table(
    "parts",
    metadata,
    _to("study_id", "studies.id", primary_key=True),
    _to("rater_id", "raters.id", primary_key=True),
    sa.Column("part", sa.String(20), nullable=False),
    sa.Column("in_panel", sa.Boolean, nullable=False),
    one_of("part", (RaterKind.READER, RaterKind.ADJUDICATOR, RaterKind.MODEL), "part"),
    sa.CheckConstraint("part = 'reader' OR NOT in_panel", name="panel_of_readers"),
)

users = sa.Table(
    "users",
    metadata,
    _id(),
    sa.Column("name", sa.String(100), nullable=False, unique=True),
    sa.Column("display_name", sa.String(100), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    _to("rater_id", "raters.id", nullable=True, unique=True),
    sa.Column("password_hash", sa.String(200), nullable=False),  # empty: signs in elsewhere (OpenID Connect)
    _time("created_at"),
    sa.Column("language", sa.String(5)),  # none chosen: the browser's
    sa.Column("preferences", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("openid_subject", sa.String(300)),  # issuer and subject, where he signs in elsewhere
    _time("disabled_at", nullable=True),
    sa.Index("ix_users_openid_subject", "openid_subject", unique=True),
    one_of("role", Role, "role"),
)

# One role in a study for each user: who reads can neither adjudicate nor coordinate there.
members = sa.Table(
    "members",
    metadata,
    _to("study_id", "studies.id", primary_key=True),
    _to("user_id", "users.id", primary_key=True),
    sa.Column("role", sa.String(20), nullable=False),
    _time("since"),
    one_of("role", (role for role in Role if role is not Role.ADMINISTRATOR), "role"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    _id(),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    _to("study_id", "studies.id", nullable=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("in_panel", sa.Boolean, nullable=False),
    sa.Column("note", sa.String(200), nullable=False),  # for whom it is, in the inviter's words
    sa.Column("invited_by", sa.String(100), nullable=False),
    _time("invited_at"),
    _time("expires_at"),
    _time("used_at", nullable=True),
    _to("user_id", "users.id", nullable=True),  # who came of it
    one_of("role", Role, "role"),
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    _to("user_id", "users.id"),
    _time("created_at"),
    _time("seen_at"),
    _time("ended_at", nullable=True),
)

failed_sign_ins = sa.Table(
    "failed_sign_ins",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False, index=True),
    _time("failed_at"),
)

# A version of a study's protocol; once it is locked it never changes, and a change is a new version.
protocols = sa.Table(
    "protocols",
    metadata,
    _id(),
    _to("study_id", "studies.id"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("sha256", sa.String(64)),
    sa.Column("reason", sa.String(500), nullable=False),  # why there is a new version; empty in the first
    sa.Column("created_by", sa.String(100), nullable=False),
    _time("created_at"),
    sa.Column("locked_by", sa.String(100)),
    _time("locked_at", nullable=True),
    sa.UniqueConstraint("study_id", "version"),
    sa.CheckConstraint(
        "(sha256 IS NULL) = (locked_at IS NULL) AND (locked_by IS NULL) = (locked_at IS NULL)", name="locked"
    ),
)

# Who reads which case, in which session, at which place, in which arm: drawn once, when a protocol is locked.
assignments = sa.Table(
    "assignments",
    metadata,
    _id(),
    _to("protocol_id", "protocols.id"),
    _to("rater_id", "raters.id", index=True),
    _to("case_id", "cases.id", index=True),
    sa.Column("session", sa.SmallInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("arm", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.UniqueConstraint("protocol_id", "rater_id", "session", "position"),
    one_of("kind", AssignmentKind, "kind"),
    sa.CheckConstraint("session >= 1 AND position >= 1", name="counted_from_one"),
)

# What a newer version of the protocol no longer wants read.
assignment_ends = sa.Table(
    "assignment_ends",
    metadata,
    _to("assignment_id", "assignments.id", primary_key=True),
    _to("protocol_id", "protocols.id"),  # the version that ended it
)

# A coordinator lets a reader into a session before the wash-out is over.
session_overrides = sa.Table(
    "session_overrides",
    metadata,
    _id(),
    _to("study_id", "studies.id"),
    _to("rater_id", "raters.id"),
    sa.Column("session", sa.SmallInteger, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("allowed_by", sa.String(100), nullable=False),
    _time("allowed_at"),
    sa.CheckConstraint("length(reason) > 0", name="reason"),
)

# `submitted_at` is the lock: it is set when a read is signed, and taken back only behind an unlock.
reads = sa.Table(
    "reads",
    metadata,
    _id(),
    _to("case_id", "cases.id", index=True),
    _to("rater_id", "raters.id", index=True),
    sa.Column("arm", sa.String(40), nullable=False),
    _time("opened_at"),
    _time("submitted_at", nullable=True),
    _to("assignment_id", "assignments.id", nullable=True, index=True),
    sa.Column("session", sa.SmallInteger, nullable=False, server_default="1"),
    sa.Column(
        "stage", sa.SmallInteger, nullable=False, server_default="1"
    ),  # 2: with the model, after 1 is locked
)

signatures = sa.Table(
    "signatures",
    metadata,
    _id(),
    _to("read_id", "reads.id", index=True),
    _to("user_id", "users.id", nullable=True),
    sa.Column("printed_name", sa.String(100), nullable=False),
    sa.Column("meaning", sa.String(500), nullable=False),
    sa.Column("answers_sha256", sa.String(64), nullable=False),
    _time("signed_at"),
)

unlocks = sa.Table(
    "unlocks",
    metadata,
    _id(),
    _to("read_id", "reads.id", index=True),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("unlocked_by", sa.String(100), nullable=False),
    _time("unlocked_at"),
    sa.CheckConstraint("length(reason) > 0", name="reason"),
)

# A read, or with no read the whole case, leaves the analysis; the record keeps it.
withdrawals = sa.Table(
    "withdrawals",
    metadata,
    _id(),
    _to("case_id", "cases.id", index=True),
    _to("read_id", "reads.id", nullable=True, index=True),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("withdrawn_by", sa.String(100), nullable=False),
    _time("withdrawn_at"),
    sa.CheckConstraint("length(reason) > 0", name="reason"),
)

# What a reader says of a whole case; the newest row counts.
read_notes = sa.Table(
    "read_notes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _to("read_id", "reads.id"),
    sa.Column("image_quality", sa.SmallInteger),  # 1 unusable to 5 excellent
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("idempotency_key", sa.String(64), nullable=False),
    _time("given_at"),
    sa.CheckConstraint("image_quality BETWEEN 1 AND 5", name="image_quality"),
    sa.UniqueConstraint("read_id", "idempotency_key"),
)

# Stretches of time in front of the images, each at one site or at none; a read's time is their sum.
read_spans = sa.Table(
    "read_spans",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _to("read_id", "reads.id"),
    sa.Column("site", sa.String(40)),
    sa.Column("active_ms", sa.Integer, nullable=False),
    sa.Column("idle_ms", sa.Integer, nullable=False),
    sa.Column("idempotency_key", sa.String(64), nullable=False),
    _time("ended_at"),
    sa.CheckConstraint("active_ms >= 0 AND idle_ms >= 0", name="milliseconds"),
    one_of("site", (site.key for site in ALL_SITES), "site"),
    sa.UniqueConstraint("read_id", "idempotency_key"),
)

# In which window a read is answered: whoever holds another pen is told, and writes nothing.
read_pens = sa.Table(
    "read_pens",
    metadata,
    _to("read_id", "reads.id", primary_key=True),
    sa.Column("pen", sa.String(64), nullable=False),
    _time("seen_at"),
)

model_runs = sa.Table(
    "model_runs",
    metadata,
    _id(),
    _to("case_id", "cases.id", index=True),
    _to("rater_id", "raters.id"),
    sa.Column("bundle", sa.String(100), nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("message", sa.String(500), nullable=False),
    sa.Column("levels", sa.JSON, nullable=False),
    sa.Column("seconds", sa.Double),
    _time("started_at"),
    _time("finished_at", nullable=True),
    one_of("status", (RunStatus.RUNNING, RunStatus.DONE, RunStatus.FAILED), "status"),
)

ratings = sa.Table(
    "ratings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # grows with time: the newest row counts
    _to("case_id", "cases.id"),
    _to("rater_id", "raters.id"),
    _to("read_id", "reads.id", nullable=True),
    _to("run_id", "model_runs.id", nullable=True),
    sa.Column("site", sa.String(40), nullable=False),
    sa.Column("grade", sa.SmallInteger),
    sa.Column("not_gradable", sa.String(30)),
    *(sa.Column(f"p{grade}", sa.Double) for grade in range(4)),
    sa.Column("confidence", sa.Double),
    sa.Column("positive", sa.Boolean),
    sa.Column("score", sa.Double),
    sa.Column("origin", sa.String(10), nullable=False, server_default=AnswerOrigin.GIVEN.value),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("idempotency_key", sa.String(64)),
    _time("given_at"),
    *_grade_or_reason(),
    sa.CheckConstraint("(read_id IS NULL) <> (run_id IS NULL)", name="read_or_run"),
    sa.CheckConstraint(
        "(p0 IS NULL) = (p1 IS NULL) AND (p1 IS NULL) = (p2 IS NULL) AND (p2 IS NULL) = (p3 IS NULL)"
        " AND (p0 IS NULL OR (p0 >= 0 AND p1 >= 0 AND p2 >= 0 AND p3 >= 0"
        " AND abs(p0 + p1 + p2 + p3 - 1) < 0.001))",
        name="probabilities",
    ),
    sa.CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
    sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    sa.CheckConstraint(
        "(grade IS NOT NULL OR (positive IS NULL AND score IS NULL))"
        " AND (positive IS NULL OR (positive AND grade >= 2) OR (NOT positive AND grade < 2))"
        " AND (score IS NULL OR (score >= 50 AND grade >= 2) OR (score < 50 AND grade < 2))",
        name="call",
    ),
    one_of("origin", AnswerOrigin, "origin"),
    sa.UniqueConstraint("read_id", "idempotency_key"),
    sa.UniqueConstraint("run_id", "site"),
    sa.Index("ix_ratings_case_id_rater_id_site", "case_id", "rater_id", "site"),
)

reference_standards = sa.Table(
    "reference_standards",
    metadata,
    _id(),
    _to("study_id", "studies.id"),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("method", sa.String(20), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_by", sa.String(100), nullable=False),
    _time("created_at"),
    sa.UniqueConstraint("study_id", "name", "version"),
    one_of("method", ReferenceMethod, "method"),
)

reference_grades = sa.Table(
    "reference_grades",
    metadata,
    _to("reference_id", "reference_standards.id", primary_key=True),
    _to("case_id", "cases.id", primary_key=True, index=True),
    sa.Column("site", sa.String(40), primary_key=True),
    sa.Column("grade", sa.SmallInteger),
    sa.Column("not_gradable", sa.String(30)),
    sa.Column("decision", sa.String(20), nullable=False),
    *_grade_or_reason(),
    one_of("decision", Decision, "decision"),
)

# A row here, in the same transaction or before, is what allows a case's rows to be deleted.
case_deletions = sa.Table(
    "case_deletions",
    metadata,
    sa.Column("case_id", sa.String(32), primary_key=True),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("deleted_by", sa.String(100), nullable=False),
    _time("deleted_at"),
    sa.CheckConstraint("length(reason) > 0", name="reason"),
)

# A chain: each row's hash covers the row and the hash of the one before it.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _time("at"),
    sa.Column("actor", sa.String(100), nullable=False),
    sa.Column("act", sa.String(60), nullable=False),
    sa.Column("subject", sa.String(100), nullable=False),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("previous", sa.String(64)),  # a trigger wants both, and that they follow the last row
    sa.Column("hash", sa.String(64)),
)

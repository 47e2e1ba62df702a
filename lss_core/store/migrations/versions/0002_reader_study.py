"""The reader study: protocols, assignments, members, signatures, withdrawals, a chained audit trail."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLES = "'administrator', 'coordinator', 'reader', 'adjudicator', 'statistician', 'auditor'"
STUDY_ROLES = "'coordinator', 'reader', 'adjudicator', 'statistician', 'auditor'"
SITE = (
    "site IN ("
    + ", ".join(
        f"'{condition}:{level}{side}'"
        for condition in ("central", "lateral_recess", "foraminal")
        for level in ("L1_L2", "L2_L3", "L3_L4", "L4_L5", "L5_S1")
        for side in (("",) if condition == "central" else (":left", ":right"))
    )
    + ")"
)
CALL = (
    "(grade IS NOT NULL OR (positive IS NULL AND score IS NULL)) "
    "AND (positive IS NULL OR (positive AND grade >= 2) OR (NOT positive AND grade < 2)) "
    "AND (score IS NULL OR (score >= 50 AND grade >= 2) OR (score < 50 AND grade < 2))"
)
COLUMNS = (
    "ALTER TABLE reads ADD COLUMN assignment_id VARCHAR(32) CONSTRAINT fk_reads_assignment_id "
    "REFERENCES assignments (id)",
    "ALTER TABLE reads ADD COLUMN session SMALLINT DEFAULT '1' NOT NULL",
    "ALTER TABLE reads ADD COLUMN stage SMALLINT DEFAULT '1' NOT NULL",
    "ALTER TABLE ratings ADD COLUMN positive BOOLEAN",
    "ALTER TABLE ratings ADD COLUMN score DOUBLE PRECISION CONSTRAINT ck_ratings_score "
    f"CHECK (score BETWEEN 0 AND 100) CONSTRAINT ck_ratings_call CHECK ({CALL})",
    "ALTER TABLE ratings ADD COLUMN origin VARCHAR(10) DEFAULT 'given' NOT NULL CONSTRAINT ck_ratings_origin "
    "CHECK (origin IN ('given', 'remaining', 'imported'))",
    "ALTER TABLE audit ADD COLUMN previous VARCHAR(64)",
    "ALTER TABLE audit ADD COLUMN hash VARCHAR(64)",
    "CREATE INDEX ix_reads_assignment_id ON reads (assignment_id)",
)
USER_COLUMNS = "id, name, display_name, role, rater_id, password_hash, created_at"
CASE_DELETED = "EXISTS (SELECT 1 FROM case_deletions d WHERE d.case_id = OLD.case_id)"
READ_DELETED = (
    "EXISTS (SELECT 1 FROM case_deletions d JOIN reads r ON r.case_id = d.case_id WHERE r.id = OLD.read_id)"
)
ASSIGNMENT_DELETED = (
    "EXISTS (SELECT 1 FROM case_deletions d JOIN assignments a ON a.case_id = d.case_id "
    "WHERE a.id = OLD.assignment_id)"
)
ADDED_ONLY = {
    "assignments": CASE_DELETED,
    "withdrawals": CASE_DELETED,
    "signatures": READ_DELETED,
    "unlocks": READ_DELETED,
    "read_notes": READ_DELETED,
    "read_spans": READ_DELETED,
    "assignment_ends": ASSIGNMENT_DELETED,
    "session_overrides": "1 = 0",
}
"""Tables that are only ever added to, and what lets a row be deleted after all."""

MOVED = (
    " OR ".join(
        f"NEW.{column} <> OLD.{column}"
        for column in ("case_id", "rater_id", "arm", "session", "stage", "opened_at")
    )
    + " OR COALESCE(NEW.assignment_id, '') <> COALESCE(OLD.assignment_id, '')"
)
RELOCKED = (
    "OLD.submitted_at IS NOT NULL "
    "AND (NEW.submitted_at IS NULL OR NEW.submitted_at <> OLD.submitted_at) AND NOT "
    "(NEW.submitted_at IS NULL AND EXISTS (SELECT 1 FROM unlocks u WHERE u.read_id = OLD.id "
    "AND u.unlocked_at >= OLD.submitted_at))"
)
UNCHAINED = (
    "NEW.hash IS NULL OR NEW.previous IS NULL OR NEW.previous <> "
    "COALESCE((SELECT a.hash FROM audit a ORDER BY a.id DESC LIMIT 1), '')"
)


def upgrade() -> None:
    """Make the tables, widen users, reads, ratings and audit, and chain what the audit holds already."""
    dialect = op.get_bind().dialect.name
    _widen_users(dialect)
    _make_tables()
    for statement in COLUMNS:
        op.execute(statement.replace("DOUBLE PRECISION", "DOUBLE") if dialect == "sqlite" else statement)
    _add_members()
    _chain_audit(dialect)
    for statement in _triggers(dialect):
        op.execute(statement)


def _widen_users(dialect: str) -> None:
    """The role of auditor, a language, preferences, a sign-in elsewhere, an end. Everybody signs in anew."""
    if (
        dialect == "sqlite"
    ):  # which cannot change a check: the table is made again, with no sign-in that points to it
        op.execute("DELETE FROM sign_ins")
        _make_users("users_new")
        op.execute(f"INSERT INTO users_new ({USER_COLUMNS}) SELECT {USER_COLUMNS} FROM users")
        op.execute("DROP TABLE users")
        op.execute("ALTER TABLE users_new RENAME TO users")
    else:
        op.drop_constraint("ck_users_role", "users")
        op.create_check_constraint(op.f("ck_users_role"), "users", f"role IN ({ROLES})")
        op.add_column("users", sa.Column("language", sa.String(5)))
        op.add_column("users", sa.Column("preferences", sa.JSON(), nullable=False, server_default="{}"))
        op.add_column("users", sa.Column("openid_subject", sa.String(300)))
        op.add_column("users", sa.Column("disabled_at", sa.DateTime(timezone=True)))
    op.create_index("ix_users_openid_subject", "users", ["openid_subject"], unique=True)


def _make_users(name: str) -> None:
    op.create_table(
        name,
        _text("id", 32),
        _text("name", 100),
        _text("display_name", 100),
        _text("role", 20),
        _text("rater_id", 32, nullable=True),
        _text("password_hash", 200),
        _time("created_at"),
        _text("language", 5, nullable=True),
        sa.Column("preferences", sa.JSON(), nullable=False, server_default="{}"),
        _text("openid_subject", 300, nullable=True),
        _time("disabled_at", nullable=True),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_users_role")),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name=op.f("fk_users_rater_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sa.UniqueConstraint("rater_id", name=op.f("uq_users_rater_id")),
    )


def _make_tables() -> None:
    op.create_table(
        "members",
        _text("study_id", 32),
        _text("user_id", 32),
        _text("role", 20),
        _time("since"),
        sa.CheckConstraint(f"role IN ({STUDY_ROLES})", name=op.f("ck_members_role")),
        *_keys("members", study_id="studies", user_id="users"),
        sa.PrimaryKeyConstraint("study_id", "user_id", name=op.f("pk_members")),
    )
    op.create_table(
        "invitations",
        _text("id", 32),
        _text("token_hash", 64),
        _text("study_id", 32, nullable=True),
        _text("role", 20),
        sa.Column("in_panel", sa.Boolean(), nullable=False),
        _text("note", 200),
        _text("invited_by", 100),
        _time("invited_at"),
        _time("expires_at"),
        _time("used_at", nullable=True),
        _text("user_id", 32, nullable=True),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_invitations_role")),
        *_keys("invitations", study_id="studies", user_id="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    _make_protocol_tables()
    _make_read_tables()


def _make_protocol_tables() -> None:
    op.create_table(
        "protocols",
        _text("id", 32),
        _text("study_id", 32),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        _text("sha256", 64, nullable=True),
        _text("reason", 500),
        _text("created_by", 100),
        _time("created_at"),
        _text("locked_by", 100, nullable=True),
        _time("locked_at", nullable=True),
        sa.CheckConstraint(
            "(sha256 IS NULL) = (locked_at IS NULL) AND (locked_by IS NULL) = (locked_at IS NULL)",
            name=op.f("ck_protocols_locked"),
        ),
        *_keys("protocols", study_id="studies"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocols")),
        sa.UniqueConstraint("study_id", "version", name=op.f("uq_protocols_study_id_version")),
    )
    op.create_table(
        "assignments",
        _text("id", 32),
        _text("protocol_id", 32),
        _text("rater_id", 32),
        _text("case_id", 32),
        sa.Column("session", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _text("arm", 40),
        _text("kind", 10),
        sa.CheckConstraint("kind IN ('training', 'test', 'repeat')", name=op.f("ck_assignments_kind")),
        sa.CheckConstraint("session >= 1 AND position >= 1", name=op.f("ck_assignments_counted_from_one")),
        *_keys("assignments", protocol_id="protocols", rater_id="raters", case_id="cases"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint(
            "protocol_id",
            "rater_id",
            "session",
            "position",
            name=op.f("uq_assignments_protocol_id_rater_id_session_position"),
        ),
    )
    op.create_index("ix_assignments_rater_id", "assignments", ["rater_id"])
    op.create_index("ix_assignments_case_id", "assignments", ["case_id"])
    op.create_table(
        "assignment_ends",
        _text("assignment_id", 32),
        _text("protocol_id", 32),
        *_keys("assignment_ends", assignment_id="assignments", protocol_id="protocols"),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_assignment_ends")),
    )
    op.create_table(
        "session_overrides",
        _text("id", 32),
        _text("study_id", 32),
        _text("rater_id", 32),
        sa.Column("session", sa.SmallInteger(), nullable=False),
        _text("reason", 500),
        _text("allowed_by", 100),
        _time("allowed_at"),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_session_overrides_reason")),
        *_keys("session_overrides", study_id="studies", rater_id="raters"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_overrides")),
    )


def _make_read_tables() -> None:
    op.create_table(
        "signatures",
        _text("id", 32),
        _text("read_id", 32),
        _text("user_id", 32, nullable=True),
        _text("printed_name", 100),
        _text("meaning", 500),
        _text("answers_sha256", 64),
        _time("signed_at"),
        *_keys("signatures", read_id="reads", user_id="users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
    )
    op.create_table(
        "unlocks",
        _text("id", 32),
        _text("read_id", 32),
        _text("reason", 500),
        _text("unlocked_by", 100),
        _time("unlocked_at"),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_unlocks_reason")),
        *_keys("unlocks", read_id="reads"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlocks")),
    )
    op.create_table(
        "withdrawals",
        _text("id", 32),
        _text("case_id", 32),
        _text("read_id", 32, nullable=True),
        _text("reason", 500),
        _text("withdrawn_by", 100),
        _time("withdrawn_at"),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_withdrawals_reason")),
        *_keys("withdrawals", case_id="cases", read_id="reads"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
    )
    op.create_table(
        "read_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("read_id", 32),
        sa.Column("image_quality", sa.SmallInteger(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        _text("idempotency_key", 64),
        _time("given_at"),
        sa.CheckConstraint("image_quality BETWEEN 1 AND 5", name=op.f("ck_read_notes_image_quality")),
        *_keys("read_notes", read_id="reads"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_notes")),
        sa.UniqueConstraint("read_id", "idempotency_key", name=op.f("uq_read_notes_read_id_idempotency_key")),
    )
    op.create_table(
        "read_spans",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("read_id", 32),
        _text("site", 40, nullable=True),
        sa.Column("active_ms", sa.Integer(), nullable=False),
        sa.Column("idle_ms", sa.Integer(), nullable=False),
        _text("idempotency_key", 64),
        _time("ended_at"),
        sa.CheckConstraint("active_ms >= 0 AND idle_ms >= 0", name=op.f("ck_read_spans_milliseconds")),
        sa.CheckConstraint(SITE, name=op.f("ck_read_spans_site")),
        *_keys("read_spans", read_id="reads"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_spans")),
        sa.UniqueConstraint("read_id", "idempotency_key", name=op.f("uq_read_spans_read_id_idempotency_key")),
    )
    for table, column in (
        ("signatures", "read_id"),
        ("unlocks", "read_id"),
        ("withdrawals", "case_id"),
        ("withdrawals", "read_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _keys(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, target in targets.items()
    ]


def _add_members() -> None:
    """Raters keep the studies they had; coordinators and statisticians, who saw all, have a part in each."""
    op.execute(
        "INSERT INTO members (study_id, user_id, role, since) SELECT p.study_id, u.id, u.role, u.created_at "
        "FROM users u JOIN parts p ON p.rater_id = u.rater_id WHERE u.role = p.part"
    )
    op.execute(
        "INSERT INTO members (study_id, user_id, role, since) SELECT s.id, u.id, u.role, u.created_at "
        "FROM users u CROSS JOIN studies s WHERE u.role IN ('coordinator', 'statistician')"
    )


def _chain_audit(dialect: str) -> None:
    """Give the rows that were written before the chain their places in it."""
    op.execute("DROP TRIGGER audit_no_update" + ("" if dialect == "sqlite" else " ON audit"))
    bind = op.get_bind()
    audit = sa.table(
        "audit",
        sa.column("id", sa.Integer),
        sa.column("at", sa.DateTime(timezone=True)),
        *(sa.column(name, sa.String) for name in ("actor", "act", "subject")),
        sa.column("details", sa.JSON),
        *(sa.column(name, sa.String) for name in ("previous", "hash")),
    )
    previous = ""
    for row in bind.execute(sa.select(audit).order_by(audit.c.id)).all():
        digest = _link(previous, row.at, row.actor, row.act, row.subject, row.details)
        bind.execute(sa.update(audit).where(audit.c.id == row.id).values(previous=previous, hash=digest))
        previous = digest
    for statement in _refusal(dialect, "audit_no_update", "UPDATE", "audit", "1 = 1", _added_only("audit")):
        op.execute(statement)


def _link(previous: str, at: datetime, actor: str, act: str, subject: str, details: object) -> str:
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    row = [previous, at.isoformat(timespec="microseconds"), actor, act, subject, details]
    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _added_only(table: str) -> str:
    return f"rows of {table} are only ever added"


def _triggers(dialect: str) -> list[str]:
    found: list[str] = []
    for table, unless in ADDED_ONLY.items():
        found += _refusal(dialect, f"{table}_no_update", "UPDATE", table, "1 = 1", _added_only(table))
        found += _refusal(
            dialect, f"{table}_no_delete", "DELETE", table, f"NOT ({unless})", _added_only(table)
        )
    locked = "the protocol is locked"
    for act in ("UPDATE", "DELETE"):
        name = f"protocols_no_{act.lower()}"
        found += _refusal(dialect, name, act, "protocols", "OLD.locked_at IS NOT NULL", locked)
    found += _refusal(dialect, "reads_stay", "UPDATE", "reads", MOVED, "a read keeps what it is of")
    relocked = "a submitted read needs an unlock with a reason"
    found += _refusal(dialect, "reads_locked", "UPDATE", "reads", RELOCKED, relocked)
    follows = "an audit row follows the one before it"
    return found + _refusal(dialect, "audit_chained", "INSERT", "audit", UNCHAINED, follows)


def _refusal(dialect: str, name: str, act: str, table: str, when: str, message: str) -> list[str]:
    """The statements of a trigger that refuses an act on a row."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        ]
    make = "CREATE OR REPLACE FUNCTION" if name == "audit_no_update" else "CREATE FUNCTION"
    row = "OLD" if act == "DELETE" else "NEW"
    return [
        f"{make} {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when} THEN RAISE EXCEPTION "
        f"'{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$",
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]

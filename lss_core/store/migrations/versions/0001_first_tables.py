"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lss_core.store.migrations.append_only import statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SITE = (
    "site IN ('central:L1_L2', 'central:L2_L3', 'central:L3_L4', 'central:L4_L5', 'central:L5_S1', "
    "'lateral_recess:L1_L2:left', 'lateral_recess:L1_L2:right', 'lateral_recess:L2_L3:left', "
    "'lateral_recess:L2_L3:right', 'lateral_recess:L3_L4:left', 'lateral_recess:L3_L4:right', "
    "'lateral_recess:L4_L5:left', 'lateral_recess:L4_L5:right', 'lateral_recess:L5_S1:left', "
    "'lateral_recess:L5_S1:right', 'foraminal:L1_L2:left', 'foraminal:L1_L2:right', "
    "'foraminal:L2_L3:left', 'foraminal:L2_L3:right', 'foraminal:L3_L4:left', "
    "'foraminal:L3_L4:right', 'foraminal:L4_L5:left', 'foraminal:L4_L5:right', "
    "'foraminal:L5_S1:left', 'foraminal:L5_S1:right')"
)
NOT_GRADABLE = (
    "not_gradable IN ('series_missing', 'level_not_found', 'no_slice_near', 'structure_not_seen', "
    "'poor_quality', 'outside_image', 'other')"
)
PROBABILITIES = (
    "(p0 IS NULL) = (p1 IS NULL) AND (p1 IS NULL) = (p2 IS NULL) AND (p2 IS NULL) = (p3 IS NULL) AND "
    "(p0 IS NULL OR (p0 >= 0 AND p1 >= 0 AND p2 >= 0 AND p3 >= 0 AND abs(p0 + p1 + p2 + p3 - 1) < "
    "0.001))"
)


def upgrade() -> None:
    """Make the tables and their append-only triggers."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_table(
        "case_deletions",
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("deleted_by", sa.String(length=100), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_case_deletions_reason")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_deletions")),
    )
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_ins")),
    )
    op.create_index(op.f("ix_failed_sign_ins_name"), "failed_sign_ins", ["name"], unique=False)
    op.create_table(
        "raters",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("traits", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('reader', 'adjudicator', 'model', 'reference')", name=op.f("ck_raters_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raters")),
    )
    op.create_table(
        "studies",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.UniqueConstraint("title", name=op.f("uq_studies_title")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_cases_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("study_id", "uid", name=op.f("uq_cases_study_id_uid")),
    )
    op.create_table(
        "parts",
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("rater_id", sa.String(length=32), nullable=False),
        sa.Column("part", sa.String(length=20), nullable=False),
        sa.Column("in_panel", sa.Boolean(), nullable=False),
        sa.CheckConstraint("part = 'reader' OR NOT in_panel", name=op.f("ck_parts_panel_of_readers")),
        sa.CheckConstraint("part IN ('reader', 'adjudicator', 'model')", name=op.f("ck_parts_part")),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name=op.f("fk_parts_rater_id")),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_parts_study_id")),
        sa.PrimaryKeyConstraint("study_id", "rater_id", name=op.f("pk_parts")),
    )
    op.create_table(
        "reference_standards",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("method IN ('majority', 'external')", name=op.f("ck_reference_standards_method")),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_reference_standards_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_standards")),
        sa.UniqueConstraint(
            "study_id", "name", "version", name=op.f("uq_reference_standards_study_id_name_version")
        ),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("rater_id", sa.String(length=32), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('administrator', 'coordinator', 'reader', 'adjudicator', 'statistician')",
            name=op.f("ck_users_role"),
        ),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name=op.f("fk_users_rater_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
        sa.UniqueConstraint("rater_id", name=op.f("uq_users_rater_id")),
    )
    op.create_table(
        "model_runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("rater_id", sa.String(length=32), nullable=False),
        sa.Column("bundle", sa.String(length=100), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('running', 'done', 'failed')", name=op.f("ck_model_runs_status")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_model_runs_case_id")),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name=op.f("fk_model_runs_rater_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_runs")),
    )
    op.create_index(op.f("ix_model_runs_case_id"), "model_runs", ["case_id"], unique=False)
    op.create_table(
        "reads",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("rater_id", sa.String(length=32), nullable=False),
        sa.Column("arm", sa.String(length=40), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_reads_case_id")),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name=op.f("fk_reads_rater_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reads")),
    )
    op.create_index(op.f("ix_reads_case_id"), "reads", ["case_id"], unique=False)
    op.create_index(op.f("ix_reads_rater_id"), "reads", ["rater_id"], unique=False)
    op.create_table(
        "reference_grades",
        sa.Column("reference_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.SmallInteger(), nullable=True),
        sa.Column("not_gradable", sa.String(length=30), nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "decision IN ('majority', 'adjudicated', 'external')", name=op.f("ck_reference_grades_decision")
        ),
        sa.CheckConstraint(NOT_GRADABLE, name=op.f("ck_reference_grades_not_gradable")),
        sa.CheckConstraint(SITE, name=op.f("ck_reference_grades_site")),
        sa.CheckConstraint(
            "(grade IS NULL) <> (not_gradable IS NULL)", name=op.f("ck_reference_grades_grade_or_reason")
        ),
        sa.CheckConstraint("grade BETWEEN 0 AND 3", name=op.f("ck_reference_grades_grade")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_reference_grades_case_id")),
        sa.ForeignKeyConstraint(
            ["reference_id"], ["reference_standards.id"], name=op.f("fk_reference_grades_reference_id")
        ),
        sa.PrimaryKeyConstraint("reference_id", "case_id", "site", name=op.f("pk_reference_grades")),
    )
    op.create_index(op.f("ix_reference_grades_case_id"), "reference_grades", ["case_id"], unique=False)
    op.create_table(
        "series",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("slices", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("window_centre", sa.Double(), nullable=True),
        sa.Column("window_width", sa.Double(), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "role IN ('sagittal_t1', 'sagittal_t2', 'sagittal_stir', 'axial_t2', 'other')",
            name=op.f("ck_series_role"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_series_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("case_id", "uid", name=op.f("uq_series_case_id_uid")),
    )
    op.create_index(op.f("ix_series_case_id"), "series", ["case_id"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_ins")),
    )
    op.create_table(
        "instances",
        sa.Column("series_id", sa.String(length=32), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("slice_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("instance_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_instances_series_id")),
        sa.PrimaryKeyConstraint("series_id", "uid", "slice_index", name=op.f("pk_instances")),
    )
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("rater_id", sa.String(length=32), nullable=False),
        sa.Column("read_id", sa.String(length=32), nullable=True),
        sa.Column("run_id", sa.String(length=32), nullable=True),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("grade", sa.SmallInteger(), nullable=True),
        sa.Column("not_gradable", sa.String(length=30), nullable=True),
        sa.Column("p0", sa.Double(), nullable=True),
        sa.Column("p1", sa.Double(), nullable=True),
        sa.Column("p2", sa.Double(), nullable=True),
        sa.Column("p3", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(NOT_GRADABLE, name=op.f("ck_ratings_not_gradable")),
        sa.CheckConstraint(SITE, name=op.f("ck_ratings_site")),
        sa.CheckConstraint(
            "(grade IS NULL) <> (not_gradable IS NULL)", name=op.f("ck_ratings_grade_or_reason")
        ),
        sa.CheckConstraint(PROBABILITIES, name=op.f("ck_ratings_probabilities")),
        sa.CheckConstraint("(read_id IS NULL) <> (run_id IS NULL)", name=op.f("ck_ratings_read_or_run")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_ratings_confidence")),
        sa.CheckConstraint("grade BETWEEN 0 AND 3", name=op.f("ck_ratings_grade")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_ratings_case_id")),
        sa.ForeignKeyConstraint(["rater_id"], ["raters.id"], name=op.f("fk_ratings_rater_id")),
        sa.ForeignKeyConstraint(["read_id"], ["reads.id"], name=op.f("fk_ratings_read_id")),
        sa.ForeignKeyConstraint(["run_id"], ["model_runs.id"], name=op.f("fk_ratings_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("read_id", "idempotency_key", name=op.f("uq_ratings_read_id_idempotency_key")),
        sa.UniqueConstraint("run_id", "site", name=op.f("uq_ratings_run_id_site")),
    )
    op.create_index(
        "ix_ratings_case_id_rater_id_site", "ratings", ["case_id", "rater_id", "site"], unique=False
    )
    for statement in statements(op.get_bind().dialect.name):
        op.execute(statement)

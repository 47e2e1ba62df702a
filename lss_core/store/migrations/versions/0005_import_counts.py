"""What became of the files of each import, counted by verdict and reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of counts."""
    op.create_table(
        "import_counts",
        sa.Column("study_id", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "verdict IN ('taken', 'skipped', 'refused', 'quarantined')",
            name=op.f("ck_import_counts_verdict"),
        ),
        sa.CheckConstraint("files >= 1", name=op.f("ck_import_counts_files")),
        sa.ForeignKeyConstraint(["study_id"], ["studies.id"], name=op.f("fk_import_counts_study_id")),
        sa.PrimaryKeyConstraint("study_id", "at", "verdict", "reason", name=op.f("pk_import_counts")),
    )

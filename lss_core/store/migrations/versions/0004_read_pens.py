"""Which window holds the pen of a read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of pens."""
    op.create_table(
        "read_pens",
        sa.Column("read_id", sa.String(32), nullable=False),
        sa.Column("pen", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["read_id"], ["reads.id"], name=op.f("fk_read_pens_read_id")),
        sa.PrimaryKeyConstraint("read_id", name=op.f("pk_read_pens")),
    )

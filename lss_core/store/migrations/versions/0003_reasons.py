"""Two more reasons why a site has no grade: metal, and a numbering that is not certain."""

from __future__ import annotations

from lss_core.store.migrations.checks import change_check

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("ratings", "reference_grades")
KNOWN = (
    "not_gradable IN ('series_missing', 'level_not_found', 'no_slice_near', 'structure_not_seen', "
    "'poor_quality', 'outside_image', 'other')"
)
WANTED = KNOWN.replace("'poor_quality', ", "'poor_quality', 'metal', 'numbering_uncertain', ")


def upgrade() -> None:
    """Let the checks of both tables take the new reasons."""
    for table in TABLES:
        change_check(table, "not_gradable", before=KNOWN, after=WANTED)

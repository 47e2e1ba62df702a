"""Five more sites: those at T12-L1, which a protocol may ask for."""

from __future__ import annotations

from collections.abc import Sequence

from lss_core.store.migrations.checks import change_check

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("ratings", "reference_grades", "read_spans")
LEVELS = ("L1_L2", "L2_L3", "L3_L4", "L4_L5", "L5_S1")


def _sites(levels: Sequence[str]) -> str:
    keys = [
        f"'{condition}:{level}{side}'"
        for condition in ("central", "lateral_recess", "foraminal")
        for level in levels
        for side in (("",) if condition == "central" else (":left", ":right"))
    ]
    return f"site IN ({', '.join(keys)})"


def upgrade() -> None:
    """Let the checks of the tables with a site take the new ones."""
    for table in TABLES:
        change_check(table, "site", before=_sites(LEVELS), after=_sites(("T12_L1", *LEVELS)))

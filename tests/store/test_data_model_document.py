"""The document of the data model."""

from __future__ import annotations

import re
from pathlib import Path

from lss_core.store.tables import metadata

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data-model.md"


def test_the_document_describes_every_table_and_no_other() -> None:
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    rows = [line.split("|")[1] for line in lines if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(metadata.tables)

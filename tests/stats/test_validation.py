"""docs/validation.md is what its command makes, and every row of it holds."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from benchmarks.validation import SECTIONS, page
from benchmarks.validation_binary import published_binary_rows

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation.md"


@pytest.mark.parametrize(("title", "section"), SECTIONS, ids=[title for title, _ in SECTIONS])
def test_every_row_agrees_as_far_as_the_other_value_is_known(shared_data, title, section) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = section(shared_data / "stats")
    assert rows
    assert [row for row in rows if not row.holds] == []


def test_the_page_is_what_its_command_makes(shared_data) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(shared_data / "stats")


def test_published_values_hold_without_the_data(tmp_path) -> None:
    assert all(row.holds for row in published_binary_rows(tmp_path))


def test_the_page_has_every_section() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"## {title}\n" in text for title, _ in SECTIONS)

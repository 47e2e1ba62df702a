from __future__ import annotations

from benchmarks.validation_mrmc import rows


def test_every_published_figure_is_met_to_its_last_digit(shared_data) -> None:
    found = rows(shared_data / "stats")
    assert len(found) > 50
    missed = [row for row in found if abs(row.ours - row.theirs) > row.rounding * 1.001 + 1e-12]
    assert not missed

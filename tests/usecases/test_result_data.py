"""What the results are kept by."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lss_core.domain import SITES, Grade
from lss_core.store.values import RatingRow
from lss_core.usecases.result_data import _fingerprint

ROW = RatingRow(
    case_id="C-1", rater_id="R-1", site=SITES[0], grade=Grade.MILD, not_gradable=None, probabilities=None,
    confidence=None, arm="unaided", read_id="READ-1", run_id=None, given_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "subgroups"),
    [
        ([replace(ROW, grade=Grade.SEVERE)], {}),
        ([replace(ROW, arm="aided")], {}),
        ([replace(ROW, session=2)], {}),
        ([ROW], {"Scanner": {"C-1": "A", "C-2": "B"}}),
        ([ROW, ROW], {}),
    ],
)
def test_another_grade_arm_session_or_subgroup_is_other_data(rows, subgroups) -> None:
    assert _fingerprint("who", rows, [], subgroups) != _fingerprint("who", [ROW], [], {})
    assert _fingerprint("who", rows, [], subgroups) == _fingerprint("who", list(rows), [], dict(subgroups))

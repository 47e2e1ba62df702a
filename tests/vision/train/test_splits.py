"""Splits are by patient, drawn by seed, and stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from lss_core.errors import TrainingError
from lss_core.vision.train.config import SplitConfig
from lss_core.vision.train.splits import Part, as_lists, drawn, fixed_parts, kept, patients_of

PATIENTS = [f"p{k}" for k in range(40)]
SHARES = SplitConfig(validation=0.1, test=0.2)


def test_shares_are_kept_and_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    one = drawn("ours", PATIENTS, SHARES, seed=1)
    assert [len(patients_of(one, part)) for part in Part] == [28, 4, 8]
    assert drawn("ours", reversed(PATIENTS), SHARES, seed=1) == one
    assert drawn("ours", PATIENTS, SHARES, seed=2) != one


def test_named_patients_go_where_they_are_told_and_nobody_else_joins_them() -> None:
    fixed = fixed_parts(PATIENTS, None, ["p3", "p4"], [])
    parts = drawn("ours", PATIENTS, SHARES, seed=0, fixed=fixed)
    assert patients_of(parts, Part.TEST) == ["p3", "p4"]
    assert len(patients_of(parts, Part.VALIDATION)) == 4


def test_a_whole_entry_can_be_put_into_one_part() -> None:
    parts = drawn("ours", ["a"], SHARES, seed=0, fixed=fixed_parts(["a"], "test", [], []))
    assert parts == {"a": Part.TEST}


def test_too_few_patients_and_names_that_do_not_exist_are_refused() -> None:
    with pytest.raises(TrainingError, match="2 patients leave none to train on"):
        drawn("ours", ["a", "b"], SHARES, seed=0)
    with pytest.raises(TrainingError, match="there is no patient z"):
        drawn("ours", PATIENTS, SHARES, seed=0, fixed={"z": Part.TEST})


def test_splits_are_stored_and_data_that_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "splits.json"
    splits = {"ours": drawn("ours", PATIENTS, SHARES, seed=0)}
    kept(path, splits)
    kept(path, splits)
    assert '"p0"' in path.read_text()
    assert as_lists(splits)["ours"]["train"] == patients_of(splits["ours"], Part.TRAIN)
    with pytest.raises(TrainingError, match="no longer hold the patients"):
        kept(path, {"ours": drawn("ours", PATIENTS[:-1], SHARES, seed=0)})

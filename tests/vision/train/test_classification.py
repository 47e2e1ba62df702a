"""What the classification networks learn from, and that a run can be taken up again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lss_core.domain import SITES, Condition, Grade, Side
from lss_core.vision.classify import Preprocessing
from lss_core.vision.train.classification import Plan, answers_of, examples_for, train
from lss_core.vision.train.classifiers import split
from lss_core.vision.train.pictures import (
    KEPT_PIXELS,
    UNKNOWN,
    Pictures,
    as_seen,
    augmented,
    joined,
    read_pictures,
    shown_together,
    write_pictures,
)
from lss_core.vision.train.run import Schedule

HOW = Preprocessing(pixels=32)
AXIAL, FORAMEN = [[2, 1, UNKNOWN], [2, 3, UNKNOWN]], [[UNKNOWN, UNKNOWN, 0]] * 2


def drawn(study: int) -> Pictures:
    """An axial picture (left recess mild, right severe) and one of a foramen without stenosis."""
    rng = np.random.default_rng(study)
    return Pictures(
        images=rng.integers(0, 255, (2, 3, KEPT_PIXELS, KEPT_PIXELS), np.uint8),
        grades=np.array([AXIAL, FORAMEN], np.int8),
        studies=np.array([study, study]),
    )


def plan(condition: Condition | None, *, steps: int, rate: float = 1e-3) -> Plan:
    schedule = Schedule(steps=steps, minutes=60, peak_rate=rate)
    return Plan(
        condition=condition, architecture="regnet_y_400mf", preprocessing=HOW, schedule=schedule, batch=4
    )


def test_the_pictures_of_a_study_show_each_site_from_its_own_side() -> None:
    shown = shown_together()
    assert len(shown) == 15  # five levels on axial slices, ten foramina
    sites = {site for both in shown for side in both for site in side if site is not None}
    assert sites == set(SITES)
    for left, right in shown[:5]:
        assert left[0] == right[0]
        assert [left[1] and left[1].side, right[1] and right[1].side] == [Side.LEFT, Side.RIGHT]


def test_a_flip_shows_the_other_side_and_brings_its_grades() -> None:
    examples = examples_for(drawn(0), None)
    assert examples.flip.tolist() == [False, True, False]
    assert examples.wanted.tolist() == [[1, 1, UNKNOWN], [1, 1, UNKNOWN], [UNKNOWN, UNKNOWN, 0]]
    severity = examples_for(drawn(0), Condition.LATERAL_RECESS)
    assert severity.wanted.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert severity.flip.tolist() == [False, True]
    image = drawn(0).images[0]
    straight, flipped = (as_seen(image, flip=flip, how=HOW) for flip in (False, True))
    torch.testing.assert_close(flipped, straight.flip(-1), atol=1e-4, rtol=0)


def test_severity_is_learned_only_where_a_stenosis_is() -> None:
    assert len(examples_for(drawn(0), Condition.FORAMINAL).index) == 0


def test_augmentation_is_the_same_for_the_same_seed_and_keeps_the_range() -> None:
    image = drawn(1).images[0]
    one, same, other = (
        augmented(image, flip=False, how=HOW, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    torch.testing.assert_close(one, same)
    assert not torch.equal(one, other)
    assert one.shape == (3, 32, 32)
    assert -1 <= float(one.min()) <= float(one.max()) <= 1


def test_the_split_is_by_study_and_refuses_to_leave_nothing() -> None:
    pictures = joined(drawn(study) for study in (3, 1, 2))
    learned, apart = split(pictures, 1)
    assert set(apart.studies) == {3}
    assert set(learned.studies) == {1, 2}
    with pytest.raises(ValueError, match="leave nothing to learn from"):
        split(pictures, 3)


def test_pictures_come_back_from_their_folder(tmp_path: Path) -> None:
    for study in (10, 9):
        write_pictures(tmp_path, drawn(study), study)
    assert read_pictures(tmp_path).studies.tolist() == [9, 9, 10, 10]


@pytest.mark.slow
def test_a_run_goes_on_from_its_checkpoint_and_severity_begins_with_what_presence_learned(
    tmp_path: Path,
) -> None:
    pictures = joined([drawn(0), drawn(1)])
    first = train(plan(None, steps=2), examples_for(pictures, None), tmp_path / "presence.pt")
    again = train(plan(None, steps=2), examples_for(pictures, None), tmp_path / "presence.pt")
    examples = examples_for(pictures, None)
    np.testing.assert_allclose(answers_of(first, examples, HOW), answers_of(again, examples, HOW))
    severity = train(
        plan(Condition.CENTRAL, steps=1, rate=0),
        examples_for(pictures, Condition.CENTRAL),
        tmp_path / "central.pt",
        start_from=tmp_path / "presence.pt",
    )
    stem = "stem.0.weight"
    torch.testing.assert_close(severity.state_dict()[stem], first.state_dict()[stem])
    assert severity.state_dict()["fc.weight"].shape[0] == len(Grade) - 1

"""What the classification networks learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from lss_core.domain import SITES, Condition, Side
from lss_core.errors import TrainingError
from lss_core.vision.classify import Preprocessing
from lss_core.vision.train.classification import (
    IGNORED,
    class_weights,
    drawn_by_source,
    examples_for,
    loss_of,
)
from lss_core.vision.train.classifiers import check
from lss_core.vision.train.pictures import (
    KEPT_PIXELS,
    NONE_OR_MILD,
    NOT_ANNOTATED,
    UNKNOWN,
    Pictures,
    as_seen,
    augmented,
    joined,
    read_pictures,
    shown_together,
    write_pictures,
)

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


def test_pictures_come_back_from_their_files(tmp_path: Path) -> None:
    files = [tmp_path / f"{study}.safetensors" for study in (10, 9)]
    for file, study in zip(files, (10, 9), strict=True):
        write_pictures(file, drawn(study))
    assert read_pictures(files).studies.tolist() == [10, 10, 9, 9]
    assert len(read_pictures([])) == 0


def test_where_none_and_mild_are_one_presence_is_ignored_and_severity_learns_nothing() -> None:
    pictures = drawn(0)
    grades = np.array(
        [
            [[NONE_OR_MILD, 2, UNKNOWN], [NONE_OR_MILD, NOT_ANNOTATED, UNKNOWN]],
            [[UNKNOWN, UNKNOWN, NONE_OR_MILD]] * 2,
        ],
        np.int8,
    )
    told = Pictures(images=pictures.images, grades=grades, studies=pictures.studies)
    presence = examples_for(told, None)
    assert presence.wanted.tolist() == [[IGNORED, 1, IGNORED]]  # the others say nothing at all
    assert len(examples_for(told, Condition.CENTRAL).index) == 0
    assert examples_for(told, Condition.LATERAL_RECESS).wanted.tolist() == [[0, 1, 0]]


def test_sources_are_drawn_by_their_shares_however_many_examples_they_have() -> None:
    examples = examples_for(joined([drawn(0), drawn(1)]), None)  # three examples of each two pictures
    chances = drawn_by_source(examples, [2, 2], [3.0, 1.0])
    np.testing.assert_allclose(chances, [0.25] * 3 + [1 / 12] * 3)
    np.testing.assert_allclose(drawn_by_source(examples, [1, 0, 3], [1.0, 9.0, 1.0])[:3], [0.25, 0.25, 0.125])


def test_what_is_ignored_changes_neither_loss_nor_weights() -> None:
    wanted = torch.tensor([[1.0, IGNORED, IGNORED], [0.0, IGNORED, 1.0]])
    logits, other = torch.zeros(2, 3), torch.tensor([[0.0, 9, -9], [0, -9, 0]])
    assert loss_of(logits, wanted, torch.ones(3), None) == loss_of(other, wanted, torch.ones(3), None)
    assert class_weights(wanted.numpy())[0] == 1  # one yes and one no


def test_presence_without_a_negative_is_refused_with_what_to_add() -> None:
    pictures = drawn(0)
    grades = np.full_like(pictures.grades, UNKNOWN)
    grades[0, :, :2] = [[NONE_OR_MILD, 2], [2, 3]]
    told = Pictures(images=pictures.images, grades=grades, studies=pictures.studies)
    with pytest.raises(TrainingError, match=r"no \[\[data\]\] has the grade none for central.*phantom"):
        check("presence", examples_for(told, None))
    with pytest.raises(TrainingError, match=r"no .*data.* has an example of it"):
        check("severity_foraminal", examples_for(told, Condition.FORAMINAL))

"""What the classifiers saw: kept with the run, shown to the unblinded alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from lss_core.domain import Role
from lss_core.errors import AccessError, NotFoundError
from lss_core.usecases import runs
from lss_core.usecases.explaining import HEAT, STRENGTH, explanation_png, montage
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import make_findings

SITE = "central:L4_L5"


@pytest.fixture
def explained(workspace, case_id):
    run_id = runs.start_run(workspace, OPERATOR, case_id, bundle="tiny 0")
    stacked = np.full((2, 5, 8, 8), 100, np.uint8)
    runs.save_run(workspace, OPERATOR, run_id, make_findings(), {}, {SITE: stacked})
    return case_id


def test_a_coordinator_gets_a_row_a_view_and_five_columns(workspace, explained):
    picture = Image.open(io.BytesIO(explanation_png(workspace, OPERATOR, explained, SITE)))
    assert picture.size == (5 * 8, 2 * 8)


def test_a_site_that_was_not_seen_says_to_run_the_model_again(workspace, explained):
    with pytest.raises(NotFoundError, match="Run the model again"):
        explanation_png(workspace, OPERATOR, explained, "central:L1_L2")


def test_a_case_without_a_run_has_none(workspace, case_id):
    with pytest.raises(NotFoundError, match="nothing was kept"):
        explanation_png(workspace, OPERATOR, case_id, SITE)


@pytest.mark.parametrize("role", [Role.READER, Role.ADJUDICATOR])
def test_the_blinded_never_get_one(workspace, person, explained, role):
    with pytest.raises(AccessError):
        explanation_png(workspace, person(role), explained, SITE)


def test_heat_lies_on_the_first_channel_alone():
    stacked = np.zeros((1, 5, 1, 1), np.uint8)
    stacked[0, 0] = 200
    stacked[0, 3] = 255
    tiles = montage(stacked)[0]
    assert tiles[:3].tolist() == [[200] * 3, [0] * 3, [0] * 3]
    assert tiles[3] == pytest.approx([(1 - STRENGTH) * 200 + STRENGTH * c for c in HEAT], abs=1)
    assert tiles[4].tolist() == [200] * 3

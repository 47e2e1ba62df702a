from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from lss_core.domain import Role, SeriesRole
from lss_core.errors import AccessError, NotFoundError
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.viewing import manifest, series_masks, series_volume, site_picture, thumbnail
from tests.usecases.conftest import make_volume


def _t2(workspace, user, case_id):
    series = manifest(workspace, user, case_id)["series"]
    return next(s for s in series if s["role"] == SeriesRole.SAGITTAL_T2)


def test_a_manifest_holds_the_geometry_as_json(workspace, case_id):
    whole = manifest(workspace, OPERATOR, case_id)
    assert json.loads(json.dumps(whole)) == whole
    t2 = whole["series"][1]
    volume = make_volume()
    assert t2["label"] == "Sagittal T2"
    assert t2["shape"] == [4, 24, 20]
    assert t2["positions_mm"] == volume.positions_mm.tolist()
    assert t2["spacing_mm"] == [2.0, 2.0]
    assert t2["structures"] is None
    assert len(t2["window"]) == 2


def test_a_coordinator_sees_the_models_masks_and_levels(workspace, case_id, model_run):
    t2 = _t2(workspace, OPERATOR, case_id)
    assert t2["structures"][0] == "disc"
    assert manifest(workspace, OPERATOR, case_id)["levels"] == {"L4_L5": [0.0, -10.0, 20.0]}
    masks = series_masks(workspace, OPERATOR, case_id, t2["id"])
    assert masks.mask("disc").sum() == 4 * 9
    t1 = manifest(workspace, OPERATOR, case_id)["series"][0]
    assert series_masks(workspace, OPERATOR, case_id, t1["id"]) is None


@pytest.mark.parametrize("role", [Role.READER, Role.ADJUDICATOR])
def test_readers_and_adjudicators_get_pixels_and_nothing_of_the_model(
    workspace, person, case_id, model_run, role
):
    user = person(role)
    whole = manifest(workspace, user, case_id)
    assert whole["levels"] == {}
    assert [series["structures"] for series in whole["series"]] == [None, None]
    series_id = whole["series"][1]["id"]
    assert np.array_equal(series_volume(workspace, user, case_id, series_id).voxels, make_volume().voxels)
    with pytest.raises(AccessError, match="role of coordinator or statistician"):
        series_masks(workspace, user, case_id, series_id)


def test_a_case_of_another_study_is_refused_in_the_words_for_one_that_is_not_there(
    workspace, person, case_id
):
    from lss_core.store import studies

    with workspace.store.write() as tx:
        other = studies.add_study(tx, title="Other", synthetic=False, at=workspace.now())
    stranger = person(Role.READER, study_id=other)
    series_id = _t2(workspace, OPERATOR, case_id)["id"]
    messages = set()
    for case in (case_id, "C-NONE"):
        for ask in (manifest, thumbnail):
            with pytest.raises(AccessError) as refusal:
                ask(workspace, stranger, case)
            messages.add(str(refusal.value))
        with pytest.raises(AccessError):
            series_volume(workspace, stranger, case, series_id)
    assert len(messages) == 1


def test_a_series_is_only_found_in_its_own_case(workspace, case_id):
    for wrong in ("S-NONE", "../../installation"):
        with pytest.raises(NotFoundError, match="no such series"):
            series_volume(workspace, OPERATOR, case_id, wrong)


def test_a_thumbnail_is_a_png_192_px_high_in_true_proportions(workspace, case_id):
    picture = Image.open(io.BytesIO(thumbnail(workspace, OPERATOR, case_id)))
    assert (picture.format, picture.size) == ("PNG", (160, 192))  # 20 columns : 24 rows


def test_the_picture_of_a_site_is_the_place_where_the_model_saw_it(workspace, case_id, model_run):
    picture = Image.open(io.BytesIO(site_picture(workspace, OPERATOR, case_id, "central:L4_L5")))
    assert picture.size == (200, 200)
    with pytest.raises(NotFoundError, match="not said where"):
        site_picture(workspace, OPERATOR, case_id, "foraminal:L5_S1:right")  # it could not be graded


def test_where_the_model_looked_is_not_shown_to_the_blinded(workspace, person, case_id, model_run):
    with pytest.raises(AccessError):
        site_picture(workspace, person(Role.READER), case_id, "central:L4_L5")


def test_a_site_of_a_case_that_no_model_has_graded_has_no_picture(workspace, case_id):
    with pytest.raises(NotFoundError):
        site_picture(workspace, OPERATOR, case_id, "central:L4_L5")

"""The routes of pixels and answers: who is let in, and what he is given."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from starlette.applications import Starlette

from benchmarks.studies import PASSWORD, SAGITTAL, Seeded, seed, stack
from lss_core.domain import Answer, Grade, NotGradable, SeriesRole, Site
from lss_core.imaging.files import read_volume
from lss_core.imaging.masks import MaskStack
from lss_core.ui import asking
from lss_core.ui.answers import answer_of
from lss_core.ui.pixels import middle_out
from lss_core.ui.routes import ROUTES
from lss_core.usecases import reading, users, viewing
from lss_core.usecases.cases import list_studies
from lss_core.usecases.reading import ReadState
from lss_core.usecases.users import OPERATOR
from tests.exchange import Reply, exchange

Ask = Callable[..., Reply]

PEN = str(uuid4())
"""The window that the requests come from."""


@pytest.fixture
def seeded(tmp_path: Path) -> Seeded:
    """One case of two series of a few pixels, a reader and a coordinator."""
    rng = np.random.default_rng(4)
    places = [(4.0 * k, 0.0, 0.0) for k in range(5)]
    empty = stack(places, [SAGITTAL] * 5, size=8, spacing_mm=1.0)
    filled = empty.with_voxels(rng.integers(-5, 4000, empty.shape).astype(np.int16))
    return seed(tmp_path, [{SeriesRole.SAGITTAL_T1: empty, SeriesRole.SAGITTAL_T2: filled}])


@pytest.fixture
def ask(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Sends a request to the routes, as a browser would, and waits for the whole reply."""
    monkeypatch.setattr(asking, "open_workspace", lambda: seeded.workspace)
    app = Starlette(routes=ROUTES)

    def send(path: str, *, token: str = "", body: bytes | None = None, **headers: str) -> Reply:
        named = {"host": "here", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if token:
            named["cookie"] = f"{asking.COOKIE}={token}"
        return asyncio.run(exchange(app, path, body, named))

    return send


def second_series(seeded: Seeded) -> str:
    return str(viewing.manifest(seeded.workspace, OPERATOR, seeded.case_ids[0])["series"][1]["id"])


def open_read(seeded: Seeded) -> ReadState:
    reader = users.user_of(seeded.workspace, seeded.reader_token)
    assert reader is not None
    return reading.open_read(seeded.workspace, reader, seeded.case_ids[0])


def own_headers() -> dict[str, str]:
    return {"x_lss_request": "1", "idempotency_key": str(uuid4()), "x_lss_pen": PEN}


def test_slices_are_sent_from_the_middle_outwards() -> None:
    assert middle_out(5) == [2, 1, 3, 0, 4]
    assert middle_out(4) == [2, 1, 3, 0]
    assert middle_out(1) == [0]


def test_an_answer_names_the_window_that_it_comes_from(ask: Ask, seeded: Seeded) -> None:
    """Without one nobody could be told that another window answers."""
    read = open_read(seeded)
    without = {name: value for name, value in own_headers().items() if name != "x_lss_pen"}
    sent = {
        f"/answers/{read.read_id}": MODERATE,
        f"/sittings/{read.read_id}/pen": b"{}",
        f"/sittings/{read.read_id}/note": b'{"comment": "x"}',
        f"/sittings/{read.read_id}/remaining": b"{}",
        f"/sittings/{read.read_id}/spans": b'{"spans": []}',
        f"/sittings/{read.read_id}/signature": json.dumps({"password": PASSWORD}).encode(),
    }
    for path, body in sent.items():
        assert ask(path, token=seeded.reader_token, body=body, **without).status == 400
    assert open_read(seeded).answers == {}
    assert not open_read(seeded).submitted


def test_nobody_is_told_anything(ask: Ask, seeded: Seeded) -> None:
    paths = ["manifest", "thumbnail", "any/voxels", "any/masks", "explanations/central:L4_L5"]
    replies = [ask(f"/pixels/{seeded.case_ids[0]}/{path}") for path in paths]
    replies += [ask("/pixels/C-NONE/manifest", token="invented"), ask("/answers/R-1", body=b"{}")]
    assert {(reply.status, reply.body) for reply in replies} == {(401, b"You are signed out. Sign in again.")}


def test_voxels_come_raw_in_the_order_of_the_header(ask: Ask, seeded: Seeded) -> None:
    case_id, series_id = seeded.case_ids[0], second_series(seeded)
    path = f"/pixels/{case_id}/{series_id}/voxels"
    reply = ask(path, token=seeded.coordinator_token, accept_encoding="gzip")
    stored = read_volume(seeded.workspace.volume_path(case_id, series_id)).voxels
    order = [int(k) for k in reply.headers["x-slice-order"].split(",")]
    assert order == middle_out(len(stored))
    assert np.array_equal(np.frombuffer(reply.body, "<i2").reshape(stored.shape), stored[order])
    assert reply.headers["content-encoding"] == "identity"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.headers["cache-control"] == "no-store"


def test_masks_come_as_bits(ask: Ask, seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    bits = np.arange(24, dtype=np.uint32).reshape(2, 3, 4) << np.uint32(20)
    monkeypatch.setattr(viewing, "series_masks", lambda *_: MaskStack(structures=("disc",), bits=bits))
    reply = ask(f"/pixels/{seeded.case_ids[0]}/any/masks", token=seeded.coordinator_token)
    assert reply.headers["content-encoding"] == "gzip"
    assert np.array_equal(np.frombuffer(gzip.decompress(reply.body), "<u4").reshape(2, 3, 4), bits)


def test_a_case_without_a_model_run_has_no_masks(ask: Ask, seeded: Seeded) -> None:
    path = f"/pixels/{seeded.case_ids[0]}/{second_series(seeded)}/masks"
    reply = ask(path, token=seeded.coordinator_token)
    assert (reply.status, reply.body) == (404, b"There are no masks of this series.")


def test_a_reader_gets_pixels_and_never_masks(ask: Ask, seeded: Seeded) -> None:
    base, token = f"/pixels/{seeded.case_ids[0]}", seeded.reader_token
    manifest = json.loads(ask(f"{base}/manifest", token=token).body)
    assert [series["structures"] for series in manifest["series"]] == [None, None]
    assert manifest["levels"] == {}
    assert ask(f"{base}/{second_series(seeded)}/voxels", token=token).status == 200
    for path in (f"{second_series(seeded)}/masks", "explanations/central:L4_L5"):
        refused = ask(f"{base}/{path}", token=token)
        assert (refused.status, refused.body) == (403, b"This is not open to you.")


def test_what_is_not_there_is_not_named_in_the_refusal(ask: Ask, seeded: Seeded) -> None:
    stranger = ask("/pixels/C-NONE/manifest", token=seeded.coordinator_token)
    assert (stranger.status, stranger.body) == (403, b"This is not open to you.")
    series = ask(f"/pixels/{seeded.case_ids[0]}/S-NONE/voxels", token=seeded.coordinator_token)
    assert (series.status, series.body) == (404, b"There is no such thing.")


def test_a_thumbnail_is_kept_by_the_browser_of_one_sign_in(ask: Ask, seeded: Seeded) -> None:
    reply = ask(f"/pixels/{seeded.case_ids[0]}/thumbnail", token=seeded.reader_token)
    assert reply.body.startswith(b"\x89PNG")
    assert (reply.headers["cache-control"], reply.headers["vary"]) == ("private, max-age=3600", "Cookie")


SITE = Site.parse("central:L4_L5")
MODERATE = json.dumps({"site": SITE.key, "grade": 2}).encode()


def test_an_answer_is_recorded_once_however_often_it_comes(ask: Ask, seeded: Seeded) -> None:
    path, headers = f"/answers/{open_read(seeded).read_id}", own_headers()
    replies = [ask(path, token=seeded.reader_token, body=MODERATE, **headers) for _ in range(2)]
    assert [reply.status for reply in replies] == [204, 204]
    assert open_read(seeded).answers == {SITE.key: Answer(site=SITE, grade=Grade.MODERATE)}


def test_another_ones_read_is_closed(ask: Ask, seeded: Seeded) -> None:
    path = f"/answers/{open_read(seeded).read_id}"
    reply = ask(path, token=seeded.coordinator_token, body=MODERATE, **own_headers())
    assert (reply.status, reply.body) == (403, b"This is not open to you.")
    assert open_read(seeded).answers == {}


def test_a_key_that_came_with_another_answer_is_a_conflict(ask: Ask, seeded: Seeded) -> None:
    path, headers = f"/answers/{open_read(seeded).read_id}", own_headers()
    ask(path, token=seeded.reader_token, body=MODERATE, **headers)
    other = MODERATE.replace(b"2", b"3")
    assert ask(path, token=seeded.reader_token, body=other, **headers).status == 409


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_lss_request": "1", "origin": "http://elsewhere"},
        {"x_lss_request": "1", "sec_fetch_site": "cross-site"},
    ],
)
def test_a_request_from_another_site_is_refused(ask: Ask, seeded: Seeded, headers: dict[str, str]) -> None:
    reply = ask("/answers/R-1", token=seeded.reader_token, body=MODERATE, **headers)
    assert (reply.status, reply.body) == (403, b"This request did not come from the reading page.")


NOT_ANSWERS = [
    b"",
    b"[]",
    b"{}",
    b'{"site": "central:L4_L5"}',
    b'{"site": "central:L9_L5", "grade": 1}',
    b'{"site": "central:L4_L5", "grade": 4}',
    b'{"site": "central:L4_L5", "grade": true}',
    b'{"site": "central:L4_L5", "grade": 1, "not_gradable": "other"}',
    b'{"site": "central:L4_L5", "not_gradable": "because"}',
    b'{"site": "central:L4_L5", "not_gradable": ["other"]}',
    b"\xff\xfe",
]


def test_what_is_not_an_answer_is_refused(ask: Ask, seeded: Seeded) -> None:
    for body in NOT_ANSWERS:
        reply = ask("/answers/R-1", token=seeded.reader_token, body=body, **own_headers())
        assert (reply.status, reply.body) == (400, b"This is not an answer."), body


def test_an_answer_needs_a_key_of_its_own(ask: Ask, seeded: Seeded) -> None:
    assert ask("/answers/R-1", token=seeded.reader_token, body=MODERATE, x_lss_request="1").status == 400


def test_a_body_longer_than_any_answer_is_refused(ask: Ask, seeded: Seeded) -> None:
    assert ask("/answers/R-1", token=seeded.reader_token, body=b" " * 10_000).status == 413


def test_an_answer_without_a_grade_names_its_reason() -> None:
    body = json.dumps({"site": SITE.key, "not_gradable": "poor_quality", "note": "motion"}).encode()
    assert answer_of(json.loads(body)) == Answer(
        site=SITE, not_gradable=NotGradable.POOR_QUALITY, note="motion"
    )


def post(ask: Ask, seeded: Seeded, what: str, given: object, *, token: str = "", pen: str = PEN) -> Reply:
    """A request of the reading page about its read."""
    path = f"/sittings/{open_read(seeded).read_id}/{what}"
    headers = {**own_headers(), "x_lss_pen": pen}
    return ask(path, token=token or seeded.reader_token, body=json.dumps(given).encode(), **headers)


def test_a_second_window_is_told_and_may_take_over(ask: Ask, seeded: Seeded) -> None:
    one, two = str(uuid4()), str(uuid4())
    assert post(ask, seeded, "pen", {}, pen=one).status == 200
    refused = post(ask, seeded, "pen", {}, pen=two)
    assert (refused.status, b"open in another window" in refused.body) == (423, True)
    path = f"/answers/{open_read(seeded).read_id}"
    headers = {**own_headers(), "x_lss_pen": two}
    assert ask(path, token=seeded.reader_token, body=MODERATE, **headers).status == 423
    taken = post(ask, seeded, "pen", {"take": True}, pen=two)
    assert json.loads(taken.body)["answers"] == {}
    assert ask(path, token=seeded.reader_token, body=MODERATE, **headers).status == 204
    assert post(ask, seeded, "spans", {"spans": [], "leaving": True}, pen=two).status == 204
    assert post(ask, seeded, "pen", {}, pen=one).status == 200


def test_a_wrong_password_is_told_and_the_right_one_signs(ask: Ask, seeded: Seeded) -> None:
    wrong = post(ask, seeded, "signature", {"password": "wrong"})
    assert (wrong.status, b"do not match" in wrong.body) == (422, True)
    early = post(ask, seeded, "signature", {"password": PASSWORD})
    assert (early.status, b"25 of 25 sites have no answer" in early.body) == (409, True)
    filled = post(ask, seeded, "remaining", {})
    assert len(json.loads(filled.body)["answers"]) == 25
    signed = json.loads(post(ask, seeded, "signature", {"password": PASSWORD}).body)
    assert (signed["submitted"], signed["signature"]["name"]) == (True, "reader")


def test_neither_model_nor_reference_leaves_the_server_in_an_unaided_read(ask: Ask, seeded: Seeded) -> None:
    for what in ("model", "feedback"):
        reply = post(ask, seeded, what, {})
        assert (reply.status, reply.body) == (403, b"This is not open to you.")


def test_times_notes_and_preferences_are_taken(ask: Ask, seeded: Seeded) -> None:
    span = {"site": SITE.key, "active_ms": 1200, "idle_ms": 0, "key": str(uuid4())}
    assert post(ask, seeded, "spans", {"spans": [span]}).status == 204
    assert post(ask, seeded, "note", {"image_quality": 3, "comment": "motion"}).status == 204
    headers = own_headers()
    path, token = "/preferences", seeded.reader_token
    chosen = {"keys": {"grade0": "a"}}
    assert ask(path, token=token, body=json.dumps(chosen).encode(), **headers).status == 204
    wrong = {"keys": {"grade0": "Escape"}}
    assert ask(path, token=token, body=json.dumps(wrong).encode(), **headers).status == 422


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("spans", {}),
        ("spans", {"spans": [{"site": "here", "active_ms": 1, "idle_ms": 0, "key": str(uuid4())}]}),
        ("spans", {"spans": [{"site": None, "active_ms": 1.5, "idle_ms": 0, "key": str(uuid4())}]}),
        ("note", {"image_quality": 6}),
        ("note", {"comment": 3}),
        ("signature", {"password": None}),
    ],
)
def test_what_a_reading_page_does_not_send_is_refused(
    ask: Ask, seeded: Seeded, what: str, given: object
) -> None:
    assert post(ask, seeded, what, given).status == 400


def _study(seeded: Seeded) -> str:
    return list_studies(seeded.workspace, OPERATOR)[0].id


@pytest.mark.parametrize(
    "name", ["ratings.csv", "dictionary.csv", "ratings.json", "study-without-images.zip"]
)
def test_an_export_is_a_file_for_the_coordinator_and_nothing_for_a_reader(
    ask: Ask, seeded: Seeded, name: str
) -> None:
    path = f"/export/{_study(seeded)}/{name}"
    reply = ask(path, token=seeded.coordinator_token)
    assert reply.status == 200
    assert reply.headers["content-disposition"] == f'attachment; filename="{_study(seeded)}-{name}"'
    assert reply.headers["cache-control"] == "no-store"
    assert reply.body
    if name != "dictionary.csv":
        assert ask(path, token=seeded.reader_token).status == 403
    assert ask(path).status == 401


def test_a_zip_leaves_nothing_behind_on_the_server(
    ask: Ask, seeded: Seeded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    reply = ask(f"/export/{_study(seeded)}/study.zip", token=seeded.coordinator_token)
    assert zipfile.ZipFile(io.BytesIO(reply.body)).testzip() is None
    assert list(folder.iterdir()) == []


def test_an_export_that_there_is_not_is_not_found(ask: Ask, seeded: Seeded) -> None:
    path = f"/export/{_study(seeded)}/passwords.csv"
    assert ask(path, token=seeded.coordinator_token).status == 404
    assert ask("/export/ST-NONE/ratings.csv", token=seeded.coordinator_token).status == 403

"""What a reader may not see is planted wherever it could come from, and all that he can ask for is read."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest
from websockets import Origin, Subprotocol
from websockets.sync.client import ClientConnection, connect

from benchmarks.running import serve
from lss_core.domain import SITES, Answer, Grade, Role, SeriesRole
from lss_core.store import people
from lss_core.store import tables as t
from lss_core.store.values import ReadNote
from lss_core.ui import asking, session
from lss_core.ui.navigation import ENTRIES
from lss_core.ui.routes import ROUTES
from lss_core.usecases import runs, users
from lss_core.usecases import workspace as workspaces
from lss_core.usecases.reading import open_read, record_answer, record_note
from lss_core.usecases.reference import add_reference
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR, User
from tests.exchange import exchange
from tests.usecases.conftest import (
    PASSWORD,
    grades,
    make_dicom_study,
    make_findings,
    make_masks,
    make_series,
    make_volume,
)
from tests.usecases.protocol_data import AIDED, ALONE, SEQUENTIAL, go_live

ROOT = Path(__file__).resolve().parents[2]

PATIENT = ("SERIESNAMEPLANT", "UIDPLANT", "IMPORTNOTEPLANT")
MODEL = ("BUNDLEPLANT", "0.6173", "0.2173", "81.4142", "nearest 9 mm")
OTHERS = ("OTHERSNOTEPLANT", "OTHERSNAMEPLANT", "OTHERSCOMMENTPLANT")
REFERENCE = ("REFERENCEPLANT",)
ERROR = ("ERRORPLANT",)
REACHED = {
    "adjudicator": ("adjudicate", "lss-heading"),
    "auditor": ("record", "case.import"),
    "statistician": ("review", "BUNDLEPLANT"),
}
"""A page of a role, and what it must show if the crawl has reached it; readers: their case on Read."""

POSTED = json.dumps({"password": "wrong", "spans": [], "language": "en"}).encode()

EVERYTHING = (*PATIENT, *MODEL, *OTHERS, *REFERENCE, *ERROR)


@pytest.fixture
def planted(workspace, import_studies, monkeypatch):
    """Two cases with all that is to be hidden, and the readers of three arms."""
    plain = make_series("UIDPLANT.t2", SeriesRole.SAGITTAL_T2, make_volume())
    marked = replace(plain, notes=("IMPORTNOTEPLANT",), attributes={"SeriesDescription": "SERIESNAMEPLANT"})
    other = make_series("UIDPLANT.t1", SeriesRole.SAGITTAL_T1, make_volume(value=50))
    report = import_studies(make_dicom_study("UIDPLANT", marked, other), make_dicom_study("UIDPLANT2"))
    case_id, failed = (case.case_id for case in report.cases)
    _model(workspace, case_id)
    run_id = runs.start_run(workspace, OPERATOR, failed, bundle="BUNDLEPLANT")
    runs.fail_run(workspace, OPERATOR, run_id, "ERRORPLANT")
    people_of = {}
    for name, role in (
        ("alone", Role.READER), ("aided", Role.READER), ("sequential", Role.READER), ("other", Role.READER),
        ("adjudicator", Role.ADJUDICATOR), ("auditor", Role.AUDITOR),
        ("coordinator", Role.COORDINATOR), ("statistician", Role.STATISTICIAN),
    ):  # fmt: skip
        shown = "OTHERSNAMEPLANT" if name == "other" else name
        people_of[name] = users.add_user(
            workspace, OPERATOR, name=name, display_name=shown, role=role, password=PASSWORD,
            study_id=report.study_id,
        )  # fmt: skip
    go_live(
        workspace,
        report.study_id,
        [
            (people_of["alone"], case_id, ALONE, {}),
            (people_of["other"], case_id, ALONE, {}),
            (people_of["aided"], case_id, AIDED, {}),
            (people_of["sequential"], case_id, SEQUENTIAL, {}),
        ],
    )
    _read_by_another(workspace, people_of["other"], case_id)
    truth = {case_id: dict.fromkeys(SITES, Grade.SEVERE)}
    add_reference(workspace, OPERATOR, report.study_id, name="REFERENCEPLANT", grades=truth)
    for module in (asking, session, workspaces):
        monkeypatch.setattr(module, "open_workspace", lambda: workspace)
    return report.study_id, case_id, failed


def _model(workspace, case_id):
    found = make_findings("BUNDLEPLANT")
    sites = tuple(
        replace(
            site,
            probabilities=(0.0654, 0.1, 0.6173, 0.2173) if site.grade is not None else None,
            measurements={"sac_area_mm2": 81.4142} if site.grade is not None else {},
        )
        for site in found.sites
    )
    run_id = runs.start_run(workspace, OPERATOR, case_id, bundle="BUNDLEPLANT")
    masks = {SeriesRole.SAGITTAL_T2: make_masks(make_volume())}
    runs.save_run(workspace, OPERATOR, run_id, replace(found, sites=sites), masks)


def _read_by_another(workspace, other, case_id):
    comment = ReadNote(comment="OTHERSCOMMENTPLANT")
    record_note(workspace, other, open_read(workspace, other, case_id).read_id, comment, idempotency_key="1")
    _read_and_sign(workspace, other, case_id, note="OTHERSNOTEPLANT")


def _read_and_sign(workspace, reader, case_id, *, note):
    read = open_read(workspace, reader, case_id)
    for answer in grades(3):
        given = Answer(site=answer.site, grade=answer.grade, note=note)
        record_answer(workspace, reader, read.read_id, given, idempotency_key=answer.site.key)
    sign_read(workspace, reader, read.read_id, PASSWORD)


def crawl(workspace, user, monkeypatch, places: dict[str, list[str]]) -> dict[str, str]:
    """All that leaves the server for a user: every page, and every route with every id that there is."""
    monkeypatch.setattr(session, "current_user", lambda: user)
    told = {}
    for entry in ENTRIES:
        page = AppTest.from_file(str(ROOT / entry.file), default_timeout=60).run()
        told[f"page {entry.url}"] = " ".join(_sent(page._tree))
    with workspace.store.write() as tx:
        token = users.begin_sign_in(tx, people.find_user(tx, user.name), at=workspace.now())
    app = Starlette(routes=ROUTES)
    for route in ROUTES:
        if route.path.startswith("/session/sign-"):
            continue
        for path in _filled(route.path, places):
            reply = asyncio.run(_ask(app, path, token, get="GET" in route.methods))
            body = (
                gzip.decompress(reply.body) if reply.headers.get("content-encoding") == "gzip" else reply.body
            )
            told[path] = f"{reply.headers} {body.decode('utf-8', 'replace')}"
            if path.endswith("/masks"):
                assert reply.status != 200 or user.name in ("coordinator", "statistician"), path
    return told


async def _ask(app, path, token, *, get):
    headers = {"host": "here", "cookie": f"{asking.COOKIE}={token}", "x-lss-request": "1"}
    headers |= {"idempotency-key": str(uuid4()), "x-lss-pen": str(uuid4())}
    return await exchange(app, path, None if get else POSTED, headers)


def _filled(path: str, places: dict[str, list[str]]) -> list[str]:
    found = [path]
    for name, values in places.items():
        found = [
            one.replace(f"{{{name}}}", value) for one in found for value in (values if name in one else [""])
        ]
    return found


def _sent(node) -> Iterator[str]:
    """The protocol messages of a page's elements: what goes to the browser."""
    proto = getattr(node, "proto", None)
    if proto is not None and hasattr(proto, "SerializeToString"):
        yield proto.SerializeToString().decode("utf-8", "replace")
    for child in getattr(node, "children", {}).values():
        yield from _sent(child)


ROLES = pytest.mark.parametrize(
    ("name", "hidden", "shown"),
    [
        ("alone", EVERYTHING, ()),
        ("sequential", EVERYTHING, ()),
        ("aided", (*PATIENT, "BUNDLEPLANT", "81.4142", *OTHERS, *REFERENCE, *ERROR), ("0.6173",)),
        (
            "sequential, locked",
            (*PATIENT, "BUNDLEPLANT", "81.4142", *OTHERS, *REFERENCE, *ERROR),
            ("0.6173",),
        ),
        ("adjudicator", (*PATIENT, *MODEL, *OTHERS, *REFERENCE, *ERROR), ()),
        ("auditor", (*PATIENT, *MODEL, "OTHERSNOTEPLANT", "OTHERSCOMMENTPLANT", *ERROR), ()),
        ("statistician", ("UIDPLANT", "SERIESNAMEPLANT"), ("0.6173", "REFERENCEPLANT", "OTHERSNAMEPLANT")),
    ],
)
"""Who walks, what he must not find, and what he must, or the walk no longer reaches it."""


def _walker(workspace, name: str, case_id: str) -> User:
    """The user of a role; of one that is 'locked' the first stage is signed."""
    name, _, locked = name.partition(", ")
    user = users.user_of(workspace, users.sign_in(workspace, name, PASSWORD)[1])
    assert user is not None
    if locked:
        _read_and_sign(workspace, user, case_id, note="")
    return user


def _places(workspace, user: User, study_id: str, *case_ids: str) -> dict[str, list[str]]:
    """Every id that there is. Readers also get each other's: nothing must rest on their being secret."""
    own = [open_read(workspace, user).read_id] if user.name in ("alone", "aided", "sequential") else []
    with workspace.store.read() as tx:
        series = list(tx.scalars(sa.select(t.series.c.id)))
        all_reads = list(tx.scalars(sa.select(t.reads.c.id)))
    return {
        "case_id": [*case_ids, "C-NONE"],
        "series_id": [*series, "S-NONE"],
        "read_id": [*own, *(one for one in all_reads if one not in own), "READ-NONE"],
        "study_id": [study_id, "ST-NONE"],
        "site": [SITES[0].key, "nonsense"],
        "name": ["ratings.csv", "ratings.json", "dictionary.csv", "imrmc-central.csv", "nonsense"],
    }


def _check(told: dict[str, str], name: str, case_id: str, hidden, shown) -> None:
    leaks = [f"{token} in {where}" for where, text in told.items() for token in hidden if token in text]
    assert not leaks, "\n".join(leaks)
    page, sign = REACHED.get(name, ("read", case_id))
    assert sign in told[f"page {page}"], "the crawl no longer reaches what the page shows"
    everything = " ".join(told.values())
    assert all(token in everything for token in shown), "the crawl no longer reaches what it should"


@ROLES
def test_nothing_that_a_role_may_not_see_leaves_the_server(
    workspace, planted, monkeypatch, name, hidden, shown
) -> None:
    study_id, case_id, failed = planted
    user = _walker(workspace, name, case_id)
    places = _places(workspace, user, study_id, case_id, failed)
    told = crawl(workspace, user, monkeypatch, places)
    _check(told, user.name, case_id, hidden, shown)


def over_http(address: str, token: str, places: dict[str, list[str]]) -> dict[str, str]:
    """As `crawl`, of a running server: pages by their websocket, all else by HTTP, Streamlit's paths too."""
    cookie = f"{asking.COOKIE}={token}"
    told = {}
    url = address.replace("http", "ws") + "/_stcore/stream"
    with connect(
        url,
        additional_headers={"Cookie": cookie},
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
        origin=Origin(address),
    ) as socket:
        for entry in ENTRIES:
            told[f"page {entry.url}"] = _page(socket, entry.url)
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/media/x", "/app/static/x"):
        told[f"HTTP {path}"] = _fetch(address, path, cookie, get=True)
    for route in ROUTES:
        if not route.path.startswith("/session/sign-"):
            for path in _filled(route.path, places):
                told[path] = _fetch(address, path, cookie, get="GET" in route.methods)
    return told


def _page(socket: ClientConnection, name: str) -> str:
    message = BackMsg()
    message.rerun_script.page_name = name
    socket.send(message.SerializeToString())
    sent = []
    while True:
        raw = bytes(socket.recv(timeout=60))
        sent.append(raw.decode("utf-8", "replace"))
        told = ForwardMsg()
        told.ParseFromString(raw)
        if told.WhichOneof("type") == "script_finished":
            return " ".join(sent)


def _fetch(address: str, path: str, cookie: str, *, get: bool) -> str:
    headers = {"Cookie": cookie, "X-LSS-Request": "1", "Accept-Encoding": "gzip"}
    headers |= {"Idempotency-Key": str(uuid4()), "X-LSS-Pen": str(uuid4())}
    connection = HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request("GET" if get else "POST", path, None if get else POSTED, headers)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    if reply.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return f"{reply.status} {reply.headers} {body.decode('utf-8', 'replace')}"


@pytest.mark.slow
@ROLES
def test_a_running_server_tells_a_role_no_more(workspace, planted, tmp_path, name, hidden, shown) -> None:
    if workspace.store.dialect != "sqlite":
        pytest.skip("the way out is the same whatever the database")
    study_id, case_id, failed = planted
    user = _walker(workspace, name, case_id)
    places = _places(workspace, user, study_id, case_id, failed)
    with workspace.store.write() as tx:  # the server has the real time
        token = users.begin_sign_in(tx, people.find_user(tx, user.name), at=datetime.now(UTC))
    settings = workspace.settings
    environment = {"LSS_DATA_DIR": str(settings.data_dir), "LSS_DATABASE_URL": settings.database_url}
    with serve(ROOT / "app.py", environment, tmp_path / "log") as address:
        told = over_http(address, token, places)
    assert {one.partition(" ")[0] for one in told.values()} >= {"200", "403", "404"}
    _check(told, user.name, case_id, hidden, shown)

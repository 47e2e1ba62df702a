"""Role x page x route: what each gets, as a table. A page or a route without a row fails."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from uuid import uuid4

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from lss_core.domain import Role
from lss_core.store import people, studies
from lss_core.ui import asking, session
from lss_core.ui.navigation import ENTRIES
from lss_core.ui.routes import ROUTES
from lss_core.usecases import users
from lss_core.usecases.reading import open_read
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.viewing import manifest
from tests.exchange import Reply, exchange

pytestmark = pytest.mark.usefixtures("model_run")

A, C, R, J, S, U = (
    Role.ADMINISTRATOR, Role.COORDINATOR, Role.READER, Role.ADJUDICATOR, Role.STATISTICIAN, Role.AUDITOR,
)  # fmt: skip

PAGES = {
    "cases": {A, C},
    "review": {A, C, S},
    "protocol": {A, C},
    "home": {A, R},
    "read": {A, R},
    "adjudicate": {A, J},
    "results": {A, C, S},
    "progress": {A, C, S, U},
    "record": {A, C, S, U},
    "people": {A, C},
    "account": set(Role),
}
"""Whose each page is; tests/pages/test_pages.py runs each for everybody else and for nobody."""

COLUMNS = (
    "nobody", "reader", "another reader", "adjudicator", "coordinator", "statistician", "auditor",
    "administrator", "coordinator elsewhere",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A request, and the status that each column gets, in the order of COLUMNS."""

    path: str
    expected: str
    body: dict | None = None

    def statuses(self) -> dict[str, int]:
        return dict(zip(COLUMNS, map(int, self.expected.split()), strict=True))


SITE = "central:L4_L5"
SPAN = {"site": SITE, "active_ms": 5, "idle_ms": 0, "key": str(uuid4())}
#                nobody reader another adjudicator coordinator statistician auditor administrator elsewhere
PIXELS = "401 200 200 200 200 200 403 200 403"
MODEL = "401 403 403 403 200 200 403 200 403"
OWN_READ = "401 {} 403 403 403 403 403 403 403"
SIGNED_IN = "401 204 204 204 204 204 204 204 204"
TABLE = {
    "/session/sign-in": Row("/session/sign-in", "400 " * 9, {}),
    "/session/sign-out": Row("/session/sign-out", "204 " * 9, {}),
    "/session/adopt": Row("/session/adopt", "400 " * 9, {}),
    "/session/accept": Row("/session/accept", "400 " * 9, {}),
    "/session/password": Row("/session/password", "401" + " 400" * 8, {}),
    "/session/language": Row("/session/language", SIGNED_IN, {"language": "en"}),
    "/pixels/{case_id}/manifest": Row("/pixels/{case}/manifest", PIXELS),
    "/pixels/{case_id}/thumbnail": Row("/pixels/{case}/thumbnail", PIXELS),
    "/pixels/{case_id}/{series_id}/voxels": Row("/pixels/{case}/{series}/voxels", PIXELS),
    "/pixels/{case_id}/{series_id}/masks": Row("/pixels/{case}/{series}/masks", MODEL),
    "/pixels/{case_id}/sites/{site}": Row(f"/pixels/{{case}}/sites/{SITE}", MODEL),
    # nothing was kept of this run: 404 for whoever may see it, and nobody else learns even that
    "/pixels/{case_id}/explanations/{site}": Row(
        f"/pixels/{{case}}/explanations/{SITE}", MODEL.replace("200", "404")
    ),
    "/answers/{read_id}": Row("/answers/{read}", OWN_READ.format(204), {"site": SITE, "grade": 1}),
    "/sittings/{read_id}/pen": Row("/sittings/{read}/pen", OWN_READ.format(200), {}),
    "/sittings/{read_id}/note": Row("/sittings/{read}/note", OWN_READ.format(204), {"comment": "x"}),
    "/sittings/{read_id}/spans": Row("/sittings/{read}/spans", OWN_READ.format(204), {"spans": [SPAN]}),
    "/sittings/{read_id}/remaining": Row("/sittings/{read}/remaining", OWN_READ.format(200), {}),
    "/sittings/{read_id}/signature": Row(
        "/sittings/{read}/signature", OWN_READ.format(422), {"password": "no"}
    ),
    "/sittings/{read_id}/model": Row("/sittings/{read}/model", OWN_READ.format(403), {}),
    "/sittings/{read_id}/feedback": Row("/sittings/{read}/feedback", OWN_READ.format(403), {}),
    "/preferences": Row("/preferences", SIGNED_IN, {}),
    "/export/{study_id}/{name}": Row("/export/{study}/ratings.csv", MODEL),
}


@pytest.fixture
def signed_in(workspace, person, study_id):
    """A token for each column, '' for nobody."""
    with workspace.store.write() as tx:
        other = studies.add_study(tx, title="Elsewhere", synthetic=False, at=workspace.now())
    person(R, "reader"), person(R, "another reader"), person(A, "administrator")
    for role in (J, C, S, U):
        person(role)
    person(C, "coordinator elsewhere", study_id=other)
    found = {"nobody": ""}
    with workspace.store.write() as tx:
        for name in COLUMNS[1:]:
            found[name] = users.begin_sign_in(tx, people.find_user(tx, name), at=workspace.now())
    return found


@pytest.fixture
def ask(workspace, monkeypatch):
    for module in (asking, session):
        monkeypatch.setattr(module, "open_workspace", lambda: workspace)
    app = Starlette(routes=ROUTES)

    def send(path: str, token: str, body: dict | None) -> Reply:
        headers = {"host": "here", "x-lss-request": "1", "idempotency-key": str(uuid4()), "x-lss-pen": PEN}
        if token:
            headers["cookie"] = f"{asking.COOKIE}={token}"
        sent = None if body is None else json.dumps(body).encode()
        return asyncio.run(exchange(app, path, sent, headers))

    return send


PEN = str(uuid4())


def test_every_page_has_a_row() -> None:
    assert {entry.url: set(entry.roles) for entry in ENTRIES} == PAGES


def test_every_route_has_a_row() -> None:
    assert {route.path for route in ROUTES if isinstance(route, Route)} == set(TABLE)
    assert all(isinstance(route, Route) for route in ROUTES)


def test_every_role_gets_from_every_route_what_the_table_says(
    workspace, signed_in, ask, case_id, study_id
) -> None:
    reader = users.user_of(workspace, signed_in["reader"])
    series = manifest(workspace, OPERATOR, case_id)["series"][1]["id"]
    places = {
        "case": case_id,
        "series": series,
        "study": study_id,
        "read": open_read(workspace, reader, case_id).read_id,
    }
    last = "/session/sign-out"
    wrong = []
    for path in sorted(TABLE, key=lambda path: path == last):
        row = TABLE[path]
        for name, status in row.statuses().items():
            reply = ask(row.path.format(**places), signed_in[name], row.body)
            if reply.status != status:
                wrong.append(f"{path} for {name}: {reply.status} and not {status}: {reply.body[:80]!r}")
    assert not wrong, "\n".join(wrong)

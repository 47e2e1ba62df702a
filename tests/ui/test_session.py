from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from lss_core.domain import Role
from lss_core.ui import session
from lss_core.ui.asking import COOKIE
from lss_core.usecases import users
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import Workspace

PASSWORD = "correct horse battery"
OWN_PAGE = {"host": "lss.test", "origin": "http://lss.test", "x-lss-request": "1"}


@pytest.fixture(autouse=True)
def reader(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "open_workspace", lambda: workspace)
    users.add_user(workspace, OPERATOR, name="anna", display_name="Anna", role=Role.READER, password=PASSWORD)


def ask(
    route: Callable[[Request], Awaitable[Response]],
    body: bytes = b"",
    headers: dict[str, str] = OWN_PAGE,
    scheme: str = "http",
) -> Response:
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": scheme,
        "path": "/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return asyncio.run(_call(route, Request(scope, receive)))


async def _call(route: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    return await route(request)


def credentials(name: str = "anna", password: str = PASSWORD) -> bytes:
    return json.dumps({"name": name, "password": password}).encode()


def test_signing_in_sets_a_cookie_that_no_script_and_no_other_site_can_use() -> None:
    answer = ask(session.sign_in, credentials())
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert answer.headers["cache-control"] == "no-store"


def test_over_https_the_cookie_never_travels_in_the_clear() -> None:
    assert "Secure" in ask(session.sign_in, credentials(), scheme="https").headers["set-cookie"]


def test_a_wrong_password_is_refused_in_words_and_without_a_cookie() -> None:
    answer = ask(session.sign_in, credentials(password="wrong password"))
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "message" in json.loads(answer.body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"{", credentials(name=" "), b"x" * 5000])
def test_what_is_no_name_and_password_is_refused(body: bytes) -> None:
    assert ask(session.sign_in, body).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "lss.test", "origin": "http://lss.test"},
        {**OWN_PAGE, "origin": "http://elsewhere.test"},
        {**OWN_PAGE, "sec-fetch-site": "cross-site"},
    ],
    ids=["a form", "another origin", "another site"],
)
@pytest.mark.parametrize("route", [session.sign_in, session.sign_out])
def test_a_request_from_elsewhere_is_refused(
    route: Callable[[Request], Awaitable[Response]], headers: dict[str, str]
) -> None:
    assert ask(route, credentials(), headers).status_code == 403


def test_after_signing_out_the_token_is_nobody_s(workspace: Workspace) -> None:
    _, token = users.sign_in(workspace, "anna", PASSWORD)
    answer = ask(session.sign_out, headers={**OWN_PAGE, "cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 204
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert users.user_of(workspace, token) is None

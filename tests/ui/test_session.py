from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from lss_core.domain import Role
from lss_core.texts import Language
from lss_core.ui import session
from lss_core.ui.asking import COOKIE
from lss_core.ui.language import language_for
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


def test_a_user_s_language_is_kept_and_his_pages_speak_it(workspace: Workspace) -> None:
    _, token = users.sign_in(workspace, "anna", PASSWORD)
    signed_in = {**OWN_PAGE, "cookie": f"{COOKIE}={token}", "accept-language": "en"}
    assert ask(session.choose_language, b'{"language": "ru"}', signed_in).status_code == 204
    user = users.user_of(workspace, token)
    assert user is not None
    assert language_for(user, "en") is Language.RUSSIAN


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"language": "ru"}', OWN_PAGE, 401),
        (b'{"language": "ru"}', {"host": "lss.test"}, 403),
        (b'{"language": "tlh"}', {**OWN_PAGE, "cookie": "TOKEN"}, 400),
        (b"[]", {**OWN_PAGE, "cookie": "TOKEN"}, 400),
    ],
)
def test_a_language_is_chosen_only_by_who_is_signed_in_and_of_those_there_are(
    body: bytes, headers: dict[str, str], status: int, workspace: Workspace
) -> None:
    if "cookie" in headers:
        headers = {**headers, "cookie": f"{COOKIE}={users.sign_in(workspace, 'anna', PASSWORD)[1]}"}
    assert ask(session.choose_language, body, headers).status_code == status


def test_a_wrong_password_is_refused_in_the_browser_s_language() -> None:
    answer = ask(session.sign_in, credentials(password="wrong"), {**OWN_PAGE, "accept-language": "ru-RU"})
    assert json.loads(answer.body)["message"].startswith("Имя и пароль не подходят друг к другу")


@pytest.mark.parametrize(
    ("accepted", "own"),
    [
        ("ru-RU,ru;q=0.9,en-US;q=0.8", Language.RUSSIAN),
        ("de, en;q=0.7, ru;q=0.3", Language.ENGLISH),
        ("en;q=0.2, ru", Language.RUSSIAN),
        ("de", Language.ENGLISH),
        ("ru;q=x", Language.ENGLISH),
        (None, Language.ENGLISH),
    ],
)
def test_nobody_is_spoken_to_in_the_language_his_browser_likes_best(
    accepted: str | None, own: Language
) -> None:
    assert language_for(None, accepted) is own

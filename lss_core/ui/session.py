"""Who is there: the cookie of a sign-in, the routes that set it, the check of every page.

A Streamlit script cannot set a cookie, so signing in and out are routes of the same
server. The cookie is HttpOnly and SameSite=Strict; a request that changes anything must
come from a page of this server.
"""

from __future__ import annotations

import json

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from lss_core.domain import Role
from lss_core.errors import AccessError, LssError
from lss_core.texts import Language, _, sentence, speak
from lss_core.ui import openid
from lss_core.ui import sign_in as form
from lss_core.ui.answers import from_our_page
from lss_core.ui.asking import COOKIE, NO_STORE
from lss_core.ui.frame import show_error, top_bar
from lss_core.ui.language import language_for, speak_to
from lss_core.usecases import accounts, people, users
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace, open_workspace

LONGEST_BODY = 4096
LONGEST_SIGN_IN_S = 12 * 3600


def current_user() -> User | None:
    """Who looks at the page, by his browser's cookie; None for nobody."""
    return users.user_of(open_workspace(), st.context.cookies.get(COOKIE))


def require_role(*roles: Role) -> User:
    """The user, when he may see the page; otherwise the page ends here.

    The first call of every page. Nobody is shown the sign-in form at the page's own
    address, and somebody else what he may not do.
    """
    user = current_user()
    speak_to(user)
    top_bar(user)
    if user is None:
        workspace = open_workspace()
        form.show(workspace)
        if (token := openid.token_here(workspace)) is not None:
            form.adopt(token)
        st.stop()
    try:
        return users.require(user, *roles)
    except AccessError as error:
        show_error(error)
        st.stop()


async def sign_in(request: Request) -> Response:
    """POST {"name", "password"}: 204 and the cookie, or 401 with a message to show."""
    speak(language_for(None, request.headers.get("accept-language")))
    if not from_our_page(request):
        return _refusal(_("Sign in from the page of this server."), 403)
    try:
        name, password = _credentials(await _body(request))
        token = await run_in_threadpool(_token, name, password)
    except ValueError:
        return _refusal(_("Enter a name and a password."), 400)
    except LssError as error:
        return _refusal(f"{sentence(error.reason)} {sentence(error.remedy)}", 401)
    return _signed_in(request, token)


async def adopt(request: Request) -> Response:
    """POST {"token"}: the cookie of a sign-in that began elsewhere; 401 for a token that is nobody's."""
    if not from_our_page(request):
        return Response(status_code=403, headers=NO_STORE)
    try:
        (token,) = _texts(await _body(request), "token")
    except ValueError:
        return Response(status_code=400, headers=NO_STORE)
    if await run_in_threadpool(users.user_of, open_workspace(), token) is None:
        return Response(status_code=401, headers=NO_STORE)
    return _signed_in(request, token)


async def accept(request: Request) -> Response:
    """POST {"token", "name", "shown_as", "password"}: the account of an invitation, its cookie; or 422."""
    speak(language_for(None, request.headers.get("accept-language")))
    if not from_our_page(request):
        return _refusal(_("Sign in from the page of this server."), 403)
    try:
        given = _texts(await _body(request), "token", "name", "shown_as", "password")
        token = await run_in_threadpool(_accepted, *given)
    except ValueError:
        return _refusal(_("Enter a name and a password."), 400)
    except LssError as error:
        return _refusal(f"{sentence(error.reason)} {sentence(error.remedy)}", 422)
    return _signed_in(request, token)


async def change_password(request: Request) -> Response:
    """POST {"old", "new"}: another password for whoever is signed in; 401 for nobody, 422 when refused."""
    if not from_our_page(request):
        return Response(status_code=403, headers=NO_STORE)
    workspace, own = open_workspace(), request.cookies.get(COOKIE, "")
    user = await run_in_threadpool(users.user_of, workspace, own)
    if user is None:
        return Response(status_code=401, headers=NO_STORE)
    speak(language_for(user, request.headers.get("accept-language")))
    try:
        old, new = _texts(await _body(request), "old", "new")
        await run_in_threadpool(_change_password, workspace, user, old, new, own)
    except ValueError:
        return _refusal(_("Enter the old and the new password."), 400)
    except LssError as error:
        return _refusal(f"{sentence(error.reason)} {sentence(error.remedy)}", 422)
    return Response(status_code=204, headers=NO_STORE)


async def choose_language(request: Request) -> Response:
    """POST {"language"}: keeps the language of whoever is signed in; 401 for nobody."""
    if not from_our_page(request):
        return Response(status_code=403, headers=NO_STORE)
    workspace = open_workspace()
    user = await run_in_threadpool(users.user_of, workspace, request.cookies.get(COOKIE))
    if user is None:
        return Response(status_code=401, headers=NO_STORE)
    try:
        chosen = Language(json.loads(await _body(request))["language"])
    except (ValueError, KeyError, TypeError):
        return Response(status_code=400, headers=NO_STORE)
    await run_in_threadpool(accounts.choose_language, workspace, user, chosen)
    return Response(status_code=204, headers=NO_STORE)


async def sign_out(request: Request) -> Response:
    """POST: ends the sign-in on the server and takes the cookie back."""
    if not from_our_page(request):
        return Response(status_code=403, headers=NO_STORE)
    token = request.cookies.get(COOKIE)
    if token is not None:
        await run_in_threadpool(users.sign_out, open_workspace(), token)
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


ROUTES: list[BaseRoute] = [
    Route("/session/sign-in", sign_in, methods=["POST"]),
    Route("/session/sign-out", sign_out, methods=["POST"]),
    Route("/session/adopt", adopt, methods=["POST"]),
    Route("/session/accept", accept, methods=["POST"]),
    Route("/session/password", change_password, methods=["POST"]),
    Route("/session/language", choose_language, methods=["POST"]),
]


def _signed_in(request: Request, token: str) -> Response:
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE,
        token,
        max_age=LONGEST_SIGN_IN_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def _accepted(token: str, name: str, shown_as: str, password: str) -> str:
    return people.accept(open_workspace(), token, name=name, display_name=shown_as, password=password)


def _change_password(workspace: Workspace, user: User, old: str, new: str, token: str) -> None:
    accounts.change_password(workspace, user, old, new, token=token)


def _token(name: str, password: str) -> str:
    return users.sign_in(open_workspace(), name, password)[1]


async def _body(request: Request) -> bytes:
    """The body of a request; ValueError when it is longer than any sign-in is."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise ValueError("the body is too long")
    return body


def _credentials(body: bytes) -> tuple[str, str]:
    """Name and password of a body; ValueError for anything else."""
    name, password = _texts(body, "name", "password")
    if not (name.strip() and password):
        raise ValueError("name and password are needed")
    return name.strip(), password


def _texts(body: bytes, *names: str) -> list[str]:
    """The texts of these names in a body's JSON object; ValueError for anything else."""
    sent = json.loads(body)
    if not isinstance(sent, dict) or not all(isinstance(sent.get(name), str) for name in names):
        raise ValueError("an object of texts is needed")
    return [sent[name] for name in names]


def _refusal(message: str, status: int) -> JSONResponse:
    return JSONResponse({"message": message}, status_code=status, headers={"Cache-Control": "no-store"})

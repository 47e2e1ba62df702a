"""What every route of ours does first: find out who asks; and last: say no without detail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lss_core.errors import AccessError, ConflictError, LssError, NotFoundError, PenError
from lss_core.texts import _, sentence, speak
from lss_core.ui.language import language_for
from lss_core.usecases.users import User, user_of
from lss_core.usecases.workspace import Workspace, open_workspace

_log = structlog.get_logger(__name__)

COOKIE = "lss_session"
"""The cookie that carries the token of a sign-in."""

NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of everything that is for one user's eyes."""

LARGEST_BODY_BYTES = 8192

CODES = ((PenError, 423), (ConflictError, 409))
"""Status of a refusal that says why; 422 for any other."""

Work = Callable[[Workspace, User, Request, bytes], Response]
"""What a route does for a user who is signed in, in a worker thread: (…, request, its body)."""


def asked(work: Work) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that does `work` for whoever is signed in, and refuses anybody else."""

    async def endpoint(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY_BYTES:
                return refusal(413, _("Too large"))
        return await run_in_threadpool(_answer, work, request, body)

    return endpoint


def refusal(status: int, text: str) -> Response:
    """A plain answer that names neither case nor user."""
    return PlainTextResponse(text, status_code=status, headers=NO_STORE)


def _answer(work: Work, request: Request, body: bytes) -> Response:
    workspace = open_workspace()
    user = user_of(workspace, request.cookies.get(COOKIE))
    speak(language_for(user, request.headers.get("accept-language")))
    if user is None:
        return refusal(401, _("You are signed out. Sign in again."))
    try:
        return work(workspace, user, request, body)
    except LssError as error:
        status, text = _said(error)
        _log.warning("request.refused", status=status, actor=user.id, path=request.url.path)
        return refusal(status, text)


def _said(error: LssError) -> tuple[int, str]:
    if isinstance(error, AccessError):
        return 403, _("This is not open to you.")
    if isinstance(error, NotFoundError):
        return 404, _("There is no such thing.")
    status = next((code for kind, code in CODES if isinstance(error, kind)), 422)
    return status, f"{sentence(error.reason)} {sentence(error.remedy)}"

"""The route that takes a reader's answers, one at a time as they are given."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lss_core.domain import Answer, Grade, NotGradable, Site
from lss_core.ui.asking import asked, refusal
from lss_core.usecases import reading
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

OWN_HEADER = "X-LSS-Request"
"""A header that a form or a link on another site cannot send."""


def answer_of(body: bytes) -> Answer:
    """The answer in a request's JSON: site, and grade or not_gradable with a note.

    Raises ValueError for anything else.
    """
    given = json.loads(body)
    if not isinstance(given, dict) or not isinstance(given.get("site"), str):
        raise ValueError("a site is missing")
    return Answer(
        site=Site.parse(given["site"]),
        grade=_grade(given.get("grade")),
        not_gradable=None if given.get("not_gradable") is None else NotGradable(given["not_gradable"]),
        note=str(given.get("note", ""))[:500],
    )


def _grade(value: Any) -> Grade | None:
    if value is None:
        return None
    if type(value) is not int:
        raise ValueError("a grade is a whole number")
    return Grade(value)


def from_our_page(request: Request) -> bool:
    """Whether our own page sent a request, and not another site in the user's browser."""
    headers = request.headers
    if OWN_HEADER not in headers or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _record(workspace: Workspace, user: User, request: Request, body: bytes) -> Response:
    if not from_our_page(request):
        return refusal(403, "This request did not come from the reading page.")
    try:
        answer = answer_of(body)
        key = str(UUID(request.headers.get("Idempotency-Key", "")))
    except ValueError:
        return refusal(400, "This is not an answer.")
    reading.record_answer(workspace, user, request.path_params["read_id"], answer, idempotency_key=key)
    return Response(status_code=204)


ROUTES = [Route("/answers/{read_id}", asked(_record), methods=["POST"])]

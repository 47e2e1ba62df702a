"""The routes of a read: answers one at a time as they are given, times, the pen, the signature.

Each changes something, so each is a POST with JSON, of our own page, under the window's pen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lss_core.domain import Answer, Grade, NotGradable, Site
from lss_core.errors import AccessError
from lss_core.texts import _, later, sentence
from lss_core.ui.asking import NO_STORE, asked, refusal
from lss_core.ui.viewer.read_data import answer_data, answers_data, read_data
from lss_core.usecases import aid, preferences, reading, signing, sittings, users
from lss_core.usecases.reading import ReadNote
from lss_core.usecases.sittings import ReadSpan
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

OWN_HEADER = "X-LSS-Request"
"""A header that a form or a link on another site cannot send."""

PEN_HEADER = "X-LSS-Pen"
"""The window that asks."""

LONGEST_NOTE = 2000

Kind = TypeVar("Kind")
Given = Mapping[str, Any]
Act = Callable[[Workspace, User, Request, Given], Response]
"""What a route does with the JSON it is sent, which may raise ValueError, TypeError or KeyError."""


def answer_of(given: Given) -> Answer:
    """The answer in a request: site, and grade or not_gradable; call, score and note where given.

    Raises ValueError for anything else.
    """
    if not isinstance(given.get("site"), str):
        raise ValueError("a site is missing")
    return Answer(
        site=Site.parse(given["site"]),
        grade=_grade(given.get("grade")),
        not_gradable=None if given.get("not_gradable") is None else NotGradable(given["not_gradable"]),
        positive=_of(bool, given.get("positive")),
        score=_score(given.get("score")),
        note=_text(given.get("note", "")),
    )


def from_our_page(request: Request) -> bool:
    """Whether our own page sent a request, and not another site in the user's browser."""
    headers = request.headers
    if OWN_HEADER not in headers or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _posted(act: Act, what: str) -> Callable[[Workspace, User, Request, bytes], Response]:
    """The work of a route that takes JSON from our own page; `what` names what it is not, where it is not."""

    def work(workspace: Workspace, user: User, request: Request, body: bytes) -> Response:
        if not from_our_page(request):
            return refusal(403, _("This request did not come from the reading page."))
        try:
            given = json.loads(body)
            if not isinstance(given, dict):
                raise ValueError("an object is needed")
            return act(workspace, user, request, given)
        except (ValueError, TypeError, KeyError):
            return refusal(400, _("This is not {what}.", what=what))

    return work


def _answer(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    answer, key = answer_of(given), _key(request)
    base = _of(int, given.get("base"))
    read_id, pen = request.path_params["read_id"], _pen_of(request)
    reading.record_answer(workspace, user, read_id, answer, idempotency_key=key, pen=pen, base=base)
    return _done()


def _remaining(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    read_id, pen = request.path_params["read_id"], _pen_of(request)
    read = reading.record_remaining(workspace, user, read_id, idempotency_key=_key(request), pen=pen)
    return _json(read_data(read))


def _note(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    quality = _of(int, given.get("image_quality"))
    if quality is not None and not 1 <= quality <= 5:
        raise ValueError("image quality is 1 to 5")
    note = ReadNote(image_quality=quality, comment=_text(given.get("comment", "")))
    read_id, pen = request.path_params["read_id"], _pen_of(request)
    reading.record_note(workspace, user, read_id, note, idempotency_key=_key(request), pen=pen)
    return _done()


def _spans(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    spans = [_span(one) for one in given["spans"]]
    pen = _pen_of(request)
    sittings.record_spans(workspace, user, request.path_params["read_id"], spans, pen=pen)
    if given.get("leaving") is True:
        sittings.drop_pen(workspace, user, request.path_params["read_id"], pen)
    return _done()


def _pen(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    pen = _pen_of(request)
    take = given.get("take") is True
    return _json(
        read_data(sittings.hold_pen(workspace, user, request.path_params["read_id"], pen, take=take))
    )


def _sign(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    password, pen = given["password"], _pen_of(request)
    if not isinstance(password, str):
        raise ValueError("a password is needed")
    try:
        read = signing.sign_read(workspace, user, request.path_params["read_id"], password, pen=pen)
    except AccessError as error:
        if error.subject != users.SIGN_IN:
            raise
        return refusal(422, f"{sentence(error.reason)} {sentence(error.remedy)}")
    return _json(read_data(read))


def _model(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    shown = aid.show_model(workspace, user, request.path_params["read_id"])
    return _json(
        {
            site: {
                **answer_data(answer),
                "probabilities": answer.probabilities and [round(p, 4) for p in answer.probabilities],
            }
            for site, answer in shown.items()
        }
    )


def _feedback(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    shown = signing.feedback_of(workspace, user, request.path_params["read_id"])
    grades = {
        site: Answer(site=found.site, grade=found.grade, not_gradable=found.not_gradable)
        for site, found in shown.items()
    }
    return _json(answers_data(grades))


def _preferences(workspace: Workspace, user: User, request: Request, given: Given) -> Response:
    preferences.set_preferences(workspace, user, given)
    return _done()


def _span(given: Given) -> ReadSpan:
    site = _of(str, given.get("site"))
    return ReadSpan(
        site=None if site is None else Site.parse(site),
        active_ms=_whole(given["active_ms"]),
        idle_ms=_whole(given["idle_ms"]),
        key=str(UUID(given["key"])),
    )


def _pen_of(request: Request) -> str:
    return str(UUID(request.headers.get(PEN_HEADER, "")))


def _key(request: Request) -> str:
    return str(UUID(request.headers.get("Idempotency-Key", "")))


def _grade(value: Any) -> Grade | None:
    number = _of(int, value)
    return None if number is None else Grade(number)


def _score(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a score is a number")
    return float(value)


def _of(kind: type[Kind], value: Any) -> Kind | None:
    """The value where it is exactly of this kind, or None; ValueError for anything else."""
    if value is not None and type(value) is not kind:
        raise ValueError(f"a {kind.__name__} is needed")
    return value


def _whole(value: Any) -> int:
    number = _of(int, value)
    if number is None:
        raise ValueError("a number is needed")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value.strip()[:LONGEST_NOTE]


def _json(content: Any) -> Response:
    return JSONResponse(content, headers=NO_STORE)


def _done() -> Response:
    return Response(status_code=204, headers=NO_STORE)


def _route(path: str, act: Act, what: str) -> Route:
    return Route(path, asked(_posted(act, what)), methods=["POST"])


ROUTES = [
    _route("/answers/{read_id}", _answer, later("an answer")),
    _route("/sittings/{read_id}/remaining", _remaining, later("an answer")),
    _route("/sittings/{read_id}/note", _note, later("a note")),
    _route("/sittings/{read_id}/spans", _spans, later("a stretch of time")),
    _route("/sittings/{read_id}/pen", _pen, later("a pen")),
    _route("/sittings/{read_id}/signature", _sign, later("a signature")),
    _route("/sittings/{read_id}/model", _model, later("a question")),
    _route("/sittings/{read_id}/feedback", _feedback, later("a question")),
    _route("/preferences", _preferences, later("a preference")),
]

from __future__ import annotations

import asyncio

from starlette.types import Message, Receive, Scope, Send

from lss_core.ui.server import HEAD, Frame

ASKED: list[Scope] = []


def served(content_type: str, body: bytes, request_headers: dict[str, str]) -> tuple[dict[str, str], bytes]:
    """What comes through Frame of a response, its body sent in two parts."""

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        ASKED.append(scope)
        headers = [(b"content-type", content_type.encode()), (b"etag", b'"1"')]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:7], "more_body": True})
        await send({"type": "http.response.body", "body": body[7:]})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(name.encode(), value.encode()) for name, value in request_headers.items()]
    asyncio.run(Frame(inner)({"type": "http", "headers": headers}, receive, send))
    start = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return start, b"".join(message["body"] for message in sent[1:])


def test_the_page_is_dark_unless_light_was_chosen() -> None:
    headers, body = served(
        "text/html; charset=utf-8",
        b"<html><head><title>x</title></head></html>",
        {"accept": "text/html", "accept-encoding": "gzip", "if-none-match": '"1"'},
    )
    assert body == b"<html><head>" + HEAD + b"<title>x</title></head></html>"
    assert int(headers["content-length"]) == len(body)
    assert "etag" not in headers
    assert [name for name, _ in ASKED[-1]["headers"]] == [b"accept"]


def test_nothing_else_is_changed_and_everything_has_the_headers() -> None:
    headers, body = served("image/png", b"\x89PNG and so on", {"accept": "image/*"})
    assert body == b"\x89PNG and so on"
    assert headers["etag"] == '"1"'
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"

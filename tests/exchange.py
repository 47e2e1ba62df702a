"""A request to our own routes, without a server: what a browser would send, and all that comes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.applications import Starlette


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(app: Starlette, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
    sent: list[dict[str, object]] = []
    received = iter([{"type": "http.request", "body": body or b"", "more_body": False}])

    async def receive() -> dict[str, object]:
        try:
            return next(received)
        except StopIteration:
            await asyncio.sleep(3600)
            raise

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET" if body is None else "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return Reply(
        status=int(str(sent[0]["status"])),
        headers={name.decode(): value.decode() for name, value in sent[0]["headers"]},
        body=b"".join(bytes(message.get("body", b"")) for message in sent[1:]),
    )

"""What the server does around Streamlit: starting, stopping, headers, the look by default."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.pages_manager import PagesManager

from lss_core.logs import configure_logs
from lss_core.settings import get_settings
from lss_core.ui.cases import GRADING, IMPORTS
from lss_core.ui.theme import page_css
from lss_core.usecases.workspace import open_workspace

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'; object-src 'none'; base-uri 'self'",
    "Referrer-Policy": "same-origin",
}
"""Sent with every response: nobody frames the app, and addresses stay at home."""

HEAD = f"""<style>{page_css()}</style><script>
(() => {{
  const ask = window.matchMedia.bind(window)
  const dark = localStorage.getItem("lss_mode") !== "light"
  document.documentElement.dataset.look = dark ? "dark" : "light"
  window.matchMedia = (query) => ask(/prefers-color-scheme/.test(query) ? (dark ? "all" : "not all") : query)
}})()
</script>""".encode()
"""Put into the page's head. Streamlit offers both looks only by the system's preference;
here it is dark unless the user chose light (the menu at his name keeps it in `lss_mode`)."""

_NOT_FOR_HTML = {b"accept-encoding", b"if-none-match", b"if-modified-since"}


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Logs and database ready before the first page; queued work dropped at the end."""
    configure_logs(get_settings())
    open_workspace()
    # A folder named pages/ is Streamlit's old multipage mode, until st.navigation has run
    # once in the process: the first deep link after a start would be 'not found'.
    PagesManager.uses_pages_directory = False
    yield
    IMPORTS.stop()
    GRADING.stop()


class Frame:
    """Adds HEADERS to every response and HEAD to the page itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if any(name == b"accept" and b"text/html" in value for name, value in scope["headers"]):
            kept = [(name, value) for name, value in scope["headers"] if name not in _NOT_FOR_HTML]
            scope = {**scope, "headers": kept}
        held: list[Message] = []

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if headers.get("content-type", "").startswith("text/html"):
                    held.append(message)
                    return
            elif held and message["type"] == "http.response.body":
                held.append(message)
                if not message.get("more_body", False):
                    await _send_page(held, send)
                return
            await send(message)

        await self.app(scope, receive, framed)


async def _send_page(held: list[Message], send: Send) -> None:
    start, body = held[0], b"".join(part.get("body", b"") for part in held[1:])
    body = body.replace(b"<head>", b"<head>" + HEAD, 1)
    headers = MutableHeaders(scope=start)
    headers["content-length"] = str(len(body))
    for validator in ("etag", "last-modified"):
        del headers[validator]
    await send(start)
    await send({"type": "http.response.body", "body": body})


MIDDLEWARE = [Middleware(Frame)]

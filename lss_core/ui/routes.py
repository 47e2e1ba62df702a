"""All of our own routes, for `st.App(..., routes=ROUTES)`."""

from __future__ import annotations

from starlette.routing import BaseRoute

from lss_core.ui import answers, exports, pixels, session

ROUTES: list[BaseRoute] = [*session.ROUTES, *pixels.ROUTES, *answers.ROUTES, *exports.ROUTES]

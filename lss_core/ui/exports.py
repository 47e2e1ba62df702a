"""The route that hands out a study's exports, to whoever may have them.

Never by Streamlit's media store, which asks nobody who he is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from lss_core.domain import Condition
from lss_core.errors import NotFoundError
from lss_core.ui.asking import NO_STORE, asked
from lss_core.usecases import export
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.export_table import dictionary_csv
from lss_core.usecases.study_archive import export_study
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

Table = Callable[[Workspace, User, str], str]

TABLES: dict[str, Table] = {
    "ratings.csv": export.ratings_csv,
    "dictionary.csv": lambda workspace, user, study_id: dictionary_csv(),
    "ratings.json": export.ratings_json,
    **{
        f"imrmc-{condition.value}.csv": partial(export.scores_csv, condition=condition)
        for condition in Condition
    },
}
ZIPS = {"study.zip": True, "study-without-images.zip": False}
"""The names of the zips, and whether images are in them."""

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "zip": "application/zip"}


def address(study_id: str, name: str) -> str:
    """Where an export is fetched."""
    return f"/export/{study_id}/{name}"


def _export(workspace: Workspace, user: User, request: Request, body: bytes) -> Response:
    study_id, name = request.path_params["study_id"], request.path_params["name"]
    if name in ZIPS:
        return _zip(workspace, user, study_id, name)
    if name not in TABLES:
        raise NotFoundError(
            "Export", reason="there is no such export", remedy="Choose one on the page Record"
        )
    require_study(workspace, user, study_id, *UNBLINDED)
    text = TABLES[name](workspace, user, study_id)
    return Response(
        text.encode(), media_type=MEDIA_TYPES[name.rpartition(".")[2]], headers=_headers(study_id, name)
    )


def _zip(workspace: Workspace, user: User, study_id: str, name: str) -> Response:
    handle, path = tempfile.mkstemp(prefix="lss-export-", suffix=".zip")
    target = Path(path)
    open(handle, "wb").close()
    try:
        export_study(workspace, user, study_id, target, images=ZIPS[name])
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return FileResponse(
        target,
        media_type=MEDIA_TYPES["zip"],
        headers=_headers(study_id, name),
        background=BackgroundTask(target.unlink, missing_ok=True),
    )


def _headers(study_id: str, name: str) -> dict[str, str]:
    return {**NO_STORE, "Content-Disposition": f'attachment; filename="{study_id}-{name}"'}


ROUTES = [Route("/export/{study_id}/{name}", asked(_export), methods=["GET"])]

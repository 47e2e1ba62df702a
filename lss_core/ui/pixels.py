"""Routes of a case's pixels: manifest, voxels and masks, for whoever may see them.

Voxels go out raw (gzip would cost ten times what it saves on a local network) and are not
cached anywhere: each request asks again what its user may see.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.texts import _
from lss_core.ui.asking import NO_STORE, asked
from lss_core.usecases import explaining, viewing
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

RAW = {**NO_STORE, "Content-Encoding": "identity"}
"""Headers that keep Streamlit from compressing a response."""


def middle_out(slices: int) -> list[int]:
    """The order in which slices are sent: from the middle outwards, where the eye begins."""
    return sorted(range(slices), key=lambda k: (abs(k - slices // 2), k))


def _manifest(workspace: Workspace, user: User, request: Request, _: bytes) -> Response:
    return JSONResponse(viewing.manifest(workspace, user, request.path_params["case_id"]), headers=NO_STORE)


def _voxels(workspace: Workspace, user: User, request: Request, _: bytes) -> Response:
    """Little-endian int16, slice by slice in the order that X-Slice-Order names."""
    case_id, series_id = request.path_params["case_id"], request.path_params["series_id"]
    volume = viewing.series_volume(workspace, user, case_id, series_id)
    order = middle_out(volume.shape[0])
    headers = {
        **RAW,
        "Content-Length": str(volume.voxels.size * 2),
        "X-Slice-Order": ",".join(str(k) for k in order),
    }
    return StreamingResponse(_slices(volume, order), media_type="application/octet-stream", headers=headers)


def _slices(volume: Volume, order: list[int]) -> Iterator[bytes]:
    return (volume.voxels[k].astype("<i2").tobytes() for k in order)


def _masks(workspace: Workspace, user: User, request: Request, _body: bytes) -> Response:
    """Little-endian uint32, a bit a structure, slices in order; gzip."""
    case_id, series_id = request.path_params["case_id"], request.path_params["series_id"]
    masks = viewing.series_masks(workspace, user, case_id, series_id)
    if masks is None:
        return Response(_("There are no masks of this series."), status_code=404, headers=NO_STORE)
    return Response(
        _zipped(masks),
        media_type="application/octet-stream",
        headers={**NO_STORE, "Content-Encoding": "gzip"},
    )


def _thumbnail(workspace: Workspace, user: User, request: Request, _: bytes) -> Response:
    """A small PNG for lists; kept for an hour by the browser of this very sign-in."""
    png = viewing.thumbnail(workspace, user, request.path_params["case_id"])
    headers = {**NO_STORE, "Cache-Control": "private, max-age=3600", "Vary": "Cookie"}
    return Response(png, media_type="image/png", headers=headers)


def _explanation(workspace: Workspace, user: User, request: Request, _: bytes) -> Response:
    """A PNG of what the model's classifiers saw of a site."""
    site = request.path_params["site"]
    png = explaining.explanation_png(workspace, user, request.path_params["case_id"], site)
    return Response(png, media_type="image/png", headers=NO_STORE)


def _site(workspace: Workspace, user: User, request: Request, _: bytes) -> Response:
    """A PNG of the place that shows a site; not for the blinded."""
    site = request.path_params["site"]
    png = viewing.site_picture(workspace, user, request.path_params["case_id"], site)
    return Response(png, media_type="image/png", headers=NO_STORE)


def _zipped(masks: MaskStack) -> bytes:
    return gzip.compress(masks.bits.astype("<u4").tobytes(), compresslevel=1, mtime=0)


ROUTES = [
    Route("/pixels/{case_id}/manifest", asked(_manifest)),
    Route("/pixels/{case_id}/thumbnail", asked(_thumbnail)),
    Route("/pixels/{case_id}/explanations/{site}", asked(_explanation)),
    Route("/pixels/{case_id}/sites/{site}", asked(_site)),
    Route("/pixels/{case_id}/{series_id}/voxels", asked(_voxels)),
    Route("/pixels/{case_id}/{series_id}/masks", asked(_masks)),
]

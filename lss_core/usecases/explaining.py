"""What the model's classifiers saw of a site, and where they looked, as a picture."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lss_core.errors import NotFoundError
from lss_core.imaging.files import read_picture
from lss_core.store import runs
from lss_core.usecases.access import UNBLINDED, case_for
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

CHANNELS = 3
HEAT = (230, 159, 0)
"""Okabe and Ito's orange: seen by the colour-blind, and no colour of a grade."""
STRENGTH = 0.6


def explanation_png(workspace: Workspace, user: User, case_id: str, site: str) -> bytes:
    """A PNG of a site by its key: a row a view; columns the network's three channels, then the first
    channel with what spoke for the condition, then with what spoke for its severity.

    Of the newest run. Raises AccessError for the blinded; NotFoundError where nothing was kept.
    """
    with workspace.store.read() as tx:
        case = case_for(tx, workspace, user, case_id, *UNBLINDED)
        run_id = runs.newest_run(tx, case.case_id)
    path = None if run_id is None else workspace.explanations_path(case_id, run_id)
    stacked = read_picture(path, site) if path is not None and path.exists() else None
    if stacked is None:
        raise NotFoundError(
            "Explanation", reason="nothing was kept of this site", remedy="Run the model again"
        )
    png = io.BytesIO()
    Image.fromarray(montage(stacked)).save(png, "PNG")
    return png.getvalue()


def montage(stacked: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(views * rows, 5 * columns, 3) of (views, 5, rows, columns): grey channels, then heat on the first."""
    grey = np.repeat(stacked[:, :CHANNELS, ..., None], 3, -1).astype(float)
    share = STRENGTH * stacked[:, CHANNELS:, ..., None] / 255
    heated = (1 - share) * grey[:, :1] + share * np.array(HEAT)
    tiles = np.concatenate([grey, heated], 1).round().astype(np.uint8)
    result: NDArray[np.uint8] = np.concatenate([np.concatenate(list(view), 1) for view in tiles])
    return result

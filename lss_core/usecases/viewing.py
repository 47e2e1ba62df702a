"""What a viewer is given, after asking what the user may see."""

from __future__ import annotations

from typing import Any

from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def manifest(workspace: Workspace, user: User, case_id: str) -> dict[str, Any]:
    """What a viewer must know of a case before its pixels, fit for JSON.

    {"case_id", "synthetic",
     "series": [{"id", "role", "label", "slices", "rows", "columns",
                 "spacing_mm": [between rows, between columns], "thickness_mm",
                 "positions_mm", "x_axes", "y_axes": [[x, y, z] a slice],
                 "instance_numbers", "block": [a slice], "notes",
                 "window": [centre, width],
                 "structures": [names, bit 0 first] or None}],
     "levels": {level: [x, y, z] mm}}

    Series come in the order sagittal T1, sagittal T2, STIR, axial T2, other; among those
    of one role the one with most slices first. For readers and adjudicators `structures`
    is None and `levels` empty. Raises AccessError, NotFoundError.
    """
    raise NotImplementedError


def series_volume(workspace: Workspace, user: User, case_id: str, series_id: str) -> Volume:
    """A series' volume (int16). Raises AccessError, NotFoundError."""
    raise NotImplementedError


def series_masks(workspace: Workspace, user: User, case_id: str, series_id: str) -> MaskStack | None:
    """The newest model run's masks on a series; None where there are none.

    Raises AccessError for readers and adjudicators, always; NotFoundError.
    """
    raise NotImplementedError


def thumbnail(workspace: Workspace, user: User, case_id: str) -> bytes:
    """A PNG, 192 px high, of the middle slice of the sagittal T2 (or of what there is)."""
    raise NotImplementedError

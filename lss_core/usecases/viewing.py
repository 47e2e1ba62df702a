"""What a viewer is given, after asking what the user may see."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lss_core.domain import SeriesRole
from lss_core.errors import NotFoundError
from lss_core.imaging.files import read_masks, read_structures, read_volume
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.store import runs
from lss_core.store.values import CaseSummary, SeriesSummary
from lss_core.texts import translated
from lss_core.usecases.access import UNBLINDED, blinded, case_for, visible_case
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

THUMBNAIL_HEIGHT = 192
SITE_MM, SITE_PX = 80.0, 200
WINDOW_PERCENTILES = (1, 99.5)  # where the files give no window


def manifest(workspace: Workspace, user: User, case_id: str) -> dict[str, Any]:
    """What a viewer must know of a case before its pixels, fit for JSON.

    {"case_id", "synthetic",
     "series": [{"id", "role", "label", "shape": [slices, rows, columns],
                 "spacing_mm": [between rows, between columns], "thickness_mm",
                 "positions_mm", "x_axes", "y_axes": [[x, y, z] a slice],
                 "instance_numbers", "block": [a slice], "notes",
                 "window": [centre, width],
                 "structures": [names, bit 0 first] or None}],
     "levels": {level: [x, y, z] mm}}

    Series come in the order sagittal T1, sagittal T2, STIR, axial T2, other; among those
    of one role the one that is graded first. For readers and adjudicators `structures`
    is None, `levels`, `notes` and `instance_numbers` are empty: what the model found, and what tells how and
    in which order the images were acquired. Raises AccessError, NotFoundError.
    """
    run_id = None
    levels: dict[str, list[float]] = {}
    with workspace.store.read() as tx:
        case = visible_case(tx, workspace, user, case_id)
        hidden = blinded(tx, user, case.study_id)
        if not hidden:
            run_id = runs.newest_run(tx, case_id)
        if run_id is not None:
            found = runs.findings_of_run(tx, run_id).levels
            levels = {level.value: list(point) for level, point in found.items()}
    return {
        "case_id": case.case_id,
        "synthetic": case.synthetic,
        "series": [_series(workspace, case, series, run_id, hidden=hidden) for series in case.series],
        "levels": levels,
    }


def series_volume(workspace: Workspace, user: User, case_id: str, series_id: str) -> Volume:
    """A series' volume (int16). Raises AccessError, NotFoundError."""
    with workspace.store.read() as tx:
        case = visible_case(tx, workspace, user, case_id)
    _check_series(case, series_id)
    return read_volume(workspace.volume_path(case_id, series_id))


def series_masks(workspace: Workspace, user: User, case_id: str, series_id: str) -> MaskStack | None:
    """The newest model run's masks on a series; None where there are none.

    Raises AccessError for all but coordinators and statisticians of the study; NotFoundError.
    """
    with workspace.store.read() as tx:
        case = case_for(tx, workspace, user, case_id, *UNBLINDED)
        run_id = runs.newest_run(tx, case_id)
    _check_series(case, series_id)
    return None if run_id is None else _masks(workspace, case_id, series_id, run_id)


def thumbnail(workspace: Workspace, user: User, case_id: str) -> bytes:
    """A PNG, 192 px high, of the middle slice of the sagittal T2 (or of what there is)."""
    with workspace.store.read() as tx:
        case = visible_case(tx, workspace, user, case_id)
    wanted = [SeriesRole.SAGITTAL_T2, SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_STIR, SeriesRole.AXIAL_T2]
    ranked = sorted(case.series, key=lambda s: wanted.index(s.role) if s.role in wanted else len(wanted))
    if not ranked:
        raise NotFoundError(case_id, reason="the case has no series", remedy="Import it again")
    volume = read_volume(workspace.volume_path(case_id, ranked[0].id))
    picture = volume.voxels[len(volume.voxels) // 2]
    grey = _grey(picture, ranked[0].window or _window(volume))
    rows, columns = (size * mm for size, mm in zip(picture.shape, volume.spacing_mm, strict=True))
    size = (max(1, round(THUMBNAIL_HEIGHT * columns / rows)), THUMBNAIL_HEIGHT)
    png = io.BytesIO()
    Image.fromarray(grey).resize(size, Image.Resampling.LANCZOS).save(png, "PNG")
    return png.getvalue()


def site_picture(workspace: Workspace, user: User, case_id: str, site: str) -> bytes:
    """A PNG, 80 mm square, of the slice and place that show a site best, as the newest run found it.

    Not for the blinded, who are not told where the model looked. Raises AccessError, NotFoundError.
    """
    with workspace.store.read() as tx:
        case = case_for(tx, workspace, user, case_id, *UNBLINDED)
        run_id = runs.newest_run(tx, case_id)
        findings = None if run_id is None else runs.findings_of_run(tx, run_id)
    found = None if findings is None else next((f for f in findings.sites if f.site.key == site), None)
    series = None if found is None else next((s for s in case.series if s.role is found.series), None)
    if found is None or series is None or found.slice_index is None or found.point_mm is None:
        reason = "the model has not said where it is seen"
        raise NotFoundError("Site", reason=reason, remedy="Open the case on Review")
    volume = read_volume(workspace.volume_path(case_id, series.id))
    (row, column), _ = (part[0] for part in volume.to_pixel(found.slice_index, np.array([found.point_mm])))
    high, wide = (SITE_MM / 2 / mm for mm in volume.spacing_mm)
    box = (round(column - wide), round(row - high), round(column + wide), round(row + high))
    grey = _grey(volume.voxels[found.slice_index], series.window or _window(volume))
    picture = Image.fromarray(grey).crop(box)  # outside the image it is black
    png = io.BytesIO()
    picture.resize((SITE_PX, SITE_PX), Image.Resampling.LANCZOS).save(png, "PNG")
    return png.getvalue()


def _grey(picture: NDArray[Any], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Grey values of a slice under a window (centre, width)."""
    centre, width = window
    shade = np.clip((picture.astype(float) - centre) / max(width, 1) + 0.5, 0, 1) * 255
    return shade.astype(np.uint8)


def _series(
    workspace: Workspace, case: CaseSummary, series: SeriesSummary, run_id: str | None, *, hidden: bool
) -> dict[str, Any]:
    volume = read_volume(workspace.volume_path(case.case_id, series.id))
    masks = None if run_id is None else workspace.masks_path(case.case_id, series.id, run_id)
    return {
        "id": series.id,
        "role": series.role.value,
        "label": translated(series.role.label),
        "shape": list(volume.shape),
        "spacing_mm": list(volume.spacing_mm),
        "thickness_mm": volume.thickness_mm,
        "positions_mm": volume.positions_mm.tolist(),
        "x_axes": volume.x_axes.tolist(),
        "y_axes": volume.y_axes.tolist(),
        "instance_numbers": [] if hidden else list(volume.instance_numbers),
        "block": volume.block.tolist(),
        "notes": [] if hidden else list(series.notes),
        "window": list(series.window or _window(volume)),
        "structures": list(read_structures(masks)) if masks and masks.exists() else None,
    }


def _masks(workspace: Workspace, case_id: str, series_id: str, run_id: str) -> MaskStack | None:
    path = workspace.masks_path(case_id, series_id, run_id)
    return read_masks(path) if path.exists() else None


def _window(volume: Volume) -> tuple[float, float]:
    """Centre and width between percentiles, from every third pixel: enough, and quick."""
    low, high = np.percentile(volume.voxels[:, ::3, ::3], WINDOW_PERCENTILES)
    return float(low + high) / 2, float(max(high - low, 1))


def _check_series(case: CaseSummary, series_id: str) -> None:
    if series_id not in {series.id for series in case.series}:
        raise NotFoundError(series_id, reason="there is no such series", remedy="Open the case again")

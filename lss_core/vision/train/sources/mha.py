"""MetaImage (.mha) to a volume, with SimpleITK: only SPIDER needs it, so it is not always installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lss_core.imaging.volume import Volume
from lss_core.vision.train.sources.base import refused


def read_mha(path: Path) -> Volume:
    """A volume of sagittal slices, from the patient's right to left.

    ITK's world is DICOM's (LPS, mm). The slices lie across the axis nearest to left-right,
    whatever its place in the file. Raises TrainingError when the file cannot be read.
    """
    itk = _simple_itk(path)
    if not path.is_file():
        raise refused(path, "the file is not there", "Fetch the data set again")
    try:
        image = itk.ReadImage(str(path))
    except RuntimeError as error:
        raise refused(path, "it is not a MetaImage", "Fetch the data set again") from error
    if image.GetDimension() != 3:
        raise refused(path, f"it has {image.GetDimension()} dimensions, not 3", "Fetch the data set again")
    return _volume(
        itk.GetArrayFromImage(image).transpose(2, 1, 0),
        np.array(image.GetOrigin()),
        np.array(image.GetSpacing()),
        np.array(image.GetDirection()).reshape(3, 3).T,
    )


def _volume(voxels: Any, origin: Any, spacing: Any, axes: Any) -> Volume:
    """voxels: (i, j, k) in the order of spacing (3,) and of axes (3, 3), a unit vector a row."""
    across = int(np.abs(axes[:, 0]).argmax())
    rows, columns = (axis for axis in range(3) if axis != across)
    stack = np.ascontiguousarray(voxels.transpose(across, rows, columns))
    places = origin + np.arange(len(stack))[:, None] * spacing[across] * axes[across]
    if axes[across, 0] < 0:
        stack, places = stack[::-1], places[::-1]
    count = len(stack)
    return Volume(
        voxels=stack,
        positions_mm=np.ascontiguousarray(places),
        x_axes=np.tile(axes[columns], (count, 1)),
        y_axes=np.tile(axes[rows], (count, 1)),
        spacing_mm=(float(spacing[rows]), float(spacing[columns])),
        thickness_mm=float(spacing[across]),
        instance_numbers=tuple(range(1, count + 1)),
        block=np.zeros(count, np.int64),
    )


def _simple_itk(path: Path) -> Any:
    try:
        import SimpleITK
    except ImportError as error:
        raise refused(
            path,
            "reading .mha needs SimpleITK",
            "Install what training needs: pip install -r requirements-train.txt",
        ) from error
    return SimpleITK

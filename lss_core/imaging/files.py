"""Volumes and masks on disk: one safetensors file each, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from lss_core.errors import GeometryError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume


def write_volume(path: Path, volume: Volume) -> None:
    """Write a volume, its voxels as int16. Raises ValueError when they do not fit."""
    voxels = volume.voxels.astype(np.int16)
    if not np.array_equal(voxels, volume.voxels):
        raise ValueError("voxels are not whole numbers within int16")
    tensors: dict[str, NDArray[Any]] = {
        "voxels": voxels,
        "positions_mm": volume.positions_mm,
        "x_axes": volume.x_axes,
        "y_axes": volume.y_axes,
        "block": volume.block,
        "instance_numbers": np.array(volume.instance_numbers, np.int64),
        "spacing_mm": np.array(volume.spacing_mm, float),
        "thickness_mm": np.array([volume.thickness_mm], float),
    }
    _write_whole(path, tensors, {})


def read_volume(path: Path) -> Volume:
    """Read a volume. Raises GeometryError when the file is missing or damaged."""
    tensors, _ = _read(path)
    rows_mm, columns_mm = tensors["spacing_mm"].tolist()
    return Volume(
        voxels=tensors["voxels"],
        positions_mm=tensors["positions_mm"],
        x_axes=tensors["x_axes"],
        y_axes=tensors["y_axes"],
        spacing_mm=(rows_mm, columns_mm),
        thickness_mm=float(tensors["thickness_mm"][0]),
        instance_numbers=tuple(tensors["instance_numbers"].tolist()),
        block=tensors["block"],
    )


def write_masks(path: Path, masks: MaskStack) -> None:
    """Write a stack of masks."""
    _write_whole(path, {"bits": masks.bits}, {"structures": json.dumps(masks.structures)})


def read_masks(path: Path) -> MaskStack:
    """Read a stack of masks. Raises GeometryError when the file is missing or damaged."""
    tensors, metadata = _read(path)
    return MaskStack(structures=tuple(json.loads(metadata["structures"])), bits=tensors["bits"])


def read_structures(path: Path) -> tuple[str, ...]:
    """The names of a stack's structures, without its bits. Raises GeometryError as read_masks does."""
    with _opened(path) as file:
        return tuple(json.loads((file.metadata() or {})["structures"]))


def write_pictures(path: Path, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
    """Write pictures by name, any shape."""
    _write_whole(path, dict(pictures), {})


def read_picture(path: Path, name: str) -> NDArray[np.uint8] | None:
    """One of them; None where there is none of the name. Raises GeometryError as read_masks does."""
    with _opened(path) as file:
        found: NDArray[np.uint8] | None = file.get_tensor(name) if name in file.keys() else None  # noqa: SIM118
    return found


def _write_whole(path: Path, tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    os.close(handle)
    try:
        save_file({name: np.ascontiguousarray(t) for name, t in tensors.items()}, temporary, metadata)
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in sorted(file.keys())}, file.metadata() or {}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (OSError, SafetensorError) as error:
        raise GeometryError(
            path.name, reason="the file is missing or damaged", remedy="Import the case again"
        ) from error

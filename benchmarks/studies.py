"""Plain synthetic studies and a data folder with cases of them: geometry without anatomy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from lss_core.dicom.batch import DicomBatch, DicomInstance, DicomSeries, DicomStudy
from lss_core.domain import Role, SeriesRole
from lss_core.imaging.volume import Volume
from lss_core.settings import Settings
from lss_core.usecases import importing, users
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import Workspace, open_workspace

PASSWORD = "a password for tests"

SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))

Axes = tuple[tuple[float, ...], tuple[float, ...]]


def stack(
    centres_mm: Sequence[Sequence[float]],
    axes: Sequence[Axes],
    *,
    size: int,
    spacing_mm: float,
    thickness_mm: float = 4.0,
    block: Sequence[int] | None = None,
) -> Volume:
    """A square volume of zeros: each slice's middle, and its directions of columns and rows."""
    x_axes, y_axes = np.array([a for a, _ in axes], float), np.array([b for _, b in axes], float)
    corner = (size - 1) / 2 * spacing_mm
    count = len(centres_mm)
    return Volume(
        voxels=np.zeros((count, size, size), np.int16),
        positions_mm=np.array(centres_mm, float) - corner * (x_axes + y_axes),
        x_axes=x_axes,
        y_axes=y_axes,
        spacing_mm=(spacing_mm, spacing_mm),
        thickness_mm=thickness_mm,
        instance_numbers=tuple(range(1, count + 1)),
        block=np.array(block if block is not None else [0] * count, np.int64),
    )


def pixel_points(volume: Volume) -> NDArray[np.float64]:
    """(slices, rows, columns, 3) the patient coordinates of every pixel."""
    _, rows, columns = volume.shape
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).reshape(-1, 2)
    points = [volume.to_patient(k, grid) for k in range(len(volume.voxels))]
    return np.stack(points).reshape(*volume.shape, 3)


def full_size_study(seed: int) -> dict[SeriesRole, Volume]:
    """18 slices of 448², 18 of 512² and 60 of 320², with noise that no compression likes."""
    rng = np.random.default_rng(seed)
    made = {}
    for role, axes, slices, size, spacing in (
        (SeriesRole.SAGITTAL_T1, SAGITTAL, 18, 448, 0.625),
        (SeriesRole.SAGITTAL_T2, SAGITTAL, 18, 512, 0.547),
        (SeriesRole.AXIAL_T2, AXIAL, 60, 320, 0.625),
    ):
        steps = 4.0 * (np.arange(slices) - (slices - 1) / 2)
        across = role is not SeriesRole.AXIAL_T2
        centres = [(step, 0, 0) if across else (0, 0, -step) for step in steps]
        empty = stack(centres, [axes] * slices, size=size, spacing_mm=spacing)
        waves = np.sin(np.linspace(0, 25, size))[:, None] * np.cos(np.linspace(0, 19, size))
        noise = rng.normal(1500, 80, empty.shape)
        made[role] = empty.with_voxels((noise + 700 * waves).clip(0, 4095).astype(np.int16))
    return made


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """A data folder with cases, a reader and a coordinator, and tokens that sign them in."""

    workspace: Workspace
    environment: Mapping[str, str]
    case_ids: tuple[str, ...]
    reader_token: str
    coordinator_token: str


def seed(folder: Path, studies: Sequence[Mapping[SeriesRole, Volume]], *, database_url: str = "") -> Seeded:
    """Import studies as if a DICOM reader had read them, and add the two users."""
    workspace = open_workspace(Settings(data_dir=folder, database_url=database_url))
    batch = DicomBatch(verdicts=(), studies=tuple(_study(n, study) for n, study in enumerate(studies)))
    with patch.object(importing, "iter_batches", lambda paths, **_: iter([batch])):
        report = importing.import_paths(workspace, OPERATOR, [])
    tokens = {}
    for role in (Role.READER, Role.COORDINATOR):
        users.add_user(
            workspace, OPERATOR, name=role.value, display_name=role.value, role=role, password=PASSWORD
        )
        _, tokens[role] = users.sign_in(workspace, role.value, PASSWORD)
    return Seeded(
        workspace=workspace,
        environment={"LSS_DATA_DIR": str(folder), "LSS_DATABASE_URL": database_url},
        case_ids=tuple(case.case_id for case in report.cases),
        reader_token=tokens[Role.READER],
        coordinator_token=tokens[Role.COORDINATOR],
    )


def _study(number: int, volumes: Mapping[SeriesRole, Volume]) -> DicomStudy:
    return DicomStudy(
        uid=f"study-{number}",
        series=tuple(_series(f"study-{number}-{role}", role, volume) for role, volume in volumes.items()),
    )


def _series(uid: str, role: SeriesRole, volume: Volume) -> DicomSeries:
    instances = tuple(
        DicomInstance(uid=f"{uid}-{k}", digest=str(k), instance_number=k + 1, slice_index=k)
        for k in range(len(volume.voxels))
    )
    top = max(float(volume.voxels.max()), 1.0)
    return DicomSeries(
        uid=uid,
        role=role,
        volume=volume,
        window=(top / 2, top),
        attributes={},
        notes=(),
        instances=instances,
    )

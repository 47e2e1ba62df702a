"""A study with a small case, imported past the DICOM reader, and the people around it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from argon2 import PasswordHasher

from lss_core.dicom.batch import DicomBatch, DicomInstance, DicomSeries, DicomStudy, FileVerdict
from lss_core.domain import (
    SITES,
    Answer,
    Grade,
    Level,
    NotGradable,
    Role,
    SagittalStructure,
    SeriesRole,
    SiteFinding,
    StudyFindings,
    Verdict,
)
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.usecases import importing, passwords, runs
from lss_core.usecases.users import OPERATOR, User, add_user
from lss_core.usecases.workspace import Workspace

PASSWORD = "correct horse"


def make_volume(slices: int = 4, *, value: int = 100, rows: int = 24, columns: int = 20) -> Volume:
    """Sagittal slices 4 mm apart whose voxels count up from `value`."""
    voxels = np.arange(slices * rows * columns, dtype=np.int16).reshape(slices, rows, columns) + value
    positions = np.array([[-8 + 4.0 * k, -40, 60] for k in range(slices)])
    return Volume(
        voxels=voxels,
        positions_mm=positions,
        x_axes=np.tile([0.0, 1, 0], (slices, 1)),
        y_axes=np.tile([0.0, 0, -1], (slices, 1)),
        spacing_mm=(2.0, 2.0),
        thickness_mm=4.0,
        instance_numbers=tuple(range(1, slices + 1)),
        block=np.zeros(slices, np.int64),
    )


def make_series(uid: str, role: SeriesRole, volume: Volume) -> DicomSeries:
    instances = tuple(
        DicomInstance(uid=f"{uid}.{k}", digest=f"{plane.sum()}", instance_number=k + 1, slice_index=k)
        for k, plane in enumerate(volume.voxels)
    )
    return DicomSeries(
        uid=uid, role=role, volume=volume, window=None, attributes={}, notes=(), instances=instances
    )


def make_dicom_study(uid: str = "study", *series: DicomSeries) -> DicomStudy:
    default = (
        make_series(f"{uid}.t1", SeriesRole.SAGITTAL_T1, make_volume(value=50)),
        make_series(f"{uid}.t2", SeriesRole.SAGITTAL_T2, make_volume()),
    )
    return DicomStudy(uid=uid, series=series or default)


def make_batch(study: DicomStudy) -> DicomBatch:
    files = tuple(
        FileVerdict(path=f"{series.uid}.dcm", verdict=Verdict.TAKEN, reason="taken", series=series.uid)
        for series in study.series
    )
    return DicomBatch(verdicts=files, studies=(study,))


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with a fraction of the real effort, for the tests' speed alone."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)


Importer = Callable[..., importing.ImportReport]


@pytest.fixture
def import_studies(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Importer:
    """Imports studies as if the DICOM reader had read them."""

    def run(*studies: DicomStudy, **options: object) -> importing.ImportReport:
        batches = [make_batch(study) for study in studies]
        monkeypatch.setattr(importing, "iter_batches", lambda paths, **_: iter(batches))
        return importing.import_paths(workspace, OPERATOR, [Path("anywhere")], **options)

    return run


@pytest.fixture
def study_id(import_studies: Importer) -> str:
    """'My study' with the one case."""
    return import_studies(make_dicom_study()).study_id


@pytest.fixture
def case_id(workspace: Workspace, study_id: str) -> str:
    """The id of the one case."""
    from lss_core.usecases.cases import list_cases

    return list_cases(workspace, OPERATOR, study_id)[0].case_id


AddPerson = Callable[..., User]


@pytest.fixture
def person(workspace: Workspace, study_id: str) -> AddPerson:
    """Adds a user of a role to 'My study'."""

    def add(role: Role, name: str = "", **options: object) -> User:
        name = name or role.value
        return add_user(
            workspace,
            OPERATOR,
            name=name,
            display_name=name.title(),
            role=role,
            password=PASSWORD,
            **options,
        )

    return add


def make_findings(bundle: str = "test-bundle") -> StudyFindings:
    """Grade 2 at every site but one, which cannot be graded."""
    graded = [
        SiteFinding(
            site=site,
            grade=Grade.MODERATE,
            probabilities=(0.1, 0.2, 0.6, 0.1),
            series=SeriesRole.SAGITTAL_T2,
            slice_index=2,
            instance_number=3,
            point_mm=(1.0, 2.0, 3.0),
            measurements={"sac_area_mm2": 81.5},
            streams={"measurement": (0.0, 0.5, 0.5, 0.0)},
        )
        for site in SITES[:-1]
    ]
    last = SiteFinding(site=SITES[-1], not_gradable=NotGradable.NO_SLICE_NEAR, note="nearest 9 mm")
    return StudyFindings(
        levels={Level.L4_L5: (0.0, -10.0, 20.0)}, sites=(*graded, last), bundle=bundle, seconds=1.5
    )


def make_masks(volume: Volume) -> MaskStack:
    names = [structure.value for structure in SagittalStructure]
    disc = np.zeros(volume.shape, bool)
    disc[:, 5:8, 5:8] = True
    return MaskStack.from_masks({"disc": disc}, names)


@pytest.fixture
def model_run(workspace: Workspace, case_id: str) -> str:
    """A run that is done, with masks on the sagittal T2."""
    run_id = runs.start_run(workspace, OPERATOR, case_id, bundle="test-bundle")
    volumes = runs.case_volumes(workspace, case_id)
    masks = {SeriesRole.SAGITTAL_T2: make_masks(volumes[SeriesRole.SAGITTAL_T2])}
    runs.save_run(workspace, OPERATOR, run_id, make_findings(), masks)
    return run_id


def grades(value: int) -> list[Answer]:
    """The same grade at all 25 sites."""
    return [Answer(site=site, grade=Grade(value)) for site in SITES]


@contextmanager
def without_triggers(workspace):
    """A transaction of somebody who owns the database: what its triggers promise does not hold."""
    with workspace.store.write() as tx:
        if workspace.store.dialect != "sqlite":
            tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield tx
            return
        kept = tx.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        for name, _ in kept:
            tx.exec_driver_sql(f"DROP TRIGGER {name}")
        yield tx
        for _, sql in kept:
            tx.exec_driver_sql(sql)

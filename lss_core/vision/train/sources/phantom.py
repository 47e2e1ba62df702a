"""Synthetic studies: every outline, place and grade is known by construction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from lss_core.domain import Condition, Point, SeriesRole
from lss_core.imaging.volume import Volume
from lss_core.phantom import PhantomOptions, PhantomStudy, Plane, make_study, outline_foramina
from lss_core.vision.bundle import TrainingData
from lss_core.vision.crops import foramen_stack
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.cache import CachedStudy, write_study
from lss_core.vision.train.data_config import PhantomData
from lss_core.vision.train.slices import SliceSet, joined, slices_of
from lss_core.vision.train.sources.base import Case, GradedStudy, Source

ROLES = {
    "sagittal": (SeriesRole.SAGITTAL_T2, SeriesRole.SAGITTAL_T1),
    "axial": (SeriesRole.AXIAL_T2,),
}


class Phantoms(Source):
    """A seed is a patient. Slices are taken by a chance that is the seed's own."""

    planes: tuple[str, ...] = ("sagittal", "axial", "foramen")
    graded = True
    outlined = True
    about = TrainingData(
        name="Synthetic lumbar studies of lss_core.phantom",
        licence="Apache-2.0",
        attribution="made by this project; each network's card names the seeds kept apart",
        use="outlines, places and grades known by construction",
    )

    def __init__(self, data: PhantomData) -> None:
        self.data = data
        if data.only_foramina:
            self.planes = ("foramen",)
        self._read = lru_cache(maxsize=1)(self._read_or_made)

    def cases(self) -> Sequence[Case]:
        """A case a seed."""
        seeds = range(self.data.first_seed, self.data.first_seed + self.data.count)
        return [Case(id=str(seed), patient=str(seed)) for seed in seeds]

    def slices(self, case: Case, plane: str, how: Preprocessing) -> SliceSet:
        """`slices_each` of each series of the plane; of each foramen the two slices beside it."""
        if plane == "foramen":
            return self._foramina(case, how)
        study, rng = self._read(int(case.id)), np.random.default_rng([int(case.id), 7])
        assert study.masks is not None, "a phantom has masks"
        sets = []
        for role in ROLES[plane]:
            count = len(study.series[role].voxels)
            chosen = rng.choice(count, min(self.data.slices_each, count), replace=False).tolist()
            sets.append(slices_of(study.series[role], study.masks[role], case.patient, how, chosen))
        return joined(sets)

    def _foramina(self, case: Case, how: Preprocessing) -> SliceSet:
        study = self._read(int(case.id))
        t1 = study.series[SeriesRole.SAGITTAL_T1]
        places = [(k, point) for point in _foramen_points(study) for k in _nearest(t1, point)]
        stacks = [foramen_stack(study.series[role], places) for role in ROLES["sagittal"]]
        masks = outline_foramina(int(case.id), _planes(stacks[0]), options=self._options())
        return joined([slices_of(stack, masks, case.patient, how) for stack in stacks])

    def study(self, case: Case) -> GradedStudy:
        """The whole study."""
        return self._read(int(case.id))

    def _read_or_made(self, seed: int) -> GradedStudy:
        folder = self.data.folder
        if folder is not None and (folder / str(seed)).is_dir():
            return _read(CachedStudy(folder=folder / str(seed)))
        made = make_study(seed, options=self._options())
        if folder is not None:
            write_study(folder, made)
        return _graded(made)

    def _options(self) -> PhantomOptions:
        return PhantomOptions(
            severity_scale=self.data.severity_scale,
            only_foramina=self.data.only_foramina,
            sub_slices=self.data.sub_slices,
            sagittal_slices=self.data.sagittal_slices,
            sagittal_pixels=self.data.sagittal_pixels,
            axial_pixels=self.data.axial_pixels,
        )


def _foramen_points(study: GradedStudy) -> list[Point]:
    return [point for site, point in study.site_points_mm.items() if site.condition is Condition.FORAMINAL]


def _nearest(volume: Volume, point: Point) -> list[int]:
    """The two slices nearest to a point."""
    found: list[int] = np.argsort(volume.distances_mm(np.array(point)), kind="stable")[:2].tolist()
    return found


def _planes(volume: Volume) -> list[Plane]:
    """A volume's slices as planes to draw on."""
    down, across = volume.spacing_mm
    return [
        Plane(origin=origin, row_step=down * y, column_step=across * x, shape=volume.shape[1:])
        for origin, y, x in zip(volume.positions_mm, volume.y_axes, volume.x_axes, strict=True)
    ]


def _graded(made: PhantomStudy) -> GradedStudy:
    return GradedStudy(
        series=made.series,
        masks=made.masks,
        grades={site: int(grade) for site, grade in made.grades.items()},
        canal_points_mm=made.canal_points_mm,
        site_points_mm=made.site_points_mm,
    )


def _read(cached: CachedStudy) -> GradedStudy:
    canal, sites, grades = cached.truth()
    roles = [role for each in ROLES.values() for role in each]
    return GradedStudy(
        series={role: cached.volume(role) for role in roles},
        masks={role: cached.masks(role) for role in roles},
        grades={site: int(grade) for site, grade in grades.items()},
        canal_points_mm=canal,
        site_points_mm=sites,
    )

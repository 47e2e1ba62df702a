"""RSNA 2024 Lumbar Spine Degenerative Classification: grades, annotated points, DICOM series.

Three classes: Normal and Mild are one, so whether a mild stenosis is present is not annotated:
such a grade is NONE_OR_MILD, which the presence network ignores. Points are in pixels of the
instance they name. Conditions and levels are written as titles in one file, as column names in
another; both are read in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lss_core.domain import Condition, Level, Point, SeriesRole, Site
from lss_core.imaging.volume import Volume
from lss_core.study.labels import grade_of, plain, site_of, site_of_column
from lss_core.vision.bundle import TrainingData
from lss_core.vision.train.data_config import RsnaData
from lss_core.vision.train.sources.base import Case, GradedStudy, Source, StudyReader, refused, some
from lss_core.vision.train.sources.labels import rows_of, wrong

GRADES, SERIES, POINTS = "train.csv", "train_series_descriptions.csv", "train_label_coordinates.csv"
ROLES = {
    "sagittal_t1": SeriesRole.SAGITTAL_T1,
    "sagittal_t2": SeriesRole.SAGITTAL_T2,
    "sagittal_t2_stir": SeriesRole.SAGITTAL_T2,
    "axial_t2": SeriesRole.AXIAL_T2,
}


@dataclass(frozen=True, kw_only=True)
class Annotated:
    """A point as the file gives it: column x and row y of an instance of a series."""

    site: Site
    series: str
    instance: int
    x: float
    y: float


class Rsna(Source):
    """A study is a patient; the data set has one each."""

    graded = True
    about = TrainingData(
        name="RSNA 2024 Lumbar Spine Degenerative Classification",
        licence="competition terms: non-commercial research only, never redistributed",
        attribution=(
            "Radiological Society of North America and American Society of Neuroradiology: "
            "RSNA 2024 Lumbar Spine Degenerative Classification"
        ),
        use="grades and annotated places; normal and mild are one class",
    )

    def __init__(self, data: RsnaData, reader: StudyReader) -> None:
        self.folder, self.reader = data.folder, reader

    def cases(self) -> Sequence[Case]:
        """The studies of train.csv whose series are listed."""
        found = [Case(id=study, patient=study) for study in self._grades if study in self._series]
        return some(self.folder / GRADES, found, "studies whose series are listed")

    def study(self, case: Case) -> GradedStudy:
        """Of several series of a role the one with most points, then most voxels."""
        points = self._points.get(case.id, [])
        chosen: dict[SeriesRole, tuple[str, Volume]] = {}
        for series, role in self._series[case.id].items():
            volume = self._volume(case.id, series, [one for one in points if one.series == series])
            if role in chosen and _rank(points, *chosen[role]) >= _rank(points, series, volume):
                continue
            chosen[role] = (series, volume)
        volumes = dict(chosen.values())
        canal, sites, slices = _placed([one for one in points if one.series in volumes], volumes)
        return GradedStudy(
            series={role: volume for role, (_, volume) in chosen.items()},
            grades=self._grades[case.id],
            canal_points_mm=canal,
            site_points_mm=sites,
            axial_slices=slices,
        )

    @cached_property
    def _grades(self) -> Mapping[str, Mapping[Site, int]]:
        found, path = {}, self.folder / GRADES
        for line, row in rows_of(path, ("study_id",)):
            columns = {
                plain(name): value for name, value in row.items() if plain(name) != "study_id" and value
            }
            try:
                found[row["study_id"]] = {
                    site_of_column(name): grade_of(value) for name, value in columns.items()
                }
            except ValueError as error:
                raise wrong(path, line, error) from error
        return found

    @cached_property
    def _series(self) -> Mapping[str, Mapping[str, SeriesRole]]:
        found: dict[str, dict[str, SeriesRole]] = {}
        path = self.folder / SERIES
        for line, row in rows_of(path, ("study_id", "series_id", "series_description")):
            role = ROLES.get(plain(row["series_description"]))
            if role is None:
                raise wrong(
                    path, line, ValueError(f"'{row['series_description']}' is not a series' description")
                )
            found.setdefault(row["study_id"], {})[row["series_id"]] = role
        return found

    @cached_property
    def _points(self) -> Mapping[str, Sequence[Annotated]]:
        found: dict[str, list[Annotated]] = {}
        path = self.folder / POINTS
        needed = ("study_id", "series_id", "instance_number", "condition", "level", "x", "y")
        for line, row in rows_of(path, needed):
            try:
                point = Annotated(
                    site=site_of(row["condition"], row["level"]),
                    series=row["series_id"],
                    instance=int(row["instance_number"]),
                    x=float(row["x"]),
                    y=float(row["y"]),
                )
            except ValueError as error:
                raise wrong(path, line, error) from error
            found.setdefault(row["study_id"], []).append(point)
        return found

    def _volume(self, study: str, series: str, points: Sequence[Annotated]) -> Volume:
        """The volume of a series; of several stacks the one with most annotated instances."""
        places = [self.folder / "train_images" / study / series, self.folder / study / series]
        folder = next((place for place in [*places, self.folder / series] if place.is_dir()), None)
        if folder is None:
            raise refused(places[0], "the series' folder is not there", "Check the path in [[data]]")
        volumes = self.reader.volumes(folder)
        if not volumes:
            raise refused(folder, "no image can be read in it", "Check the series' files")
        wanted = {one.instance for one in points}
        return max(volumes, key=lambda one: (len(wanted & set(one.instance_numbers)), one.voxels.size))


def _rank(points: Sequence[Annotated], series: str, volume: Volume) -> tuple[int, int]:
    return sum(one.series == series for one in points), volume.voxels.size


def _placed(
    points: Sequence[Annotated], volumes: Mapping[str, Volume]
) -> tuple[dict[Level, Point], dict[Site, Point], dict[Level, int]]:
    """Canal points by level, points by site, axial slices by level (the first annotated of both sides)."""
    canal: dict[Level, Point] = {}
    sites: dict[Site, Point] = {}
    slices: dict[Level, int] = {}
    for one in points:
        volume = volumes[one.series]
        if one.instance not in volume.instance_numbers:
            continue  # another stack of the series
        index = volume.instance_numbers.index(one.instance)
        x, y, z = volume.to_patient(index, np.array([[one.y, one.x]]))[0].tolist()
        if one.site.condition is Condition.CENTRAL:
            canal[one.site.level] = (x, y, z)
        else:
            sites[one.site] = (x, y, z)
        if one.site.condition is Condition.LATERAL_RECESS:
            slices.setdefault(one.site.level, index)
    return canal, sites, slices

"""RSNA 2024 LSDC: both ways of writing, three classes, points of instances."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lss_core.domain import LEVELS, Condition, Level, SeriesRole, Side, Site
from lss_core.errors import TrainingError
from lss_core.imaging.volume import Volume
from lss_core.settings import get_settings
from lss_core.usecases.training import Reader
from lss_core.vision.train.data_config import RsnaData
from lss_core.vision.train.pictures import NONE_OR_MILD
from lss_core.vision.train.sources.base import GradedStudy
from lss_core.vision.train.sources.rsna import GRADES, POINTS, SERIES, Rsna

CENTRAL = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
RECESS = Site(condition=Condition.LATERAL_RECESS, level=Level.L4_L5, side=Side.LEFT)
FORAMEN = Site(condition=Condition.FORAMINAL, level=Level.L5_S1, side=Side.RIGHT)
FORMS = {
    "titles": (
        "Spinal Canal Stenosis",
        "Left Subarticular Stenosis",
        "Right Neural Foraminal Narrowing",
        "L4/L5",
        "L5/S1",
    ),
    "columns": (
        "spinal_canal_stenosis",
        "left_subarticular_stenosis",
        "right_neural_foraminal_narrowing",
        "l4_l5",
        "l5_s1",
    ),
}
POINT_COLUMNS = "study_id,series_id,instance_number,condition,level,x,y\n"


def volume(instances: Sequence[int], *, spacing: float = 0.5, size: int = 20) -> Volume:
    count = len(instances)
    return Volume(
        voxels=np.zeros((count, size, size), np.int16),
        positions_mm=np.arange(count)[:, None] * np.array([4.0, 0, 0]) + [100.0, -50, 30],
        x_axes=np.tile([0.0, 1, 0], (count, 1)),
        y_axes=np.tile([0.0, 0, -1], (count, 1)),
        spacing_mm=(spacing, spacing),
        thickness_mm=4.0,
        instance_numbers=tuple(instances),
        block=np.zeros(count, np.int64),
    )


class Folders:
    """Reads no files: the volumes of a series by its folder's name."""

    def __init__(self, volumes: dict[str, list[Volume]]) -> None:
        self.known = volumes

    def volumes(self, folder: Path) -> Sequence[Volume]:
        return self.known[folder.name]

    def best(self, folder: Path) -> dict[SeriesRole, Volume]:
        raise AssertionError("RSNA's roles stand in its files")

    def case(self, case_id: str) -> dict[SeriesRole, Volume]:
        raise AssertionError("RSNA is not in the database")


@pytest.fixture(params=FORMS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    central, recess, foramen, l4, l5 = FORMS[request.param]
    (tmp_path / GRADES).write_text(
        "study_id,spinal_canal_stenosis_l4_l5,left_subarticular_stenosis_l4_l5,"
        "right_neural_foraminal_narrowing_l5_s1,left_neural_foraminal_narrowing_l5_s1\n"
        "42,Normal/Mild,Moderate,Severe,\n"
    )
    (tmp_path / SERIES).write_text(
        "study_id,series_id,series_description\n"
        "42,1,Sagittal T2/STIR\n42,2,Sagittal T1\n42,3,Axial T2\n42,4,Axial T2\n"
    )
    (tmp_path / POINTS).write_text(
        f"{POINT_COLUMNS}42,1,8,{central},{l4},10,6\n42,2,3,{foramen},{l5},4.5,8\n42,4,12,{recess},{l4},7,9\n"
    )
    for series in "1234":
        (tmp_path / "train_images" / "42" / series).mkdir(parents=True)
    return tmp_path


def source_in(folder: Path) -> Rsna:
    known = {
        "1": [volume([7, 8])],
        "2": [volume([1, 2]), volume([3])],
        "3": [volume([1, 2, 3])],
        "4": [volume([11, 12])],
    }
    return Rsna(RsnaData(kind="rsna", folder=folder), Folders(known))


def test_titles_and_columns_are_read_alike_and_normal_or_mild_stays_one(folder: Path) -> None:
    source = source_in(folder)
    (case,) = source.cases()
    study = source.study(case)
    assert (case.id, case.patient) == ("42", "42")
    assert study.grades == {CENTRAL: NONE_OR_MILD, RECESS: 2, FORAMEN: 3}  # the empty cell is not annotated


def test_a_point_lies_where_its_instance_does(folder: Path) -> None:
    study = source_in(folder).study(source_in(folder).cases()[0])
    # instance 8 is the second slice: x 104; column 10 and row 6 of half a millimetre from (-50, 30)
    assert study.canal_points_mm == {Level.L4_L5: (104.0, -45.0, 27.0)}
    assert study.site_points_mm[FORAMEN] == (100.0, -47.75, 26.0)  # of the stack that has instance 3
    assert study.axial_slices == {Level.L4_L5: 1}


def test_of_two_axial_series_the_annotated_one_is_taken(folder: Path) -> None:
    study = source_in(folder).study(source_in(folder).cases()[0])
    assert study.series[SeriesRole.AXIAL_T2].instance_numbers == (11, 12)
    assert set(study.series) == {SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2, SeriesRole.AXIAL_T2}


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            GRADES,
            "study_id,spinal_canal_stenosis_l4_l5\n42,Bad\n",
            r"csv, row 2: 'Bad' is not a grade",
        ),
        (
            GRADES,
            "study_id,neck_pain_l4_l5\n42,Severe\n",
            r"row 2: no site has the name of the column 'neck_pain_l4_l5'",
        ),
        (GRADES, "patient\n42\n", r"train\.csv: it has no column study_id"),
        (SERIES, "study_id,series_id,series_description\n42,1,Coronal\n", r"'Coronal' is not a series'"),
        (POINTS, POINT_COLUMNS + "42,1,1,Spinal Canal Stenosis,L9/S9,1,1\n", r"'L9/S9' is not a level"),
    ],
)
def test_what_cannot_be_read_is_refused_by_file_and_row(
    folder: Path, file: str, text: str, message: str
) -> None:
    (folder / file).write_text(text)
    source = source_in(folder)
    with pytest.raises(TrainingError, match=message):
        source.study(source.cases()[0])


def test_a_file_that_is_not_there_is_refused(folder: Path) -> None:
    (folder / SERIES).unlink()
    with pytest.raises(TrainingError, match=r"train_series_descriptions\.csv: the file is not there"):
        source_in(folder).cases()


@pytest.fixture(scope="module")
def real(shared_data: Path) -> tuple[Path, GradedStudy]:
    source = Rsna(RsnaData(kind="rsna", folder=shared_data / "rsna_study"), Reader(settings=get_settings()))
    return shared_data / "rsna_study", source.study(source.cases()[0])


def test_the_shared_study_has_its_25_grades_and_25_points(real: tuple[Path, GradedStudy]) -> None:
    folder, study = real
    with (folder / GRADES).open() as file:
        (row,) = csv.DictReader(file)
    assert len(study.grades) == 25
    assert sum(grade == NONE_OR_MILD for grade in study.grades.values()) == list(row.values()).count(
        "Normal/Mild"
    )
    assert study.grades[CENTRAL] == 2  # spinal_canal_stenosis_l4_l5: Moderate
    assert len(study.canal_points_mm) == 5
    assert len(study.site_points_mm) == 20
    assert set(study.axial_slices) == set(LEVELS)


def test_the_shared_studys_levels_go_down_and_its_left_is_the_patients_left(
    real: tuple[Path, GradedStudy],
) -> None:
    _, study = real
    heights = [study.canal_points_mm[level][2] for level in LEVELS]
    assert heights == sorted(heights, reverse=True)
    for site, point in study.site_points_mm.items():
        if site.side is Side.LEFT:
            assert point[0] > study.site_points_mm[site.mirrored][0]  # x grows to the left

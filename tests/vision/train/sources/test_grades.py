"""A CSV of grades beside DICOM folders, our own export among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lss_core.domain import Condition, Level, SeriesRole, Side, Site
from lss_core.errors import TrainingError
from lss_core.imaging.volume import Volume
from lss_core.settings import get_settings
from lss_core.usecases.export_table import COLUMNS
from lss_core.usecases.training import Reader
from lss_core.vision.train.data_config import GradesData
from lss_core.vision.train.pictures import NONE_OR_MILD
from lss_core.vision.train.sources.grades import Grades

CENTRAL = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
FORAMEN = Site(condition=Condition.FORAMINAL, level=Level.L5_S1, side=Side.LEFT)


class Named:
    """Gives an empty study and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def best(self, folder: Path) -> dict[SeriesRole, Volume]:
        self.asked.append(f"folder {folder.name}")
        return {}

    def volumes(self, folder: Path) -> Sequence[Volume]:
        raise AssertionError("roles are not in this file")

    def case(self, case_id: str) -> dict[SeriesRole, Volume]:
        self.asked.append(f"case {case_id}")
        return {}


def source_of(
    folder: Path, text: str, reader: Named | None = None, *, with_dicom: bool = True, **more: str
) -> Grades:
    (folder / "grades.csv").write_text(text)
    for case in ("a", "b"):
        (folder / "dicom" / case).mkdir(parents=True, exist_ok=True)
    dicom = folder / "dicom" if with_dicom else None
    data = GradesData(
        kind="grades", name="ours", csv=folder / "grades.csv", dicom=dicom, licence="ours", **more
    )
    return Grades(data, reader or Named())


def test_plain_grades_are_read_by_site_or_by_condition_level_and_side(tmp_path: Path) -> None:
    text = (
        "case,patient,condition,level,side,grade\n"
        "a,p1,central,L4-L5,,2\nb,p1,foraminal,l5_s1,Left,mild\na,p1,foraminal,L5/S1,left,Normal/Mild\n"
    )
    source = source_of(tmp_path, text)
    assert [(case.id, case.patient) for case in source.cases()] == [("a", "p1"), ("b", "p1")]
    assert source.study(source.cases()[0]).grades == {CENTRAL: 2, FORAMEN: NONE_OR_MILD}
    assert source.study(source.cases()[1]).grades == {FORAMEN: 1}
    by_site = source_of(tmp_path, "case,site,grade\na,central:L4_L5,3\n")
    assert by_site.study(by_site.cases()[0]).grades == {CENTRAL: 3}


def exported(*rows: dict[str, str]) -> str:
    """A table as `python -m lss_core export` writes it."""
    lines = [",".join(COLUMNS)]
    return "\n".join([*lines, *(",".join(row.get(name, "") for name in COLUMNS) for row in rows)]) + "\n"


def test_our_own_export_gives_the_reference_and_the_databases_studies(tmp_path: Path) -> None:
    row = {
        "case": "a",
        "condition": "central",
        "level": "L4_L5",
        "reference": "Majority v1",
        "reference_grade": "2",
    }
    text = exported(
        {**row, "rater": "anna", "grade": "1"},
        {**row, "rater": "ben", "grade": "2"},
        {**row, "case": "b", "rater": "ben", "grade": "2", "reference_grade": ""},
    )
    reader = Named()
    source = source_of(tmp_path, text, reader, with_dicom=False)
    assert [case.id for case in source.cases()] == ["a"]  # of b nothing is settled
    assert source.study(source.cases()[0]).grades == {CENTRAL: 2}
    assert reader.asked == ["case a"]


def test_one_raters_grades_of_an_export_can_be_chosen(tmp_path: Path) -> None:
    row = {"case": "a", "condition": "central", "level": "L4_L5"}
    text = exported({**row, "rater": "anna", "grade": "1"}, {**row, "rater": "ben", "grade": "3"})
    source = source_of(tmp_path, text, column="grade", rater="ben")
    assert source.study(source.cases()[0]).grades == {CENTRAL: 3}
    with pytest.raises(TrainingError, match=r"grades\.csv, row 3: case 'a' has two grades at L4-L5 central"):
        source_of(tmp_path, text, column="grade").cases()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case,site,grade\na,central:L4_L5,5\n", r"grades\.csv, row 2: '5' is not a grade"),
        ("case,condition,level,grade\na,foraminal,L4_L5,1\n", r"row 2: central sites have no side"),
        ("case,site\na,central:L4_L5\n", r"row 2: there is no column 'grade'"),
        ("case,site,grade\nz,central:L4_L5,1\n", r"there is no folder of case 'z'"),
        ("case,site,grade\n", r"there are no grades in it"),
        ("site,grade\n", r"it has no column case"),
    ],
)
def test_what_is_wrong_is_refused_with_its_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        source_of(tmp_path, text).cases()


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="holds 0 studies that can be graded"):
        Reader(settings=get_settings()).best(tmp_path / "empty")

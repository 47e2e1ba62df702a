"""A plain CSV of grades beside DICOM folders; our own export is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from lss_core.domain import Site
from lss_core.errors import TrainingError
from lss_core.study.labels import grade_of, site_of
from lss_core.vision.bundle import TrainingData
from lss_core.vision.train.data_config import GradesData
from lss_core.vision.train.sources.base import Case, GradedStudy, Source, StudyReader, refused, some
from lss_core.vision.train.sources.labels import rows_of, wrong

REFERENCE, GRADE = "reference_grade", "grade"


class Grades(Source):
    """Columns: case, site (or condition, level, side), grade; patient where a patient has several cases."""

    graded = True

    def __init__(self, data: GradesData, reader: StudyReader) -> None:
        self.data, self.reader = data, reader
        self.about = TrainingData(
            name=data.name, licence=data.licence, attribution=data.attribution, use="grades of whole studies"
        )

    def cases(self) -> Sequence[Case]:
        """The cases with a grade. Raises TrainingError when a case's folder is not there."""
        grades, patients = self._read
        found = [Case(id=case, patient=patients[case]) for case in grades]
        for case in found:
            if self.data.dicom is not None and not (self.data.dicom / case.id).is_dir():
                raise refused(
                    self.data.csv,
                    f"there is no folder of case '{case.id}'",
                    "Name each case's folder as the case",
                )
        return some(self.data.csv, found, "grades")

    def study(self, case: Case) -> GradedStudy:
        """A case's series from its folder, or from the database."""
        folder = self.data.dicom
        series = self.reader.case(case.id) if folder is None else self.reader.best(folder / case.id)
        return GradedStudy(series=series, grades=self._read[0][case.id])

    @cached_property
    def _read(self) -> tuple[Mapping[str, Mapping[Site, int]], Mapping[str, str]]:
        """Grades and patient by case. Rows of other raters, and rows without a grade, are passed over."""
        path = self.data.csv
        grades: dict[str, dict[Site, int]] = {}
        patients: dict[str, str] = {}
        for line, row in rows_of(path, ("case",)):
            column = self.data.column or (REFERENCE if REFERENCE in row else GRADE)
            try:
                if column not in row:
                    raise ValueError(f"there is no column '{column}'")
                if not row[column] or (self.data.rater and row.get("rater") != self.data.rater):
                    continue
                site, grade = _site(row), grade_of(row[column])
            except ValueError as error:
                raise wrong(path, line, error) from error
            before = grades.setdefault(row["case"], {}).setdefault(site, grade)
            if before != grade:
                raise _contradiction(path.name, line, row["case"], site)
            patients.setdefault(row["case"], row.get("patient") or row["case"])
        return grades, patients


def _site(row: Mapping[str, str]) -> Site:
    return Site.parse(row["site"]) if row.get("site") else site_of(
        row.get("condition", ""), row.get("level", ""), row.get("side", "")
    )  # fmt: skip


def _contradiction(name: str, line: int, case: str, site: Site) -> TrainingError:
    return TrainingError(
        f"{name}, row {line}",
        reason=f"case '{case}' has two grades at {site.label}",
        remedy="Name whose rows count with rater, or the column of the reference with column",
    )

"""Reference standards from outside: a CSV of grades, or RSNA 2024's train.csv."""

from __future__ import annotations

from collections.abc import Mapping

from lss_core.dicom.deidentify import hashed_uid
from lss_core.domain import Grade, Role, Site
from lss_core.store import cases
from lss_core.store.values import ReferenceSummary
from lss_core.study.labels import NONE_OR_MILD, grade_of, site_of_column
from lss_core.texts import later
from lss_core.usecases.access import require_study
from lss_core.usecases.csv_reading import Row, Sheet, each_row, read_sheet, refuse
from lss_core.usecases.importing import installation_key
from lss_core.usecases.importing_ratings import site_of_row
from lss_core.usecases.reference import add_reference
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

RSNA_STUDY = "study_id"
TRUE_AS_ONE = "normal and mild are one class there, graded 0 here"


def import_reference(
    workspace: Workspace, user: User, study_id: str, content: bytes, *, file: str, name: str
) -> ReferenceSummary:
    """Freeze the grades of a file as the next version of an external reference. Coordinators.

    A CSV with the columns case, condition, level, side (or site) and grade, one row a site; or a train.csv of
    RSNA 2024 (study_id and a column a site), whose studies are known again by their Study Instance UID, and
    whose class Normal/Mild becomes grade 0: binary figures are right, graded ones cannot tell the two apart,
    and the reference's name says so. All of the file or nothing: raises ImportRefused with every wrong line.
    """
    require_study(workspace, user, study_id, Role.COORDINATOR)
    rsna = _is_rsna(content)
    sheet = read_sheet(file, content, needed=(RSNA_STUDY,) if rsna else ("case", "grade"))
    grades = _of_rsna(workspace, sheet, study_id) if rsna else _of_rows(workspace, sheet, study_id)
    title = f"{name} ({TRUE_AS_ONE})" if rsna else name
    return add_reference(workspace, user, study_id, name=title[:100], grades=grades)


def _is_rsna(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(RSNA_STUDY.encode())


def _of_rows(workspace: Workspace, sheet: Sheet, study_id: str) -> Mapping[str, Mapping[Site, Grade]]:
    found: dict[str, dict[Site, Grade]] = {}
    wrong = []
    with workspace.store.read() as tx:
        there = set(cases.case_ids(tx, study_id))
    for line, (case, site, grade) in each_row(sheet, _row):
        if case not in there:
            wrong.append((line, later("{case} is no case of this study", case=case)))
        elif site in found.setdefault(case, {}):
            wrong.append((line, later("{site} of {case} has two rows", site=site.key, case=case)))
        found.setdefault(case, {})[site] = grade
    if wrong:
        raise refuse(sheet.name, wrong)
    return found


def _row(row: Row) -> tuple[str, Site, Grade]:
    return row["case"], site_of_row(row), _grade(row["grade"])


def _grade(text: str) -> Grade:
    grade = grade_of(text)
    if grade == NONE_OR_MILD:
        raise ValueError(later("'Normal/Mild' is not one grade: write 0 or 1"))
    return Grade(grade)


def _of_rsna(workspace: Workspace, sheet: Sheet, study_id: str) -> Mapping[str, Mapping[Site, Grade]]:
    """The rows of the studies that were imported here; the file has thousands that were not."""
    key = installation_key(workspace.settings.data_dir)
    with workspace.store.read() as tx:
        there = cases.case_uids(tx, study_id)
    found = {}
    for _, (study, grades) in each_row(sheet, _rsna_row):
        case = there.get(hashed_uid(key, study))
        if case is not None and grades:
            found[case] = grades
    if not found:
        raise refuse(
            sheet.name, [(line, later("this study is not among the cases")) for line, _ in sheet.rows[:1]]
        )
    return found


def _rsna_row(row: Row) -> tuple[str, Mapping[Site, Grade]]:
    given = {
        site_of_column(name): grade_of(cell) for name, cell in row.items() if cell and name != RSNA_STUDY
    }
    return row[RSNA_STUDY], {
        site: Grade.NONE if grade == NONE_OR_MILD else Grade(grade) for site, grade in given.items()
    }

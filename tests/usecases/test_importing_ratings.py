"""Ratings and references from files: all of a file or nothing."""

from __future__ import annotations

import pytest

from lss_core.dicom.deidentify import hashed_uid
from lss_core.domain import Condition, Grade, Level, NotGradable, Role, Side, Site
from lss_core.errors import AccessError, ImportRefused, StoreError
from lss_core.store import audit, references
from lss_core.store.answers import study_answers
from lss_core.usecases.importing import installation_key
from lss_core.usecases.importing_ratings import import_ratings
from lss_core.usecases.importing_reference import import_reference
from lss_core.usecases.users import OPERATOR

from .conftest import make_dicom_study

HEADER = "case,condition,level,side,rater,grade,score,not_gradable,comment,arm,session"


def _sheet(*lines):
    return "\n".join([HEADER, *lines]).encode()


def _import(workspace, study_id, *lines, **options):
    return import_ratings(workspace, OPERATOR, study_id, _sheet(*lines), name="reads.csv", **options)


def _answers(workspace, study_id):
    with workspace.store.read() as tx:
        return study_answers(tx, study_id)


def test_each_rater_case_arm_and_session_becomes_a_submitted_read(workspace, study_id, case_id):
    made = _import(
        workspace,
        study_id,
        f"{case_id},central,L4_L5,,Ada,2,80,,worse than before,paper,1",
        f"{case_id},foraminal,L4/L5,left,Ada,,,poor_quality,,paper,1",
        f"{case_id},Left Subarticular Stenosis,L5/S1,,Ada,Mild,,,,paper,2",
        f"{case_id},central,L4_L5,,Bo,severe,,,,,",
    )
    assert (made.ratings, made.reads, made.new_raters) == (4, 3, ("Ada", "Bo"))
    rows = _answers(workspace, study_id)
    assert {(row.arm, row.session) for row in rows} == {("paper", 1), ("paper", 2), ("unaided", 1)}
    assert all(row.origin == "imported" and row.submitted_at is not None for row in rows)
    by_site = {(row.session, row.site): row for row in rows if row.arm == "paper"}
    central = by_site[1, Site(condition=Condition.CENTRAL, level=Level.L4_L5)]
    assert (central.grade, central.score, central.note) == (Grade.MODERATE, 80, "worse than before")
    foramen = by_site[1, Site(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.LEFT)]
    assert (foramen.grade, foramen.not_gradable) == (None, NotGradable.POOR_QUALITY)
    assert (2, Site(condition=Condition.LATERAL_RECESS, level=Level.L5_S1, side=Side.LEFT)) in by_site


def test_every_wrong_line_is_named_and_nothing_is_taken(workspace, study_id, case_id):
    good = f"{case_id},central,L4_L5,,Ada,2,,,,,"
    with pytest.raises(ImportRefused, match="8 of its lines are wrong, so nothing was taken") as refused:
        _import(
            workspace,
            study_id,
            good,
            f"{case_id},central,L9,,Ada,2,,,,,",
            f"{case_id},central,L3_L4,left,Ada,2,,,,,",
            f"{case_id},central,L3_L4,,Ada,7,,,,,",
            f"{case_id},central,L3_L4,,,1,,,,,",
            f"{case_id},central,L3_L4,,Ada,,,,,,",
            f"{case_id},central,L3_L4,,Ada,1,80,,,,",
            f"{case_id},central,L3_L4,,Ada,1,,,,,0",
            f"{case_id},central,L3_L4,,Ada,Normal/Mild,,,,,",
        )
    assert dict(refused.value.lines) == {
        3: "'L9' is not a level",
        4: "central sites have no side, all others have one",
        5: "'7' is not a grade",
        6: "the rater is empty",
        7: "it has neither a grade nor a reason why there is none (not_gradable)",
        8: "the score and the grade contradict each other",
        9: "the session '0' is not a number from 1 to 100",
        10: "'Normal/Mild' is not one grade: write 0 or 1",
    }
    assert _answers(workspace, study_id) == ()


def test_a_foreign_case_a_rater_of_another_kind_and_a_second_row_of_a_site_are_named(
    workspace, study_id, case_id, model_run
):
    with pytest.raises(ImportRefused) as refused:
        _import(
            workspace,
            study_id,
            "C-NONE,central,L4_L5,,Ada,2,,,,,",
            f"{case_id},central,L4_L5,,test-bundle,2,,,,,",
            f"{case_id},central,L4_L5,,Ada,2,,,,,",
            f"{case_id},central,L4_L5,,Ada,1,,,,,",
        )
    reasons = dict(refused.value.lines)
    assert reasons[2] == "C-NONE is no case of this study"
    assert reasons[3] == "'test-bundle' is no reader of this study"
    assert "two rows" in reasons[4]
    assert "two rows" in reasons[5]


def test_the_same_file_twice_is_taken_once(workspace, study_id, case_id):
    line = f"{case_id},central,L4_L5,,Ada,2,,,,,"
    made = _import(workspace, study_id, line)
    with pytest.raises(StoreError, match=r"reads\.csv: this file was imported before"):
        _import(workspace, study_id, line)
    with workspace.store.read() as tx:
        entry = audit.entries(tx, subject=study_id)[-1]
    assert (entry.act, entry.details["sha256"]) == ("ratings.import", made.sha256)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"case,grade\nC,1\n", "no column rater"),
        (b"case,rater,grade,grade\n", "has the column grade twice"),
        (b"case,rater,grade\n", "it has no rows"),
        (b"", "it is empty"),
        (b"\xef\xbb\xbf\r\n", "it is empty"),
        (b'case,rater,grade\nC,"Ada,1\n', "its line 2 cannot be read: unexpected end of data"),
        (b"case,rater,grade\nC," + b"x" * 200_000 + b",1\n", "its line 2 cannot be read: field larger"),
        ("case,rater,grade\nö,1,1".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(workspace, study_id, content, words):
    with pytest.raises(StoreError, match=words):
        import_ratings(workspace, OPERATOR, study_id, content, name="reads.csv")


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace(",", ";").replace("72.5", "72,5").encode("utf-8-sig"),
        lambda text: text.replace(",", "\t").encode("utf-16"),
        lambda text: f"\n\n{text}\n;\n".replace(",", ";").encode(),
    ],
    ids=["mark", "Windows", "old Mac", "decimal comma", "Unicode text", "empty lines"],
)
def test_what_spreadsheets_write_is_read(workspace, study_id, case_id, written):
    content = written(f"Case,Site,Rater,Grade,Score\n{case_id},central:L4_L5,Ада,2,72.5")
    made = import_ratings(workspace, OPERATOR, study_id, content, name="reads.csv")
    assert (made.ratings, made.new_raters) == (1, ("Ада",))
    (row,) = _answers(workspace, study_id)
    assert (row.grade, row.score) == (Grade.MODERATE, 72.5)


def test_a_row_of_more_or_fewer_cells_than_the_header_is_named(workspace, study_id, case_id):
    """A comma within a comment would shift what follows it; missing cells are empty ones."""
    content = f"case,site,grade,comment\n{case_id},central:L4_L5,1,a, b\n".encode()
    with pytest.raises(ImportRefused) as refused:
        import_reference(workspace, OPERATOR, study_id, content, file="truth.csv", name="Surgery")
    assert refused.value.lines == ((2, "it has more cells than the header"),)
    short = f"case,site,grade\n{case_id},central:L4_L5\n".encode()
    with pytest.raises(ImportRefused) as refused:
        import_reference(workspace, OPERATOR, study_id, short, file="truth.csv", name="Surgery")
    assert refused.value.lines == ((2, "'' is not a grade"),)


def test_a_file_never_takes_the_place_of_what_was_read(workspace, study_id, case_id):
    """The newest answer of a rater counts: a second read in the same arm and session would replace it."""
    _import(workspace, study_id, f"{case_id},central,L4_L5,,Ada,2,,,,,")
    with pytest.raises(ImportRefused) as refused:
        _import(workspace, study_id, f"{case_id},central,L4_L5,,Ada,0,,,,,")
    assert refused.value.lines == ((2, "'Ada' has read this case in this arm and session"),)
    assert _import(workspace, study_id, f"{case_id},central,L4_L5,,Ada,0,,,,,2").reads == 1


def test_only_coordinators_import(workspace, study_id, person):
    with pytest.raises(AccessError):
        import_ratings(workspace, person(Role.READER), study_id, _sheet(), name="reads.csv")


def _grades(workspace, reference):
    with workspace.store.read() as tx:
        return {(g.case_id, g.site.key): g.grade for g in references.reference_grades(tx, reference.id)}


def test_a_reference_comes_from_rows_and_a_newer_one_is_the_next_version(workspace, study_id, case_id):
    sheets = [f"case,site,grade\n{case_id},central:L4_L5,{grade}\n".encode() for grade in (1, 2)]
    first, second = (
        import_reference(workspace, OPERATOR, study_id, sheet, file="truth.csv", name="Surgery")
        for sheet in sheets
    )
    assert (first.version, second.version) == (1, 2)
    assert _grades(workspace, second) == {(case_id, "central:L4_L5"): Grade.MODERATE}


def test_wrong_lines_of_a_reference_are_named_and_nothing_is_frozen(workspace, study_id, case_id):
    sheet = f"case,site,grade\nC-NONE,central:L4_L5,1\n{case_id},central:L4_L5,1\n{case_id},central:L4_L5,2\n"
    with pytest.raises(ImportRefused) as refused:
        import_reference(workspace, OPERATOR, study_id, sheet.encode(), file="truth.csv", name="x")
    assert refused.value.lines == (
        (2, "C-NONE is no case of this study"),
        (4, f"central:L4_L5 of {case_id} has two rows"),
    )


def test_rsnas_grades_find_the_studies_that_were_imported(workspace, import_studies):
    key = installation_key(workspace.settings.data_dir)
    report = import_studies(make_dicom_study(hashed_uid(key, "1002894806")))
    sheet = (
        "study_id,spinal_canal_stenosis_l4_l5,left_subarticular_stenosis_l5_s1,right_neural_foraminal_narrowing_l1_l2\n"
        "4003253,Severe,Severe,\n"
        "1002894806,Normal/Mild,Severe,\n"
    )
    made = import_reference(
        workspace, OPERATOR, report.study_id, sheet.encode(), file="train.csv", name="RSNA 2024"
    )
    case_id = report.cases[0].case_id
    assert _grades(workspace, made) == {
        (case_id, "central:L4_L5"): Grade.NONE,
        (case_id, "lateral_recess:L5_S1:left"): Grade.SEVERE,
    }
    assert made.name == "RSNA 2024 (normal and mild are one class there, graded 0 here)"


def test_rsnas_grades_of_other_studies_alone_are_refused(workspace, study_id, case_id):
    sheet = b"study_id,spinal_canal_stenosis_l4_l5\n4003253,Severe\n"
    with pytest.raises(ImportRefused) as refused:
        import_reference(workspace, OPERATOR, study_id, sheet, file="train.csv", name="RSNA")
    assert refused.value.lines == ((2, "this study is not among the cases"),)

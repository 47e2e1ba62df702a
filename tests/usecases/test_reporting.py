"""A study's report: its numbers are those of the results, its digest that of the data, its refusals."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from lss_core.domain import SITES, Answer, Condition, Grade, NotGradable, RaterKind, Role
from lss_core.errors import AccessError, NotFoundError, StatisticsError
from lss_core.reports.compose import document_of
from lss_core.reports.document import Table
from lss_core.reports.texts import Texts
from lss_core.stats.mrmc.result import Fixed
from lss_core.store import audit, ratings, reads, studies
from lss_core.texts import Language
from lss_core.usecases import runs
from lss_core.usecases.cases import list_cases
from lss_core.usecases.figures import BINARY, GRADED, KAPPAS, Measure
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import make_majority_reference
from lss_core.usecases.reporting import Format, report_data, study_report, write_report
from lss_core.usecases.result_arms import AFTER, BEFORE, compare_arms, overrides
from lss_core.usecases.result_calibration import SCORES, calibrations
from lss_core.usecases.result_comparison import Compared, non_inferiority, standalone_tests
from lss_core.usecases.result_data import Selection, study_data
from lss_core.usecases.result_differences import difference_text, p_text
from lss_core.usecases.results import POOLED_NAME, pooled_readers, study_results
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import PASSWORD, make_dicom_study, make_findings


@pytest.fixture
def case_ids(workspace, study_id, import_studies) -> list[str]:
    """Four cases that a model graded 2 everywhere."""
    import_studies(*(make_dicom_study(f"study {number}") for number in range(3)))
    found = [case.case_id for case in list_cases(workspace, OPERATOR, study_id)]
    for case_id in found:
        run = runs.start_run(workspace, OPERATOR, case_id, bundle="test-bundle")
        runs.save_run(workspace, OPERATOR, run, make_findings(), {})
    return found


@pytest.fixture
def reference(workspace, study_id, person, case_ids):
    """The majority of three readers; the third calls every third site higher and cannot grade the last."""
    for number in range(3):
        reader = person(Role.READER, f"reader {number}")
        for case, case_id in enumerate(case_ids):
            read = open_read(workspace, reader, case_id)
            for index, site in enumerate(SITES):
                raised = number == 2 and index % 3 == 0
                answer = Answer(site=site, grade=Grade(min((case + index) % 4 + raised, 3)))
                if number == 2 and index == len(SITES) - 1:
                    answer = Answer(site=site, not_gradable=NotGradable.POOR_QUALITY)
                record_answer(workspace, reader, read.read_id, answer, idempotency_key=f"{index}")
            sign_read(workspace, reader, read.read_id, PASSWORD)
    return make_majority_reference(workspace, OPERATOR, study_id)


@pytest.fixture
def report(workspace, study_id, reference):
    return study_report(workspace, OPERATOR, study_id, resamples=200)


def test_the_numbers_of_the_report_are_those_of_the_page(workspace, study_id, report) -> None:
    results = study_results(workspace, OPERATOR, study_id, resamples=200)
    tables = {
        block.anchor: block
        for block in document_of(report, Texts(Language.ENGLISH)).blocks
        if isinstance(block, Table)
    }
    for anchor, measures in (("tab:binary", BINARY), ("tab:graded", GRADED), ("tab:kappa", KAPPAS)):
        told = {}
        for row in tables[anchor].rows:
            if len(row) == 1:
                condition = row[0]
            else:
                told[condition, row[0]] = [cell.split(", ")[0] for cell in row[-3:]]
        for own in results.conditions:
            for rater in own.raters:
                shown = [
                    rater.figures[measure].text.replace("-0.00", "0.00").replace("-", "−")
                    for measure in measures
                ]
                assert told[own.condition.label, rater.name] == shown


@pytest.fixture
def second_arm(workspace, study_id, reference, case_ids):
    """Each reader read all again 'with the model' and took its grade, 2, at a fourth of the sites."""
    with workspace.store.read() as tx:
        readers = [rater for rater in studies.study_raters(tx, study_id) if rater.kind is RaterKind.READER]
        first = {(r.rater_id, r.case_id, r.site): r for r in ratings.study_ratings(tx, study_id)}
    now = workspace.now()
    with workspace.store.write() as tx:
        for number, rater in enumerate(readers):
            for case, case_id in enumerate(case_ids):
                read_id = reads.add_read(tx, case_id=case_id, rater_id=rater.id, arm="with the model", at=now)
                answers = []
                for place, site in enumerate(SITES):
                    own = first[rater.id, case_id, site]
                    grade = Grade.MODERATE if (place + 2 * case + number) % 4 == 1 else own.grade
                    if grade is not None:
                        answers.append(Answer(site=site, grade=grade))
                reads.add_answers(tx, reads.get_read(tx, read_id), answers, at=now)
    return "with the model"


def _tables(report) -> dict[str, Table]:
    blocks = document_of(report, Texts(Language.ENGLISH)).blocks
    return {block.anchor: block for block in blocks if isinstance(block, Table)}


def _grouped(table: Table) -> dict[str, list[tuple[str, ...]]]:
    """The rows of each condition."""
    found, condition = {}, ""
    for row in table.rows:
        if len(row) == 1:
            condition = row[0]
        else:
            found.setdefault(condition, []).append(row)
    return found


def _plain(text: str) -> str:
    return text.replace("−", "-").replace("–", "-")


def test_two_arms_in_the_report_are_those_of_the_comparison(workspace, study_id, second_arm) -> None:
    report = study_report(workspace, OPERATOR, study_id, resamples=200, margin=0.1)
    assert (report.arm, report.arms) == ("unaided", ("unaided", "with the model"))
    data = study_data(workspace, OPERATOR, study_id)
    tables = _tables(report)
    tested, slopes = _grouped(tables["tab:arms"]), _grouped(tables["tab:slopes"])
    changed = _grouped(tables["tab:overrides"])
    compared: list[Compared] = []
    for condition in Condition:
        selection = Selection(condition=condition, arm="unaided")
        rows = tested[condition.label]
        for column, (figure, row) in enumerate(zip(Compared, rows, strict=True)):
            own = compare_arms(data, selection, figure)
            assert row[1] == str(own.units)
            analysis = own.tests.get(Fixed.NONE) or own.tests.get(Fixed.READERS)
            if analysis is None:
                assert row[4] == own.refusals[Fixed.NONE]
                continue
            compared.append(figure)
            (test,) = analysis.differences
            assert _plain(row[4]).removesuffix(" †") == _plain(difference_text(test.estimate, 2))
            assert row[6] == p_text(test.p_value)
            assert row[7] == p_text(test.noninferiority(0.1).p_value)
            for reader, cells in zip(own.values, slopes[condition.label], strict=True):
                first, second = own.values[reader]
                assert cells[0] == reader
                assert cells[column + 1].removesuffix(" ↓") == f"{first:.2f} → {second:.2f}"
        found = overrides(data, selection)
        for before, row in zip(BEFORE, changed[condition.label], strict=True):
            assert row[1:] == tuple(
                f"{found.counts.get((before, after), 0)} ({found.right.get((before, after), 0)} right)"
                for after in AFTER
            )
    assert len(set(compared)) >= 3  # of the fourth the refusal was compared


def test_the_model_s_tests_pooled_counts_and_calibration_are_those_of_the_pages(
    workspace, study_id, report
) -> None:
    data, tables = study_data(workspace, OPERATOR, study_id), _tables(report)
    tests = standalone_tests(data, Selection(condition=Condition.CENTRAL))
    margins = {fixed: non_inferiority(tests, fixed, report.margin) for fixed in Fixed}
    told = [row for rows in _grouped(tables["tab:tests"]).values() for row in rows]
    for place, (row, own) in enumerate(zip(told, tests, strict=True)):
        fixed = Fixed.NONE if Fixed.NONE in own.tests else Fixed.READERS
        if fixed in own.tests:
            assert _plain(row[4]).removesuffix(" †") == _plain(difference_text(own.tests[fixed].estimate, 2))
            assert row[6:] == (
                p_text(own.tests[fixed].p_value), p_text(own.p_holm[fixed]), p_text(margins[fixed][place]),
            )  # fmt: skip
    for part in report.conditions:
        selection = Selection(condition=part.condition)
        n, figures = pooled_readers(data, selection, resamples=200)
        pooled = next(r for r in _grouped(tables["tab:binary"])[part.condition.label] if r[0] == POOLED_NAME)
        assert pooled[1] == str(n)
        assert pooled[4] == figures[Measure.SENSITIVITY].text
        (calibration,) = calibrations(data, selection, resamples=200)
        (told_of,) = part.calibrations
        assert told_of.bins == calibration.bins
        assert (told_of.sites, told_of.graded) == (calibration.coverage.sites, calibration.coverage.graded)
        for (_, number, _), name in zip(told_of.scores, SCORES, strict=True):
            assert number.value == calibration.scores[name].value


def test_a_report_of_another_arm_has_its_answers_and_one_of_an_unknown_arm_is_refused(
    workspace, study_id, second_arm
) -> None:
    other = study_report(workspace, OPERATOR, study_id, resamples=200, arm=second_arm)
    first = study_report(workspace, OPERATOR, study_id, resamples=200)
    assert other.arm == second_arm
    results = study_results(workspace, OPERATOR, study_id, resamples=200, arm=second_arm)
    for part, own, before in zip(other.conditions, results.conditions, first.conditions, strict=True):
        assert [r.confusion for r in part.raters] == [r.confusion for r in own.raters]
        assert [r.confusion for r in part.raters] != [r.confusion for r in before.raters]
        assert part.arms == before.arms
    with pytest.raises(StatisticsError, match=r"nobody has read in the arm 'third'.*Name one of 'unaided'"):
        study_report(workspace, OPERATOR, study_id, arm="third")


def test_the_panels_and_the_confusion_matrices_are_those_of_the_page(workspace, study_id, report) -> None:
    results = study_results(workspace, OPERATOR, study_id, resamples=200)
    for own, condition in zip(report.conditions, results.conditions, strict=True):
        assert [p.alpha.value for p in own.panels] == [p.alpha.value for p in condition.panels]
        assert [r.confusion for r in own.raters] == [r.confusion for r in condition.raters]


def test_the_digest_is_of_the_data_that_anyone_may_write(workspace, study_id, report) -> None:
    text = report_data(workspace, OPERATOR, study_id)
    assert hashlib.sha256(text.encode()).hexdigest() == report.data_sha256
    assert text.startswith("case,site,rater,kind,arm,grade,not_gradable,p0,p1,p2,p3\n")
    assert text.count("\n") - 1 == report.data_rows == 4 * 25 * 5


def test_one_more_answer_makes_another_digest(workspace, study_id, report, person, case_ids) -> None:
    late = person(Role.READER, "late reader")
    read = open_read(workspace, late, case_ids[0])
    answer = Answer(site=SITES[0], grade=Grade.MILD)
    record_answer(workspace, late, read.read_id, answer, idempotency_key="late")
    assert study_report(workspace, OPERATOR, study_id, resamples=200).data_sha256 != report.data_sha256


def test_who_gave_not_a_single_answer_is_in_no_table_and_counted(
    workspace, study_id, reference, person, case_ids
) -> None:
    idle = person(Role.READER, "idle reader")
    open_read(workspace, idle, case_ids[0])
    begun = person(Role.READER, "reader who began")
    read = open_read(workspace, begun, case_ids[0])
    answer = Answer(site=SITES[0], not_gradable=NotGradable.POOR_QUALITY)
    record_answer(workspace, begun, read.read_id, answer, idempotency_key="begun")
    results = study_results(workspace, OPERATOR, study_id, resamples=200)
    assert {rater.name for rater in results.conditions[0].raters} >= {"Idle Reader", "Reader Who Began"}
    made = study_report(workspace, OPERATOR, study_id, resamples=200)
    assert made.silent == 1
    assert "Idle Reader" not in str(document_of(made, Texts(Language.ENGLISH)))
    assert "Idle Reader" not in {reader.name for reader in made.readers}
    for part in made.conditions:
        assert "Reader Who Began" in {rater.name for rater in part.raters}
    places = {rater.name: rater.place for rater in made.conditions[0].raters}
    shown = [r.name for r in results.conditions[0].raters if r.kind.value == "reader" and not r.is_mean]
    assert places["Reader Who Began"] == shown.index("Reader Who Began")  # his mark is that of the page


def test_where_all_have_answered_nobody_is_silent_and_one_arm_is_not_named(report) -> None:
    assert (report.silent, report.arm) == (0, "")


def test_a_report_is_named_after_study_day_and_language_and_is_on_record(
    workspace, study_id, reference
) -> None:
    made = write_report(workspace, OPERATOR, study_id, kind=Format.HTML, language=Language.RUSSIAN)
    assert made.name.startswith(f"report-{study_id}-")
    assert made.name.endswith("-ru.html")
    assert made.mime == "text/html"
    with workspace.store.read() as tx:
        entry = audit.entries(tx, subject=study_id)[-1]
    assert (entry.act, entry.details["format"]) == ("report.write", "html")


def test_a_bundle_that_is_not_installed_is_not_quoted(report) -> None:
    assert [(bundle.name, bundle.found) for bundle in report.bundles] == [("test-bundle", False)]


def test_without_a_reference_there_is_no_report(workspace, study_id, case_ids) -> None:
    with pytest.raises(StatisticsError, match=r"the study has no reference standard yet\. A coordinator"):
        write_report(workspace, OPERATOR, study_id, kind=Format.HTML)


def test_an_unknown_study_is_refused(workspace, study_id, reference) -> None:
    with pytest.raises(NotFoundError):
        write_report(workspace, OPERATOR, "ST-NONE", kind=Format.HTML)


def test_a_reader_gets_no_report(workspace, study_id, reference, person) -> None:
    reader = replace(person(Role.READER, "curious reader"))
    with pytest.raises(AccessError):
        write_report(workspace, reader, study_id, kind=Format.HTML)

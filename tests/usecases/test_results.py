from __future__ import annotations

import csv
import io

import pytest

from lss_core.domain import SITES, Answer, Condition, Grade, NotGradable, Role, Verdict
from lss_core.errors import AccessError, NotFoundError, StatisticsError
from lss_core.store import cases, ratings, reads
from lss_core.usecases import runs
from lss_core.usecases.analysis import MEAN_READER
from lss_core.usecases.cases import delete_case, list_cases
from lss_core.usecases.figures import Measure
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import add_reference, make_majority_reference
from lss_core.usecases.result_cases import unit_rows
from lss_core.usecases.result_data import Selection, study_data
from lss_core.usecases.result_flow import study_flow
from lss_core.usecases.result_times import reading_times
from lss_core.usecases.results import COLUMNS, results_csv, study_results
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import PASSWORD, make_dicom_study, make_findings


def _true_grade(case: int, site: int) -> Grade:
    return Grade((case + site) % 4)


@pytest.fixture
def case_ids(workspace, study_id, import_studies) -> list[str]:
    """Four cases, the first of which a model graded 2 everywhere."""
    import_studies(*(make_dicom_study(f"study {number}") for number in range(3)))
    found = [case.case_id for case in list_cases(workspace, OPERATOR, study_id)]
    run = runs.start_run(workspace, OPERATOR, found[0], bundle="test-bundle")
    runs.save_run(workspace, OPERATOR, run, make_findings(), {})
    return found


@pytest.fixture
def panel(workspace, person, case_ids):
    """Three readers; the third calls every third site one grade higher and cannot grade the last."""
    readers = [person(Role.READER, f"reader {number}") for number in range(3)]
    for number, reader in enumerate(readers):
        for case, case_id in enumerate(case_ids):
            read = open_read(workspace, reader, case_id)
            for index, site in enumerate(SITES):
                raised = number == 2 and index % 3 == 0
                answer = Answer(site=site, grade=Grade(min(_true_grade(case, index) + raised, 3)))
                if number == 2 and index == len(SITES) - 1:
                    answer = Answer(site=site, not_gradable=NotGradable.POOR_QUALITY)
                record_answer(workspace, reader, read.read_id, answer, idempotency_key=f"{index}")
            sign_read(workspace, reader, read.read_id, PASSWORD)
    return readers


@pytest.fixture
def results(workspace, study_id, panel):
    make_majority_reference(workspace, OPERATOR, study_id)
    return study_results(workspace, OPERATOR, study_id, resamples=200)


def _rater(results, name: str, condition: Condition = Condition.FORAMINAL):
    found = next(own for own in results.conditions if own.condition is condition)
    return next(rater for rater in found.raters if rater.name.lower() == name.lower())


def test_raters_stand_against_the_newest_majority_reference(results, case_ids) -> None:
    assert (results.reference.version, results.readers_make_reference, results.unreferenced) == (1, True, 0)
    assert [condition.units for condition in results.conditions] == [20, 40, 40]
    exact, raised = _rater(results, "reader 0"), _rater(results, "reader 2")
    assert exact.figures[Measure.KAPPA_GRADED].value == 1
    assert raised.figures[Measure.KAPPA_GRADED].value < 1
    assert (raised.n, raised.not_gradable, raised.missing) == (36, 4, 0)
    assert _rater(results, MEAN_READER).is_mean


def test_a_model_that_has_graded_one_case_of_four_is_missing_at_the_rest(results) -> None:
    model = _rater(results, "test-bundle")
    assert (model.n, model.not_gradable, model.missing) == (9, 1, 30)
    assert model.curve is not None


def test_the_adjudicators_word_is_no_readers(workspace, study_id, panel, results) -> None:
    names = {rater.name.lower() for condition in results.conditions for rater in condition.raters}
    assert names == {"test-bundle", "mean reader", "reader 0", "reader 1", "reader 2"}


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others(workspace, study_id, results) -> None:
    again = study_results(workspace, OPERATOR, study_id, resamples=200)
    other = study_results(workspace, OPERATOR, study_id, resamples=200, seed=1)
    assert again.conditions is results.conditions
    assert other.conditions != results.conditions
    assert other.conditions[0].raters[0].n == results.conditions[0].raters[0].n


def test_an_answer_makes_new_results_before_its_read_is_submitted(
    workspace, study_id, case_ids, person, results
) -> None:
    guest = person(Role.READER, "guest", in_panel=False)
    with workspace.store.read() as tx:
        before = ratings.data_version(tx, study_id)
    read = open_read(workspace, guest, case_ids[0])
    given = Answer(site=SITES[0], grade=Grade.SEVERE)
    record_answer(workspace, guest, read.read_id, given, idempotency_key="given")
    with workspace.store.read() as tx:
        assert ratings.data_version(tx, study_id) != before
    after = study_results(workspace, OPERATOR, study_id, resamples=200)
    assert _rater(after, "guest", Condition.CENTRAL).n == 1


def test_a_reference_from_outside_does_not_favour_the_readers(workspace, study_id, case_ids, panel) -> None:
    truth = {
        case_id: {site: _true_grade(case, index) for index, site in enumerate(SITES[:5])}
        for case, case_id in enumerate(case_ids)
    }
    reference = add_reference(workspace, OPERATOR, study_id, name="Surgery", grades=truth)
    results = study_results(workspace, OPERATOR, study_id, reference_id=reference.id, resamples=50)
    assert not results.readers_make_reference
    assert results.unreferenced == 4 * 20
    assert [condition.condition for condition in results.conditions] == [Condition.CENTRAL]


def test_the_table_downloads_with_every_figure_and_its_refusal(results) -> None:
    rows = list(csv.DictReader(io.StringIO(results_csv(results))))
    assert tuple(rows[0]) == COLUMNS
    figure = _rater(results, "reader 2").figures[Measure.SENSITIVITY]
    (row,) = (
        row
        for row in rows
        if (row["condition"], row["rater"].lower(), row["statistic"])
        == ("foraminal", "reader 2", "sensitivity")
    )
    assert float(row["value"]) == figure.value
    assert (float(row["low"]), int(row["n"])) == (figure.interval.low, figure.interval.n)
    assert (row["reference"], row["resamples"]) == ("Majority of the panel v1", "200")
    exact = [row for row in rows if row["rater"].lower() == "reader 0" and row["statistic"] == "kappa_graded"]
    assert {row["note"] for row in exact} == {"no interval: it is the same in every resample of the patients"}
    assert {row["statistic"] for row in rows if row["kind"] == "panel"} == {
        "fleiss_kappa",
        "krippendorff_alpha_ordinal",
    }


def test_a_study_without_a_reference_is_refused(workspace, study_id, case_id) -> None:
    with pytest.raises(StatisticsError, match="no reference standard yet"):
        study_results(workspace, OPERATOR, study_id)
    with pytest.raises(NotFoundError):
        study_results(workspace, OPERATOR, "ST-NONE")
    truth = {case_id: {SITES[0]: Grade.NONE}}
    add_reference(workspace, OPERATOR, study_id, name="Surgery", grades=truth)
    with pytest.raises(NotFoundError, match="no such reference standard"):
        study_results(workspace, OPERATOR, study_id, reference_id="REF-NONE")


def test_a_reader_sees_no_results(workspace, study_id, person) -> None:
    with pytest.raises(AccessError):
        study_results(workspace, person(Role.READER), study_id)


def test_the_flow_counts_every_step_from_import_to_the_model_s_answers(
    workspace, study_id, case_ids, panel, results
) -> None:
    data = study_data(workspace, OPERATOR, study_id)
    flow = study_flow(workspace, OPERATOR, data, Selection(condition=Condition.FORAMINAL))
    assert [(step.count, step.unit) for step in flow.steps] == [
        (4, "case"),
        (4, "case"),
        (40, "site"),
        (40, "site"),
    ]
    assert flow.steps[1].notes == (("graded by the model", 1), ("opened by a reader", 4))
    assert sum(own.units for own in flow.outcomes) == 40
    assert sum(own.none for own in flow.outcomes) == 31  # three cases, and one site of the first
    assert [(name, graded, refused, missing) for name, graded, refused, missing in flow.readers] == [
        ("Reader 0", 40, 0, 0), ("Reader 1", 40, 0, 0), ("Reader 2", 36, 4, 0),
    ]  # fmt: skip


def test_a_second_arm_has_its_own_answers_and_the_newest_count_by_default(
    workspace, study_id, case_ids, panel, results
) -> None:
    now = workspace.now()
    with workspace.store.write() as tx:
        read_id = reads.add_read(tx, case_id=case_ids[0], rater_id=panel[0].rater_id, arm="aided", at=now)
        changed = [Answer(site=SITES[0], grade=Grade.SEVERE)]
        reads.add_answers(tx, reads.get_read(tx, read_id), changed, at=now)
    data = study_data(workspace, OPERATOR, study_id)
    assert data.arms == ("unaided", "aided")
    place = data.sites.index((case_ids[0], SITES[0]))
    answers = {
        arm: next(r.grades[place] for r in table.raters if r.name == "Reader 0")
        for arm, table in data.tables.items()
    }
    assert answers == {"": 3, "aided": 3, "unaided": int(_true_grade(0, 0))}


def test_a_deleted_case_makes_another_version_of_the_data(workspace, study_id, case_ids, panel) -> None:
    with workspace.store.read() as tx:
        before = ratings.data_version(tx, study_id)
        assert cases.deleted_cases(tx) == 0
    delete_case(workspace, OPERATOR, case_ids[-1], "withdrawn")
    with workspace.store.read() as tx:
        assert ratings.data_version(tx, study_id)[2] == before[2] + 1
        assert cases.deleted_cases(tx) == 1


def test_the_flow_counts_the_files_that_were_left_out_on_import(workspace, study_id, panel, results) -> None:
    for verdict, files in ((Verdict.REFUSED, 2), (Verdict.REFUSED, 1), (Verdict.SKIPPED, 4)):
        with workspace.store.write() as tx:
            cases.count_files(tx, study_id, at=workspace.now(), files={(verdict, "damaged"): files})
    data = study_data(workspace, OPERATOR, study_id)
    first = study_flow(workspace, OPERATOR, data, Selection(condition=Condition.FORAMINAL)).steps[0]
    assert ("files refused", 3) in first.left
    assert ("files skipped", 4) in first.left


def test_a_reader_has_no_way_to_data_flow_or_times(workspace, study_id, panel, results) -> None:
    data = study_data(workspace, OPERATOR, study_id)
    selection = Selection(condition=Condition.CENTRAL)
    for ask in (
        lambda user: study_data(workspace, user, study_id),
        lambda user: study_flow(workspace, user, data, selection),
        lambda user: reading_times(workspace, user, study_id, ()),
    ):
        with pytest.raises(AccessError):
            ask(panel[0])
    assert len(reading_times(workspace, OPERATOR, study_id, unit_rows(data, selection)).sittings) == 12

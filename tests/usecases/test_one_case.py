"""Results of a study with one case: figures without intervals, and the reason why."""

from __future__ import annotations

import pytest

from lss_core.domain import SITES, Answer, Condition, Grade, Role
from lss_core.errors import StatisticsError
from lss_core.stats.resample import TOO_FEW
from lss_core.usecases.cases import delete_case
from lss_core.usecases.figures import Measure
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import make_majority_reference
from lss_core.usecases.result_agreement import Weights, agreement_matrix, panel_figures
from lss_core.usecases.result_data import Selection, study_data
from lss_core.usecases.result_differences import difference_rows
from lss_core.usecases.result_roc import roc_bands
from lss_core.usecases.results import condition_result, study_results
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import PASSWORD

SELECTION = Selection(condition=Condition.FORAMINAL)


@pytest.fixture
def data(workspace, study_id, case_id, model_run, person):
    """Two readers of one mind, a third who is a grade higher at every third site, a guest, a model."""
    readers = [person(Role.READER, f"reader {number}") for number in range(3)]
    person(Role.READER, "guest", in_panel=False)
    for number, reader in enumerate(readers):
        read = open_read(workspace, reader)
        for index, site in enumerate(SITES):
            grade = Grade(min(index % 4 + (number == 2 and index % 3 == 0), 3))
            answer = Answer(site=site, grade=grade)
            record_answer(workspace, reader, read.read_id, answer, idempotency_key=site.key)
        sign_read(workspace, reader, read.read_id, PASSWORD)
    make_majority_reference(workspace, OPERATOR, study_id)
    return study_data(workspace, OPERATOR, study_id)


def test_the_figures_of_one_case_stand_without_intervals_and_say_why(workspace, study_id, data) -> None:
    shown = condition_result(data, SELECTION)
    whole = study_results(workspace, OPERATOR, study_id).conditions
    assert shown.cases == 1
    assert [one.condition for one in whole] == list(Condition)
    for result in (shown, *whole):
        for rater in result.raters:
            for figure in rater.figures.values():
                assert figure.interval is None
                assert figure.refusal == TOO_FEW or figure.value is None
    third = next(rater for rater in shown.raters if rater.name == "Reader 2")
    kappa = third.figures[Measure.KAPPA_GRADED]
    assert kappa.value is not None
    assert kappa.text.endswith("(no interval)")


def test_every_view_of_one_case_has_its_values_without_intervals(data) -> None:
    assert roc_bands(data, SELECTION) == {}
    pairs = agreement_matrix(data, SELECTION, next(iter(Weights))).pairs
    assert all(pair.kappa.interval is None for pair in pairs.values())
    assert any(pair.kappa.value is not None for pair in pairs.values())
    assert all(figure.interval is None for _, figure in panel_figures(data, SELECTION))
    assert all(row.figure.refusal for row in difference_rows(data, SELECTION))


def test_a_reference_whose_only_case_was_deleted_is_refused(workspace, study_id, case_id, data) -> None:
    delete_case(workspace, OPERATOR, case_id, "consent withdrawn")
    with pytest.raises(StatisticsError, match="the reference's cases are deleted"):
        study_data(workspace, OPERATOR, study_id)


def test_a_rater_without_ratings_is_told_apart_from_a_reference_of_one_grade(data) -> None:
    guest = next(rater for rater in condition_result(data, SELECTION).raters if rater.name == "Guest")
    for measure in (Measure.AUC, Measure.WEIGHTED_AUC, Measure.WEIGHTED_SENSITIVITY):
        assert guest.figures[measure].refusal == "there is no unit with both a rating and a reference"

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from lss_core.domain import SITES, Answer, Grade, NotGradable, Role
from lss_core.errors import AccessError, ConflictError, NotFoundError
from lss_core.store import ratings
from lss_core.store import tables as t
from lss_core.usecases.due import reads_of
from lss_core.usecases.reading import next_case, open_read, record_answer
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import PASSWORD, grades, make_dicom_study

SITE = SITES[0]


def _answer_all(workspace, user, read_id, value=1):
    for number, answer in enumerate(grades(value)):
        record_answer(workspace, user, read_id, answer, idempotency_key=f"all-{number}")


def _rows(workspace):
    with workspace.store.read() as tx:
        return tx.scalar(sa.select(sa.func.count()).select_from(t.ratings))


def test_a_read_is_resumed_with_the_answers_given_before(workspace, person, case_id):
    reader = person(Role.READER)
    read = open_read(workspace, reader)
    assert (read.case_id, dict(read.answers), read.submitted) == (case_id, {}, False)
    answer = Answer(site=SITE, not_gradable=NotGradable.OTHER, confidence=0.5, note="metal")
    record_answer(workspace, reader, read.read_id, answer, idempotency_key="1")
    again = open_read(workspace, reader, case_id)
    assert again.read_id == read.read_id
    assert again.answers == {SITE.key: answer}


def test_the_newest_answer_counts_and_the_earlier_stays(workspace, person, study_id, case_id):
    reader = person(Role.READER)
    read = open_read(workspace, reader)
    for key, grade in enumerate((3, 0, 2)):
        answer = Answer(site=SITE, grade=Grade(grade))
        record_answer(workspace, reader, read.read_id, answer, idempotency_key=str(key))
    assert open_read(workspace, reader).answers[SITE.key].grade is Grade.MODERATE
    assert _rows(workspace) == 3
    with workspace.store.read() as tx:
        (row,) = ratings.study_ratings(tx, study_id)
    assert (row.grade, row.rater_id, row.arm) == (Grade.MODERATE, reader.rater_id, "unaided")


def test_the_same_key_twice_adds_one_row_and_never_another_answer(workspace, person, case_id):
    reader = person(Role.READER)
    read_id = open_read(workspace, reader).read_id
    answer = Answer(site=SITE, grade=Grade(1))
    for _ in range(2):
        record_answer(workspace, reader, read_id, answer, idempotency_key="same")
    assert _rows(workspace) == 1
    with pytest.raises(ConflictError, match="key was used for another answer"):
        record_answer(workspace, reader, read_id, Answer(site=SITE, grade=Grade(2)), idempotency_key="same")


def test_answers_given_at_once_are_all_kept(workspace, person, case_id):
    reader = person(Role.READER)
    read_id = open_read(workspace, reader).read_id

    def give(number: int) -> None:
        record_answer(workspace, reader, read_id, grades(2)[number], idempotency_key=f"{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(give, range(25)))
    assert len(open_read(workspace, reader).answers) == 25


def test_a_double_click_begins_one_sitting(workspace, person, case_id):
    reader = person(Role.READER)
    with ThreadPoolExecutor(4) as pool:
        ids = {read.read_id for read in pool.map(lambda _: open_read(workspace, reader, case_id), range(8))}
    assert len(ids) == 1


def test_a_submitted_read_is_closed_for_good(workspace, person, case_id):
    reader = person(Role.READER)
    read_id = open_read(workspace, reader).read_id
    with pytest.raises(ConflictError, match="25 of 25 sites have no answer"):
        sign_read(workspace, reader, read_id, PASSWORD)
    _answer_all(workspace, reader, read_id)
    sign_read(workspace, reader, read_id, PASSWORD)
    sign_read(workspace, reader, read_id, PASSWORD)
    with pytest.raises(ConflictError, match="this read is submitted"):
        record_answer(workspace, reader, read_id, grades(0)[0], idempotency_key="late")
    assert open_read(workspace, reader, case_id).submitted
    assert next_case(workspace, reader) is None
    with pytest.raises(NotFoundError, match="no case is left"):
        open_read(workspace, reader)


def test_each_reader_has_his_own_lasting_order_and_the_case_begun_comes_first(
    workspace, person, case_id, import_studies
):
    import_studies(*(make_dicom_study(f"study {n}") for n in range(7)))
    readers = [person(Role.READER, f"reader {n}") for n in range(4)]
    orders = [[read.case_id for read in reads_of(workspace, reader)] for reader in readers]
    assert len({tuple(order) for order in orders}) > 1
    assert len({frozenset(order) for order in orders}) == 1
    assert [read.case_id for read in reads_of(workspace, readers[0])] == orders[0]
    begun = orders[0][3]
    open_read(workspace, readers[0], begun)
    assert next_case(workspace, readers[0]) == begun
    assert [read.read_id is not None for read in reads_of(workspace, readers[0])].index(True) == 3


def test_a_reader_answers_in_his_own_reads_only(workspace, person, case_id):
    one, other = person(Role.READER, "one"), person(Role.READER, "other")
    read_id = open_read(workspace, one).read_id
    with pytest.raises(AccessError, match="another reader's"):
        record_answer(workspace, other, read_id, grades(1)[0], idempotency_key="1")
    with pytest.raises(AccessError, match="another reader's"):
        sign_read(workspace, other, read_id, PASSWORD)
    assert open_read(workspace, other).answers == {}


@pytest.mark.parametrize("role", [Role.ADJUDICATOR, Role.COORDINATOR, Role.STATISTICIAN])
def test_only_readers_read(workspace, person, case_id, role):
    user = person(role)
    with pytest.raises(AccessError, match="this is for readers"):
        open_read(workspace, user, case_id)
    with pytest.raises(AccessError, match="this is for readers"):
        reads_of(workspace, OPERATOR)

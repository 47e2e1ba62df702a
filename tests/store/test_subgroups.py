"""What results need of cases and reads to make subgroups."""

from __future__ import annotations

from lss_core.domain import SITES, Answer, Grade, RaterKind, SeriesRole
from lss_core.store import cases, ratings, reads, studies
from lss_core.store.cases import NewSeries
from lss_core.store.values import SeriesSummary


def series(number: int, **attributes: str) -> NewSeries:
    summary = SeriesSummary(id=f"S-{number}", role=SeriesRole.AXIAL_T2, slices=1, rows=2, columns=2)
    return NewSeries(uid=f"u{number}", summary=summary, attributes=attributes, instances=())


def study_of(tx, at, *own: NewSeries) -> str:
    study = studies.add_study(tx, title="Study", synthetic=True, at=at)
    cases.add_case(tx, case_id="C-1", study_id=study, uid="u", digest="d", at=at, series=own)
    return study


def test_a_case_has_the_attributes_that_its_series_agree_on(workspace) -> None:
    with workspace.store.write() as tx:
        own = (series(1, Manufacturer="GE", EchoTime="90"), series(2, Manufacturer="GE", EchoTime="10"))
        study = study_of(tx, workspace.now(), *own)
    with workspace.store.read() as tx:
        assert cases.case_attributes(tx, study) == {"C-1": {"Manufacturer": "GE"}}


def test_each_session_has_its_newest_answer(workspace) -> None:
    at = workspace.now()
    with workspace.store.write() as tx:
        study = study_of(tx, at)
        rater = studies.add_rater(tx, name="Anna", kind=RaterKind.READER)
        studies.join_study(tx, study_id=study, rater_id=rater, part=RaterKind.READER, in_panel=False)
        for session, grade in ((1, 0), (2, 3)):
            read = reads.add_read(tx, case_id="C-1", rater_id=rater, arm="unaided", at=at, session=session)
            answer = Answer(site=SITES[0], grade=Grade(grade))
            reads.add_answer(tx, reads.get_read(tx, read), answer, key="1", at=at)
    with workspace.store.read() as tx:
        assert [row.grade for row in ratings.study_ratings(tx, study)] == [3]
        found = ratings.study_ratings(tx, study, by_session=True)
    assert sorted((row.session, row.grade) for row in found) == [(1, 0), (2, 3)]

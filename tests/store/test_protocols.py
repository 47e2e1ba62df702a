from __future__ import annotations

import pytest

from lss_core.domain import RaterKind
from lss_core.store import cases, protocols, studies
from lss_core.store.values import Assignment, AssignmentKind
from lss_core.study.protocol import Protocol, sha256


@pytest.fixture
def study(workspace):
    """A study with a reader and three cases: (study id, rater id)."""
    at = workspace.now()
    with workspace.store.write() as tx:
        study_id = studies.add_study(tx, title="Study", synthetic=True, at=at)
        rater_id = studies.add_rater(tx, name="Reader", kind=RaterKind.READER)
        studies.join_study(tx, study_id=study_id, rater_id=rater_id, part=RaterKind.READER)
        for number in "123":
            cases.add_case(
                tx, case_id=f"C-{number}", study_id=study_id, uid=number, digest="d", at=at, series=()
            )
    return study_id, rater_id


def test_a_draft_changes_and_a_locked_version_is_the_live_one(workspace, study):
    study_id, _ = study
    at = workspace.now()
    with workspace.store.write() as tx:
        first = protocols.add_draft(tx, study_id, Protocol(seed=1), reason="", actor="x", at=at)
        protocols.change_draft(tx, first, Protocol(seed=2), reason="")
        assert protocols.live_protocol(tx, study_id) is None
        digest = protocols.lock(tx, first, Protocol(seed=2), actor="x", at=at)
        protocols.add_draft(tx, study_id, Protocol(seed=3), reason="more cases", actor="x", at=at)
    with workspace.store.read() as tx:
        live = protocols.live_protocol(tx, study_id)
        newest = protocols.versions(tx, study_id)[-1]
    assert live is not None
    assert (live.version, live.protocol.seed, live.sha256) == (1, 2, sha256(Protocol(seed=2)))
    assert digest == live.sha256
    assert (newest.version, newest.reason, newest.locked_at) == (2, "more cases", None)


def test_what_was_drawn_comes_back_in_its_order_without_what_a_newer_version_ended(workspace, study):
    study_id, rater_id = study
    at = workspace.now()
    with workspace.store.write() as tx:
        version = protocols.add_draft(tx, study_id, Protocol(), reason="", actor="x", at=at)
        drawn = [
            Assignment(
                id=f"AS-{place}",
                protocol_id=version,
                rater_id=rater_id,
                case_id=f"C-{4 - place}",
                session=1,
                position=place,
                arm="unaided",
                kind=AssignmentKind.TEST,
            )
            for place in (3, 1, 2)
        ]
        protocols.add_assignments(tx, drawn)
        protocols.end_assignments(tx, ["AS-2"], protocol_id=version)
    with workspace.store.read() as tx:
        found = protocols.study_assignments(tx, study_id)
        assert found == protocols.study_assignments(tx, study_id, rater_id=rater_id)
        assert protocols.study_assignments(tx, study_id, rater_id="R-other") == ()
    assert [(one.position, one.case_id) for one in found] == [(1, "C-3"), (3, "C-1")]

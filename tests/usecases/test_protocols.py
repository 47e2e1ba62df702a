from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from lss_core.domain import RaterKind, Role
from lss_core.errors import AccessError, ConflictError, ProtocolError, StoreError
from lss_core.store import audit, protocols, reads, studies
from lss_core.study.protocol import (
    PANEL_ARM,
    SCHEME,
    Arm,
    ArmKind,
    Design,
    Protocol,
    Questions,
    ReferenceSource,
    sha256,
)
from lss_core.usecases.accounts import disable_user
from lss_core.usecases.cases import delete_case, list_cases, list_studies
from lss_core.usecases.corrections import withdraw_case
from lss_core.usecases.due import reads_of
from lss_core.usecases.people import remove_member, set_role
from lss_core.usecases.protocol_toml import define_study, from_toml, load_draft, to_toml
from lss_core.usecases.protocols import allow_session, check_protocol, go_live, protocol_state, save_draft
from lss_core.usecases.reading import open_read
from lss_core.usecases.users import OPERATOR

from ..study.test_protocol import protocols as any_protocol
from .conftest import make_dicom_study

TWO = Protocol(
    arms=(Arm(name="alone", kind=ArmKind.UNAIDED), Arm(name="again", kind=ArmKind.UNAIDED)), seed=7
)


def live(workspace, study_id, protocol=TWO, **known):
    save_draft(workspace, OPERATOR, study_id, protocol, **known)
    return go_live(workspace, OPERATOR, study_id, seen_sha256=sha256(protocol))


def assigned(workspace, study_id, person=None):
    with workspace.store.read() as tx:
        rater = None if person is None else person.rater_id
        return protocols.study_assignments(tx, study_id, rater_id=rater)


def subjects(workspace, study_id, protocol, *, blocks=True):
    found = check_protocol(workspace, OPERATOR, study_id, protocol)
    return [str(one.subject) for one in found if one.blocks == blocks]


@pytest.fixture
def three_cases(import_studies, study_id, workspace):
    import_studies(make_dicom_study("second"))
    import_studies(make_dicom_study("third"))
    return [case.case_id for case in list_cases(workspace, OPERATOR, study_id)]


def test_going_live_locks_the_draft_and_assigns_each_case_once_an_arm(
    workspace, study_id, three_cases, person
):
    reader = person(Role.READER)
    version = live(workspace, study_id)
    assert (version.version, version.sha256, version.locked_by) == (1, sha256(TWO), OPERATOR.id)
    own = assigned(workspace, study_id, reader)
    assert sorted((one.case_id, one.arm) for one in own) == sorted(
        (case, arm.name) for case in three_cases for arm in TWO.arms
    )
    with workspace.store.read() as tx:
        entry = audit.entries(tx, subject=study_id)[-1]
    assert (entry.act, entry.details["drawn"], entry.details["sha256"]) == (
        "protocol.lock",
        6,
        version.sha256,
    )


def test_what_goes_live_is_what_was_looked_at(workspace, study_id, person):
    person(Role.READER)
    save_draft(workspace, OPERATOR, study_id, TWO)
    with pytest.raises(ConflictError, match="not the one that was looked at"):
        go_live(workspace, OPERATOR, study_id, seen_sha256=sha256(Protocol()))
    assert protocol_state(workspace, OPERATOR, study_id).live is None


def test_a_study_without_readers_does_not_go_live(workspace, study_id):
    with pytest.raises(ProtocolError, match="nobody reads in this study"):
        live(workspace, study_id)
    assert assigned(workspace, study_id) == ()


def test_a_new_version_needs_a_reason_keeps_what_is_begun_and_assigns_the_rest(
    workspace, study_id, three_cases, person
):
    reader = person(Role.READER)
    live(workspace, study_id)
    begun = open_read(workspace, reader)
    changed = replace(TWO, wash_out_days=14)
    with pytest.raises(ProtocolError, match="a new version needs one"):
        live(workspace, study_id, changed)
    newcomer = person(Role.READER, "newcomer")
    version = live(workspace, study_id, changed, reason="a shorter wash-out")
    assert version.version == 2
    own = assigned(workspace, study_id, reader)
    assert sorted((one.case_id, one.arm) for one in own) == sorted(
        (case, arm.name) for case in three_cases for arm in TWO.arms
    )
    kept = [one for one in own if one.protocol_id != version.id]
    assert [one.case_id for one in kept] == [begun.case_id]
    assert len(assigned(workspace, study_id, newcomer)) == 6


def test_once_reading_has_begun_the_arms_stay(workspace, study_id, person):
    reader = person(Role.READER)
    live(workspace, study_id)
    other = Protocol(arms=(Arm(name="other", kind=ArmKind.UNAIDED),))
    assert "Arms and design" not in subjects(workspace, study_id, other)
    open_read(workspace, reader)
    assert "Arms and design" in subjects(workspace, study_id, other)


def test_the_panel_reads_unaided_beside_the_readers(workspace, study_id, person):
    reader = person(Role.READER, "reader", in_panel=False)
    panellist = person(Role.READER, "panellist", in_panel=True)
    live(workspace, study_id, replace(TWO, reference=ReferenceSource.PANEL))
    assert [one.arm for one in assigned(workspace, study_id, panellist)] == [PANEL_ARM.name]
    assert {one.arm for one in assigned(workspace, study_id, reader)} == {"alone", "again"}
    assert open_read(workspace, panellist).plan.aided is False


def test_the_readiness_list_names_each_thing_that_is_missing(workspace, study_id, case_id, person):
    lacking = replace(
        TWO,
        arms=(Arm(name="with model", kind=ArmKind.AIDED),),
        reference=ReferenceSource.PANEL,
        training_cases=("C-NOT-HERE",),
        design=Design.SPLIT_PLOT,
        groups=2,
        scheme={**SCHEME, next(iter(SCHEME)): dict.fromkeys(SCHEME[next(iter(SCHEME))], " ")},
    )
    must = ["Training cases", "Readers", "Groups", "Grading scheme", "Model", "Panel"]
    assert sorted(subjects(workspace, study_id, lacking)) == sorted(must)
    assert subjects(workspace, study_id, lacking, blocks=False) == ["Series", "Adjudicator"]
    person(Role.READER)
    person(Role.ADJUDICATOR)
    assert subjects(workspace, study_id, TWO) == []
    assert subjects(workspace, study_id, TWO, blocks=False) == ["Series", "Reference"]
    practice = replace(TWO, training_cases=(case_id,), reference=ReferenceSource.EXTERNAL)
    assert subjects(workspace, study_id, practice) == ["Cases"]
    assert subjects(workspace, study_id, practice, blocks=False) == ["Training cases", "Reference"]


def test_who_joins_later_is_named_until_a_new_version_assigns_him(workspace, study_id, person):
    person(Role.READER)
    live(workspace, study_id)
    person(Role.READER, "late")
    assert "Since the last version" in subjects(workspace, study_id, TWO, blocks=False)
    live(workspace, study_id, reason="one more reader")
    assert "Since the last version" not in subjects(workspace, study_id, TWO, blocks=False)


def test_a_session_is_opened_early_with_a_reason_that_is_kept(workspace, study_id, person):
    reader = person(Role.READER)
    live(workspace, study_id)
    with pytest.raises(ProtocolError, match="this needs one"):
        allow_session(workspace, OPERATOR, study_id, reader.rater_id, 2, reason=" ")
    with pytest.raises(ProtocolError, match="no such session"):
        allow_session(workspace, OPERATOR, study_id, reader.rater_id, 3, reason="leave")
    allow_session(workspace, OPERATOR, study_id, reader.rater_id, 2, reason="leave")
    with workspace.store.read() as tx:
        entry = audit.entries(tx, subject=reader.rater_id)[-1]
    assert (entry.act, entry.details["session"], entry.details["reason"]) == ("session.allow", 2, "leave")


def test_a_reader_neither_sees_nor_changes_the_protocol(workspace, study_id, person):
    reader = person(Role.READER)
    for act in (
        lambda: protocol_state(workspace, reader, study_id),
        lambda: check_protocol(workspace, reader, study_id),
        lambda: save_draft(workspace, reader, study_id, TWO),
        lambda: go_live(workspace, reader, study_id, seen_sha256=sha256(TWO)),
        lambda: allow_session(workspace, reader, study_id, reader.rater_id, 2, reason="x"),
    ):
        with pytest.raises(AccessError):
            act()


@given(any_protocol)
def test_a_protocol_comes_back_from_its_toml_file(protocol):
    assert from_toml(to_toml(protocol).encode()) == protocol


def test_a_file_names_only_what_differs_and_says_where_it_is_wrong():
    assert from_toml(b"[questions]\nscore = true\n").questions == Questions(score=True)
    with pytest.raises(ProtocolError, match="line 1"):
        from_toml(b"seed = = 1")
    with pytest.raises(ProtocolError, match="no such part"):
        from_toml(b"seeds = 1")
    with pytest.raises(ProtocolError, match="Title: it is not a text"):
        from_toml(b"title = 7")


def test_a_file_with_a_title_makes_a_study_whose_draft_is_its_protocol(workspace, study_id):
    made = define_study(workspace, OPERATOR, to_toml(TWO, title="Knees «и» more").encode())
    assert made.title == "Knees «и» more"
    state = protocol_state(workspace, OPERATOR, made.id)
    assert (state.draft.protocol, state.live) == (TWO, None)
    assert define_study(workspace, OPERATOR, b'title = "x"\nseed = 4', title="Another").title == "Another"
    with pytest.raises(ConflictError, match="this title is taken"):
        define_study(workspace, OPERATOR, b'title = "Another"')
    with pytest.raises(StoreError, match="it has no title"):
        define_study(workspace, OPERATOR, b"seed = 1")
    with pytest.raises(ProtocolError, match="no such part"):
        define_study(workspace, OPERATOR, b'title = "Never"\nseeds = 1')
    titles = [study.title for study in list_studies(workspace, OPERATOR)]
    assert sorted(titles) == ["Another", "Knees «и» more", "My study"]


def test_a_file_of_one_study_is_no_draft_of_another(workspace, study_id):
    assert load_draft(workspace, OPERATOR, study_id, b'title = "My study"\nseed = 4').protocol.seed == 4
    with pytest.raises(ProtocolError, match="the file is of another study, 'Other'"):
        load_draft(workspace, OPERATOR, study_id, b'title = "Other"\nseed = 5')
    assert protocol_state(workspace, OPERATOR, study_id).current.seed == 4


def test_a_case_that_was_assigned_is_not_deleted_and_a_withdrawn_one_is_read_no_more(
    workspace, study_id, three_cases, person
):
    reader = person(Role.READER)
    live(workspace, study_id)
    gone = three_cases[0]
    with pytest.raises(ConflictError, match="has assigned it to readers"):
        delete_case(workspace, OPERATOR, gone, "not needed")
    withdraw_case(workspace, OPERATOR, gone, reason="consent withdrawn")
    assert {read.case_id for read in reads_of(workspace, reader)} == set(three_cases[1:])
    live(workspace, study_id, reason="without the withdrawn case")
    assert {one.case_id for one in assigned(workspace, study_id, reader)} == set(three_cases[1:])


@pytest.mark.parametrize("leave", [remove_member, lambda w, u, _study, name: disable_user(w, u, name)])
def test_a_new_version_draws_nothing_for_a_reader_who_has_left(
    workspace, study_id, three_cases, person, leave
):
    gone, stays = person(Role.READER, "gone"), person(Role.READER, "stays")
    live(workspace, study_id)
    begun = open_read(workspace, gone).read_id
    leave(workspace, OPERATOR, study_id, "gone")
    live(workspace, study_id, reason="one reader has left")
    assert len(assigned(workspace, study_id, stays)) == 6
    (kept,) = assigned(workspace, study_id, gone)
    with workspace.store.read() as tx:
        assert reads.get_read(tx, begun).assignment_id == kept.id


def test_readers_without_an_account_are_drawn_for(workspace, study_id, three_cases):
    """Those whose ratings are imported, and the demo's."""
    with workspace.store.write() as tx:
        rater = studies.add_rater(tx, name="By file", kind=RaterKind.READER)
        studies.join_study(tx, study_id=study_id, rater_id=rater, part=RaterKind.READER)
    live(workspace, study_id)
    with workspace.store.read() as tx:
        assert len(protocols.study_assignments(tx, study_id, rater_id=rater)) == 6


def test_who_has_begun_to_read_is_not_put_into_the_panel_nor_taken_out(workspace, study_id, case_id, person):
    """A reader is never also the reference: his reads would leave the analysis, and vote for nothing."""
    reader = person(Role.READER, "reader", in_panel=False)
    person(Role.READER, "expert", in_panel=True)
    live(workspace, study_id, Protocol(reference=ReferenceSource.PANEL))
    set_role(workspace, OPERATOR, study_id, "reader", Role.READER, in_panel=True)
    set_role(workspace, OPERATOR, study_id, "reader", Role.READER, in_panel=False)
    open_read(workspace, reader)
    with pytest.raises(ConflictError, match="who makes the reference stays as it was"):
        set_role(workspace, OPERATOR, study_id, "reader", Role.READER, in_panel=True)
    set_role(workspace, OPERATOR, study_id, "reader", Role.READER, in_panel=False)

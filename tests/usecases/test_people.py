"""Invitations, roles in a study, and one's own password."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from lss_core.domain import Role
from lss_core.errors import AccessError, ConflictError
from lss_core.store import audit, studies
from lss_core.store import tables as t
from lss_core.usecases.accounts import change_password, disable_user
from lss_core.usecases.cases import list_cases, list_studies, make_study
from lss_core.usecases.people import (
    accept,
    invitations_of,
    invite,
    members_of,
    remove_member,
    set_role,
    withdraw_invitation,
)
from lss_core.usecases.reading import open_read
from lss_core.usecases.users import OPERATOR, sign_in, user_of
from tests.usecases.conftest import PASSWORD

ANNA = {"name": "Anna", "display_name": "Dr Anna", "password": PASSWORD}


@pytest.fixture
def coordinator(person):
    return person(Role.COORDINATOR)


def test_an_invitation_makes_one_member_with_its_role_and_is_used_up(workspace, study_id, coordinator):
    token = invite(workspace, coordinator, study_id, Role.READER, in_panel=True).token
    anna = user_of(workspace, accept(workspace, token, **ANNA))
    assert (anna.name, anna.held, bool(anna.rater_id)) == ("anna", {Role.READER}, True)
    assert [one.in_panel for one in members_of(workspace, coordinator, study_id)] == [True, False]
    with workspace.store.read() as tx:
        assert token not in str(tx.execute(sa.select(t.invitations)).all())
        assert "invitation.use" in {entry.act for entry in audit.entries(tx)}
    for again in (token, "made up"):
        with pytest.raises(AccessError, match="not known, was used, or is too old"):
            accept(workspace, again, **{**ANNA, "name": "tom"})


def test_an_invitation_is_good_for_seven_days(workspace, study_id, coordinator, clock):
    token = invite(workspace, coordinator, study_id, Role.AUDITOR).token
    clock.turn(timedelta(days=7))
    with pytest.raises(AccessError, match="too old"):
        accept(workspace, token, **ANNA)


def test_an_invitation_that_was_ended_makes_no_account(workspace, study_id, coordinator, person, clock):
    token = invite(workspace, coordinator, study_id, Role.READER, note="for Tom").token
    (made,) = invitations_of(workspace, coordinator, study_id)
    with pytest.raises(AccessError, match="role of coordinator"):
        withdraw_invitation(workspace, person(Role.STATISTICIAN), study_id, made.id)
    elsewhere = make_study(workspace, coordinator, "Elsewhere").id
    with pytest.raises(ConflictError, match="it is not open"):
        withdraw_invitation(workspace, coordinator, elsewhere, made.id)
    withdraw_invitation(workspace, coordinator, study_id, made.id)
    with pytest.raises(AccessError, match="not known, was used, or is too old"):
        accept(workspace, token, **ANNA)
    with pytest.raises(ConflictError, match="it is not open"):
        withdraw_invitation(workspace, coordinator, study_id, made.id)
    with workspace.store.read() as tx:
        acts = [entry.act for entry in audit.entries(tx, subject=study_id)]
    assert acts.count("invitation.withdraw") == 1


def test_only_its_coordinator_invites_to_a_study(workspace, study_id, person):
    stranger = person(Role.STATISTICIAN)
    elsewhere = make_study(workspace, OPERATOR, "Elsewhere").id
    other = person(Role.COORDINATOR, "other", study_id=elsewhere)
    with pytest.raises(AccessError, match="role of coordinator"):
        invite(workspace, stranger, study_id, Role.READER)
    with pytest.raises(AccessError, match="not among those you take part in"):
        invite(workspace, other, study_id, Role.READER)
    with pytest.raises(AccessError, match="role of administrator"):
        invite(workspace, other, elsewhere, Role.ADMINISTRATOR)


def test_who_has_read_does_nothing_else_in_the_study(workspace, study_id, case_id, person, coordinator):
    reader = person(Role.READER)
    open_read(workspace, reader, case_id)
    with pytest.raises(ConflictError, match="rates in it as reader already"):
        set_role(workspace, coordinator, study_id, "reader", Role.ADJUDICATOR)
    with pytest.raises(ConflictError, match="rates in it as reader already"):
        set_role(workspace, coordinator, study_id, "reader", Role.COORDINATOR)
    remove_member(workspace, coordinator, study_id, "reader")
    with pytest.raises(AccessError):
        open_read(workspace, reader, case_id)


def test_who_has_seen_the_model_no_longer_reads_even_after_he_left(workspace, study_id, case_id, person):
    judge, boss = person(Role.STATISTICIAN), person(Role.COORDINATOR)
    for _ in range(2):
        with pytest.raises(ConflictError, match="could see the model"):
            set_role(workspace, boss, study_id, judge.name, Role.READER)
        if list_studies(workspace, judge):
            remove_member(workspace, boss, study_id, judge.name)


def test_a_role_in_one_study_opens_no_other(workspace, study_id, case_id, coordinator, person):
    own = make_study(workspace, coordinator, "His own")
    person(Role.READER, "rita")
    set_role(workspace, coordinator, own.id, "rita", Role.STATISTICIAN)
    rita, _ = sign_in(workspace, "rita", PASSWORD)
    assert rita.held == {Role.READER, Role.STATISTICIAN}
    assert [one.id for one in list_studies(workspace, rita, Role.STATISTICIAN)] == [own.id]
    assert list_cases(workspace, rita, study_id)[0].case_id == case_id
    with workspace.store.write() as tx:
        closed = studies.add_study(tx, title="Closed", synthetic=False, at=workspace.now())
    with pytest.raises(AccessError):
        list_cases(workspace, coordinator, closed)


def test_a_new_password_needs_the_old_one_and_ends_the_other_sign_ins(workspace, person):
    rita = person(Role.READER, "rita")
    (_, here), (_, there) = (sign_in(workspace, "rita", PASSWORD) for _ in range(2))
    with pytest.raises(AccessError, match="do not match"):
        change_password(workspace, rita, "wrong horse", "another horse", token=here)
    with pytest.raises(AccessError, match="fewer than 10"):
        change_password(workspace, rita, PASSWORD, "short", token=here)
    change_password(workspace, rita, PASSWORD, "another horse", token=here)
    assert user_of(workspace, here) == rita
    assert user_of(workspace, there) is None


def test_a_coordinator_disables_accounts_of_his_studies_alone(workspace, study_id, person, coordinator):
    person(Role.READER, "rita")
    shared = person(Role.READER, "tom")
    elsewhere = make_study(workspace, OPERATOR, "Elsewhere").id
    set_role(workspace, OPERATOR, elsewhere, shared.name, Role.READER)
    disable_user(workspace, coordinator, "rita")
    for name in ("tom", "nobody"):
        with pytest.raises(AccessError, match="not in your studies alone"):
            disable_user(workspace, coordinator, name)

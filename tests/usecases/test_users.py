from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lss_core.domain import RaterKind, Role
from lss_core.errors import AccessError, ConflictError, NotFoundError
from lss_core.store import audit, studies
from lss_core.store import tables as t
from lss_core.usecases import users
from lss_core.usecases.accounts import disable_user, enable_user, list_users, remove_user, set_password
from lss_core.usecases.users import (
    OPERATOR,
    User,
    add_user,
    require,
    sign_in,
    sign_out,
    user_of,
)

PASSWORD = "correct horse"


@pytest.fixture
def reader(workspace) -> User:
    return add_user(
        workspace, OPERATOR, name="Rita", display_name="Rita R.", role=Role.READER, password=PASSWORD
    )


def test_a_sign_in_is_known_by_its_token_until_it_is_ended(workspace, reader):
    user, token = sign_in(workspace, " RITA ", PASSWORD)
    assert user == reader
    assert user_of(workspace, token) == reader
    sign_out(workspace, token)
    assert user_of(workspace, token) is None
    assert user_of(workspace, None) is None
    assert user_of(workspace, "made up") is None


def test_an_unknown_name_and_a_wrong_password_are_refused_in_the_same_words(workspace, reader):
    with pytest.raises(AccessError) as unknown:
        sign_in(workspace, "nobody", PASSWORD)
    with pytest.raises(AccessError) as wrong:
        sign_in(workspace, "rita", "wrong horse")
    assert str(unknown.value) == str(wrong.value)
    assert "name and password do not match" in str(wrong.value)


def test_five_failures_lock_a_name_for_15_minutes_known_or_not(workspace, reader, clock):
    for name in ("rita", "nobody"):
        for _ in range(5):
            with pytest.raises(AccessError, match="do not match"):
                sign_in(workspace, name, "wrong")
        with pytest.raises(AccessError, match=r"too many failed attempts.*Wait 15 minutes"):
            sign_in(workspace, name, PASSWORD)
    clock.turn(timedelta(minutes=15))
    sign_in(workspace, "rita", PASSWORD)


def test_a_token_is_good_for_12_hours_of_use(workspace, reader, clock):
    _, token = sign_in(workspace, "rita", PASSWORD)
    for _ in range(12 * 60 // 25):
        clock.turn(timedelta(minutes=25))
        assert user_of(workspace, token) == reader
    clock.turn(timedelta(minutes=25))
    assert user_of(workspace, token) is None


def test_a_token_is_good_for_30_minutes_without_use(workspace, reader, clock):
    _, token = sign_in(workspace, "rita", PASSWORD)
    clock.turn(timedelta(minutes=31))
    assert user_of(workspace, token) is None


def test_the_database_holds_neither_tokens_nor_passwords(workspace, reader):
    _, token = sign_in(workspace, "rita", PASSWORD)
    with workspace.store.read() as tx:
        hashed = tx.scalar(sa.select(t.sign_ins.c.token_hash))
        password = tx.scalar(sa.select(t.users.c.password_hash))
    assert hashed == hashlib.sha256(token.encode()).hexdigest()
    assert password.startswith("$argon2id$")
    assert len(token) >= 43  # 256 bits in base 64


def test_sign_ins_are_on_record_and_failed_ones_without_the_name(workspace, reader):
    with pytest.raises(AccessError):
        sign_in(workspace, "secret-name", "wrong")
    sign_in(workspace, "rita", PASSWORD)
    with workspace.store.read() as tx:
        entries = audit.entries(tx)
    assert [entry.act for entry in entries] == ["user.add", "member.set", "sign_in.failed", "sign_in"]
    assert "secret-name" not in str(entries)


def test_only_administrators_add_users(workspace, reader):
    with pytest.raises(AccessError, match="role of administrator"):
        add_user(workspace, reader, name="x", display_name="X", role=Role.READER, password=PASSWORD)


def test_a_name_that_is_taken_and_a_short_password_are_refused(workspace, reader):
    more = {"display_name": "X", "role": Role.STATISTICIAN}
    with pytest.raises(ConflictError, match="empty or taken"):
        add_user(workspace, OPERATOR, name="RITA", password=PASSWORD, **more)
    with pytest.raises(AccessError, match="fewer than 10"):
        add_user(workspace, OPERATOR, name="tom", password="short", **more)


def test_a_role_is_required_of_everybody_but_administrators(reader):
    assert require(OPERATOR, Role.COORDINATOR) is OPERATOR
    assert require(reader, Role.READER) is reader
    with pytest.raises(AccessError, match="role of coordinator or statistician"):
        require(reader, Role.COORDINATOR, Role.STATISTICIAN)
    with pytest.raises(AccessError, match="nobody is signed in"):
        require(None, Role.READER)


def test_nobody_both_reads_and_adjudicates_in_one_study(workspace, reader):
    with workspace.store.write() as tx:
        study = studies.find_study(tx, users.DEFAULT_STUDY)
        with pytest.raises(ConflictError, match="nobody both reads and adjudicates"):
            studies.join_study(tx, study_id=study, rater_id=reader.rater_id, part=RaterKind.ADJUDICATOR)


def test_a_new_password_ends_the_sign_ins_under_the_old_one(workspace, reader):
    _, token = sign_in(workspace, "rita", PASSWORD)
    set_password(workspace, OPERATOR, "Rita", "another horse")
    assert user_of(workspace, token) is None
    sign_in(workspace, "rita", "another horse")
    with pytest.raises(NotFoundError, match="no user of this name"):
        set_password(workspace, OPERATOR, "nobody", "another horse")


def test_only_an_account_that_has_never_done_anything_is_removed(workspace, reader):
    add_user(workspace, OPERATOR, name="tom", display_name="Tom", role=Role.READER, password=PASSWORD)
    remove_user(workspace, OPERATOR, "tom")
    sign_in(workspace, "rita", PASSWORD)
    with pytest.raises(ConflictError, match=r"the record names this account.*Disable the account"):
        remove_user(workspace, OPERATOR, "rita")
    assert [user.name for user in list_users(workspace, OPERATOR)] == ["rita"]


def test_a_disabled_account_is_signed_out_at_once_and_opened_again(workspace, reader):
    _, token = sign_in(workspace, "rita", PASSWORD)
    disable_user(workspace, OPERATOR, "rita")
    assert user_of(workspace, token) is None
    with pytest.raises(AccessError, match="this account is disabled"):
        sign_in(workspace, "rita", PASSWORD)
    with pytest.raises(AccessError, match="do not match"):
        sign_in(workspace, "rita", "wrong horse")
    enable_user(workspace, OPERATOR, "rita")
    assert user_of(workspace, token) is None
    assert sign_in(workspace, "rita", PASSWORD)[0] == reader

"""Signing in elsewhere, with the provider's word as Streamlit hands it on."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from lss_core.domain import Role
from lss_core.errors import AccessError, ConflictError
from lss_core.ui import openid
from lss_core.usecases import people, users
from lss_core.usecases.accounts import change_password, disable_user, has_password, link_subject
from lss_core.usecases.users import OPERATOR

SUBJECT = "https://id.test 4711"


def claims(at: datetime, **more: object) -> dict[str, object]:
    return {"iss": "https://id.test", "sub": "4711", "iat": int(at.timestamp()), **more}


@pytest.fixture
def anna(workspace):
    users.add_user(
        workspace, OPERATOR, name="anna", display_name="Anna", role=Role.READER, password="correct horse"
    )
    link_subject(workspace, OPERATOR, "anna", SUBJECT)


def test_a_word_counts_for_five_minutes_and_names_issuer_and_subject(clock):
    now = clock()
    assert openid.word_of(claims(now), now) == (SUBJECT, now.replace(microsecond=0))
    assert openid.word_of(claims(now - timedelta(minutes=6)), now) is None
    assert openid.word_of(claims(now + timedelta(minutes=2)), now) is None
    assert openid.word_of({"iss": "https://id.test", "sub": "4711"}, now) is None
    assert openid.word_of(claims(now, sub=""), now) is None


def test_the_account_of_a_subject_is_signed_in_once_a_word(workspace, anna, clock):
    word = clock()
    token = users.sign_in_elsewhere(workspace, SUBJECT, word)
    assert users.user_of(workspace, token).name == "anna"
    users.sign_out(workspace, token)
    with pytest.raises(AccessError, match="you have signed out"):
        users.sign_in_elsewhere(workspace, SUBJECT, word)
    assert users.sign_in_elsewhere(workspace, SUBJECT, clock())
    assert users.sign_in_elsewhere(workspace, "https://other.test 4711", clock()) is None


def test_a_disabled_account_is_not_let_in_from_elsewhere(workspace, anna, clock):
    disable_user(workspace, OPERATOR, "anna")
    with pytest.raises(AccessError, match="disabled"):
        users.sign_in_elsewhere(workspace, SUBJECT, clock())


def test_an_invitation_makes_an_account_that_signs_in_elsewhere_alone(workspace, clock):
    token = people.invite(workspace, OPERATOR, None, Role.STATISTICIAN).token
    people.accept(workspace, token, name="tom", display_name="Tom", openid_subject=SUBJECT)
    with pytest.raises(AccessError, match="do not match"):
        users.sign_in(workspace, "tom", "")
    assert users.user_of(workspace, users.sign_in_elsewhere(workspace, SUBJECT, clock())).name == "tom"
    other = people.invite(workspace, OPERATOR, None, Role.STATISTICIAN).token
    with pytest.raises(ConflictError, match="belongs to another account"):
        people.accept(workspace, other, name="eve", display_name="Eve", openid_subject=SUBJECT)


def test_who_signs_in_elsewhere_sets_a_password_for_his_signature(workspace, clock):
    token = people.invite(workspace, OPERATOR, None, Role.STATISTICIAN).token
    people.accept(workspace, token, name="tom", display_name="Tom", openid_subject=SUBJECT)
    tom = users.user_of(workspace, users.sign_in_elsewhere(workspace, SUBJECT, clock()))
    assert not has_password(workspace, tom)
    for _ in range(users.FAILURES_ALLOWED + 1):  # it is not counted as guessing
        with pytest.raises(AccessError, match=r"no password here.*Set one on the page Account"):
            users.confirm_password(workspace, tom, "anything at all")
    change_password(workspace, tom, "", "my own signature")
    assert has_password(workspace, tom)
    users.confirm_password(workspace, tom, "my own signature")
    with pytest.raises(AccessError, match="do not match"):
        change_password(workspace, tom, "", "another signature")


def page() -> None:
    from lss_core.ui import openid
    from tests.ui import test_openid

    given = openid.token_here(test_openid.PLACE["workspace"])
    test_openid.PLACE["token"] = given


PLACE: dict[str, object] = {}


def test_who_comes_back_from_the_provider_gets_a_token_and_nobody_a_button(
    workspace, anna, clock, monkeypatch
):
    PLACE.update(workspace=workspace)
    monkeypatch.setattr(openid, "configured", lambda: True)
    monkeypatch.setattr(openid.st, "user", {"is_logged_in": False})
    shown = AppTest.from_function(page).run()
    assert [button.label for button in shown.button] == ["Sign in with your institution's account"]
    assert PLACE["token"] is None
    monkeypatch.setattr(openid.st, "user", {"is_logged_in": True, **claims(clock() + timedelta(seconds=1))})
    assert not AppTest.from_function(page).run().exception
    assert users.user_of(workspace, PLACE["token"]).name == "anna"


def test_without_a_provider_nothing_is_offered(workspace):
    PLACE.update(workspace=workspace)
    assert not AppTest.from_function(page).run().button

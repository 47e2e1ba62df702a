from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lss_core.study.washout import SessionState, Sitting, standings

DAY = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def sittings(**sessions):
    return [
        Sitting(session=int(name[1:]), finished_at=None if days is None else DAY + timedelta(days=days))
        for name, own in sessions.items()
        for days in own
    ]


def states(reads, *, day, wash_out_days=28, allowed=()):
    now = DAY + timedelta(days=day)
    return [one.state for one in standings(reads, wash_out_days=wash_out_days, allowed=allowed, now=now)]


def test_the_first_session_is_open_and_the_next_waits_for_all_of_it():
    reads = sittings(s1=[0, None], s2=[None])
    assert states(reads, day=100) == [SessionState.OPEN, SessionState.BEFORE_UNFINISHED]


def test_a_session_opens_at_the_hour_28_days_after_the_last_read_of_the_one_before():
    reads = sittings(s1=[0, 3, 1], s2=[None])
    assert states(reads, day=30.99) == [SessionState.DONE, SessionState.WAITS]
    assert states(reads, day=31) == [SessionState.DONE, SessionState.OPEN]
    second = standings(reads, wash_out_days=28, now=DAY)[1]
    assert second.opens_at == DAY + timedelta(days=31)


def test_a_coordinator_opens_a_session_early_but_not_before_the_one_before_is_read():
    waiting = standings(
        sittings(s1=[0], s2=[None]), wash_out_days=28, allowed={2}, now=DAY + timedelta(days=1)
    )[1]
    assert (waiting.state, waiting.overridden) == (SessionState.OPEN, True)
    unfinished = sittings(s1=[None], s2=[None])
    assert states(unfinished, day=1, allowed={2})[1] is SessionState.BEFORE_UNFINISHED


def test_a_session_that_is_open_by_itself_is_not_called_overridden():
    after = standings(
        sittings(s1=[0], s2=[None]), wash_out_days=28, allowed={2}, now=DAY + timedelta(days=28)
    )[1]
    assert (after.state, after.overridden) == (SessionState.OPEN, False)


def test_a_session_that_is_read_is_done_whatever_was_added_before_it():
    assert states(sittings(s1=[0, None], s2=[40]), day=41) == [SessionState.OPEN, SessionState.DONE]


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(0, 60), st.integers(0, 150))
def test_a_second_session_never_opens_before_its_wash_out_is_over(days, wash_out, today):
    reads = sittings(s1=days, s2=[None])
    (_, second) = states(reads, day=today, wash_out_days=wash_out)
    assert (second is SessionState.OPEN) == (today >= max(days) + wash_out)

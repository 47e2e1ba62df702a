from __future__ import annotations

import re

from lss_core.study import blinding
from lss_core.study.assignment import reading_order
from lss_core.study.blinding import new_case_id

CASES = [f"C-{n}" for n in range(30)]


def test_a_reader_gets_the_same_order_whatever_order_the_cases_come_in() -> None:
    assert reading_order(CASES, reader="anna", seed=1) == reading_order(CASES[::-1], reader="anna", seed=1)


def test_readers_sessions_and_seeds_have_orders_of_their_own() -> None:
    orders = {
        reading_order(CASES, reader=reader, seed=seed, session=session)
        for reader in ("anna", "boris")
        for seed in (1, 2)
        for session in (1, 2)
    }
    assert len(orders) == 8
    assert all(sorted(order) == sorted(CASES) for order in orders)


def test_a_case_added_later_leaves_the_order_of_the_others() -> None:
    before = reading_order(CASES, reader="anna", seed=1)
    after = reading_order([*CASES, "C-new"], reader="anna", seed=1)
    assert tuple(case for case in after if case != "C-new") == before


def test_a_case_id_is_short_opaque_and_new(monkeypatch) -> None:
    assert re.fullmatch(r"C-[2-9A-HJ-NP-Z]{6}", new_case_id())
    drawn = iter("AAAAAABBBBBB")
    monkeypatch.setattr(blinding.secrets, "choice", lambda _: next(drawn))
    assert new_case_id(taken={"C-AAAAAA"}) == "C-BBBBBB"

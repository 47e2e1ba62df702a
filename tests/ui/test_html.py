from __future__ import annotations

from lss_core.ui.html import table


def test_what_comes_from_outside_is_escaped() -> None:
    shown = table(["<b>"], [["<script>alert(1)</script>"]])
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;" in shown


def test_numbers_are_aligned_to_the_right() -> None:
    assert '<td class="num">1.50</td>' in table(["Name", "Value"], [["a", "1.50"]], numbers=[1])

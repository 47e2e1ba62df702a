"""The catalogue of translations and the numbers of a language."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lss_core.domain import Estimate
from lss_core.reports.compose import document_of
from lss_core.reports.texts import Texts
from lss_core.reports.values import BundleFacts, Number
from lss_core.texts import Language
from tests.catalogue import catalogue
from tests.reports.conftest import AT

ENGLISH, RUSSIAN = Texts(Language.ENGLISH), Texts(Language.RUSSIAN)


def test_a_message_without_translation_stays_english() -> None:
    assert RUSSIAN("a text that nobody wrote, {n}", n=3) == "a text that nobody wrote, 3"


def test_numbers_are_printed_as_the_language_does() -> None:
    number = Number(value=-0.004, interval=Estimate(value=-0.004, low=-0.1, high=0.25, n=9, method="m"))
    assert ENGLISH.figure(number, signed=True) == "0.00 (−0.10 to +0.25)"
    assert RUSSIAN.number(0.861) == "0,86"
    assert (ENGLISH.count(4800), RUSSIAN.count(4800)) == ("4,800", "4\u00a0800")
    assert (ENGLISH.p(0.0004), RUSSIAN.p(0.0404)) == ("<0.001", "0,040")
    assert ENGLISH.figure(Number(value=0.5)) == "0.50 (no interval)"
    assert ENGLISH.figure(Number(refusal="none")) == "undefined"


def test_every_text_of_a_report_has_a_translation(report) -> None:
    """But for names, which people give, and the reasons of tests in the fixture."""
    t = Texts(Language.RUSSIAN)
    bare = replace(report, synthetic=False, bundles=(BundleFacts(name="gone 0.1"),))
    outside = replace(report, reference=replace(report.reference, majority=False))
    parts = tuple(replace(part, differences=(), tests=()) for part in report.conditions)
    alone = replace(report, bundles=(), conditions=parts, imported=(AT, AT + timedelta(days=3)))
    for own in (report, bare, outside, alone):
        document_of(own, t)
    names = {"", "Bob", "Eve", "no variance"}
    assert {message for message in t.asked - names if not catalogue(Language.RUSSIAN).get(message)} == set()

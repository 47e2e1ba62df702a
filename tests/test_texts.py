"""The catalogue against the source, and the language of a context."""

from __future__ import annotations

import pickle
import re
import string
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lss_core.domain import SITES, Condition, Grade, NotGradable, Role, SeriesRole, Side, Site, Verdict
from lss_core.texts import (
    Language,
    _,
    day,
    known,
    language,
    later,
    later_n,
    moment,
    ngettext,
    number,
    speak,
    speaking,
    translated,
    whole,
)
from tests.catalogue import LOCALE, ROOT, catalogue, extracted, updated
from tests.unmarked import scripts, shown_sources, unmarked

OTHERS = [own for own in Language if own is not Language.ENGLISH]
LABELLED = (Condition, Side, Grade, NotGradable, Role, SeriesRole, Verdict)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("own", OTHERS)
def test_every_message_of_the_source_is_translated(own: Language) -> None:
    said = {forms(message.id)[0]: message.string for message in catalogue(own) if message.id}
    missing = [
        f"{message.locations[0][0]}: {message.id!r}"
        for message in extracted()
        if message.id and not all(forms(said.get(forms(message.id)[0], "")))
    ]
    assert not missing, "translate these in the .po file (make texts adds them there)"


@pytest.mark.parametrize("own", OTHERS)
def test_the_catalogue_holds_the_messages_of_the_source_and_no_others(own: Language) -> None:
    """None obsolete, none twice, none fuzzy, in the order and form that `make texts` writes."""
    text = (LOCALE / f"{own.value}.po").read_text(encoding="utf-8")
    assert not re.search(r"^#(~|, .*fuzzy)", text, re.MULTILINE)
    assert text.encode() == updated(own), "run make texts"


@pytest.mark.parametrize("own", OTHERS)
def test_a_translation_has_the_fields_of_its_message(own: Language) -> None:
    for message in catalogue(own):
        if message.id:
            wanted = fields(forms(message.id)[-1])
            for form in forms(message.string):
                assert fields(form) == wanted, message.id


NOT_SHOWN = {
    "DD.MM.YYYY HH:mm", "D MMM YYYY HH:mm",  # formats of Streamlit
    "text/csv; charset=utf-8", 'attachment; filename="{}-{}"', "private, max-age=3600", "Cookie",  # headers
    "Html", "Command", "Mark", "View",  # names in __all__
    "Readers", "positive {}; negative {}; no grade {}",  # cells of CSV files, which are English
}  # fmt: skip
"""Words in lss_core/ui that no page shows."""


@pytest.mark.parametrize("path", shown_sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_shows_no_words_without_a_mark(path: Path) -> None:
    bare = {text for _line, text in unmarked(path) if text not in NOT_SHOWN and "matchMedia" not in text}
    assert not bare, "mark them with _(), ngettext(), later() or later_n(): docs/translating.md"


def test_words_without_a_mark_are_found(tmp_path: Path) -> None:
    module = tmp_path / "page.py"
    module.write_text(
        'import streamlit as st\nst.button("Next case")\nst.button(_("Marked too"))\n'
        """st.html(f'<p class="lss-muted">Signed in as {name}</p>')\nst.button("x", key="lss-key")\n"""
        'raise ValueError("nobody sees this")\n'
    )
    assert [text for _line, text in unmarked(module)] == [
        "Next case", '<p class="lss-muted">Signed in as {}</p>',
    ]  # fmt: skip


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_a_script_shows_no_words_without_a_mark(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    shown = re.findall(r'(?:text|placeholder|alt|title|"aria-label"): (?:"([^"]*)"|`([^`$]*))', text)
    assert not [one or other for one, other in shown if re.search(r"[A-Z][a-z]|[a-z] [a-z]", one or other)]


def test_an_english_message_stands_for_itself() -> None:
    with speaking(Language.ENGLISH):
        assert _("Central canal") == "Central canal"


def test_a_label_is_english_until_it_is_translated() -> None:
    with speaking(Language.RUSSIAN):
        label = Condition.CENTRAL.label
        assert (label, f"{label}", translated(label)) == (
            "Central canal", "Central canal", "Позвоночный канал",
        )  # fmt: skip


@pytest.mark.parametrize("words", LABELLED)
def test_every_word_of_the_domain_has_a_russian_label(words: type) -> None:
    for word in words:
        said = translated(word.label, Language.RUSSIAN)
        assert said != word.label, word


def test_a_text_within_a_text_is_translated_with_it() -> None:
    site = Site.parse("lateral_recess:L4_L5:left")
    assert site.label == "L4-L5 lateral recess, left"
    assert translated(site.label, Language.RUSSIAN) == "L4-L5 латеральный карман, слева"
    assert len({translated(own.label, Language.RUSSIAN) for own in SITES}) == 25


@pytest.mark.parametrize(
    ("n", "said"),
    [(1, "1 случай"), (2, "2 случая"), (5, "5 случаев"), (21, "21 случай"), (112, "112 случаев")],
)
def test_russian_has_a_form_for_each_number(n: int, said: str) -> None:
    with speaking(Language.RUSSIAN):
        assert ngettext("{n} case", "{n} cases", n) == said
    assert later_n("{n} case", "{n} cases", n) == f"{n} case{'' if n == 1 else 's'}"


def test_a_text_survives_the_way_between_processes() -> None:
    text = pickle.loads(pickle.dumps(later_n("{n} case", "{n} cases", 3)))
    assert translated(text, Language.RUSSIAN) == "3 случая"


def test_what_people_wrote_is_not_translated() -> None:
    assert translated("Central canal", Language.RUSSIAN) == "Central canal"
    assert known("Central canal", Language.RUSSIAN) == "Позвоночный канал"
    assert known("a text that nobody wrote", Language.RUSSIAN) == "a text that nobody wrote"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("the case has no series", "у случая нет серий"),
        (
            "a gap of 4.0 mm after slice 3 (elsewhere 2.0 mm)",
            "промежуток 4.0 мм после среза 3 (в остальных местах 2.0 мм)",
        ),
        ("it cannot be read: it may not be read", "не удаётся прочитать: его нельзя прочитать"),
    ],
)
def test_what_was_kept_filled_in_is_found_again(kept: str, said: str) -> None:
    assert known(kept, Language.RUSSIAN) == said
    assert known(kept, Language.ENGLISH) == kept


def test_each_thread_speaks_its_own_language_and_english_at_first() -> None:
    """Streamlit runs each session's script in a thread of its own."""
    heard: dict[str, Language] = {}
    barrier = threading.Barrier(2)

    def session(name: str, own: Language | None) -> None:
        if own is not None:
            speak(own)
        barrier.wait()
        heard[name] = language()

    sessions = [
        threading.Thread(target=session, args=("russian", Language.RUSSIAN)),
        threading.Thread(target=session, args=("other", None)),
    ]
    for one in sessions:
        one.start()
    for one in sessions:
        one.join()
    assert heard == {"russian": Language.RUSSIAN, "other": Language.ENGLISH}


def test_numbers_and_dates_are_printed_as_the_language_does() -> None:
    at = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
    with speaking(Language.RUSSIAN):
        assert (number(0.861), number(-0.17, signed=True), number(-0.001)) == ("0,86", "−0,17", "0,00")
        assert (whole(4800), day(at), moment(at)) == ("4\u00a0800", "24.11.2026", "24.11.2026 13:05 UTC")
        assert translated(later("{share:.1f} of {n:,}", share=0.5, n=4800)) == "0,5 of 4\u00a0800"
    assert (number(0.861), whole(4800), day(at)) == ("0.86", "4,800", "24 Nov 2026")

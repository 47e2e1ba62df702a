"""HTML, PDF and Word: that each is whole, stands by itself and says the same."""

from __future__ import annotations

import io
import re
from collections import Counter
from html.parser import HTMLParser

import docx
import pytest

from lss_core.reports.compose import document_of
from lss_core.reports.document import Heading, Picture, Table
from lss_core.reports.draw import style
from lss_core.reports.texts import Texts
from lss_core.reports.values import Format
from lss_core.reports.write import written
from lss_core.texts import Language
from lss_core.ui.theme import Mode, palette


class _Page(HTMLParser):
    """Collects ids, what is loaded, and the cells of tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("src", "srcset", "data", "poster") or (tag == "link" and name == "href"):
                self.loaded.append(value or "")
            elif name in ("href", "xlink:href"):
                self.links.append(value or "")


@pytest.fixture
def page(report) -> tuple[str, _Page]:
    text = written(report, Format.HTML, Language.ENGLISH).decode()
    return text, _Page(text)


def test_the_html_asks_for_no_other_file(page) -> None:
    text, parsed = page
    assert not parsed.loaded
    assert not parsed.tags.keys() & {"script", "iframe", "img", "link", "object"}
    assert all(link.startswith("#") for link in parsed.links)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))


def test_every_id_of_the_html_is_there_once_and_every_link_leads_somewhere(page) -> None:
    _, parsed = page
    assert [name for name, count in Counter(parsed.ids).items() if count > 1] == []
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)


def test_what_people_wrote_is_text_and_not_markup(page) -> None:
    text, _ = page
    assert "Canals &amp; &lt;foramina&gt;" in text
    assert "<foramina>" not in text


def test_html_and_word_have_all_tables_figures_and_headings(report, page) -> None:
    blocks = document_of(report, Texts(Language.ENGLISH)).blocks
    counts = Counter(type(block) for block in blocks)
    _, parsed = page
    assert (parsed.tags["table"], parsed.tags["svg"]) == (counts[Table], counts[Picture])
    made = docx.Document(io.BytesIO(written(report, Format.DOCX, Language.ENGLISH)))
    assert (len(made.tables), len(made.inline_shapes)) == (counts[Table], counts[Picture])
    headings = [p.text for p in made.paragraphs if p.style is not None and p.style.name.startswith("Heading")]
    assert headings == [f"{b.number} {b.text}".strip() for b in blocks if isinstance(b, Heading)]
    assert "Synthetic data" in made.sections[0].header.paragraphs[0].text


@pytest.mark.parametrize("language", list(Language))
def test_a_pdf_is_made_with_its_fonts_inside(report, language) -> None:
    made = written(report, Format.PDF, language)
    assert made.startswith(b"%PDF-")
    assert b"LibertinusSerif" in made
    assert b"/FontFile" in made


def test_the_figures_have_the_colours_of_the_pages() -> None:
    own = palette(Mode.LIGHT)
    assert (
        own.text, own.muted, own.border, own.surface,
    ) == (style.TEXT, style.MUTED, style.GRID, style.SURFACE)  # fmt: skip
    assert (own.accent, own.model, own.readers) == (style.ACCENT, style.MODEL, style.READERS)

"""A document before it is set: numbered sections, paragraphs, tables, pictures.

Numbers are given while a document is built, so that a checklist at its end can say where things stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Tone(StrEnum):
    """How a paragraph is set."""

    PLAIN = "plain"
    NOTE = "note"
    WARNING = "warning"
    ITEM = "item"


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A section's heading; `depth` 1 or 2, `number` '2.1', 'A' or ''."""

    text: str
    depth: int
    number: str = ""
    anchor: str = ""


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Text; `lead` stands before it in bold."""

    text: str
    lead: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table. A row of one cell is the head of a group and spans all columns.

    `widths` are relative; columns after the first `left` ones stand to the right.
    """

    caption: str
    label: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    left: int = 1
    note: str = ""
    anchor: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure, drawn twice alike; `alt` says in words what it shows."""

    caption: str
    label: str
    alt: str
    svg: str
    png: bytes
    anchor: str = ""


Block = Heading | Paragraph | Table | Picture


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report. `badge` stands at the head of every page; `details` are name and value."""

    title: str
    language: str
    badge: str
    details: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]


@dataclass(kw_only=True)
class Builder:
    """Collects blocks and numbers them. `words` are 'Table' and 'Figure' in the document's language."""

    table_word: str
    figure_word: str
    blocks: list[Block] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    _sections: list[int] = field(default_factory=lambda: [0, 0])
    _tables: int = 0
    _figures: int = 0
    _letters: int = 0

    def section(self, key: str, text: str) -> None:
        """A numbered section."""
        self._sections = [self._sections[0] + 1, 0]
        self._head(key, text, 1, str(self._sections[0]))

    def part(self, key: str, text: str) -> None:
        """A numbered part of a section."""
        self._sections[1] += 1
        self._head(key, text, 2, ".".join(map(str, self._sections)))

    def appendix(self, key: str, text: str) -> None:
        """A section with a letter."""
        self._letters += 1
        self._head(key, text, 1, chr(ord("A") + self._letters - 1))

    def plain(self, text: str) -> None:
        """A section without a number."""
        self.blocks.append(Heading(text=text, depth=1))

    def say(self, text: str, *, lead: str = "", tone: Tone = Tone.PLAIN) -> None:
        """A paragraph; nothing for no text."""
        if text:
            self.blocks.append(Paragraph(text=text, lead=lead, tone=tone))

    def items(self, texts: Iterable[str]) -> None:
        """A list."""
        for text in texts:
            self.say(text, tone=Tone.ITEM)

    def table(
        self,
        key: str,
        caption: str,
        head: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        widths: Sequence[float],
        left: int = 1,
        note: str = "",
        numbered: bool = True,
    ) -> None:
        """A table, numbered unless it is an appendix' own; nothing for no rows."""
        found = tuple(tuple(row) for row in rows)
        if not found:
            return
        label = ""
        if numbered:
            self._tables += 1
            label = f"{self.table_word} {self._tables}"
            self.places[key] = label
        self.blocks.append(
            Table(
                caption=caption, label=label, head=tuple(head), rows=found, widths=tuple(widths),
                left=left, note=note, anchor=key,
            )
        )  # fmt: skip

    def picture(self, key: str, caption: str, alt: str, drawn: tuple[str, bytes]) -> None:
        """A numbered figure, from its SVG and its PNG."""
        self._figures += 1
        label = f"{self.figure_word} {self._figures}"
        self.places[key] = label
        svg, png = drawn
        self.blocks.append(Picture(caption=caption, label=label, alt=alt, svg=svg, png=png, anchor=key))

    def _head(self, key: str, text: str, depth: int, number: str) -> None:
        self.places[key] = number
        self.blocks.append(Heading(text=text, depth=depth, number=number, anchor=key))

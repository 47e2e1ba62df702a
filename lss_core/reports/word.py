"""A document as a Word file, for authors who write on: styles, real tables, figures as pictures."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from lss_core.reports.document import Document, Heading, Paragraph, Picture, Table, Tone

PAGE_MM = (210, 297)
MARGIN_MM = 20
TEXT_MM = PAGE_MM[0] - 2 * MARGIN_MM
MUTED = RGBColor(0x5D, 0x68, 0x75)
WARNING = RGBColor(0x8A, 0x61, 0x00)
INK = RGBColor(0x1C, 0x23, 0x2C)
FONT = "Calibri"
CELL_MARGIN_TWIPS = 50


def to_docx(document: Document) -> bytes:
    """The document as the bytes of a .docx file."""
    made = docx.Document()
    _page(made, document)
    made.add_paragraph(document.title, style="Title")
    for name, text in document.details:
        line = made.add_paragraph()
        line.paragraph_format.space_after = Pt(0)
        _run(line, f"{name}: ", colour=MUTED, size=9)
        _run(line, text, size=9)
    for block in document.blocks:
        if isinstance(block, Heading):
            made.add_heading(f"{block.number} {block.text}".strip(), level=block.depth)
        elif isinstance(block, Paragraph):
            _paragraph(made, block)
        elif isinstance(block, Table):
            _table(made, block)
        else:
            _picture(made, block)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def _page(made: Any, document: Document) -> None:
    section = made.sections[0]
    section.page_width, section.page_height = Mm(PAGE_MM[0]), Mm(PAGE_MM[1])
    section.left_margin = section.right_margin = Mm(MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(MARGIN_MM)
    _run(section.header.paragraphs[0], document.badge, colour=WARNING, size=8.5)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _field(foot, "PAGE")
    for name, size in (("Normal", 10.5), ("Title", 20), ("Heading 1", 15), ("Heading 2", 12)):
        style = made.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
        for kind in ("ascii", "hAnsi", "cs", "eastAsia"):
            fonts.set(qn(f"w:{kind}"), FONT)
    made.styles["Normal"].paragraph_format.space_after = Pt(6)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), {"en": "en-GB", "ru": "ru-RU"}[document.language])
    made.styles["Normal"].element.get_or_add_rPr().append(language)
    own = made.core_properties
    own.title, own.author, own.comments = document.title, "lss_core", document.badge
    own.language = document.language
    own.created = own.modified = datetime.now(UTC)


def _paragraph(made: Any, block: Paragraph) -> None:
    to = made.add_paragraph(style="List Bullet" if block.tone is Tone.ITEM else None)
    colour = {Tone.WARNING: WARNING, Tone.NOTE: MUTED}.get(block.tone)
    if block.lead:
        _run(to, block.lead, bold=True, colour=colour)
    _run(to, block.text, colour=colour)


def _table(made: Any, block: Table) -> None:
    if block.caption:
        _caption(made, block.label, block.caption, before=True)
    grid = made.add_table(rows=0, cols=len(block.head))
    grid.alignment, grid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = [Mm(TEXT_MM * width / sum(block.widths)) for width in block.widths]
    for place, width in enumerate(widths):
        grid.columns[place].width = width
    head = grid.add_row()
    _fill(head, block.head, block, widths, bold=True)
    _repeat(head)
    for row in block.rows:
        line = grid.add_row()
        if len(row) == 1:
            cell = line.cells[0].merge(line.cells[-1])
            _cell(cell, row[0], bold=True, right=False)
            _shade(cell)
            cell.paragraphs[0].paragraph_format.keep_with_next = True
        else:
            _fill(line, row, block, widths)
        _whole(line)
    _rules(grid)
    note = made.add_paragraph()
    note.paragraph_format.space_before = Pt(3)
    _run(note, block.note, colour=MUTED, size=8.5)


def _fill(line: Any, row: tuple[str, ...], block: Table, widths: list[Any], *, bold: bool = False) -> None:
    for place, (cell, text) in enumerate(zip(line.cells, row, strict=True)):
        cell.width = widths[place]
        _cell(cell, text, bold=bold, right=place >= block.left)


def _cell(cell: Any, text: str, *, bold: bool, right: bool) -> None:
    to = cell.paragraphs[0]
    to.paragraph_format.space_after = Pt(0)
    to.alignment = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT
    _run(to, text, bold=bold, size=8)


def _picture(made: Any, block: Picture) -> None:
    to = made.add_paragraph()
    to.paragraph_format.keep_with_next = True
    shape = to.add_run().add_picture(io.BytesIO(block.png), width=Mm(TEXT_MM))
    shape._inline.docPr.set("descr", block.alt)
    _caption(made, block.label, block.caption, before=False)


def _caption(made: Any, label: str, text: str, *, before: bool) -> None:
    to = made.add_paragraph()
    to.paragraph_format.keep_with_next = before
    to.paragraph_format.space_before = Pt(8 if before else 2)
    _run(to, f"{label}. " if label else "", bold=True, size=9)
    _run(to, text, size=9)


def _run(to: Any, text: str, *, bold: bool = False, colour: RGBColor | None = None, size: float = 0) -> None:
    if not text:
        return
    run = to.add_run(text)
    run.bold = bold or None
    if colour is not None:
        run.font.color.rgb = colour
    if size:
        run.font.size = Pt(size)


def _field(to: Any, name: str) -> None:
    """A field that Word fills in, as the page's number."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    to._p.append(field)


def _repeat(line: Any) -> None:
    """The row stands at the top of each page that the table runs over."""
    line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _whole(line: Any) -> None:
    """The row is not broken between two pages."""
    line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _shade(cell: Any) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F4F6F8")):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _rules(grid: Any) -> None:
    """A rule above, below and under the head, thin ones between rows, none upright."""
    borders = OxmlElement("w:tblBorders")
    for side, size in (("top", "12"), ("bottom", "12"), ("insideH", "4")):
        edge = OxmlElement(f"w:{side}")
        colour = "1C232C" if size == "12" else "D5DAE1"
        for name, value in (("val", "single"), ("sz", size), ("space", "0"), ("color", colour)):
            edge.set(qn(f"w:{name}"), value)
        borders.append(edge)
    properties = grid._tbl.tblPr
    layout = properties.find(qn("w:tblLayout"))
    layout.addprevious(borders)  # the schema asks for this order
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), str(CELL_MARGIN_TWIPS))
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    layout.addnext(margins)

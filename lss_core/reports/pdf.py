"""A document as a PDF, typeset by Typst with the fonts that come with it, so that it is the same anywhere.

The template `report.typ` reads the document as JSON; text is never read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

import typst

from lss_core.reports.document import Block, Document, Heading, Paragraph, Picture, Table


def to_pdf(document: Document) -> bytes:
    """The document as PDF, with bookmarks, links and embedded fonts."""
    template = (resources.files("lss_core.reports") / "report.typ").read_bytes()
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    made = typst.compile(
        template, font_paths=fonts, sys_inputs={"document": json.dumps(_plain(document))}, format="pdf"
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst gives a PDF as bytes")
    return made


def _plain(document: Document) -> Mapping[str, Any]:
    return {
        "title": document.title,
        "language": document.language,
        "badge": document.badge,
        "details": document.details,
        "blocks": [_block(block) for block in document.blocks],
    }


def _block(block: Block) -> Mapping[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "text": block.text, "depth": block.depth, "number": block.number}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "lead": block.lead, "tone": block.tone.value}
    if isinstance(block, Table):
        return {
            "kind": "table", "caption": block.caption, "label": block.label, "head": block.head,
            "rows": block.rows, "widths": block.widths, "left": block.left, "note": block.note,
        }  # fmt: skip
    assert isinstance(block, Picture)
    return {
        "kind": "picture", "caption": block.caption, "label": block.label, "alt": block.alt, "svg": block.svg,
    }  # fmt: skip

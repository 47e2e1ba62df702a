"""A document as one HTML file that asks nothing of any other: style and figures stand in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape

from lss_core.reports.document import Block, Document, Heading, Paragraph, Picture, Table, Tone

STYLE = """
:root { color-scheme: light }
* { box-sizing: border-box }
body { margin: 0; background: #eef1f4; color: #1c232c; font: 15px/1.55 system-ui, "Segoe UI", Roboto,
  "Helvetica Neue", "Noto Sans", Arial, sans-serif }
.badge { position: sticky; top: 0; z-index: 1; padding: .4rem 1rem; text-align: center; font-size: .82rem;
  background: #fff8e6; color: #5e4300; border-bottom: 1px solid #e2c777 }
main { max-width: 62rem; margin: 1.2rem auto; padding: 2.4rem 3.2rem 3rem; background: #fff;
  border: 1px solid #d5dae1 }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1.2rem }
h2 { font-size: 1.28rem; margin: 2.4rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid #d5dae1 }
h3 { font-size: 1.02rem; margin: 1.6rem 0 .4rem }
:is(h2, h3) .number { color: #5d6875; font-weight: 500; margin-right: .6em }
p { margin: .5rem 0; max-width: 48rem }
.note, .tablenote { color: #5d6875; font-size: .85rem }
.warning { border-left: 3px solid #b58900; background: #fff8e6; padding: .5rem .8rem }
ul { margin: .4rem 0; padding-left: 1.2rem; max-width: 48rem } li { margin: .3rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 0 0 1.6rem;
  font-size: .9rem }
dt { color: #5d6875 } dd { margin: 0; overflow-wrap: anywhere }
nav { columns: 2; column-gap: 2rem; font-size: .9rem; border: 1px solid #d5dae1; padding: .8rem 1.1rem }
nav a { display: block; color: #1f5f9e; text-decoration: none; break-inside: avoid }
nav a.deep { padding-left: 1.3rem }
nav a:hover { text-decoration: underline }
figure { margin: 1.2rem 0 1.6rem } figure svg { display: block; width: 100%; height: auto; max-width: 52rem }
figcaption, caption { text-align: left; font-size: .88rem; padding: .4rem 0; caption-side: top }
:is(figcaption, caption) b { margin-right: .5em }
.scroll { overflow-x: auto; margin: 1.2rem 0 .3rem }
table { border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums;
  border-top: 1.5px solid #1c232c; border-bottom: 1.5px solid #1c232c }
th { text-align: left; font-weight: 600; border-bottom: 1px solid #5d6875; vertical-align: bottom }
th, td { padding: .26rem .5rem } td { border-bottom: 1px solid #e9ecf0; vertical-align: top }
.num { text-align: right } td.num { white-space: nowrap }
tr.group td { font-weight: 600; background: #f4f6f8; padding-top: .45rem }
@media (max-width: 45rem) { main { padding: 1.2rem; margin: 0; border: 0 } nav { columns: 1 } }
@media print { body, main { background: #fff; border: 0; margin: 0; padding: 0 } .badge { position: static }
  figure, tr { break-inside: avoid } :is(h2, h3) { break-after: avoid } }
"""


def to_html(document: Document) -> bytes:
    """The document as UTF-8."""
    details = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in document.details)
    title, blocks = escape(document.title), "\n".join(_blocks(document.blocks))
    return (
        f'<!DOCTYPE html>\n<html lang="{document.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n"
        f'<body><div class="badge" role="note">{escape(document.badge)}</div>\n<main><h1>{title}</h1>\n'
        f"<dl>{details}</dl>\n{_contents(document)}\n{blocks}\n</main></body></html>\n"
    ).encode()


def _contents(document: Document) -> str:
    links = [
        f'<a href="#{_id(block.anchor)}"{" class=deep" if block.depth > 1 else ""}>'
        f"{escape(f'{block.number} {block.text}'.strip())}</a>"
        for block in document.blocks
        if isinstance(block, Heading) and block.anchor
    ]
    return f"<nav>{''.join(links)}</nav>"


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Each block; items that follow one another make one list."""
    listed = False
    for block in blocks:
        item = isinstance(block, Paragraph) and block.tone is Tone.ITEM
        if item != listed:
            yield "<ul>" if item else "</ul>"
            listed = item
        yield _SET[type(block)](block)
    if listed:
        yield "</ul>"


def _heading(block: Heading) -> str:
    number = f'<span class="number">{block.number}</span>' if block.number else ""
    anchor = f' id="{_id(block.anchor)}"' if block.anchor else ""
    return f"<h{block.depth + 1}{anchor}>{number}{escape(block.text)}</h{block.depth + 1}>"


def _paragraph(block: Paragraph) -> str:
    text = (f"<b>{escape(block.lead)}</b>" if block.lead else "") + escape(block.text)
    if block.tone is Tone.ITEM:
        return f"<li>{text}</li>"
    kind = "" if block.tone is Tone.PLAIN else f' class="{block.tone.value}"'
    return f"<p{kind}>{text}</p>"


def _table(block: Table) -> str:
    caption = f"<b>{escape(block.label)}.</b>" if block.label else ""
    caption = f"<caption>{caption}{escape(block.caption)}</caption>" if block.caption else ""
    total = sum(block.widths)
    columns = "".join(f'<col style="width:{100 * width / total:.1f}%">' for width in block.widths)
    head = "".join(
        f'<th scope="col"{_side(place, block)}>{escape(cell)}</th>' for place, cell in enumerate(block.head)
    )
    rows = "".join(_row(row, block) for row in block.rows)
    note = f'<p class="tablenote">{escape(block.note)}</p>' if block.note else ""
    return (
        f'<div class="scroll"><table id="{_id(block.anchor)}-table">{caption}<colgroup>{columns}</colgroup>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}"
    )


def _row(row: tuple[str, ...], block: Table) -> str:
    if len(row) == 1:
        return f'<tr class="group"><td colspan="{len(block.head)}">{escape(row[0])}</td></tr>'
    cells = "".join(f"<td{_side(place, block)}>{escape(cell)}</td>" for place, cell in enumerate(row))
    return f"<tr>{cells}</tr>"


def _side(place: int, block: Table) -> str:
    return ' class="num"' if place >= block.left else ""


def _picture(block: Picture) -> str:
    """The SVG with ids of its own, so that two figures do not share one, and with its text for the blind."""
    own = _id(block.anchor)
    svg = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{own}-", block.svg)
    shape = re.search(r'viewBox="[^"]*"', svg)
    assert shape is not None, "Matplotlib writes a view box"
    start = (
        f'<svg {shape[0]} xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'role="img" aria-label="{escape(block.alt)}">'
    )
    svg = start + svg[svg.index(">") + 1 :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return (
        f"<figure>{svg}<figcaption><b>{escape(block.label)}.</b>{escape(block.caption)}</figcaption></figure>"
    )


_SET: dict[type, Callable[..., str]] = {
    Heading: _heading,
    Paragraph: _paragraph,
    Table: _table,
    Picture: _picture,
}


def _id(anchor: str) -> str:
    """An anchor as an id that a link may name."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", anchor)

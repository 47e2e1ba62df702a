"""A report as bytes: composed in a language, set in a format."""

from __future__ import annotations

from lss_core.reports.compose import document_of
from lss_core.reports.document import Document
from lss_core.reports.texts import Texts
from lss_core.reports.values import Format, StudyReport
from lss_core.texts import Language


def written(report: StudyReport, kind: Format, language: Language) -> bytes:
    """The report as a file's content. What sets a PDF or a Word file is loaded only for one."""
    return _SET[kind](document_of(report, Texts(language)))


def _html(document: Document) -> bytes:
    from lss_core.reports.html import to_html

    return to_html(document)


def _pdf(document: Document) -> bytes:
    from lss_core.reports.pdf import to_pdf

    return to_pdf(document)


def _docx(document: Document) -> bytes:
    from lss_core.reports.word import to_docx

    return to_docx(document)


_SET = {Format.HTML: _html, Format.PDF: _pdf, Format.DOCX: _docx}

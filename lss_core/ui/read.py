"""Pieces of the Read page: which of his cases a reader may open, and how far he is."""

from __future__ import annotations

from collections.abc import Sequence

from lss_core.usecases.due import ReadProgress


def open_to_him(reads: Sequence[ReadProgress], next_case: str | None) -> dict[str, str]:
    """The cases he may open (id: text shown): those he has begun, and the next in his order.

    The next one comes first, so that it is where he begins.
    """
    texts = {
        read.case_id: f"{number}. {read.case_id}, {_state(read)}"
        for number, read in enumerate(reads, start=1)
        if read.read_id is not None or read.case_id == next_case
    }
    first = {next_case: texts.pop(next_case)} if next_case in texts else {}
    return {**first, **texts}


def progress_words(reads: Sequence[ReadProgress]) -> str:
    """'3 of 24 cases submitted'."""
    return f"{sum(read.submitted for read in reads)} of {len(reads)} cases submitted"


def _state(read: ReadProgress) -> str:
    if read.submitted:
        return "submitted"
    return f"{read.answered} of {read.sites}" if read.answered else "new"

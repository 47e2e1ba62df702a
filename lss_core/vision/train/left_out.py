"""Studies that cannot be read: one of two thousand must not end a run, and must not go unsaid."""

from __future__ import annotations

from collections import Counter

import structlog

from lss_core.errors import LssError
from lss_core.vision.train.place import Entry, Place
from lss_core.vision.train.sources.base import Case, GradedStudy
from lss_core.vision.train.whole import write_text

FOLDER = "left-out"

_log = structlog.get_logger(__name__)


def study_or_none(place: Place, entry: Entry, case: Case) -> GradedStudy | None:
    """A case's study; None where it is refused, the reason being kept in the work folder."""
    try:
        return entry.source.study(case)
    except LssError as error:
        write_text(place.file(FOLDER, entry, case, ".txt"), f"{error}\n")
        _log.warning("case left out", data=entry.name, subject=error.subject, reason=error.reason)
        return None


def left_out(place: Place) -> dict[str, int]:
    """How many cases of each entry were left out; for the card."""
    return dict(Counter(path.parent.name for path in sorted((place.work / FOLDER).glob("*/*.txt"))))

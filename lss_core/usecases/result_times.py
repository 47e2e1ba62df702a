"""Reading times: how long each reader took for a case, and how that changed over his order of reading."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from lss_core.store import reads
from lss_core.store.values import ReadTime
from lss_core.usecases.access import UNBLINDED, require_study
from lss_core.usecases.due import UNAIDED
from lss_core.usecases.reference import ADJUDICATION
from lss_core.usecases.result_cases import UnitRow
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

LONGEST_MIN = 60.0
"""A sitting longer than this was interrupted: it is counted and left out."""


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """A submitted read: the place in its reader's order (from 1), minutes, share of exact grades.

    `exact` is None where none of its units has a reference.
    """

    reader: str
    arm: str
    case_id: str
    order: int
    minutes: float
    exact: float | None


@dataclass(frozen=True, kw_only=True)
class ReadingTimes:
    """The sittings that have a time, and why others have none."""

    sittings: tuple[Sitting, ...]
    simulated: int
    open: int
    interrupted: int

    def by_reader(self) -> list[tuple[str, str, int, tuple[float, float, float]]]:
        """Each reader and arm with the number of cases, and lower quartile, median, upper, in minutes.

        In the order of `readers` and `arms`.
        """
        own: dict[tuple[str, str], list[float]] = defaultdict(list)
        for sitting in self.sittings:
            own[sitting.reader, sitting.arm].append(sitting.minutes)
        found = []
        for reader, arm in sorted(own, key=lambda key: (key[0], self.arms.index(key[1]))):
            minutes = own[reader, arm]
            low, middle, high = np.quantile(minutes, (0.25, 0.5, 0.75)).tolist()
            found.append((reader, arm, len(minutes), (low, middle, high)))
        return found

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms with times, the unaided one first."""
        return tuple(
            sorted({sitting.arm for sitting in self.sittings}, key=lambda arm: (arm != UNAIDED, arm))
        )

    @property
    def medians(self) -> dict[str, float]:
        """Of each arm the median of the readers' own median minutes."""
        rows = self.by_reader()
        return {
            arm: float(np.median([mid for _, own, _, (_, mid, _) in rows if own == arm])) for arm in self.arms
        }

    @property
    def readers(self) -> tuple[str, ...]:
        """The readers with times, by name."""
        return tuple(sorted({sitting.reader for sitting in self.sittings}))


def reading_times(workspace: Workspace, user: User, study_id: str, rows: tuple[UnitRow, ...]) -> ReadingTimes:
    """The times at work on a case, or from opening to submitting it; `rows` say what is right.

    Not for the blinded. A simulated reader has none unless they were simulated too.
    """
    require_study(workspace, user, study_id, *UNBLINDED)
    with workspace.store.read() as tx:
        found = [read for read in reads.read_times(tx, study_id) if read.arm != ADJUDICATION]
    return timed(found, rows)


def timed(found: list[ReadTime], rows: tuple[UnitRow, ...]) -> ReadingTimes:
    """Reads in the order of opening as sittings with minutes."""
    units: dict[str, list[UnitRow]] = defaultdict(list)
    for row in rows:
        units[row.name.case_id].append(row)
    order: dict[tuple[str, str], int] = defaultdict(int)
    sittings = []
    interrupted = 0
    real = [read for read in found if not read.simulated or read.active_ms is not None]
    for read in real:
        if read.submitted_at is None:
            continue
        order[read.reader, read.arm] += 1
        minutes = _minutes(read, read.submitted_at)
        if minutes > LONGEST_MIN:
            interrupted += 1
            continue
        sittings.append(
            Sitting(
                reader=read.reader,
                arm=read.arm,
                case_id=read.case_id,
                order=order[read.reader, read.arm],
                minutes=minutes,
                exact=_exact(units[read.case_id], read.reader),
            )
        )
    return ReadingTimes(
        sittings=tuple(sittings),
        simulated=len(found) - len(real),
        open=sum(read.submitted_at is None for read in real),
        interrupted=interrupted,
    )


def _minutes(read: ReadTime, submitted_at: datetime) -> float:
    """The time at work, where the viewer kept it, else the time from opening to submitting."""
    if read.active_ms is not None:
        return read.active_ms / 60_000
    return (submitted_at - read.opened_at).total_seconds() / 60


def _exact(rows: list[UnitRow], reader: str) -> float | None:
    given = [
        row.readers[reader] == row.reference
        for row in rows
        if row.reference is not None and row.readers.get(reader) is not None
    ]
    return sum(given) / len(given) if given else None

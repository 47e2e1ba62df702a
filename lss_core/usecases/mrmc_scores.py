"""A reader study from its list of scores: the format of iMRMC.

Columns readerID, caseID, modalityID, score; rows whose readerID and modalityID are 'truth' hold the truth
of a case. patientID is ours and optional: it names the patient of a case where one has several. A file
that begins with iMRMC's free text is read from the line after 'BEGIN DATA:', its columns in that order.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.study import ReaderStudy

COLUMNS = ("readerID", "caseID", "modalityID", "score")
PATIENT = "patientID"
TRUTH = "truth"


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreList:
    """The study of a file, with the file's name and SHA-256."""

    study: ReaderStudy
    name: str
    sha256: str


@dataclass(kw_only=True)
class _Found:
    """What has been read so far, in the order of the file."""

    name: str
    truth: dict[str, float] = field(default_factory=dict)
    scores: dict[tuple[str, str, str], float] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def refuse(self, line: int, reason: str, remedy: str) -> StatisticsError:
        return StatisticsError(f"{self.name}, row {line}", reason=reason, remedy=remedy)

    def add(self, line: int, row: dict[str, str]) -> None:
        """Take a row. Raises StatisticsError for one that is not whole or comes twice."""
        for column in (*COLUMNS, *((PATIENT,) if PATIENT in row else ())):
            if not row.get(column):
                raise self.refuse(line, f"{column} is empty", "Fill it in, or leave the row out")
        reader, case, modality = row["readerID"], row["caseID"], row["modalityID"]
        score = self._number(line, row["score"])
        self.lines.setdefault(case, line)
        patient = row.get(PATIENT, case)
        if self.patients.setdefault(case, patient) != patient:
            reason = f"case {case} belongs to patient {self.patients[case]} in an earlier row"
            raise self.refuse(line, reason, "Name one patient for each case")
        if (reader == TRUTH) != (modality == TRUTH):
            reason = "one of readerID and modalityID is 'truth' and the other is not"
            raise self.refuse(line, reason, "Write 'truth' for both where the row holds the truth")
        if reader == TRUTH:
            if case in self.truth:
                raise self.refuse(line, f"case {case} has a truth already", "Keep one row of them")
            self.truth[case] = score
        else:
            if (modality, reader, case) in self.scores:
                reason = f"reader {reader} has scored case {case} in modality {modality} already"
                raise self.refuse(line, reason, "Keep one row of them")
            self.scores[modality, reader, case] = score

    def _number(self, line: int, text: str) -> float:
        try:
            score = float(text)
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise self.refuse(line, f"the score '{text}' is not a number", "Correct it, or leave the row out")
        return score


def read_scores(path: Path) -> ScoreList:
    """The study in the file; names in the order in which they first come.

    Raises StatisticsError naming the file, the row, the reason and the remedy.
    """
    raw = path.read_bytes()
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        reason = "it is not text in UTF-8"
        raise StatisticsError(path.name, reason=reason, remedy="Save it as CSV in UTF-8") from None
    found = _Found(name=path.name)
    for line, row in _rows(path.name, lines):
        found.add(line, row)
    return ScoreList(study=_study(found), name=path.name, sha256=hashlib.sha256(raw).hexdigest())


def _rows(name: str, lines: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    start = next((n for n, line in enumerate(lines, 1) if line.strip().startswith("BEGIN DATA:")), 0)
    reader = csv.reader(lines[start:])
    columns = list(COLUMNS) if start else [cell.strip() for cell in next(reader, [])]
    missing = [column for column in COLUMNS if column not in columns]
    if missing:
        reason = f"the first row names no column {missing[0]}"
        remedy = f"Give the columns {', '.join(COLUMNS)}, and {PATIENT} where a patient has several cases"
        raise StatisticsError(f"{name}, row 1", reason=reason, remedy=remedy)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
            if PATIENT in columns:
                row.setdefault(PATIENT, "")
            yield start + reader.line_num, row


def _study(found: _Found) -> ReaderStudy:
    for _, _, case in found.scores:
        if case not in found.truth:
            reason = f"case {case} has no truth"
            raise found.refuse(found.lines[case], reason, f"Add its row '{TRUTH},{case},{TRUTH},...'")
    scored = dict.fromkeys(case for _, _, case in found.scores)
    if not scored:
        raise StatisticsError(found.name, reason="it holds no score", remedy="Add the readers' rows")
    modalities, readers = (tuple(dict.fromkeys(key[place] for key in found.scores)) for place in (0, 1))
    cases = tuple(case for case in found.truth if case in scored)
    places = [{name: n for n, name in enumerate(names)} for names in (modalities, readers, cases)]
    scores = np.full((len(modalities), len(readers), len(cases)), np.nan)
    for key, score in found.scores.items():
        scores[tuple(place[name] for place, name in zip(places, key, strict=True))] = score
    people = {name: n for n, name in enumerate(dict.fromkeys(found.patients[case] for case in cases))}
    return ReaderStudy(
        scores=scores,
        truth=np.array([found.truth[case] for case in cases]),
        patients=np.array([people[found.patients[case]] for case in cases]),
        modalities=modalities,
        readers=readers,
        cases=cases,
    )

"""Ratings from outside, as a CSV: reads on paper, in another program, or of an earlier study.

Columns: case, condition, level, side (or site), rater, grade; where there are any: not_gradable, score
(0 to 100), confidence (0 to 1), comment, arm, session. All of a file or nothing of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import Answer, Grade, NotGradable, RaterKind, Role, Site
from lss_core.errors import StoreError
from lss_core.store import audit, cases, progress, reads, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import AnswerOrigin, Rater, ReadNote
from lss_core.study.labels import NONE_OR_MILD, grade_of, site_of
from lss_core.texts import later
from lss_core.usecases.access import require_study
from lss_core.usecases.csv_reading import Row, Sheet, each_row, read_sheet, refuse
from lss_core.usecases.due import UNAIDED
from lss_core.usecases.seals import answers_sha256
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

NEEDED = ("case", "rater", "grade")
LONGEST_NAME, LONGEST_ARM, MOST_SESSIONS = 100, 40, 100


@dataclass(frozen=True, kw_only=True)
class ImportedRatings:
    """What was taken: ratings, the reads that they became, raters that are new."""

    ratings: int
    reads: int
    new_raters: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class _Given:
    case: str
    rater: str
    arm: str
    session: int
    answer: Answer

    @property
    def read(self) -> tuple[str, str, str, int]:
        return self.case, self.rater, self.arm, self.session


def import_ratings(
    workspace: Workspace, user: User, study_id: str, content: bytes, *, name: str, in_panel: bool = False
) -> ImportedRatings:
    """Take in the ratings of a file; each rater, case, arm and session becomes one submitted read.

    Coordinators. A rater who is not in the study becomes a reader without an account; `in_panel` says whether
    such readers vote in the reference (of a study without a protocol: else those vote to whom it assigned the
    case). Raises ImportRefused with each wrong line and its reason, such as a read that its rater has made
    before; StoreError for a file that is no such table, or that was imported before.
    """
    require_study(workspace, user, study_id, Role.COORDINATOR)
    sheet = read_sheet(name, content, needed=NEEDED)
    given = each_row(sheet, _given)
    now = workspace.now()
    with workspace.store.write() as tx:
        _check_new(tx, sheet, study_id)
        known = {rater.name: rater for rater in studies.study_raters(tx, study_id)}
        _check_lines(tx, sheet, study_id, given, known)
        raters = {name: rater.id for name, rater in known.items()}
        new = tuple(dict.fromkeys(one.rater for _, one in given if one.rater not in raters))
        for rater in new:
            raters[rater] = studies.add_rater(tx, name=rater, kind=RaterKind.READER)
            studies.join_study(
                tx, study_id=study_id, rater_id=raters[rater], part=RaterKind.READER, in_panel=in_panel
            )
        sittings: dict[tuple[str, str, str, int], list[Answer]] = {}
        for _, one in given:
            sittings.setdefault(one.read, []).append(one.answer)
        for (case, rater, arm, session), answers in sittings.items():
            read_id = reads.add_read(
                tx, case_id=case, rater_id=raters[rater], arm=arm, at=now, session=session
            )
            read = reads.get_read(tx, read_id)
            reads.add_answers(tx, read, answers, at=now, origin=AnswerOrigin.IMPORTED)
            reads.submit_read(tx, read_id, at=now)
            digest = answers_sha256({one.site.key: one for one in answers}, ReadNote())
            audit.record(
                tx,
                at=now,
                actor=user.id,
                act="read.import",
                subject=read_id,
                case=case,
                answers_sha256=digest,
            )
        counts = {"ratings": len(given), "reads": len(sittings), "raters": len(new)}
        audit.record(tx, at=now, actor=user.id, act=ACT, subject=study_id, sha256=sheet.sha256, **counts)
    return ImportedRatings(ratings=len(given), reads=len(sittings), new_raters=new, sha256=sheet.sha256)


ACT = "ratings.import"


def _given(row: Row) -> _Given:
    """A row's rating. Raises ValueError with what is wrong with it."""
    for column in ("case", "rater"):
        if not row.get(column):
            raise ValueError(later("the {column} is empty", column=column))
    if len(row["rater"]) > LONGEST_NAME:
        raise ValueError(later("the rater's name has more than {n} letters", n=LONGEST_NAME))
    arm = row.get("arm") or UNAIDED
    if len(arm) > LONGEST_ARM:
        raise ValueError(later("the arm's name has more than {n} letters", n=LONGEST_ARM))
    return _Given(
        case=row["case"],
        rater=row["rater"],
        arm=arm,
        session=_session(row.get("session", "")),
        answer=answer_of(row),
    )


def answer_of(row: Row) -> Answer:
    """The answer of a row of a table. Raises ValueError with what is wrong with it."""
    site = site_of_row(row)
    reason = row.get("not_gradable", "")
    if reason and row.get("grade"):
        raise ValueError(later("it has a grade and a reason why there is none"))
    if reason and reason not in set(NotGradable):
        raise ValueError(
            later("not_gradable '{cell}' is not one of {words}", cell=reason, words=", ".join(NotGradable))
        )
    if not reason and not row.get("grade"):
        raise ValueError(later("it has neither a grade nor a reason why there is none (not_gradable)"))
    grade = None if reason else grade_of(row["grade"])
    if grade == NONE_OR_MILD:
        raise ValueError(later("'Normal/Mild' is not one grade: write 0 or 1"))
    return Answer(
        site=site,
        grade=None if grade is None else Grade(grade),
        not_gradable=NotGradable(reason) if reason else None,
        score=_number(row, "score"),
        confidence=_number(row, "confidence"),
        note=row.get("comment", ""),
    )


def site_of_row(row: Row) -> Site:
    """The site of a row, by its key or by condition, level and side. Raises ValueError."""
    if row.get("site"):
        try:
            return Site.parse(row["site"])
        except ValueError:
            raise ValueError(later("'{cell}' is not a site", cell=row["site"])) from None
    return site_of(row.get("condition", ""), row.get("level", ""), row.get("side", ""))


def _number(row: Row, column: str) -> float | None:
    cell = row.get(column, "")
    try:
        return float(cell.replace(",", ".")) if cell else None
    except ValueError:
        raise ValueError(later("the {column} '{cell}' is not a number", column=column, cell=cell)) from None


def _session(cell: str) -> int:
    if cell and not (cell.isascii() and cell.isdigit() and 1 <= int(cell) <= MOST_SESSIONS):
        raise ValueError(
            later("the session '{cell}' is not a number from 1 to {n}", cell=cell, n=MOST_SESSIONS)
        )
    return int(cell or 1)


def _check_new(tx: Transaction, sheet: Sheet, study_id: str) -> None:
    """Raises StoreError when the same file was taken before: a double click adds nothing."""
    taken = audit.entries(tx, subject=study_id)
    if any(entry.act == ACT and entry.details.get("sha256") == sheet.sha256 for entry in taken):
        raise StoreError(sheet.name, reason="this file was imported before", remedy="Import another one")


def _check_lines(
    tx: Transaction,
    sheet: Sheet,
    study_id: str,
    given: list[tuple[int, _Given]],
    known: Mapping[str, Rater],
) -> None:
    """Raises ImportRefused for lines that are wrong beside the study, or beside other lines."""
    there = set(cases.case_ids(tx, study_id))
    kinds = {name: rater.kind for name, rater in known.items()}
    names = {rater.id: name for name, rater in known.items()}
    sat = {
        (one.case_id, names.get(one.rater_id), one.arm, one.session)
        for one in progress.study_sittings(tx, study_id)
        if not one.withdrawn
    }
    named = Counter((one.read, one.answer.site) for _, one in given)
    wrong = []
    for line, one in given:
        if one.read in sat:  # an answer from a file never takes the place of one that a reader gave
            wrong.append((line, later("'{name}' has read this case in this arm and session", name=one.rater)))
        elif one.case not in there:
            wrong.append((line, later("{case} is no case of this study", case=one.case)))
        elif kinds.get(one.rater, RaterKind.READER) is not RaterKind.READER:
            wrong.append((line, later("'{name}' is no reader of this study", name=one.rater)))
        elif named[one.read, one.answer.site] > 1:
            wrong.append(
                (
                    line,
                    later(
                        "{site} has two rows of this rater, case, arm and session", site=one.answer.site.key
                    ),
                )
            )
    if wrong:
        raise refuse(sheet.name, wrong)

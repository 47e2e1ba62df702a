"""What the audit trail seals: acts that hold the hash of what they are about, and whether it is still that.

The chain shows that no act was changed. This shows that what was given, signed, frozen, locked, graded by the
model or imported is still what those acts said, and that no correction came or went without its act.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC

from lss_core.domain import Answer
from lss_core.errors import ProtocolError
from lss_core.store.audit import AuditEntry
from lss_core.store.engine import Transaction
from lss_core.store.sealed import Given, Sealed, SealedRead, sealed_of
from lss_core.store.values import ReadNote, ReferenceGrade
from lss_core.study.protocol import from_document, sha256
from lss_core.texts import later

READ_ACTS = {"read.sign", "read.import", "read.simulate"}
ANSWER_ACTS = {"answer.add", "answer.remaining_none", "answer.keep_first", "adjudicate"}
NOTE_ACT = "read.note"
CORRECTIONS = ("read.unlock", "read.withdraw", "case.withdraw", "session.allow")
GIVEN = "given_sha256"
"""The detail of an act that holds the hash of what it gave."""

ACTS = (
    *READ_ACTS, *ANSWER_ACTS, NOTE_ACT, *CORRECTIONS, "read.open", "reads.simulate", "run.done",
    "reference.freeze", "reference.cut", "protocol.lock", "case.delete",
)  # fmt: skip
"""The acts that this looks at."""


def answers_sha256(answers: Mapping[str, Answer], note: ReadNote) -> str:
    """The hash of what is signed: canonical JSON (sorted keys, no spaces, UTF-8) of
    {"answers": {site: [grade, not gradable, call, score, comment]}, "image_quality", "comment"}.
    """
    given = {site: _said(answer) for site, answer in answers.items()}
    return _digest({"answers": given, "image_quality": note.image_quality, "comment": note.comment})


def given_sha256(given: Iterable[Given]) -> str:
    """The hash of what one act has given: canonical JSON of [[idempotency key, time in UTC, origin, said]],
    the time to the microsecond; an answer says [site, grade, not gradable, call, score, comment], a note
    [image quality, comment].
    """
    return _digest(
        [
            [
                one.key,
                one.at.astimezone(UTC).isoformat(timespec="microseconds"),
                one.origin.value,
                [one.said.site.key, *_said(one.said)]
                if isinstance(one.said, Answer)
                else [one.said.image_quality, one.said.comment],
            ]
            for one in given
        ]
    )


def _said(answer: Answer) -> list[object]:
    return [
        None if answer.grade is None else int(answer.grade),
        answer.not_gradable,
        answer.positive,
        None if answer.score is None else float(answer.score),
        answer.note,
    ]


def run_sha256(answers: Iterable[Answer]) -> str:
    """The hash of a model run: canonical JSON of {site: [grade, not gradable, four probabilities]}."""
    return _digest(
        {
            answer.site.key: [
                None if answer.grade is None else int(answer.grade),
                answer.not_gradable,
                None if answer.probabilities is None else [float(p) + 0.0 for p in answer.probabilities],
            ]
            for answer in answers
        }
    )


def grades_sha256(grades: Iterable[ReferenceGrade]) -> str:
    """The hash of a reference: canonical JSON of [case, site, grade, not gradable, decision], in order."""
    return _digest(
        sorted(
            [
                one.case_id,
                one.site.key,
                None if one.grade is None else int(one.grade),
                one.not_gradable,
                one.decision.value,
            ]
            for one in grades
        )
    )


def _digest(told: object) -> str:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def altered(tx: Transaction, study_ids: Iterable[str], trail: Sequence[AuditEntry]) -> list[str]:
    """What of these studies is no longer what their trail says, a sentence each; none where all is.

    `trail` holds their acts in order. Acts of before a hash was kept, and of deleted cases, are passed over.
    """
    told = _told(trail)
    found: list[str] = []
    there: set[str] = set()
    rows: Counter[tuple[str, str]] = Counter()
    for study_id in study_ids:
        sealed = sealed_of(tx, study_id)
        there |= sealed.reads.keys() | sealed.runs.keys() | sealed.references.keys()
        found += [
            *_reads(sealed.reads, told),
            *_runs(sealed, told),
            *_references(sealed, told),
            *_protocols(study_id, sealed, told),
        ]
        for act, ids in sealed.corrections.items():
            rows.update((act, about) for about in ids)
    return [*found, *_corrections(rows, told, there), *_gone(told, there)]


_Act = tuple[int, str | None]


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the acts say, the last word of each: reads None once they were unlocked, cases by their ids.

    `answers` and `notes` hold each act of a read: how many it has given, and their hash.
    """

    reads: dict[str, str | None] = field(default_factory=dict)
    signed: set[tuple[str, str]] = field(default_factory=set)
    runs: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    protocols: dict[tuple[str, int], str] = field(default_factory=dict)
    corrections: Counter[tuple[str, str]] = field(default_factory=Counter)
    case_of: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    answers: dict[str, list[_Act]] = field(default_factory=dict)
    notes: dict[str, list[_Act]] = field(default_factory=dict)
    simulated: set[str] = field(default_factory=set)


def _told(trail: Sequence[AuditEntry]) -> _Told:
    told = _Told()
    for entry in trail:
        about, details = entry.subject, entry.details
        if entry.act in READ_ACTS:
            told.reads[about] = details["answers_sha256"]
            told.signed.add((about, details["answers_sha256"]))
        if entry.act in ("read.open", *READ_ACTS, *ANSWER_ACTS) and "case" in details:
            told.case_of[about] = details["case"]
        if entry.act in ANSWER_ACTS:
            told.answers.setdefault(about, []).append((details.get("sites", 1), details.get(GIVEN)))
        if entry.act == NOTE_ACT:
            told.notes.setdefault(about, []).append((1, details.get(GIVEN)))
        if entry.act == "reads.simulate":
            told.simulated.add(about)
        if entry.act in CORRECTIONS:
            told.corrections[entry.act, about] += 1
        if entry.act == "read.unlock":
            told.reads[about] = None
        if entry.act == "run.done" and "ratings_sha256" in details:
            told.runs[details["run"]] = details["ratings_sha256"]
            told.case_of[details["run"]] = about
        if entry.act in ("reference.freeze", "reference.cut") and "grades_sha256" in details:
            told.references[about] = details["grades_sha256"]
        if entry.act == "protocol.lock":
            told.protocols[about, details["version"]] = details["sha256"]
        if entry.act == "case.delete":
            told.deleted.add(about)
    return told


def _reads(reads: Mapping[str, SealedRead], told: _Told) -> Iterator[str]:
    for read_id, read in reads.items():
        fault = _wrongly_signed(read_id, read, told) or _wrongly_given(read_id, read, told)
        if fault:
            yield fault


def _wrongly_signed(read_id: str, read: SealedRead, told: _Told) -> str:
    digest = told.reads.get(read_id)
    if any((read_id, signed) not in told.signed for signed in read.signed):
        return later("{id}: it has a signature that nobody gave", id=read_id)
    if digest is None:
        wrong = read.submitted and read_id in told.reads
        return later("{id}: it was unlocked, and is locked without a signature", id=read_id) if wrong else ""
    if answers_sha256(read.answers, read.note) != digest:
        return later("{id}: its answers are not those that were signed or imported", id=read_id)
    if not read.submitted:
        return later("{id}: it was signed, and is open without having been unlocked", id=read_id)
    return ""


def _wrongly_given(read_id: str, read: SealedRead, told: _Told) -> str:
    """Of a read that was imported or simulated, all at once, nothing was given one by one."""
    answers = told.answers.get(read_id, ())
    if not answers and (read_id in told.reads or read.rater_id in told.simulated):
        return ""
    if not answers and read_id not in told.case_of:
        return later("{id}: a read that nobody opened", id=read_id)
    sound = _in_order(read.answers_given, answers) and _in_order(
        read.notes_given, told.notes.get(read_id, ())
    )
    return "" if sound else later("{id}: its answers or notes are not those that were given", id=read_id)


def _in_order(rows: Sequence[Given], acts: Sequence[_Act]) -> bool:
    """Whether rows are those of the acts, one after the other; acts without a hash only count theirs."""
    at = 0
    for count, told in acts:
        given = rows[at : at + count]
        if len(given) < count or (told is not None and given_sha256(given) != told):
            return False
        at += count
    return at == len(rows)


def _runs(sealed: Sealed, told: _Told) -> Iterator[str]:
    for run_id, answers in sealed.runs.items():
        if run_id in told.runs and run_sha256(answers.values()) != told.runs[run_id]:
            yield later("{id}: the model's grades are not those that it gave", id=run_id)


def _references(sealed: Sealed, told: _Told) -> Iterator[str]:
    for reference_id, grades in sealed.references.items():
        if reference_id in told.references and grades_sha256(grades) != told.references[reference_id]:
            yield later("{id}: the reference standard is not the one that was frozen", id=reference_id)


def _protocols(study_id: str, sealed: Sealed, told: _Told) -> Iterator[str]:
    versions = {version for study, version in told.protocols if study == study_id}
    for version in sorted(versions | sealed.protocols.keys()):
        try:
            now = sha256(from_document(sealed.protocols[version])) if version in sealed.protocols else None
        except (ProtocolError, KeyError, TypeError, ValueError):
            now = None
        if now is None or told.protocols.get((study_id, version)) != now:
            yield later(
                "{id}: version {n} of its protocol is not the one that was locked", id=study_id, n=version
            )


def _corrections(rows: Counter[tuple[str, str]], told: _Told, there: set[str]) -> Iterator[str]:
    """Rows without their act, and fewer rows than acts; what was about deleted cases has gone with them."""
    for act, about in sorted(rows | told.corrections):
        made, kept = told.corrections[act, about], rows[act, about]
        if kept > made:
            yield later("{id}: a correction ({act}) is there that nobody made", id=about, act=act)
        elif kept < made and about not in told.deleted and (about in there or not act.startswith("read.")):
            yield later("{id}: a correction ({act}) was taken away", id=about, act=act)


def _gone(told: _Told, there: set[str]) -> Iterator[str]:
    """What acts tell of and no table has, though its case was not deleted."""
    known = {*told.reads, *told.runs, *told.references, *(told.answers.keys() & told.case_of.keys())}
    for about in sorted(known - there):
        if told.case_of.get(about) not in told.deleted:
            yield later("{id}: the trail tells of it, and it is not there", id=about)

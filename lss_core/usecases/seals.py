"""What the audit trail seals: acts that hold the hash of what they are about, and whether it is still that.

The chain shows that no act was changed. This shows that what was signed, frozen, locked, graded by the model
or imported is still what those acts said, and that no correction came or went without its act.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lss_core.domain import Answer
from lss_core.errors import ProtocolError
from lss_core.store.audit import AuditEntry
from lss_core.store.engine import Transaction
from lss_core.store.sealed import Sealed, SealedRead, sealed_of
from lss_core.store.values import ReadNote, ReferenceGrade
from lss_core.study.protocol import from_document, sha256
from lss_core.texts import later

READ_ACTS = {"read.sign", "read.import"}
CORRECTIONS = ("read.unlock", "read.withdraw", "case.withdraw", "session.allow")
ACTS = (
    *READ_ACTS, *CORRECTIONS, "read.open", "run.done", "reference.freeze", "reference.cut", "protocol.lock",
    "case.delete",
)  # fmt: skip
"""The acts that this looks at."""


def answers_sha256(answers: Mapping[str, Answer], note: ReadNote) -> str:
    """The hash of what is signed: canonical JSON (sorted keys, no spaces, UTF-8) of
    {"answers": {site: [grade, not gradable, call, score, comment]}, "image_quality", "comment"}.
    """
    given = {
        site: [
            None if answer.grade is None else int(answer.grade),
            answer.not_gradable,
            answer.positive,
            answer.score,
            answer.note,
        ]
        for site, answer in answers.items()
    }
    return _digest({"answers": given, "image_quality": note.image_quality, "comment": note.comment})


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


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the acts say, the last word of each: reads None once they were unlocked, cases by their ids."""

    reads: dict[str, str | None] = field(default_factory=dict)
    signed: set[tuple[str, str]] = field(default_factory=set)
    runs: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    protocols: dict[tuple[str, int], str] = field(default_factory=dict)
    corrections: Counter[tuple[str, str]] = field(default_factory=Counter)
    case_of: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)


def _told(trail: Sequence[AuditEntry]) -> _Told:
    told = _Told()
    for entry in trail:
        about, details = entry.subject, entry.details
        if entry.act in READ_ACTS:
            told.reads[about] = details["answers_sha256"]
            told.signed.add((about, details["answers_sha256"]))
        if entry.act in ("read.open", "read.import"):
            told.case_of[about] = details["case"]
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
        digest = told.reads.get(read_id)
        if any((read_id, signed) not in told.signed for signed in read.signed):
            yield later("{id}: it has a signature that nobody gave", id=read_id)
        elif digest is None:
            if read.submitted and read_id in told.reads:
                yield later("{id}: it was unlocked, and is locked without a signature", id=read_id)
        elif answers_sha256(read.answers, read.note) != digest:
            yield later("{id}: its answers are not those that were signed or imported", id=read_id)
        elif not read.submitted:
            yield later("{id}: it was signed, and is open without having been unlocked", id=read_id)


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
    for about in sorted({*told.reads, *told.runs, *told.references} - there):
        if told.case_of.get(about) not in told.deleted:
            yield later("{id}: the trail tells of it, and it is not there", id=about)

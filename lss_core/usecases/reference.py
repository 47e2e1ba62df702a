"""Reference standards: the panel's majority, the adjudicator, and truths from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lss_core.domain import ALL_SITES, Answer, Grade, NotGradable, Role, Site
from lss_core.errors import AccessError, StoreError
from lss_core.store import analysed, audit, cases, corrections, protocols, ratings, reads, references, studies
from lss_core.store.engine import Transaction
from lss_core.store.sealed import Given
from lss_core.store.values import (
    SITE_OF,
    Decision,
    ReadRecord,
    ReferenceGrade,
    ReferenceMethod,
    ReferenceSummary,
)
from lss_core.study.protocol import PANEL_ARM, Arm, ArmKind, AssignmentKind, Protocol, ReferenceSource
from lss_core.study.reference import Outcome, Vote, majority_of_sites
from lss_core.texts import later
from lss_core.usecases.access import UNBLINDED, require_in, require_study, role_in
from lss_core.usecases.seals import GIVEN, given_sha256, grades_sha256
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "Adjudication", "Decision", "ReferenceGrade", "ReferenceMethod", "ReferenceSummary", "add_reference",
    "adjudicate", "adjudications_due", "list_references", "make_majority_reference", "open_reads",
]  # fmt: skip

ADJUDICATION = "adjudication"
"""The arm of a read in which an adjudicator settles what the panel could not."""


@dataclass(frozen=True, kw_only=True)
class Adjudication:
    """A site where the panel has no majority, and what the adjudicator said of it.

    `votes` counts the panel's grades 0 to 3 and `not_gradable_votes` the others, without names.
    """

    case_id: str
    site: Site
    votes: tuple[int, int, int, int]
    not_gradable_votes: int = 0
    settled: Answer | None = None

    @property
    def place(self) -> str:
        """A key that names case and site."""
        return f"{self.case_id}:{self.site.key}"


def list_references(workspace: Workspace, user: User, study_id: str) -> list[ReferenceSummary]:
    """The reference standards of a study: majorities before external ones, each newest first.

    Coordinators and statisticians.
    """
    require_study(workspace, user, study_id, *UNBLINDED)
    with workspace.store.read() as tx:
        return references.reference_summaries(tx, study_id)


def make_majority_reference(
    workspace: Workspace, user: User, study_id: str, *, name: str = later("Majority of the panel")
) -> ReferenceSummary:
    """Freeze the panel's majority, and the adjudicator's word where there is none. Coordinators.

    Only submitted reads count. Sites that have neither are left out, and cases that part of the panel has
    not submitted.
    Raises StoreError when there is not one grade.
    """
    require_study(workspace, user, study_id, Role.COORDINATOR)
    with workspace.store.write() as tx:
        given = reads.study_reads(tx, study_id)
        settled = _settled(tx, study_id, given)
        grades = [
            found
            for case_id, votes in _votes(given, _ballot(tx, study_id)).items()
            for site, vote in votes.items()
            if (found := _decide(case_id, site, vote, settled.get((case_id, site))))
        ]
        return _freeze(tx, workspace, user, study_id, name, ReferenceMethod.MAJORITY, grades)


def add_reference(
    workspace: Workspace,
    user: User,
    study_id: str,
    *,
    name: str,
    grades: Mapping[str, Mapping[Site, Grade]],
) -> ReferenceSummary:
    """Freeze grades from outside the study (case id -> site -> grade). Coordinators.

    Raises StoreError when a case is none of the study's, or when there is not one grade.
    """
    require_study(workspace, user, study_id, Role.COORDINATOR)
    rows = [
        ReferenceGrade(case_id=case_id, site=site, grade=grade, not_gradable=None, decision=Decision.EXTERNAL)
        for case_id, sites in grades.items()
        for site, grade in sites.items()
    ]
    with workspace.store.write() as tx:
        foreign = sorted(grades.keys() - set(cases.case_ids(tx, study_id)))
        if foreign:
            raise StoreError(foreign[0], reason="it is no case of this study", remedy="Leave it out")
        return _freeze(tx, workspace, user, study_id, name, ReferenceMethod.EXTERNAL, rows)


def adjudications_due(workspace: Workspace, user: User, study_id: str) -> list[Adjudication]:
    """The sites without a majority of the submitted reads, settled or not.

    Adjudicators of the study and coordinators.
    """
    with workspace.store.read() as tx:
        _may_adjudicate(tx, user, study_id)
        given = reads.study_reads(tx, study_id)
        settled = _settled(tx, study_id, given)
        return [
            Adjudication(
                case_id=case_id,
                site=site,
                votes=_counts(vote),
                not_gradable_votes=vote.votes.get(None, 0),
                settled=settled.get((case_id, site)),
            )
            for case_id, votes in _votes(given, _ballot(tx, study_id)).items()
            for site, vote in sorted(votes.items(), key=lambda item: ALL_SITES.index(item[0]))
            if vote.outcome is Outcome.ADJUDICATION_DUE
        ]


def open_reads(workspace: Workspace, user: User, study_id: str) -> int:
    """How many reads of the panel, one a reader and case, are not submitted yet.

    Adjudicators of the study and coordinators.
    """
    with workspace.store.read() as tx:
        _may_adjudicate(tx, user, study_id)
        ballot = _ballot(tx, study_id)
        given = reads.study_reads(tx, study_id)
    done = {(read.case_id, read.rater_id) for read in filter(ballot.counts, given)}
    return sum(len(voters) for voters in ballot.voters.values()) - len(done)


def adjudicate(
    workspace: Workspace, user: User, study_id: str, case_id: str, answer: Answer, *, idempotency_key: str
) -> None:
    """Add the adjudicator's answer at a site; the same key twice adds one row.

    Raises AccessError for anyone but the study's own adjudicators, StoreError for a case
    that is none of the study's and for a grade without its reason in the answer's note.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        rater_id = _adjudicator(tx, user, study_id)
        if case_id not in cases.case_ids(tx, study_id):
            raise StoreError(case_id, reason="it is no case of this study", remedy="Choose one from the list")
        if answer.grade is not None and not answer.note.strip():
            raise StoreError(
                answer.site.label,
                reason=later("an adjudicator's grade needs its reason"),
                remedy=later("Say why"),
            )
        read = _adjudication_read(tx, workspace, case_id, rater_id)
        if reads.add_answer(tx, read, answer, key=idempotency_key, at=now):
            digest = given_sha256([Given(said=answer, key=idempotency_key, at=now)])
            known = {"case": case_id, "site": answer.site.key, GIVEN: digest}
            audit.record(tx, at=now, actor=user.id, act="adjudicate", subject=read.id, **known)


def _may_adjudicate(tx: Transaction, user: User, study_id: str) -> None:
    require_in(tx, user, study_id, Role.COORDINATOR, Role.ADJUDICATOR)


def _adjudicator(tx: Transaction, user: User, study_id: str) -> str:
    if role_in(tx, user, study_id) is not Role.ADJUDICATOR or user.rater_id is None:
        raise AccessError(
            "Adjudication",
            reason=later("this is for the study's adjudicators"),
            remedy=later("Sign in as one of them"),
        )
    return user.rater_id


def _adjudication_read(tx: Transaction, workspace: Workspace, case_id: str, rater_id: str) -> ReadRecord:
    found = reads.newest_read(tx, case_id=case_id, rater_id=rater_id, arm=ADJUDICATION)
    if found is not None:
        return found
    now = workspace.now()
    return reads.get_read(
        tx, reads.add_read(tx, case_id=case_id, rater_id=rater_id, arm=ADJUDICATION, at=now)
    )


@dataclass(frozen=True, kw_only=True)
class _Ballot:
    """Who of the panel votes on each analysed case, and the arm whose reads are the votes (None: any)."""

    voters: Mapping[str, frozenset[str]]
    arm: str | None

    def counts(self, read: ReadRecord) -> bool:
        """Whether a read is a vote: a voter's, submitted, in that arm."""
        return (
            read.rater_id in self.voters.get(read.case_id, frozenset())
            and read.submitted_at is not None
            and read.arm != ADJUDICATION
            and self.arm in (None, read.arm)
        )


def _ballot(tx: Transaction, study_id: str) -> _Ballot:
    """By the live protocol: who was assigned the case in the arm that votes; without one all the panel.

    Whose read was withdrawn has no vote there, or the others' would wait for it for ever.
    """
    panel = frozenset(rater.id for rater in studies.study_raters(tx, study_id) if rater.in_panel)
    known = analysed.case_ids(tx, study_id)
    live = protocols.live_protocol(tx, study_id)
    if live is None:
        silent = corrections.withdrawn_voters(tx, study_id, None)
        everybody = {case_id: {one for one in panel if (case_id, one) not in silent} for case_id in known}
        return _Ballot(voters=_with_voters(everybody), arm=None)
    arm = _voting_arm(live.protocol)
    silent = corrections.withdrawn_voters(tx, study_id, arm.stages[0])
    voters: dict[str, set[str]] = {case_id: set() for case_id in known}
    for one in protocols.study_assignments(tx, study_id):
        is_vote = one.kind is AssignmentKind.TEST and one.arm == arm.name and one.rater_id in panel
        if is_vote and one.case_id in voters and (one.case_id, one.rater_id) not in silent:
            voters[one.case_id].add(one.rater_id)
    return _Ballot(voters=_with_voters(voters), arm=arm.stages[0])


def _with_voters(voters: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {case_id: frozenset(own) for case_id, own in voters.items() if own}


def _voting_arm(protocol: Protocol) -> Arm:
    """The panel's arm, or the first in which readers begin without the model, or the first there is."""
    if protocol.reference is ReferenceSource.PANEL:
        return PANEL_ARM
    alone = [arm for arm in protocol.arms if arm.kind is not ArmKind.AIDED]
    return (alone or protocol.arms)[0]


def _votes(given: Iterable[ReadRecord], ballot: _Ballot) -> dict[str, dict[Site, Vote]]:
    """The panel's vote at each site that one of it answered in a read that counts, case by case."""
    answers: dict[str, dict[str, dict[Site, Grade | None]]] = {}
    for read in filter(ballot.counts, given):
        voters = ballot.voters[read.case_id]
        case = answers.setdefault(read.case_id, {rater_id: {} for rater_id in sorted(voters)})
        case[read.rater_id] |= {SITE_OF[key]: answer.grade for key, answer in read.answers.items()}
    return {case_id: majority_of_sites(list(readers.values())) for case_id, readers in answers.items()}


def _settled(tx: Transaction, study_id: str, given: Iterable[ReadRecord]) -> dict[tuple[str, Site], Answer]:
    """The newest adjudication of each site, with its reason."""
    words = {read.id: read.answers for read in given if read.arm == ADJUDICATION}
    rows = sorted(ratings.study_ratings(tx, study_id), key=lambda row: row.given_at)
    return {(row.case_id, row.site): words[row.read_id][row.site.key] for row in rows if row.read_id in words}


def _counts(vote: Vote) -> tuple[int, int, int, int]:
    none, mild, moderate, severe = (vote.votes.get(grade, 0) for grade in Grade)
    return none, mild, moderate, severe


def _decide(case_id: str, site: Site, vote: Vote, settled: Answer | None) -> ReferenceGrade | None:
    grade, reason, decision = vote.grade, None, Decision.MAJORITY
    if vote.outcome is Outcome.NOT_GRADABLE:
        reason = NotGradable.OTHER
    elif vote.outcome is Outcome.ADJUDICATION_DUE and settled is not None:
        grade, reason, decision = settled.grade, settled.not_gradable, Decision.ADJUDICATED
    elif vote.outcome is not Outcome.GRADED:
        return None
    return ReferenceGrade(case_id=case_id, site=site, grade=grade, not_gradable=reason, decision=decision)


def _freeze(
    tx: Transaction,
    workspace: Workspace,
    user: User,
    study_id: str,
    name: str,
    method: ReferenceMethod,
    grades: list[ReferenceGrade],
) -> ReferenceSummary:
    if not grades:
        raise StoreError(
            "Reference standard",
            reason="there is not one grade for it",
            remedy="Let the whole panel read at least one case and submit it",
        )
    now = workspace.now()
    reference_id = references.add_reference(
        tx, study_id=study_id, name=name, method=method, grades=grades, actor=user.id, at=now
    )
    audit.record(
        tx, at=now, actor=user.id, act="reference.freeze", subject=reference_id, study=study_id,
        grades_sha256=grades_sha256(grades),
    )  # fmt: skip
    found = references.reference_summaries(tx, study_id)
    return next(reference for reference in found if reference.id == reference_id)

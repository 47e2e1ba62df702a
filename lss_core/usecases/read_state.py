"""A sitting as the database has it: what it asks for, what is answered, whose it is, whether it is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lss_core.domain import SITES, Answer, Role, Site
from lss_core.errors import AccessError, ConflictError
from lss_core.store import cases, corrections, protocols, reads, sittings
from lss_core.store.engine import Transaction
from lss_core.store.values import Assignment, AssignmentKind, ReadNote, ReadRecord, Signature
from lss_core.study.protocol import PANEL_ARM, SCHEME, Arm, ArmKind, Protocol, Questions, Scheme
from lss_core.texts import later
from lss_core.usecases.access import require_in
from lss_core.usecases.due import reader_of
from lss_core.usecases.users import User


@dataclass(frozen=True, kw_only=True)
class ReadPlan:
    """What a read asks for. `aided`: the model is shown. `kind`: practice, test or repeat."""

    sites: tuple[Site, ...] = SITES
    questions: Questions = field(default_factory=Questions)
    scheme: Scheme = field(default_factory=lambda: SCHEME)
    aided: bool = False
    stage: int = 1
    stages: int = 1
    kind: AssignmentKind = AssignmentKind.TEST


@dataclass(frozen=True, kw_only=True)
class ReadState:
    """A sitting as the database has it: the answers that count, by site key.

    `key` names what is read: the assignment, or the case where there is no protocol. `versions` counts the
    answers that each site has had; `first` are the locked answers of stage 1, where this is stage 2.
    """

    read_id: str
    key: str
    case_id: str
    answers: Mapping[str, Answer]
    submitted: bool
    plan: ReadPlan = field(default_factory=ReadPlan)
    versions: Mapping[str, int] = field(default_factory=dict)
    first: Mapping[str, Answer] = field(default_factory=dict)
    note: ReadNote = field(default_factory=ReadNote)
    signature: Signature | None = None

    @property
    def missing(self) -> list[str]:
        """What is still to be answered before the read can be signed, in words; sites by their labels."""
        questions = self.plan.questions
        open_sites = [
            site.label for site in self.plan.sites if not answered(self.answers.get(site.key), questions)
        ]
        asks_quality = questions.image_quality and self.note.image_quality is None
        return open_sites + (["image quality"] if asks_quality else [])


def answered(answer: Answer | None, questions: Questions) -> bool:
    """Whether an answer says all that is asked at a site."""
    if answer is None:
        return False
    if answer.grade is None:
        return True
    lacks_call = questions.call and answer.positive is None
    return not lacks_call and not (questions.score and answer.score is None)


def own_read(tx: Transaction, user: User, read_id: str) -> ReadRecord:
    """A reader's own sitting, while he reads in its study. Raises AccessError, NotFoundError."""
    rater_id = reader_of(user)
    read = reads.get_read(tx, read_id)
    if read.rater_id != rater_id:
        raise AccessError("Read", reason="it is another reader's", remedy="Open your own")
    require_in(tx, user, cases.study_of_case(tx, read.case_id) or "", Role.READER)
    return read


def check_open(tx: Transaction, read: ReadRecord) -> None:
    """Raises ConflictError when a read is submitted, or it or its case was withdrawn."""
    if any(corrections.withdrawn(tx, read.case_id, one) for one in (read.id, None)):
        raise ConflictError(
            read.case_id,
            reason=later("this read was withdrawn"),
            remedy=later("Reload the page and go on with the next case"),
        )
    if read.submitted_at is not None:
        raise ConflictError(read.case_id, reason="this read is submitted", remedy="Go on with the next case")


def plan_of(tx: Transaction, read: ReadRecord) -> ReadPlan:
    """What a read asks for: by the protocol that holds now, in the arm it was assigned."""
    if read.assignment_id is None:
        return ReadPlan()
    assignment, drawn = protocols.get_assignment(tx, read.assignment_id)
    live = protocols.live_protocol(tx, drawn.study_id) or drawn
    arm = _arm_of(assignment, live.protocol, drawn.protocol)
    aided = arm.kind is ArmKind.AIDED or (arm.kind is ArmKind.SEQUENTIAL and read.stage == len(arm.stages))
    return ReadPlan(
        sites=live.protocol.sites,
        questions=live.protocol.questions,
        scheme=live.protocol.scheme,
        aided=aided,
        stage=read.stage,
        stages=len(arm.stages),
        kind=assignment.kind,
    )


def state(tx: Transaction, read: ReadRecord) -> ReadState:
    """A sitting as the database has it."""
    return ReadState(
        read_id=read.id,
        key=read.assignment_id or read.case_id,
        case_id=read.case_id,
        answers=read.answers,
        submitted=read.submitted_at is not None,
        plan=plan_of(tx, read),
        versions=reads.versions(tx, read.id),
        first=reads.first_answers(tx, read),
        note=sittings.newest_note(tx, read.id),
        signature=None if read.submitted_at is None else sittings.newest_signature(tx, read.id),
    )


def _arm_of(assignment: Assignment, *versions: Protocol) -> Arm:
    """The arm of an assignment in the first of these versions that has it."""
    known = [
        arm for protocol in versions for arm in (*protocol.arms, PANEL_ARM) if arm.name == assignment.arm
    ]
    return known[0]

"""Reading: a reader's sittings with his cases, answer by answer."""

from __future__ import annotations

from lss_core.domain import Answer, Grade, Role, Site
from lss_core.errors import AccessError, ConflictError, NotFoundError, ProtocolError
from lss_core.store import audit, reads, sittings
from lss_core.store.engine import Transaction
from lss_core.store.sealed import Given
from lss_core.store.values import (
    AnswerOrigin,
    ReadNote,
    ReadRecord,
)
from lss_core.texts import later, moment
from lss_core.usecases.access import case_for
from lss_core.usecases.due import (
    ReadProgress,
    following,
    in_study,
    no_look_back,
    progress,
    reader_of,
    reads_of,
)
from lss_core.usecases.pens import check_pen
from lss_core.usecases.read_state import (
    ReadPlan,
    ReadState,
    answered,
    check_open,
    own_read,
    plan_of,
    state,
)
from lss_core.usecases.seals import GIVEN, NOTE_ACT, given_sha256
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "ReadNote", "ReadPlan", "ReadState", "answered", "next_case", "next_read", "open_read", "record_answer",
    "record_note", "record_remaining",
]  # fmt: skip


def next_read(workspace: Workspace, user: User, study_id: str = "") -> ReadProgress | None:
    """The first of his cases that is begun and not submitted, else the first not begun; None at the end.

    study_id: of this study while it has one, else of any.
    """
    due = reads_of(workspace, user)
    return following(in_study(due, study_id)) or following(due)


def next_case(workspace: Workspace, user: User) -> str | None:
    """The case of `next_read`."""
    found = next_read(workspace, user)
    return None if found is None else found.case_id


def open_read(workspace: Workspace, user: User, key: str | None = None) -> ReadState:
    """His sitting with an assignment or case (by default the next): resumed where there is one, else begun.

    A submitted sitting is given back as it is; in a sequential arm the submitted first stage is followed
    by the second. Raises NotFoundError when no case is left, AccessError when it is not his to read, or
    not yet.
    """
    rater_id = reader_of(user)
    with workspace.store.read() as tx:
        wanted = _wanted(tx, workspace, user, key)
        if wanted.read_id is not None:
            return state(tx, reads.get_read(tx, wanted.read_id))
    return _begin(workspace, user, rater_id, wanted.key)


def record_answer(
    workspace: Workspace,
    user: User,
    read_id: str,
    answer: Answer,
    *,
    idempotency_key: str,
    pen: str | None = None,
    base: int | None = None,
) -> None:
    """Add an answer; the newest at a site counts, earlier ones stay on record.

    The same key twice adds one row. `pen` names the window that answers, `base` how many answers of the
    site it knew of. Raises ConflictError when the read is submitted, another window holds the pen or
    has answered meanwhile, or the key came with another answer; ProtocolError when the answer is not
    what the protocol asks for; AccessError when the read is another's.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        read = own_read(tx, user, read_id)
        if reads.answer_of_key(tx, read_id, idempotency_key) == answer:
            return  # it was taken before, and only the reply was lost
        check_open(tx, read)
        check_pen(tx, read_id, pen, at=now)
        _check_asked(plan_of(tx, read), answer)
        if base is not None:
            _check_base(tx, read, answer.site, base)
        reads.add_answer(tx, read, answer, key=idempotency_key, at=now)
        digest = given_sha256([Given(said=answer, key=idempotency_key, at=now)])
        known = {"site": answer.site.key, GIVEN: digest}
        audit.record(tx, at=now, actor=user.id, act="answer.add", subject=read_id, **known)


def record_remaining(
    workspace: Workspace, user: User, read_id: str, *, idempotency_key: str, pen: str | None = None
) -> ReadState:
    """Answer all sites that have no answer at once: with 'none' or, in stage 2, with the first answers.

    Each is stored as given so (origin 'remaining'); the same key twice adds nothing. Raises as
    `record_answer`, and ProtocolError where a score is asked for at each site.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        read = own_read(tx, user, read_id)
        check_open(tx, read)
        check_pen(tx, read_id, pen, at=now)
        before = state(tx, read)
        if not reads.answer_keys(tx, read_id, f"{idempotency_key}:"):
            answers = {f"{idempotency_key}:{answer.site.key}": answer for answer in _remaining(before)}
            origin = AnswerOrigin.REMAINING
            for key, answer in answers.items():
                reads.add_answer(tx, read, answer, key=key, at=now, origin=origin)
            act = "answer.keep_first" if before.first else "answer.remaining_none"
            if answers:
                given = [Given(said=said, key=key, at=now, origin=origin) for key, said in answers.items()]
                known = {"sites": len(given), GIVEN: given_sha256(given)}
                audit.record(tx, at=now, actor=user.id, act=act, subject=read_id, **known)
        return state(tx, reads.get_read(tx, read_id))


def record_note(
    workspace: Workspace,
    user: User,
    read_id: str,
    note: ReadNote,
    *,
    idempotency_key: str,
    pen: str | None = None,
) -> None:
    """Add what he says of the whole case: image quality, a comment. Raises as `record_answer`."""
    now = workspace.now()
    with workspace.store.write() as tx:
        read = own_read(tx, user, read_id)
        check_open(tx, read)
        check_pen(tx, read_id, pen, at=now)
        if sittings.add_note(tx, read_id, note, key=idempotency_key, at=now):
            digest = given_sha256([Given(said=note, key=idempotency_key, at=now)])
            audit.record(tx, at=now, actor=user.id, act=NOTE_ACT, subject=read_id, **{GIVEN: digest})


def _wanted(tx: Transaction, workspace: Workspace, user: User, key: str | None) -> ReadProgress:
    """The progress that a key names: an assignment's id, or a case's. Raises as `open_read`."""
    due = progress(tx, user, now=workspace.now())
    if key is None:
        coming = following(due)
        if coming is None and (waiting := [read for read in due if not read.submitted]):
            raise _not_open(waiting[0])
        if coming is None:
            raise NotFoundError("Reading", reason="no case is left to read", remedy="Thank you: you are done")
        return coming
    named = [read for read in due if key in (read.key, read.case_id)]
    if not named:
        case_for(tx, workspace, user, key, Role.READER)
        raise AccessError(key, reason="it is not assigned to him", remedy="Choose another case")
    wanted = next((read for read in named if not read.submitted), named[-1])
    if wanted.closed:
        raise no_look_back()
    if not wanted.begun and not wanted.open:
        raise _not_open(wanted)
    in_turn = following(in_study(due, wanted.study_id))
    if wanted.assignment is not None and not wanted.begun and wanted != in_turn:
        raise AccessError("Case", reason="its turn has not come", remedy="Go on with the next case")
    return wanted


def _not_open(wanted: ReadProgress) -> AccessError:
    opens_at = None if wanted.standing is None else wanted.standing.opens_at
    if opens_at is None:
        reason, remedy = later("the session before it is not finished"), later("Finish that one first")
    else:
        reason = later("its wash-out is not over")
        remedy = later("Come back from {when} on", when=moment(opens_at))
    return AccessError(later("Session {n}", n=wanted.session), reason=reason, remedy=remedy)


def _begin(workspace: Workspace, user: User, rater_id: str, key: str) -> ReadState:
    now = workspace.now()
    with workspace.store.write() as tx:
        # Asked again, now that other writers wait: a double click begins one sitting, not two.
        wanted = _wanted(tx, workspace, user, key)
        if wanted.read_id is None:
            read_id = reads.add_read(
                tx,
                case_id=wanted.case_id,
                rater_id=rater_id,
                arm=wanted.arm,
                at=now,
                assignment=wanted.assignment,
                stage=wanted.stage,
            )
            audit.record(tx, at=now, actor=user.id, act="read.open", subject=read_id, case=wanted.case_id)
        else:
            read_id = wanted.read_id
        return state(tx, reads.get_read(tx, read_id))


def _check_asked(plan: ReadPlan, answer: Answer) -> None:
    """Raises ProtocolError unless the protocol asks for what an answer says."""
    asked = plan.questions
    if answer.site not in plan.sites:
        raise ProtocolError(answer.site.label, reason="this site is not part of the study", remedy="Read on")
    if answer.grade is not None and asked.call and answer.positive is None:
        raise ProtocolError(answer.site.label, reason="the yes or no is missing", remedy="Give it first")


def _check_base(tx: Transaction, read: ReadRecord, site: Site, base: int) -> None:
    if reads.versions(tx, read.id).get(site.key, 0) != base:
        raise ConflictError(
            site.label,
            reason="this site was answered in another window meanwhile",
            remedy="Look at the answer there and give yours again",
        )


def _remaining(read: ReadState) -> list[Answer]:
    """The answers that fill a read: the first ones in stage 2, else 'none'."""
    open_sites = [site for site in read.plan.sites if site.key not in read.answers]
    if read.first:
        return [read.first[site.key] for site in open_sites]
    if read.plan.questions.score:
        raise ProtocolError(
            "Remaining sites",
            reason="the study asks for a score at each site",
            remedy="Answer them one by one",
        )
    call = False if read.plan.questions.call else None
    return [Answer(site=site, grade=Grade.NONE, positive=call) for site in open_sites]

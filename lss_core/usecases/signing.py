"""Signing a read: the password again, what the signature means, the hash of what is signed, the lock."""

from __future__ import annotations

from lss_core.errors import AccessError, ConflictError
from lss_core.store import audit, cases, reads, references, sittings
from lss_core.store.values import AssignmentKind, ReferenceGrade
from lss_core.texts import later
from lss_core.usecases.pens import check_pen
from lss_core.usecases.read_state import ReadPlan, ReadState, check_open, own_read, plan_of, state
from lss_core.usecases.seals import answers_sha256
from lss_core.usecases.users import User, confirm_password
from lss_core.usecases.workspace import Workspace

MEANING = later("I have read the images of this case myself, and these are my answers.")
MEANING_BEFORE = later(
    "I have read the images of this case myself, without the model, and these are my answers. They stay as "
    "they are once the model is shown."
)
MEANING_AIDED = (
    "I have read the images of this case myself with the model's grades shown, and these are my answers."
)


def meaning_of(plan: ReadPlan) -> str:
    """What a signature under a read of this plan means, as the signer is shown it."""
    if plan.aided:
        return MEANING_AIDED
    return MEANING_BEFORE if plan.stages > 1 else MEANING


def sign_read(
    workspace: Workspace, user: User, read_id: str, password: str, *, pen: str | None = None
) -> ReadState:
    """Sign a sitting with the user's own password and lock it; twice is no error.

    Raises AccessError for a wrong password or another's read, ConflictError, naming how many, when sites
    are without an answer, and while another window holds the pen.
    """
    with workspace.store.read() as tx:
        own_read(tx, user, read_id)
    confirm_password(workspace, user, password)
    now = workspace.now()
    with workspace.store.write() as tx:
        read = own_read(tx, user, read_id)
        before = state(tx, read)
        if before.submitted:
            return before
        check_open(tx, read)
        check_pen(tx, read_id, pen, at=now)
        _check_complete(before)
        digest = answers_sha256(before.answers, before.note)
        sittings.add_signature(
            tx,
            read_id,
            user_id=user.id,
            printed_name=user.display_name,
            meaning=meaning_of(before.plan),
            sha256=digest,
            at=now,
        )
        reads.submit_read(tx, read_id, at=now)
        audit.record(tx, at=now, actor=user.id, act="read.sign", subject=read_id, answers_sha256=digest)
        return state(tx, reads.get_read(tx, read_id))


def feedback_of(workspace: Workspace, user: User, read_id: str) -> dict[str, ReferenceGrade]:
    """What the newest reference says of a practice case that the user has signed, by site key.

    Raises AccessError for a read that is no practice, or is not signed yet: the reference is not for readers.
    """
    with workspace.store.read() as tx:
        read = own_read(tx, user, read_id)
        if read.submitted_at is None or plan_of(tx, read).kind is not AssignmentKind.TRAINING:
            raise AccessError("Reference", reason="it is not for readers", remedy="Read on")
        study_id = cases.case_summary(tx, read.case_id, now=workspace.now()).study_id
        for reference in references.reference_summaries(tx, study_id):
            grades = references.reference_grades(tx, reference.id)
            found = {grade.site.key: grade for grade in grades if grade.case_id == read.case_id}
            if found:
                return found
    return {}


def _check_complete(read: ReadState) -> None:
    missing = read.missing
    if not missing:
        return
    open_sites = len([site for site in missing if site != "image quality"])
    if not open_sites:
        raise ConflictError(
            read.case_id, reason="the image quality is not answered", remedy="Say how good the images are"
        )
    raise ConflictError(
        read.case_id,
        reason=later("{n} of {total} sites have no answer", n=open_sites, total=len(read.plan.sites)),
        remedy="Grade them, or say why they cannot be graded",
    )

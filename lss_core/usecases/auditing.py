"""The audit trail: looked at, and checked for what was changed afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lss_core.domain import Role
from lss_core.errors import StoreError
from lss_core.store import archive, audit, people, progress, references, studies
from lss_core.store.audit import AuditEntry, Verification
from lss_core.texts import _, later
from lss_core.usecases import seals
from lss_core.usecases.access import require_in
from lss_core.usecases.trails import COME, come_before, followed
from lss_core.usecases.users import User, require
from lss_core.usecases.workspace import Workspace

__all__ = ["AuditEntry", "Verification", "audit_trail", "names_of", "verify_audit"]


def verify_audit(workspace: Workspace, user: User, *, head: str = "") -> Verification:
    """Walk along the audit trail's chain, and see whether what its acts have sealed is still so.

    Auditors and coordinators. `head` is the hash of a row that was noted elsewhere, in an export for example:
    rows cut off since then leave a chain that is sound in itself. Raises StoreError when the chain has no row
    of that hash.
    """
    require(user, Role.AUDITOR, Role.COORDINATOR)
    with workspace.store.read() as tx:
        found = audit.verify(tx)
        if found.broken is not None:
            return found
        if head and not audit.holds(tx, head):
            raise StoreError(
                "Audit trail",
                reason=f"it has no row of the hash {head}: rows were cut off, or the hash is another trail's",
                remedy="Compare with a backup",
            )
        acts = audit.entries(tx, acts=(*seals.ACTS, COME))
        before, missing = _before(workspace, acts)
        known = [study.id for study in studies.study_summaries(tx)]
        changed = seals.altered(tx, known, [*before, *acts])
        return replace(found, altered=(*missing, *changed))


def _before(workspace: Workspace, acts: Sequence[AuditEntry]) -> tuple[list[AuditEntry], list[str]]:
    """The acts of studies that came from elsewhere, and what is wrong with the trails that came with them."""
    found: list[AuditEntry] = []
    wrong: list[str] = []
    for entry in acts:
        if entry.act != COME:
            continue
        try:
            trail = followed(come_before(workspace, entry.subject))
        except StoreError:
            trail = ()
        if trail and trail[-1].hash == entry.details["head"]:
            found += trail
        else:
            wrong.append(
                later("{id}: the trail that came with it is not the one that came", id=entry.subject)
            )
    return found, wrong


def names_of(workspace: Workspace, user: User, study_id: str) -> Mapping[str, str]:
    """What the ids of a study's trail are called: accounts, readers, reads as 'reader, case, arm, session'.

    Auditors and coordinators of the study. Cases have no other name than their id; runs of the model and
    what is gone are not named.
    """
    with workspace.store.read() as tx:
        require_in(tx, user, study_id, Role.AUDITOR, Role.COORDINATOR)
        raters = {one.id: one.name for one in studies.study_raters(tx, study_id)}
        found = {
            one.read_id: ", ".join(
                (raters.get(one.rater_id, ""), one.case_id, one.arm, _("session {n}", n=one.session))
            )
            for one in progress.study_sittings(tx, study_id)
        }
        found |= {one.id: one.name for one in people.all_users(tx)}
        found |= {one.id: f"{one.name} {one.version}" for one in references.reference_summaries(tx, study_id)}
        return {**raters, **found, study_id: studies.study_summary(tx, study_id).title}


def audit_trail(
    workspace: Workspace, user: User, study_id: str | None = None, *, newest: int = 1000
) -> Sequence[AuditEntry]:
    """The newest entries of a study's trail, the newest first. Auditors and coordinators of the study.

    Without a study the whole installation's: administrators.
    """
    with workspace.store.read() as tx:
        if study_id is None:
            require(user)
            found: Sequence[AuditEntry] = audit.entries(tx)
        else:
            require_in(tx, user, study_id, Role.AUDITOR, Role.COORDINATOR)
            found = archive.own_trail(tx, study_id)
        return found[-newest:][::-1]

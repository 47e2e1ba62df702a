"""A study's protocol: drafts, going live with what is then drawn, new versions, sessions opened early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lss_core.domain import RaterKind, Role
from lss_core.errors import ConflictError, ProtocolError
from lss_core.store import analysed, audit, members, protocols, studies
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import Assignment, ProtocolRecord
from lss_core.study.assignment import Drawn, draw
from lss_core.study.protocol import Protocol, ReferenceSource, sha256
from lss_core.texts import later
from lss_core.usecases.access import require_in
from lss_core.usecases.csv_writing import as_csv
from lss_core.usecases.readiness import Finding, findings
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "Finding", "ProtocolRecord", "ProtocolState", "allow_session", "check_protocol", "draw_csv", "go_live",
    "protocol_state", "reason_given", "save_draft",
]  # fmt: skip

LONGEST_REASON = 500
DRAWN = ("reader", "session", "place", "case", "arm", "kind", "version")
LOOKERS = (Role.COORDINATOR, Role.STATISTICIAN, Role.AUDITOR)


@dataclass(frozen=True, kw_only=True)
class ProtocolState:
    """The versions of a study's protocol, oldest first: `live` holds now, `draft` is being written."""

    versions: tuple[ProtocolRecord, ...]

    @property
    def live(self) -> ProtocolRecord | None:
        """The newest locked version."""
        locked = [record for record in self.versions if record.locked_at is not None]
        return locked[-1] if locked else None

    @property
    def draft(self) -> ProtocolRecord | None:
        """The version that is not locked yet."""
        return next((record for record in self.versions if record.locked_at is None), None)

    @property
    def current(self) -> Protocol:
        """What is worked at: the draft, else what is live, else the default."""
        record = self.draft or self.live
        return Protocol() if record is None else record.protocol

    @property
    def sha256(self) -> str:
        """The hash of what is worked at."""
        return sha256(self.current)


def protocol_state(workspace: Workspace, user: User, study_id: str) -> ProtocolState:
    """The versions of a study's protocol. Coordinators, statisticians, auditors."""
    with workspace.store.read() as tx:
        require_in(tx, user, study_id, *LOOKERS)
        studies.study_summary(tx, study_id)
        return _state(tx, study_id)


def draw_csv(workspace: Workspace, user: User, study_id: str) -> str:
    """Who reads what, as it was drawn and is stored, by reader, session and place. As `protocol_state`."""
    with workspace.store.read() as tx:
        require_in(tx, user, study_id, *LOOKERS)
        names = {rater.id: rater.name for rater in studies.study_raters(tx, study_id)}
        versions = {record.id: record.version for record in protocols.versions(tx, study_id)}
        drawn = protocols.study_assignments(tx, study_id)
    return as_csv(
        DRAWN,
        (
            {
                "reader": names.get(one.rater_id, one.rater_id),
                "session": one.session,
                "place": one.position,
                "case": one.case_id,
                "arm": one.arm,
                "kind": one.kind.value,
                "version": versions[one.protocol_id],
            }
            for one in drawn
        ),
    )


def save_draft(
    workspace: Workspace, user: User, study_id: str, protocol: Protocol, *, reason: str = ""
) -> ProtocolRecord:
    """Write down the next version of a study's protocol, which nothing follows yet. Coordinators."""
    now = workspace.now()
    with workspace.store.write() as tx:
        coordinated(tx, user, study_id)
        draft = _state(tx, study_id).draft
        reason = reason.strip()[:LONGEST_REASON]
        if draft is None:
            draft_id = protocols.add_draft(tx, study_id, protocol, reason=reason, actor=user.id, at=now)
        else:
            draft_id = draft.id
            protocols.change_draft(tx, draft_id, protocol, reason=reason)
        digest = sha256(protocol)
        audit.record(tx, at=now, actor=user.id, act="protocol.draft", subject=study_id, sha256=digest)
        found = _state(tx, study_id).draft
    assert found is not None  # it was written above
    return found


def check_protocol(
    workspace: Workspace, user: User, study_id: str, protocol: Protocol | None = None
) -> tuple[Finding, ...]:
    """What a protocol (by default the current one) still lacks: what holds it back first, then advice."""
    with workspace.store.read() as tx:
        coordinated(tx, user, study_id)
        state = _state(tx, study_id)
        chosen = state.current if protocol is None else protocol
        return findings(tx, study_id, chosen, state.live, now=workspace.now())


def go_live(workspace: Workspace, user: User, study_id: str, *, seen_sha256: str) -> ProtocolRecord:
    """Lock the draft and draw who reads what, in one transaction. Coordinators.

    `seen_sha256` is the hash of what was confirmed. Of a version before, what is begun stays and what is
    not ends; the rest is drawn anew, for those who still read in the study. Raises ConflictError where there
    is no draft or it has changed, ProtocolError where something holds it back, or a later version names no
    reason.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        coordinated(tx, user, study_id)
        state = _state(tx, study_id)
        draft = state.draft
        if draft is None or sha256(draft.protocol) != seen_sha256:
            raise ConflictError(
                later("Protocol"),
                reason=later("the draft is not the one that was looked at"),
                remedy=later("Look at it again and confirm"),
            )
        _check_ready(findings(tx, study_id, draft.protocol, state.live, now=now))
        if state.live is not None and not draft.reason:
            raise ProtocolError(
                later("Reason"),
                reason=later("a new version needs one"),
                remedy=later("Say why the protocol changes"),
            )
        digest = protocols.lock(tx, draft.id, draft.protocol, actor=user.id, at=now)
        drawn, ended = _draw(tx, draft)
        audit.record(
            tx,
            at=now,
            actor=user.id,
            act="protocol.lock",
            subject=study_id,
            version=draft.version,
            sha256=digest,
            seed=draft.protocol.seed,
            drawn=drawn,
            ended=ended,
            reason=draft.reason,
        )
        live = _state(tx, study_id).live
    assert live is not None  # it was locked above
    return live


def allow_session(
    workspace: Workspace, user: User, study_id: str, rater_id: str, session: int, *, reason: str
) -> None:
    """Let a reader begin a session before its wash-out is over, for a reason. Coordinators.

    Raises ProtocolError without a reason, and where the reader has no such session.
    """
    now = workspace.now()
    reason = reason_given(reason)
    with workspace.store.write() as tx:
        coordinated(tx, user, study_id)
        own = protocols.study_assignments(tx, study_id, rater_id=rater_id)
        if session < 2 or session not in {one.session for one in own}:
            raise ProtocolError(
                later("Session"),
                reason=later("this reader has no such session to wait for"),
                remedy=later("Choose one of his later sessions"),
            )
        protocols.allow_session(tx, study_id, rater_id, session, reason=reason, actor=user.id, at=now)
        audit.record(
            tx,
            at=now,
            actor=user.id,
            act="session.allow",
            subject=rater_id,
            study=study_id,
            session=session,
            reason=reason,
        )


def reason_given(reason: str) -> str:
    """A reason as it is kept. Raises ProtocolError where there is none."""
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise ProtocolError(
            later("Reason"), reason=later("this needs one"), remedy=later("Say why it is done")
        )
    return reason


def coordinated(tx: Transaction, user: User, study_id: str) -> None:
    """Raises AccessError unless the user coordinates this study, NotFoundError where there is none."""
    require_in(tx, user, study_id, Role.COORDINATOR)
    studies.study_summary(tx, study_id)


def _state(tx: Transaction, study_id: str) -> ProtocolState:
    return ProtocolState(versions=tuple(protocols.versions(tx, study_id)))


def _check_ready(found: Sequence[Finding]) -> None:
    for finding in found:
        if finding.blocks:
            raise ProtocolError(finding.subject, reason=finding.reason, remedy=finding.remedy)


def _draw(tx: Transaction, version: ProtocolRecord) -> tuple[int, int]:
    """Draw and store what is to be read beyond what is begun; how many were drawn and how many ended."""
    protocol = version.protocol
    before = protocols.study_assignments(tx, version.study_id)
    begun = protocols.begun_assignments(tx, version.study_id)
    ended = [one.id for one in before if one.id not in begun]
    protocols.end_assignments(tx, ended, protocol_id=version.id)
    gone = members.gone_readers(tx, version.study_id)
    known = studies.study_raters(tx, version.study_id)
    raters = [one for one in known if one.kind is RaterKind.READER and one.id not in gone]
    with_panel = protocol.reference is ReferenceSource.PANEL
    panel = {one.id for one in raters if with_panel and one.in_panel}
    drawn = draw(
        protocol,
        readers=[one.id for one in raters if one.id not in panel],
        panel=panel,
        cases=analysed.study_cases(tx, version.study_id),
        kept=[_as_drawn(one) for one in before if one.id in begun],
        rng=np.random.default_rng([protocol.seed, version.version]),
    )
    protocols.add_assignments(tx, [_as_assignment(one, version.id) for one in drawn])
    return len(drawn), len(ended)


def _as_drawn(one: Assignment) -> Drawn:
    return Drawn(
        reader=one.rater_id,
        case=one.case_id,
        session=one.session,
        position=one.position,
        arm=one.arm,
        kind=one.kind,
    )


def _as_assignment(one: Drawn, protocol_id: str) -> Assignment:
    return Assignment(
        id=new_id("AS"),
        protocol_id=protocol_id,
        rater_id=one.reader,
        case_id=one.case,
        session=one.session,
        position=one.position,
        arm=one.arm,
        kind=one.kind,
    )

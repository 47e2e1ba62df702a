"""A live protocol with assignments, for tests of what comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lss_core.store import protocols
from lss_core.store.ids import new_id
from lss_core.store.values import Assignment, AssignmentKind
from lss_core.study.protocol import PANEL_ARM, Arm, ArmKind, Protocol
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

ALONE = Arm(name="alone", kind=ArmKind.UNAIDED)
AIDED = Arm(name="with model", kind=ArmKind.AIDED)
SEQUENTIAL = Arm(name="one after the other", kind=ArmKind.SEQUENTIAL)


def go_live(
    workspace: Workspace, study_id: str, reads: Sequence[tuple[User, str, Arm, dict[str, Any]]], **known: Any
) -> Protocol:
    """Lock a protocol of these reads: reader, case, arm, and what else is known of the assignment.

    The arms are those of the reads, in their order; places are counted as they come.
    """
    arms = tuple(dict.fromkeys(arm for _, _, arm, _ in reads if arm != PANEL_ARM))
    protocol = Protocol(arms=arms, **known)
    now = workspace.now()
    with workspace.store.write() as tx:
        draft = protocols.add_draft(tx, study_id, protocol, reason="", actor="test", at=now)
        protocols.lock(tx, draft, protocol, actor="test", at=now)
        protocols.add_assignments(
            tx,
            [
                Assignment(
                    id=new_id("AS"),
                    protocol_id=draft,
                    rater_id=str(user.rater_id),
                    case_id=case_id,
                    arm=arm.name,
                    **{"session": 1, "position": place, "kind": AssignmentKind.TEST, **more},
                )
                for place, (user, case_id, arm, more) in enumerate(reads, start=1)
            ],
        )
    return protocol

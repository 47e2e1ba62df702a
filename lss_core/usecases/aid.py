"""What the model says, for readers whose arm shows it: on the server's word alone, and on record."""

from __future__ import annotations

from lss_core.domain import Answer
from lss_core.errors import AccessError
from lss_core.store import audit, runs
from lss_core.usecases.due import check_look
from lss_core.usecases.read_state import own_read, plan_of
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def show_model(workspace: Workspace, user: User, read_id: str) -> dict[str, Answer]:
    """The newest run's grades and probabilities at the sites of an aided read that the model grades; empty
    where none is done.

    In a sequential arm only in the second stage, which begins when the first is locked. Its measurements,
    places and masks are not shown. Each time it is shown stands in the audit trail, with the run.
    Raises AccessError in any other read, and where a later session is being read, whether or not the model
    has graded the case.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        read = own_read(tx, user, read_id)
        check_look(tx, user, read, now=now)
        plan = plan_of(tx, read)
        if not plan.aided:
            raise AccessError("Model", reason="it is not shown in this read", remedy="Read on")
        run_id = runs.newest_run(tx, read.case_id)
        if run_id is None:
            return {}
        found = {one.site.key: one.answer for one in runs.findings_of_run(tx, run_id).sites}
        audit.record(tx, at=now, actor=user.id, act="model.show", subject=read_id, run=run_id)
    return {site.key: found[site.key] for site in plan.sites if site.key in found}

"""The demo study is read: a live protocol of two arms, and seven simulated readers who follow it.

lss_core.study.simulate states the model of their answers and times. Their reads are assigned, dated and
submitted as anybody's, in two sessions a wash-out apart; nobody signs for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

import numpy as np

from lss_core.domain import Answer, Grade, RaterKind, Site
from lss_core.store import analysed, audit, protocols, reads, runs, sittings, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import Assignment, ReadNote, ReadSpan
from lss_core.study.protocol import Arm, ArmKind, Protocol, sha256
from lss_core.study.simulate import (
    SimulatedReader,
    draw_readers,
    minutes_at_work,
    simulate_reads,
    with_model,
)
from lss_core.usecases import protocols as drafts
from lss_core.usecases.seals import answers_sha256
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import Workspace

PANEL = 7
READERS_SEED = 20_260_301
TRUST = 0.5
"""How often a simulated reader takes over a grade of the model that differs from his own."""

PROTOCOL = Protocol(
    arms=(
        Arm(name="unaided", kind=ArmKind.UNAIDED),
        Arm(name="with the model", kind=ArmKind.AIDED),
    ),
    seed=READERS_SEED,
)
DAYS_AGO = {1: 70, 2: 35}
"""How many days ago the simulated readers read each session; the wash-out lies between."""

Truth = Mapping[str, Mapping[Site, Grade]]


def go_live(workspace: Workspace, study_id: str) -> None:
    """Lock the protocol, or a version more where cases have come since; the simulated readers are in it."""
    with workspace.store.write() as tx:
        for reader in _panel():
            _rater(tx, study_id, reader)
    with workspace.store.read() as tx:
        live = protocols.live_protocol(tx, study_id)
        drawn = {one.case_id for one in protocols.study_assignments(tx, study_id)}
        known = set(analysed.study_cases(tx, study_id))
    if live is not None and known <= drawn:
        return
    reason = "cases were added" if live else ""
    drafts.save_draft(workspace, OPERATOR, study_id, PROTOCOL, reason=reason)
    drafts.go_live(workspace, OPERATOR, study_id, seen_sha256=sha256(PROTOCOL))


def simulate_panel(workspace: Workspace, study_id: str, truth: Truth) -> None:
    """The simulated readers' reads of what they are assigned, one transaction a reader."""
    rng = np.random.default_rng(READERS_SEED)
    panel = draw_readers(PANEL, rng=rng)
    answers = simulate_reads(truth, panel, rng=rng)
    for number, reader in enumerate(panel):
        own = np.random.default_rng([READERS_SEED, number])
        now = workspace.now()
        with workspace.store.write() as tx:
            rater_id = _rater(tx, study_id, reader)
            opened = reads.assigned_reads(tx, rater_id)
            assigned = protocols.study_assignments(tx, study_id, rater_id=rater_id)
            left = [one for one in assigned if (one.id, 1) not in opened and one.case_id in truth]
            for session in sorted({one.session for one in left}):
                of_session = [one for one in left if one.session == session]
                begun = now - timedelta(days=DAYS_AGO[session])
                _sit(tx, of_session, answers[reader.name], begun, own, now=now)
            if left:
                audit.record(
                    tx, at=now, actor=OPERATOR.id, act="reads.simulate", subject=rater_id, seed=READERS_SEED
                )


def _sit(
    tx: Transaction,
    assigned: Sequence[Assignment],
    answers: Mapping[str, tuple[Answer, ...]],
    at: datetime,
    rng: np.random.Generator,
    *,
    now: datetime,
) -> None:
    """One session: read after read, each with the answers of its arm and the time it took."""
    minutes = minutes_at_work([one.position for one in assigned], rng=rng)
    for one, taken in zip(assigned, minutes.tolist(), strict=True):
        given = answers[one.case_id]
        if PROTOCOL.arm(one.arm).kind is ArmKind.AIDED:
            given = with_model(given, _said(tx, one.case_id), trust=TRUST, rng=rng)
        read_id = reads.add_read(
            tx, case_id=one.case_id, rater_id=one.rater_id, arm=one.arm, at=at, assignment=one
        )
        at += timedelta(minutes=taken)
        reads.add_answers(tx, reads.get_read(tx, read_id), given, at=at)
        span = ReadSpan(site=None, active_ms=round(60_000 * taken), idle_ms=0, key="simulated")
        sittings.add_spans(tx, read_id, [span], at=at)
        reads.submit_read(tx, read_id, at=at)
        digest = answers_sha256({answer.site.key: answer for answer in given}, ReadNote())
        audit.record(
            tx, at=now, actor=OPERATOR.id, act="read.simulate", subject=read_id, case=one.case_id,
            answers_sha256=digest,
        )  # fmt: skip


def _said(tx: Transaction, case_id: str) -> Mapping[Site, Grade | None]:
    """The grades of the model's newest run."""
    run_id = runs.newest_run(tx, case_id)
    if run_id is None:
        return {}
    return {finding.site: finding.grade for finding in runs.findings_of_run(tx, run_id).sites}


def _panel() -> tuple[SimulatedReader, ...]:
    return draw_readers(PANEL, rng=np.random.default_rng(READERS_SEED))


def _rater(tx: Transaction, study_id: str, reader: SimulatedReader) -> str:
    for rater in studies.study_raters(tx, study_id):
        if rater.in_panel and rater.name == reader.name:
            return rater.id
    rater_id = studies.add_rater(
        tx, name=reader.name, kind=RaterKind.READER, traits={**asdict(reader), "seed": READERS_SEED}
    )
    studies.join_study(tx, study_id=study_id, rater_id=rater_id, part=RaterKind.READER, in_panel=True)
    return rater_id

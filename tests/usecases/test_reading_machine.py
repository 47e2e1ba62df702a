"""A read through any course of acts: what was acknowledged is there, with its audit row, in a sound chain."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lss_core.domain import SITES, Answer, Grade, Role
from lss_core.errors import AccessError, ConflictError
from lss_core.settings import Settings
from lss_core.store import audit, cases, ratings, reads, studies
from lss_core.store.engine import Store
from lss_core.usecases import passwords
from lss_core.usecases.auditing import verify_audit
from lss_core.usecases.corrections import unlock_read, withdraw_read
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR, add_user
from lss_core.usecases.workspace import Workspace
from tests.conftest import Clock

from .conftest import PASSWORD
from .protocol_data import ALONE, go_live

ASKED = SITES[:3]
CASE = "C-1"


class Reading(RuleBasedStateMachine):
    """One reader's read of one case, and what is known to have been acknowledged of it."""

    @initialize()
    def begin(self) -> None:
        """A study of one case with a live protocol, its read opened."""
        self.folder = Path(tempfile.mkdtemp(prefix="lss-machine-"))
        self.clock, self.keys = Clock(), itertools.count()
        self.answers: dict[str, Grade] = {}
        self.given: list[tuple[str, Answer]] = []
        self.submitted = self.withdrawn = False
        self.signatures = self.unlocks = 0
        self.store: Store | None = None
        self.restart()
        with self.workspace.store.write() as tx:
            at = self.clock()
            self.study_id = studies.add_study(tx, title="Study", synthetic=True, at=at)
            cases.add_case(tx, case_id=CASE, study_id=self.study_id, uid="u", digest="d", at=at, series=())
        self.reader = add_user(
            self.workspace,
            OPERATOR,
            name="ada",
            display_name="Ada",
            role=Role.READER,
            password=PASSWORD,
            study_id=self.study_id,
        )
        go_live(self.workspace, self.study_id, [(self.reader, CASE, ALONE, {})], sites=ASKED)
        self.read_id = open_read(self.workspace, self.reader).read_id

    @rule()
    def restart(self) -> None:
        """The server goes down and comes up again on the same files."""
        if self.store is not None:
            self.store.close()
        self.store = Store(f"sqlite:///{self.folder / 'lss.sqlite'}")
        self.store.migrate()
        self.workspace = Workspace(
            settings=Settings(data_dir=self.folder, _env_file=None), store=self.store, now=self.clock
        )

    @rule(site=st.sampled_from(ASKED), grade=st.sampled_from(Grade))
    def answer(self, site, grade) -> None:
        """He grades a site; a submitted read takes nothing, and neither does a withdrawn one."""
        answer, key = Answer(site=site, grade=grade), f"key {next(self.keys)}"
        if self.submitted or self.withdrawn:
            with pytest.raises(ConflictError, match="withdrawn" if self.withdrawn else "submitted"):
                self._record(answer, key)
            return
        self._record(answer, key)
        self.answers[site.key] = grade
        self.given.append((key, answer))

    @precondition(lambda self: self.given)
    @rule(data=st.data())
    def answer_comes_again(self, data) -> None:
        """The reply was lost and the browser sends an answer again: it is not taken twice."""
        key, answer = data.draw(st.sampled_from(self.given))
        self._record(answer, key)

    @rule()
    def sign(self) -> None:
        """He signs; with sites missing or withdrawn he cannot, and twice is no error."""
        if not self.submitted and (self.withdrawn or len(self.answers) < len(ASKED)):
            with pytest.raises(ConflictError, match="withdrawn" if self.withdrawn else "no answer"):
                sign_read(self.workspace, self.reader, self.read_id, PASSWORD)
            return
        sign_read(self.workspace, self.reader, self.read_id, PASSWORD)
        self.signatures += not self.submitted
        self.submitted = True

    @rule()
    def sign_with_a_wrong_password(self) -> None:
        """Nothing is signed."""
        self.clock.turn(timedelta(minutes=16))  # so that the name is not locked
        with pytest.raises(AccessError, match="do not match"):
            sign_read(self.workspace, self.reader, self.read_id, "not his own")

    @rule()
    def unlock(self) -> None:
        """The coordinator unlocks a submitted read."""
        if not self.submitted:
            with pytest.raises(ConflictError, match="not submitted"):
                unlock_read(self.workspace, OPERATOR, self.read_id, reason="a slip")
            return
        unlock_read(self.workspace, OPERATOR, self.read_id, reason="a slip")
        self.submitted = False
        self.unlocks += 1

    @rule()
    def withdraw(self) -> None:
        """The coordinator withdraws the read, once."""
        if self.withdrawn:
            with pytest.raises(ConflictError, match="before"):
                withdraw_read(self.workspace, OPERATOR, self.read_id, reason="wrong hanging")
            return
        withdraw_read(self.workspace, OPERATOR, self.read_id, reason="wrong hanging")
        self.withdrawn = True

    @invariant()
    def everything_acknowledged_is_there(self) -> None:
        """The read as the database has it is the read as it was acknowledged."""
        with self.workspace.store.read() as tx:
            read = reads.get_read(tx, self.read_id)
            analysed = ratings.study_ratings(tx, self.study_id)
            acts = [entry.act for entry in audit.entries(tx, subject=self.read_id)]
        found = verify_audit(self.workspace, OPERATOR)
        assert found.broken is None
        assert not any(self.read_id in fault for fault in found.altered)
        assert {key: answer.grade for key, answer in read.answers.items()} == self.answers
        assert (read.submitted_at is not None) == self.submitted
        assert acts.count("answer.add") == len(self.given)
        assert acts.count("read.sign") == self.signatures
        assert acts.count("read.unlock") == self.unlocks
        counts = self.submitted and not self.withdrawn
        assert len(analysed) == (len(ASKED) if counts else 0)

    def teardown(self) -> None:
        """Away with the files."""
        if self.store is not None:
            self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _record(self, answer: Answer, key: str) -> None:
        record_answer(self.workspace, self.reader, self.read_id, answer, idempotency_key=key)


@pytest.mark.slow
def test_a_read_keeps_its_promises_through_any_course_of_acts(monkeypatch):
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    run_state_machine_as_test(
        Reading, settings=settings(max_examples=25, stateful_step_count=30, deadline=None)
    )

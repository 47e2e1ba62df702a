"""The server is killed while answers are saved: what it called saved stays saved, with its audit row."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import socket
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import ModuleType
from uuid import UUID, uuid4

import numpy as np
import pytest
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette

from lss_core.domain import SITES, Grade, RaterKind, Role
from lss_core.settings import get_settings
from lss_core.store import audit, cases, reads, studies
from lss_core.store import tables as t
from lss_core.ui.asking import COOKIE
from lss_core.ui.routes import ROUTES
from lss_core.usecases import users
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import Workspace

KILLS = 100
CLIENTS = 3
PASSWORD = "correct horse battery"
PATIENCE_S = 60
HEADERS = {"X-LSS-Request": "1", "X-LSS-Pen": str(UUID(int=1)), "Content-Type": "application/json"}

_processes = get_context("forkserver")


def serve(environment: dict[str, str], ready: Connection) -> None:
    """The routes as the app serves them, on a port of their own, until the process is killed."""
    os.environ.update(environment)
    get_settings.cache_clear()
    listening = socket.create_server(("127.0.0.1", 0))
    ready.send(listening.getsockname()[1])
    config = uvicorn.Config(Starlette(routes=ROUTES), log_level="critical", lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])


@dataclass
class Reader:
    """A reader at his browser: he grades without end and notes what the server said is saved."""

    token: str
    read_id: str
    saved: dict[str, tuple[str, int]] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def answer_until_the_server_dies(self, port: int, first: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        headers = {**HEADERS, "Cookie": f"{COOKIE}={self.token}", "Host": f"127.0.0.1:{port}"}
        try:
            for number in itertools.count():
                key, site = str(uuid4()), SITES[number % len(SITES)].key
                body = json.dumps({"site": site, "grade": number % len(Grade)})
                self.sent.add(key)
                connection.request(
                    "POST", f"/answers/{self.read_id}", body, {**headers, "Idempotency-Key": key}
                )
                reply = connection.getresponse()
                reply.read()
                assert reply.status == 204
                self.saved[key] = site, number % len(Grade)
                first.set()
        except (OSError, http.client.HTTPException):
            pass  # the server is dead
        finally:
            first.set()
            connection.close()


@pytest.fixture
def readers(workspace: Workspace) -> list[Reader]:
    """Readers with an open read each."""
    now = workspace.now()
    with workspace.store.write() as tx:
        study_id = studies.add_study(tx, title="Study", synthetic=True, at=now)
        cases.add_case(tx, case_id="C-1", study_id=study_id, uid="u", digest="d", at=now, series=())
    found = []
    for number in range(CLIENTS):
        user = users.add_user(
            workspace,
            OPERATOR,
            name=f"reader{number}",
            display_name=f"Reader {number}",
            role=Role.READER,
            password=PASSWORD,
            study_id=study_id,
        )
        with workspace.store.write() as tx:
            assert studies.part_in(tx, study_id, str(user.rater_id)) is RaterKind.READER
            read_id = reads.add_read(
                tx, case_id="C-1", rater_id=str(user.rater_id), arm="unaided", at=workspace.now()
            )
        found.append(Reader(token="", read_id=read_id))
    return found


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_a_hundred_kills_each_with_its_audit_row(
    workspace: Workspace, readers: list[Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        "LSS_DATA_DIR": str(workspace.settings.data_dir),
        "LSS_DATABASE_URL": workspace.settings.url,
    }
    # The server's clock is the real one, so people sign in by it.
    real = Workspace(settings=workspace.settings, store=workspace.store)
    for number, reader in enumerate(readers):
        _, reader.token = users.sign_in(real, f"reader{number}", PASSWORD)
    rng = np.random.default_rng(5)
    # A page that was tested in this process may still be its main module, which each server would run again.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    _processes.set_forkserver_preload(["lss_core.ui.routes", "uvicorn", "pytest"])
    for _ in range(KILLS):
        _kill_once(environment, readers, delay_s=float(rng.uniform(0, 0.05)))

    with workspace.store.read() as tx:
        rows = tx.execute(sa.select(t.ratings)).all()
        acts = [entry for entry in audit.entries(tx) if entry.act == "answer.add"]
        assert audit.verify(tx).broken is None
    by_key = {row.idempotency_key: row for row in rows}
    for reader in readers:
        assert len(reader.saved) >= KILLS / 2  # the kills did not come before anything was saved
        for key, (site, grade) in reader.saved.items():
            row = by_key[key]
            assert (row.read_id, row.site, row.grade) == (reader.read_id, site, grade)
    assert by_key.keys() <= set().union(*(reader.sent for reader in readers))
    answered = Counter((row.read_id, row.site) for row in rows)
    assert answered == Counter((entry.subject, entry.details["site"]) for entry in acts)


def _kill_once(environment: dict[str, str], readers: list[Reader], *, delay_s: float) -> None:
    here, there = _processes.Pipe()
    server = _processes.Process(target=serve, args=(environment, there), daemon=True)
    server.start()
    there.close()  # the server's end alone is open: if it dies too early, that is the end of the pipe
    assert here.poll(PATIENCE_S), "the server did not come up"
    port = here.recv()
    first = [threading.Event() for _ in readers]
    threads = [
        threading.Thread(target=reader.answer_until_the_server_dies, args=(port, event))
        for reader, event in zip(readers, first, strict=True)
    ]
    for thread in threads:
        thread.start()
    for event in first:
        assert event.wait(PATIENCE_S)
    threading.Event().wait(delay_s)  # a moment by chance, in which answers go on being saved
    os.kill(int(server.pid or 0), signal.SIGKILL)
    for thread in threads:
        thread.join(PATIENCE_S)
    server.join(PATIENCE_S)

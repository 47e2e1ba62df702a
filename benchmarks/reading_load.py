"""Twenty readers at once on the real app: how long an answer takes to be saved, and whether any is lost.

    python benchmarks/reading_load.py [--readers 20] [--seconds 60] [--database URL]

A server of the app in a temporary data folder, on loopback. Each reader is a session of his own, as his
browser would be: a websocket that runs the page Read, the voxels of his case by our routes, then an answer
every one to three seconds, each by its own request with an idempotency key; now and then the page runs again.
Prints the time to save an answer (from the request to the server's word) and to run the page, then looks
for each answer in the database. Exits with 1 when one is lost, or p95 of saving is over 150 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

import numpy as np
import sqlalchemy as sa
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.running import ROOT, serve
from benchmarks.studies import PASSWORD, SAGITTAL, seed, stack
from lss_core.domain import SITES, Grade, Role, SeriesRole
from lss_core.settings import Settings
from lss_core.store.tables import ratings
from lss_core.ui.asking import COOKIE
from lss_core.usecases import reading, users
from lss_core.usecases.cases import list_cases, list_studies
from lss_core.usecases.users import OPERATOR
from lss_core.usecases.workspace import Workspace, open_workspace

TARGET_MS = 150.0
CASES, SLICES, PIXELS = 4, 18, 320
RERUN_EVERY = 8  # answers
SEED = 11


@dataclass
class Reader:
    """One reader: his session, what he was told is saved, and how long that took."""

    name: str
    token: str
    read_id: str
    case_id: str
    series_id: str
    pen: str = field(default_factory=lambda: str(uuid4()))
    saved: dict[str, str] = field(default_factory=dict)
    answer_ms: list[float] = field(default_factory=list)
    page_ms: list[float] = field(default_factory=list)
    voxels_ms: list[float] = field(default_factory=list)

    async def read(self, address: str, seconds: float, rng: random.Random) -> None:
        """Read for so long: the page, the images, then answer after answer."""
        end = time.monotonic() + seconds
        headers = {"Cookie": f"{COOKIE}={self.token}"}
        url = address.replace("http", "ws") + "/_stcore/stream"
        async with websockets.connect(
            url, additional_headers=headers, subprotocols=["streamlit"], max_size=None, origin=address
        ) as socket:
            await self._run_page(socket)
            started = time.perf_counter()
            await asyncio.to_thread(self._get, address, f"/pixels/{self.case_id}/{self.series_id}/voxels")
            self.voxels_ms.append(1000 * (time.perf_counter() - started))
            number = 0
            while time.monotonic() < end:
                await asyncio.sleep(rng.uniform(1, 3))
                await asyncio.to_thread(self._answer, address, number)
                number += 1
                if number % RERUN_EVERY == 0:
                    await self._run_page(socket)

    async def _run_page(self, socket: websockets.ClientConnection) -> None:
        started = time.perf_counter()
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.page_name = "read"
        await socket.send(message.SerializeToString())
        seen = False
        while True:
            raw = await socket.recv()
            seen = seen or b"lss_viewer" in raw
            told = ForwardMsg()
            told.ParseFromString(raw)
            if told.WhichOneof("type") == "script_finished":
                break
        if not seen:
            raise SystemExit("the page Read came without its viewer")
        self.page_ms.append(1000 * (time.perf_counter() - started))

    def _get(self, address: str, path: str) -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("GET", path, headers={"Cookie": f"{COOKIE}={self.token}"})
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        if reply.status != 200 or not body:
            raise SystemExit(f"{path}: {reply.status} {body[:200]!r}")

    def _answer(self, address: str, number: int) -> None:
        key, site = str(uuid4()), SITES[number % len(SITES)].key
        body = json.dumps({"site": site, "grade": number % len(Grade)})
        headers = {
            "Cookie": f"{COOKIE}={self.token}",
            "Content-Type": "application/json",
            "X-LSS-Request": "1",
            "X-LSS-Pen": self.pen,
            "Idempotency-Key": key,
        }
        started = time.perf_counter()
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("POST", f"/answers/{self.read_id}", body, headers)
        reply = connection.getresponse()
        reply.read()
        connection.close()
        if reply.status != 204:
            raise SystemExit(f"an answer was refused: {reply.status}")
        self.answer_ms.append(1000 * (time.perf_counter() - started))
        self.saved[key] = site


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60, help="how long each reads; at most 600")
    parser.add_argument("--database", default="", help="an empty database's URL; by default SQLite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lss-load-") as folder:
        workspace = _seeded(Path(folder), asked.database)
        readers = [_reader(workspace, number) for number in range(asked.readers)]
        environment = {"LSS_DATA_DIR": folder, "LSS_DATABASE_URL": asked.database}
        with serve(ROOT / "app.py", environment, Path(folder) / "server.log") as address:
            asyncio.run(_all(readers, address, min(asked.seconds, 600)))
        return _report(workspace, readers)


def _seeded(folder: Path, database: str) -> Workspace:
    places = [(4.0 * k, 0.0, 0.0) for k in range(SLICES)]
    empty = stack(places, [SAGITTAL] * SLICES, size=PIXELS, spacing_mm=0.9)
    rng = np.random.default_rng(SEED)
    study = {
        role: empty.with_voxels(rng.integers(0, 900, empty.shape).astype(np.int16))
        for role in (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2)
    }
    seed(folder, [study] * CASES, database_url=database)
    return open_workspace(Settings(data_dir=folder, database_url=database, _env_file=None))


def _reader(workspace: Workspace, number: int) -> Reader:
    name = f"reader{number:02}"
    user = users.add_user(
        workspace, OPERATOR, name=name, display_name=name, role=Role.READER, password=PASSWORD
    )
    _, token = users.sign_in(workspace, name, PASSWORD)
    read = reading.open_read(workspace, user)
    study_id = list_studies(workspace, OPERATOR)[0].id
    case = next(one for one in list_cases(workspace, OPERATOR, study_id) if one.case_id == read.case_id)
    return Reader(
        name=name, token=token, read_id=read.read_id, case_id=read.case_id, series_id=case.series[0].id
    )


async def _all(readers: list[Reader], address: str, seconds: float) -> None:
    await asyncio.gather(
        *(reader.read(address, seconds, random.Random(SEED + n)) for n, reader in enumerate(readers))
    )


def _report(workspace: Workspace, readers: list[Reader]) -> int:
    answers = np.concatenate([reader.answer_ms for reader in readers])
    pages = np.concatenate([reader.page_ms for reader in readers])
    voxels = np.concatenate([reader.voxels_ms for reader in readers])
    print(f"{len(readers)} readers, {len(answers)} answers, {workspace.store.describe()}")
    print(f"{'':28}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}   ms")
    for what, times in (("save an answer", answers), ("run the page", pages), ("voxels of a series", voxels)):
        shown = [*np.percentile(times, [50, 95, 99]), times.max()]
        print(f"{what:28}" + "".join(f"{value:8.0f}" for value in shown))
    lost = sum(len(_lost(workspace, reader)) for reader in readers)
    print(f"acknowledged and not in the database: {lost}")
    slow = float(np.percentile(answers, 95)) > TARGET_MS
    print(f"saving an answer, p95: target {TARGET_MS:.0f} ms, {'MISSED' if slow else 'met'}")
    return int(bool(lost) or slow)


def _lost(workspace: Workspace, reader: Reader) -> set[str]:
    """The keys that the server said are saved and that no row has."""
    with workspace.store.read() as tx:
        rows = tx.execute(sa.select(ratings.c.idempotency_key).where(ratings.c.read_id == reader.read_id))
        return reader.saved.keys() - {row.idempotency_key for row in rows}


if __name__ == "__main__":
    raise SystemExit(main())

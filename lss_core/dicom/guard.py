"""The parent's side of the guarded child: a file that kills or hangs it is refused, the rest goes on."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lss_core.dicom.records import FileRecord, NotTakenError
from lss_core.domain import Verdict
from lss_core.errors import DicomError

LONGEST_REPLY = 64 << 20
READY = b"ready"
START_SECONDS = 60
LAST_WORDS_SECONDS = 2
PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class Guard:
    """Reads files in a child process that is started when needed and again after each death.

    memory_mb: limit of the child's address space; seconds: limit for one file.
    Use as a context manager: the child ends with it.
    """

    def __init__(self, *, memory_mb: int, seconds: float) -> None:
        self._memory_mb = memory_mb
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, path: Path, spool: Path) -> FileRecord:
        """The record of a file, its stored values in `spool`.

        Raises NotTakenError with the verdict, DicomError when the child does not even start.
        """
        child = self._started()
        expired = threading.Event()

        def stop() -> None:
            expired.set()
            child.kill()

        watch = threading.Timer(self._seconds, stop)
        watch.start()
        try:
            reply = _ask(child, {"path": str(path), "spool": str(spool)})
            if reply["verdict"] == Verdict.TAKEN:
                return FileRecord.from_json(reply["record"])
            refusal = NotTakenError(Verdict(reply["verdict"]), str(reply["reason"]))
        except (EOFError, OSError, ValueError, TypeError, KeyError) as error:
            self._end(patience=LAST_WORDS_SECONDS)
            raise NotTakenError(Verdict.REFUSED, self._why(child, expired.is_set())) from error
        finally:
            watch.cancel()
        if reply.get("ends"):
            self._end()
        raise refusal

    def _why(self, child: subprocess.Popen[bytes], expired: bool) -> str:
        if expired:
            return f"reading it took longer than {self._seconds:g} s"
        if child.returncode < 0:
            return f"it made the decoder crash ({signal.Signals(-child.returncode).name})"
        return f"it made the decoder stop (exit status {child.returncode})"

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LSS_")}
        search = [str(PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "lss_core.dicom.worker", str(self._memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={
                **environment,
                "PYTHONPATH": os.pathsep.join(search),
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
        )
        if not _ready(self._child):
            self._end()
            raise DicomError(
                "The decoder",
                reason=f"its process does not start within {self._memory_mb} MB of memory",
                remedy="Raise LSS_DECODE_MEMORY_MB",
            )
        return self._child

    def _end(self, *, patience: float = 0) -> None:
        """End the child; one that is dying by itself may do so, and its status is then known."""
        if self._child is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(patience)
        if self._child.stdin and self._child.stdout:
            self._child.stdin.close()
            self._child.stdout.close()
        self._child.kill()
        self._child.wait()
        self._child = None


def _ready(child: subprocess.Popen[bytes]) -> bool:
    assert child.stdout is not None
    with Connection(os.dup(child.stdout.fileno()), writable=False) as from_child:
        try:
            return from_child.poll(START_SECONDS) and from_child.recv_bytes(LONGEST_REPLY) == READY
        except (EOFError, OSError):
            return False


def _ask(child: subprocess.Popen[bytes], request: dict[str, str]) -> dict[str, Any]:
    assert child.stdin is not None
    assert child.stdout is not None
    to_child = Connection(os.dup(child.stdin.fileno()), readable=False)
    from_child = Connection(os.dup(child.stdout.fileno()), writable=False)
    with to_child, from_child:
        to_child.send_bytes(json.dumps(request).encode())
        reply: dict[str, Any] = json.loads(from_child.recv_bytes(LONGEST_REPLY))
    return reply

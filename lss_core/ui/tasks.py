"""Work that outlives a page's run: imports and model runs, one after the other of each kind.

A Streamlit script ends at any click and any refresh. What it hands to a `TaskQueue` goes
on in a thread of the server, and any later run of the page looks at how far it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from lss_core.domain import Progress
from lss_core.errors import LssError
from lss_core.texts import later

Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class TaskView(Generic[Result]):
    """How far a task is: `done` with a `result` or an `error`, or some `share` of the way."""

    key: str
    share: float
    what: str
    done: bool
    result: Result | None = None
    error: LssError | None = None


class TaskQueue(Generic[Result]):
    """Tasks by key, worked off in order by one thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Result]] = {}
        self._told: dict[str, tuple[float, str]] = {}

    def submit(self, key: str, work: Callable[[Progress], Result]) -> None:
        """Queue a task, unless the one of that key is still under way."""

        def report(share: float, what: str) -> None:
            self._told[key] = (share, what)

        with self._lock:
            earlier = self._futures.get(key)
            if earlier is not None and not earlier.done():
                return
            self._told[key] = (0.0, later("Waiting"))
            self._futures[key] = self._executor.submit(work, report)
            self._futures[key].add_done_callback(self._log_failure)

    def look(self, key: str) -> TaskView[Result] | None:
        """How far a task is; None when there is none of that key."""
        with self._lock:
            future = self._futures.get(key)
            share, what = self._told.get(key, (0.0, ""))
        if future is None or future.cancelled():
            return None
        if not future.done():
            return TaskView(key=key, share=min(max(share, 0.0), 1.0), what=what, done=False)
        error = future.exception()
        if error is None:
            return TaskView(key=key, share=1.0, what=later("Done"), done=True, result=future.result())
        return TaskView(key=key, share=share, what=later("Failed"), done=True, error=_as_refusal(error))

    def dismiss(self, key: str) -> None:
        """Forget a task that is done; one under way stays."""
        with self._lock:
            if key in self._futures and self._futures[key].done():
                del self._futures[key], self._told[key]

    def views(self) -> list[TaskView[Result]]:
        """All tasks that were not dismissed, in the order in which they were queued."""
        views = [self.look(key) for key in list(self._futures)]
        return [view for view in views if view is not None]

    def stop(self) -> None:
        """Begin nothing more; what is at work comes to its end."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _log_failure(self, future: Future[Result]) -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            _log.error("task_failed", queue=self._name, exc_info=error)


def _as_refusal(error: BaseException) -> LssError:
    """A failure as something fit to show; what is no refusal stays in the log."""
    if isinstance(error, LssError):
        return error
    return LssError(
        "This task",
        reason="it stopped because of an error in the program",
        remedy="Try again; if it happens again, give the administrator the server's log",
    )

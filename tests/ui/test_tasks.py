from __future__ import annotations

from threading import Event

import pytest

from lss_core.domain import Progress
from lss_core.errors import StoreError
from lss_core.ui.tasks import TaskQueue, TaskView

WAIT_S = 10


@pytest.fixture
def queue() -> TaskQueue[str]:
    return TaskQueue("test")


def finish(queue: TaskQueue[str]) -> None:
    """Wait until what was queued before is done."""
    queue._executor.submit(lambda: None).result(WAIT_S)


def seen(queue: TaskQueue[str], key: str) -> TaskView[str]:
    view = queue.look(key)
    assert view is not None
    return view


def test_a_task_tells_how_far_it_is_while_it_runs(queue: TaskQueue[str]) -> None:
    told, go_on = Event(), Event()

    def work(report: Progress) -> str:
        report(0.4, "Reading")
        told.set()
        assert go_on.wait(WAIT_S)
        return "read"

    queue.submit("one", work)
    assert told.wait(WAIT_S)
    assert (seen(queue, "one").share, seen(queue, "one").what) == (0.4, "Reading")
    assert [(view.key, view.done) for view in queue.views()] == [("one", False)]
    go_on.set()
    finish(queue)
    assert seen(queue, "one").done
    assert seen(queue, "one").result == "read"


def test_a_task_under_way_is_not_begun_twice(queue: TaskQueue[str]) -> None:
    go_on, begun = Event(), []

    def work(report: Progress) -> str:
        begun.append(1)
        assert go_on.wait(WAIT_S)
        return ""

    queue.submit("one", work)
    queue.submit("one", work)
    go_on.set()
    finish(queue)
    assert len(begun) == 1


def test_a_refusal_is_kept_in_its_own_words(queue: TaskQueue[str]) -> None:
    refusal = StoreError("Case C-1", reason="it is gone", remedy="Choose another")

    def work(report: Progress) -> str:
        raise refusal

    queue.submit("one", work)
    finish(queue)
    assert seen(queue, "one").error is refusal


def test_what_a_bug_says_is_not_shown(queue: TaskQueue[str]) -> None:
    def work(report: Progress) -> str:
        raise ValueError("PatientName=Doe^Jane")

    queue.submit("one", work)
    finish(queue)
    assert "Doe" not in str(seen(queue, "one").error)
    assert "error in the program" in str(seen(queue, "one").error)


def test_a_task_that_is_done_can_be_dismissed_and_done_again(queue: TaskQueue[str]) -> None:
    queue.submit("one", lambda report: "first")
    finish(queue)
    queue.dismiss("one")
    assert queue.look("one") is None
    queue.submit("one", lambda report: "second")
    finish(queue)
    assert seen(queue, "one").result == "second"

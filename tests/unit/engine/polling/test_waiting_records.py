"""However large a backlog is, few bytes of it wait in the memory of a worker."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from samovar import Job
from samovar.broker.embedded import held
from samovar.engine.polling import listener
from samovar.engine.polling.listener import Listener
from tests.support.applications import application
from tests.support.eventually import eventually

KILOBYTE = 1024
GO_ON = threading.Event()
DONE: list[int] = []


class LargeJob(Job):
    def perform(self, number: int, content: str) -> None:
        assert GO_ON.wait(30)
        DONE.append(number)


@pytest.mark.parametrize(
    "sizes",
    [[20], [1, 1, 1, 60], [60, 1, 1, 1]],
    ids=["all alike", "small before large", "large before small"],
)
def test_a_large_backlog_waits_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int]
) -> None:
    monkeypatch.setattr(held, "FETCH_BYTES", 100 * KILOBYTE)
    monkeypatch.setattr(listener, "POLL_BYTES", 100 * KILOBYTE)
    monkeypatch.setattr(listener, "WAITING_BYTES", 400 * KILOBYTE)
    GO_ON.clear()
    DONE.clear()
    path = tmp_path / "log.db"
    with application(queue_adapter="embedded", embedded={"path": path}) as app:
        app.job_topic("default", partitions=3)
        LargeJob.perform_bulk([(n, "x" * sizes[n % len(sizes)] * KILOBYTE) for n in range(300)])
        worker = app.worker()
        worker.start()
        (thread,) = [t for t in threading.enumerate() if isinstance(t, Listener)]
        most = 0

        def waits() -> int:
            return sum(
                len(record.value or b"")
                for partition in thread.partitions
                for record in list(partition.pending)  # type: ignore[attr-defined]
            )

        eventually(lambda: waits() > 0)
        rounds = 0

        def has_gone_round() -> bool:
            nonlocal most, rounds
            most = max(most, waits())
            rounds += 1
            return rounds > 60

        eventually(has_gone_round)
        assert most < (400 + 2 * 160) * KILOBYTE
        GO_ON.set()
        eventually(lambda: len(DONE) == 300, within=30)
        worker.stop()

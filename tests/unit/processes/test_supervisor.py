"""The supervisor and a child that is no worker: one that hangs is replaced."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from samovar import events
from samovar.processes import supervisor
from samovar.processes.pulse import PULSE_VARIABLE, Pulse, PulseReader
from samovar.processes.signals import Move, Moves
from samovar.processes.supervisor import INDEX_VARIABLE, Supervisor
from samovar.support import clock
from tests.support.eventually import eventually

SHOWS_ITSELF_ONCE = (
    f"import os, time; os.write(int(os.environ[{PULSE_VARIABLE!r}]), b'.'); time.sleep(600)"
)


@pytest.fixture
def heard() -> Iterator[list[tuple[str, int]]]:
    heard: list[tuple[str, int]] = []

    def hear(event: events.Event) -> None:
        heard.append((event.name, event.payload["pid"]))

    for name in ("process.started", "process.hanging"):
        events.subscribe(name)(hear)
    yield heard
    events.unsubscribe(hear)


def test_a_child_that_hangs_is_replaced(
    heard: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HANGING_SECONDS", 0.2)
    moves = Moves()
    watching = Supervisor([sys.executable, "-c", SHOWS_ITSELF_ONCE], count=1, shutdown_timeout=1)
    thread = threading.Thread(target=watching.run, args=[moves])

    thread.start()
    try:
        eventually(lambda: len(heard) >= 3, what="a child is born, killed and replaced")
    finally:
        moves.put(Move.STOP)
        thread.join(30)

    (started, first), hanging, (again, second) = heard[:3]
    assert (started, again) == ("process.started", "process.started")
    assert hanging == ("process.hanging", first)
    assert second != first


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [([0, 0], 0), ([0, 75], 75), ([75, 75], 75), ([70, 75], 2), ([0, 2], 2), ([0, "kill"], 2)],
)
def test_it_ends_with_the_status_of_its_children(
    statuses: list[object], expected: int, tmp_path: Path
) -> None:
    code = (
        f"import os, pathlib, signal, time; n = int(os.environ[{INDEX_VARIABLE!r}]);"
        f"s = {statuses!r}[n];"
        "end = lambda *_: os.kill(os.getpid(), 9) if s == 'kill' else os._exit(s);"
        "signal.signal(signal.SIGTERM, end);"
        f"pathlib.Path({str(tmp_path)!r}, str(n)).touch(); time.sleep(600)"
    )
    moves = Moves()
    watching = Supervisor([sys.executable, "-c", code], count=len(statuses), shutdown_timeout=30)
    with ThreadPoolExecutor(1) as threads:
        status = threads.submit(watching.run, moves)
        eventually(lambda: len(list(tmp_path.iterdir())) == len(statuses))
        moves.put(Move.STOP)

        assert status.result(60) == expected


def test_silence_counts_from_the_last_time_that_a_child_has_shown_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    reader = PulseReader()
    environ = {PULSE_VARIABLE: str(reader.childs_end)}
    pulse = Pulse(environ)
    assert environ == {}  # a process that a job starts has another file of that number

    now += 500
    assert reader.silence == 0  # it still starts
    pulse.beat()
    assert reader.silence == 0
    now += 50
    assert reader.silence == 50
    pulse.beat()
    assert reader.silence == 0
    reader.child_has_it()
    assert reader.silence == 0
    reader.close()


def test_without_a_supervisor_nobody_is_shown_anything() -> None:
    Pulse({}).beat()

"""`samovar demo` accounts for every file it enqueued, also when a worker is killed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from confluent_kafka.admin import AdminClient

from tests.support.eventually import eventually
from tests.support.kafka_process import KafkaProcess
from tests.support.process_group import ProcessGroup

#: The last line; the numbers are of files.
LAST_LINE = re.compile(r"performed (\d+) retried (\d+) discarded (\d+)")


@contextmanager
def started_demo(cwd: Path, *arguments: str) -> Iterator[ProcessGroup]:
    number = len(list(cwd.glob("demo-*.log"))) + 1
    command = [sys.executable, "-m", "samovar", "demo", *arguments]
    group = ProcessGroup(command, log=cwd / f"demo-{number}.log", cwd=cwd)
    try:
        yield group
    finally:
        group.kill()


def demo(cwd: Path, *arguments: str) -> str:
    """Runs the demo to its end, and returns what it said."""
    with started_demo(cwd, *arguments) as group:
        assert group.wait(timeout=100) == 0, group.output
        return group.output


def accounted_for(output: str) -> int:
    found = LAST_LINE.fullmatch(output.splitlines()[-1])
    assert found, output
    performed, _, discarded = map(int, found.groups())
    return performed + discarded


def left_behind(cwd: Path) -> list[str]:
    return sorted(path.name for path in (cwd / "samovar-demo").iterdir())


def test_every_file_is_accounted_for_and_reported(tmp_path: Path) -> None:
    output = demo(tmp_path, "--files", "60")

    assert accounted_for(output) == 60
    assert str(Path("samovar-demo", "report.md")) in output
    report = (tmp_path / "samovar-demo" / "report.md").read_text()
    assert "| `_pydecimal` |" in report
    assert "_pydecimal" in output


def test_a_second_run_starts_from_nothing(tmp_path: Path) -> None:
    assert accounted_for(demo(tmp_path, "--files", "40")) == 40

    assert accounted_for(demo(tmp_path, "--files", "20")) == 20

    assert left_behind(tmp_path) == ["report.md", "worker.log"]


def test_a_killed_worker_loses_no_file(tmp_path: Path) -> None:
    output = demo(tmp_path, "--files", "400", "--kill")

    assert re.search(r"Killed worker \d+ with SIGKILL", output)
    assert accounted_for(output) == 400
    assert "is replaced" in (tmp_path / "samovar-demo" / "worker.log").read_text()


def test_an_interrupted_demo_stops_its_workers(tmp_path: Path) -> None:
    def a_job_was_performed() -> bool:
        return any((tmp_path / "samovar-demo").glob("run-*/results/*.jsonl"))

    with started_demo(tmp_path) as group:
        eventually(a_job_was_performed, what="a job is performed")
        children = psutil.Process(group.pid).children(recursive=True)

        group.signal(signal.SIGINT)

        assert group.wait(timeout=60) == 130
    assert len(children) == 3
    assert not any(child.is_running() for child in children)
    assert left_behind(tmp_path) == ["worker.log"]


def test_it_runs_the_same_on_kafka(tmp_path: Path, kafka: KafkaProcess) -> None:
    servers = kafka.bootstrap_servers

    output = demo(
        tmp_path, "--files", "200", "--kill", "--adapter", "kafka", "--bootstrap-servers", servers
    )

    assert accounted_for(output) == 200
    assert demo_topics(servers) == []


def test_without_an_address_kafka_is_refused_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "samovar", "demo", "--adapter", "kafka"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "kafka.bootstrap_servers is missing" in done.stderr
    assert list(tmp_path.iterdir()) == []


def demo_topics(servers: str) -> list[str]:
    topics = AdminClient({"bootstrap.servers": servers}).list_topics(timeout=10).topics
    return [name for name in topics if name.startswith("samovar-demo-")]

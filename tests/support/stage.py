"""Where a scenario plays: one backend, a settings file, worker processes, and a journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import samovar
from samovar import backends
from samovar.app import App
from samovar.broker.port import Broker, NewRecord, Record, TopicPartition, TopicSpec
from samovar.settings import Settings, load
from tests.jobs.sample import JournalJob
from tests.support import journal
from tests.support.eventually import eventually
from tests.support.journal import Journal
from tests.support.kafka_cluster import KafkaCluster
from tests.support.kafka_files import REPOSITORY
from tests.support.kafka_process import KafkaProcess
from tests.support.worker_process import WorkerProcess

#: Tables of the settings file that a test starts from.
BASIS: Mapping[str, Mapping[str, Any]] = {
    "": {"imports": ["tests.jobs.sample"], "queue_name_delimiter": "."},
    "embedded": {"path": "log.db"},
    "worker": {},
    "kafka": {"settings": {}},
}
#: How soon Kafka notices a member that was killed. For tests that kill: it also makes Kafka give
#: up a member that a busy machine keeps waiting.
NOTICES_THE_DEAD = {"session.timeout.ms": 4000, "heartbeat.interval.ms": 500}


class Stage:
    """Everything in it has names of its own: topics and group begin with `prefix`."""

    def __init__(
        self,
        backend: str,
        *,
        directory: Path,
        prefix: str,
        kafka: KafkaProcess | KafkaCluster | None = None,
    ) -> None:
        self.backend = backend
        self.directory = directory
        self.prefix = prefix
        self.kafka = kafka
        self.journal = Journal(directory / "journal.txt")
        self._tables = {name: dict(table) for name, table in BASIS.items()}
        self._tables[""] |= {"queue_adapter": backend, "queue_name_prefix": prefix}
        self._tables["kafka"] |= {"group_id": prefix}
        if kafka is not None:
            self._tables["kafka"]["bootstrap_servers"] = kafka.bootstrap_servers
        self._app: App | None = None
        self._broker: Broker | None = None
        self._producer: Any = None
        self._admin: Any = None
        self.configure()

    def configure(self, table: str = "", /, **settings: Any) -> None:
        """Write these settings into the file: configure("worker", concurrency=1)."""
        self._tables[table] |= settings
        text = [f"{_key(k)} = {_toml(v)}" for k, v in self._tables[""].items()]
        for name, content in self._tables.items():
            if name:
                text += [
                    f"[default.{name}]",
                    *(f"{_key(k)} = {_toml(v)}" for k, v in content.items()),
                ]
        (self.directory / "samovar.toml").write_text("\n".join(["[default]", *text]) + "\n")

    def notice_the_dead(self) -> None:
        """Let Kafka hand over a killed member's partitions within seconds."""
        self.configure("kafka", settings={**self._tables["kafka"]["settings"], **NOTICES_THE_DEAD})

    def declare(self, routes: str) -> None:
        """Give the worker processes an application with these routes."""
        head = "import re\n\nfrom samovar import App, DeadLetterQueue, Pause\n\napp = App()\n"
        (self.directory / "stage_app.py").write_text(head + routes + "\n")
        self.configure(app="stage_app:app")

    @property
    def settings(self) -> Settings:
        return load(file=self.directory / "samovar.toml")

    @property
    def app(self) -> App:
        """The test's own application, for enqueuing."""
        if self._app is None:
            self._app = App(settings=self.settings)
        return self._app

    def topic(self, queue: str = "default") -> str:
        """The real name of a queue."""
        return f"{self.prefix}.{queue}"

    def create(self, queue: str = "default", *, partitions: int = 8) -> None:
        self.admin.create_topics([TopicSpec(name=self.topic(queue), partitions=partitions)])

    def put(self, jobs: Iterable[tuple[int, samovar.Job]], queue: str = "default") -> None:
        """Enqueue jobs, each into the partition that stands before it."""
        self.app  # noqa: B018 -- jobs need an application to know their queue
        self.put_raw([(p, samovar.payload.dumps(job.serialize())) for p, job in jobs], queue)

    def put_keyed(
        self, jobs: Iterable[tuple[int, object, samovar.Job]], queue: str = "default"
    ) -> None:
        """Enqueue jobs, each into the partition and with the key that stand before it."""
        self.app  # noqa: B018 -- jobs need an application to know their queue
        topic = self.topic(queue)
        self.produce(
            [
                NewRecord(
                    topic,
                    samovar.payload.dumps(job.serialize()),
                    key=str(key).encode(),
                    partition=partition,
                )
                for partition, key, job in jobs
            ]
        )

    def put_until(
        self, condition: Callable[[Journal], object], *, first: int = 0, partitions: int = 8
    ) -> int:
        """Enqueue JournalJobs, numbered from `first` on, until the condition holds.

        How many there were: the next free number.
        """
        number = first

        def put_and_look() -> object:
            nonlocal number
            batch = range(number, number := number + 5 * partitions)
            self.put((n % partitions, JournalJob(n, 0.01)) for n in batch)
            return condition(self.journal)

        eventually(put_and_look, within=60, what="jobs are enqueued until something happens")
        return number

    def put_raw(self, values: Iterable[tuple[int, bytes | None]], queue: str = "default") -> None:
        """Write records as they are, each into the partition that stands before it."""
        topic = self.topic(queue)
        self.produce([NewRecord(topic, value, partition=partition) for partition, value in values])

    def produce(self, records: Sequence[NewRecord]) -> None:
        if self._producer is None:
            self._producer = self.broker.producer()
        self._producer.produce_sync(records)

    def records(self, queue: str = "default") -> list[Record]:
        """All records of a topic, partition after partition; none when it does not exist."""
        topic = self.topic(queue)
        if topic not in self.admin.topics():
            return []
        records: list[Record] = []
        for source, marks in sorted(self.admin.watermarks(topic).items()):
            if marks.high > marks.low:
                records += self.admin.read(source, marks.low, marks.high - marks.low)
        return records

    def committed(self, queue: str = "default") -> dict[TopicPartition, int]:
        return self.admin.committed(self.settings.kafka.group, self.topic(queue))

    def worker(self, *arguments: str, env: Mapping[str, str] | None = None) -> WorkerProcess:
        """Start a worker process on this stage."""
        return WorkerProcess(
            *arguments, cwd=self.directory, env={**self.environment, **(env or {})}
        )

    def steady_worker(self, *arguments: str) -> WorkerProcess:
        """Start a worker process and wait until it says that it has started."""
        worker = self.worker(*arguments)
        try:
            worker.wait_for_output("The worker has started")
        except BaseException:
            worker.kill()
            raise
        return worker

    def script(self, text: str, *, within: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a Python script on this stage to its end, as a user's own process."""
        return subprocess.run(
            [sys.executable, "-c", text],
            cwd=self.directory,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=within,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find the package, the sample jobs and the journal."""
        package = Path(samovar.__file__).parents[1]
        return {
            journal.VARIABLE: str(self.journal.path),
            "PYTHONPATH": os.pathsep.join([str(package), str(REPOSITORY)]),
        }

    @property
    def broker(self) -> Broker:
        if self._broker is None:
            wing = self.settings.kafka if self.backend == "kafka" else self.settings.embedded
            self._broker = backends.broker(self.backend)(wing, commit_interval=1.0)
        assert self._broker is not None
        return self._broker

    @property
    def admin(self) -> Any:
        if self._admin is None:
            self._admin = self.broker.admin()
        return self._admin

    def open_gate(self, number: int) -> None:
        """Let the GateJob of this number end."""
        (self.directory / f"gate-{number}").touch()

    def close(self) -> None:
        for part in (self._app, self._producer):
            if part is not None:
                assert part.close(30.0) == 0, "Something was not delivered."
        if self._admin is not None:
            self._admin.close()


@pytest.fixture(params=["embedded", "kafka"])
def stage(
    request: pytest.FixtureRequest, tmp_path: Path, unique: Callable[[str], str]
) -> Iterator[Stage]:
    """A stage on each backend."""
    kafka = request.getfixturevalue("kafka") if request.param == "kafka" else None
    stage = Stage(request.param, directory=tmp_path, prefix=unique("s"), kafka=kafka)
    yield stage
    stage.close()


@pytest.fixture
def kafka_stage(
    kafka: KafkaProcess, tmp_path: Path, unique: Callable[[str], str]
) -> Iterator[Stage]:
    """A stage on Kafka alone, for what is Kafka's own."""
    stage = Stage("kafka", directory=tmp_path, prefix=unique("s"), kafka=kafka)
    yield stage
    stage.close()


def _key(name: str) -> str:
    return json.dumps(name) if "." in name else name


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)

"""What a run needs beside Python: a Kafka and a Redis of its own, and places on them."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.contestants import Contestant
from benchmarks.place import Place
from tests.support import kafka_files
from tests.support.eventually import eventually
from tests.support.kafka_process import KafkaProcess, accepts_connections, free_ports
from tests.support.process_group import ProcessGroup


class Services:
    """Running services, and why those that do not run are missing."""

    def __init__(self, *, directory: Path, kafka: str, redis: str, missing: dict[str, str]) -> None:
        self.directory = directory
        #: By backend.
        self.missing = missing
        self._kafka = kafka
        self._redis = redis
        self._admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0}) if kafka else None
        self._numbers = itertools.count(1)
        #: Where the waiting jobs of a contestant are, by its name.
        self._backlogs: dict[str, Place] = {}

    def empty_place(self, contestant: Contestant) -> Place:
        """A new queue with nothing in it."""
        place = self._new_place(contestant)
        if self._admin is not None and contestant.backend == "kafka":
            topic = NewTopic(place.queue, contestant.partitions, 1)
            (future,) = self._admin.create_topics([topic]).values()
            future.result(30)
            eventually(lambda: self._knows(place.queue), within=10, what="the topic is known")
        return place

    def keep_backlog(self, owner: str, place: Place) -> None:
        """The jobs at this place shall be performed many times."""
        self._backlogs[owner] = place

    def has_backlog(self, owner: str) -> bool:
        return owner in self._backlogs

    def place_with_backlog(self, contestant: Contestant) -> Place:
        """The kept jobs, as if nobody had seen them: for a new group, in a new file or list."""
        kept = self._backlogs[contestant.backlog_of]
        fresh = self._new_place(contestant)
        file = kept.file
        queue = kept.queue
        if contestant.backend == "file" and not contestant.keeps_file:
            file = fresh.file
            shutil.copyfile(kept.file, file)
        elif contestant.backend == "redis":
            queue = fresh.queue
            self._copy_list(kept.queue, queue)
        return Place(
            queue=queue, group=fresh.group, file=file, kafka=self._kafka, redis=self._redis
        )

    def leave(self, contestant: Contestant, place: Place) -> None:
        """Removes what was made for one measurement."""
        kept = self._backlogs.values()
        if self._admin is not None and contestant.backend == "kafka":
            if all(place.queue != k.queue for k in kept):
                self._admin.delete_topics([place.queue])
        elif contestant.backend == "file" and all(place.file != k.file for k in kept):
            shutil.rmtree(place.file.parent, ignore_errors=True)
        elif contestant.backend == "redis":
            self._delete_list(place.queue)

    def _new_place(self, contestant: Contestant) -> Place:
        name = f"{contestant.name}-{next(self._numbers)}"
        directory = self.directory / name
        directory.mkdir()
        return Place(
            queue=name,
            group=name,
            file=directory / "jobs.db",
            kafka=self._kafka,
            redis=self._redis,
        )

    def _knows(self, topic: str) -> bool:
        """Creation is asynchronous in Kafka."""
        assert self._admin is not None
        return topic in self._admin.list_topics(timeout=5).topics

    def _copy_list(self, source: str, target: str) -> None:
        self._redis_client().copy(source, target)

    def _delete_list(self, name: str) -> None:
        self._redis_client().delete(name)

    def _redis_client(self):
        import redis  # may be missing, and is then not asked for

        return redis.Redis.from_url(self._redis)


@contextlib.contextmanager
def services(backends: set[str]) -> Iterator[Services]:
    """Starts what these backends need and what can be started here."""
    missing: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="samovar-bench-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        kafka = redis = ""
        if "kafka" in backends:
            reason = kafka_files.whats_missing()
            if reason:
                missing["kafka"] = reason
            else:
                kafka = stack.enter_context(KafkaProcess(heap="1g")).bootstrap_servers
        if "redis" in backends:
            server = shutil.which("redis-server")
            if server:
                redis = stack.enter_context(redis_server(server, directory))
            else:
                missing["redis"] = "no redis-server; apt-get install redis-server"
        yield Services(directory=directory, kafka=kafka, redis=redis, missing=missing)


@contextlib.contextmanager
def redis_server(program: str, directory: Path) -> Iterator[str]:
    """A Redis that writes nothing to disk."""
    port, _ = free_ports()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    group = ProcessGroup([program, *options], log=directory / "redis.log", cwd=directory)
    try:
        eventually(lambda: accepts_connections(port), within=10, what="Redis answers")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        group.kill()


def redis_version() -> str | None:
    """Of the server, if there is one."""
    server = shutil.which("redis-server")
    if server is None:
        return None
    words = subprocess.run([server, "--version"], capture_output=True, text=True).stdout.split()
    return next((word[2:] for word in words if word.startswith("v=")), None)

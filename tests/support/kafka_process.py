"""A real Kafka broker: a node in KRaft mode, with its own ports and data, that may be killed."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.support import kafka_files
from tests.support.eventually import eventually
from tests.support.process_group import ProcessGroup

#: One node, so nothing is replicated. Groups start at once and notice a killed member in a second;
#: the controller forgets a killed broker in three (nine by default), so that it may restart sooner.
#: Transactions of killed processes are looked for every second, not every ten.
PROPERTIES: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "8",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "500",
}


class KafkaProcess:
    """A broker that lives until the block ends, and dies with the process that started it.

    with KafkaProcess() as kafka:
        Producer({"bootstrap.servers": kafka.bootstrap_servers})
        kafka.kill()
        kafka.restart()
    """

    def __init__(
        self,
        *,
        heap: str = "512m",
        properties: Mapping[str, str] | None = None,
        place: Place | None = None,
    ) -> None:
        """`place` is its place in a cluster; without one it is a cluster of its own."""
        self._heap = heap
        self._properties = {**PROPERTIES, **(properties or {})}
        self._place = place
        self._directory = Path(tempfile.mkdtemp(prefix="samovar-kafka-"))
        self._port = 0
        self._group: ProcessGroup | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def is_running(self) -> bool:
        return self._group is not None and self._group.returncode is None

    def start(self) -> None:
        """Formats an empty data directory and starts; with other ports if these were just taken."""
        for _ in range(2):
            with contextlib.suppress(BrokerDied):
                self._format_and_launch()
                return
        self._format_and_launch()

    def restart(self) -> None:
        """Starts again on the same ports and data, after `kill` or `stop` (or stops first)."""
        self.stop()
        self._launch()

    def stop(self, *, within: float = 30.0) -> None:
        """Shuts down in order, as an operator would."""
        if self._group and self._group.returncode is None:
            self._group.signal(signal.SIGTERM)
            self._group.wait(within)
        self.kill()

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        if self._group:
            self._group.kill()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> KafkaProcess:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _format_and_launch(self) -> None:
        self._format()
        self._launch()

    def _format(self) -> None:
        place = self._place or Place.alone()
        self._port = place.port
        broker, controller = f"127.0.0.1:{place.port}", place.controller
        properties = self._properties | {
            "node.id": str(place.node),
            "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "controller.quorum.bootstrap.servers": place.quorum or controller,
            "log.dirs": str(self._directory / "data"),
        }
        shutil.rmtree(self._directory / "data", ignore_errors=True)
        text = "".join(f"{name}={value}\n" for name, value in properties.items())
        self._settings.write_text(text)
        tool = ["kafka.tools.StorageTool", "format", "-t", place.cluster, *place.voters]
        command = [*self._java(), *tool, "-c", self._settings]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BrokerDied(f"Kafka's data could not be formatted:\n{done.stdout}{done.stderr}")

    def _launch(self) -> None:
        command = [*self._java(), f"-Xmx{self._heap}", "kafka.Kafka", self._settings]
        log = self._directory / "output.log"
        self._group = ProcessGroup(
            command, log=log, cwd=self._directory, own_directory=self._directory
        )
        try:
            eventually(self._is_ready, within=60, what="Kafka answers")
        except AssertionError as too_late:
            raise AssertionError(f"{too_late}\n{self._group.tail()}") from None

    def _is_ready(self) -> bool:
        if not self.is_running:
            tail = self._group.tail() if self._group else ""
            raise BrokerDied(f"Kafka ended while it started:\n{tail}")
        return accepts_connections(self._port) and answers_metadata(self.bootstrap_servers)

    def _java(self) -> list[str | Path]:
        java = kafka_files.find_java()
        assert java, kafka_files.whats_missing()
        return [java, "-cp", f"{kafka_files.JARS}/*"]

    @property
    def _settings(self) -> Path:
        return self._directory / "server.properties"


@dataclass(frozen=True)
class Place:
    """Which node of which cluster a broker is, and where the others are."""

    cluster: str
    node: int
    port: int
    #: Address of its controller.
    controller: str
    #: Addresses of all controllers, with commas between; empty when there is no other.
    quorum: str = ""
    #: How the tool that formats a node is told of them.
    voters: Sequence[str] = ("--standalone",)

    @classmethod
    def alone(cls) -> Place:
        port, controller_port = free_ports()
        return cls(new_id(), 1, port, f"127.0.0.1:{controller_port}")

    @classmethod
    def of_a_cluster(cls, size: int) -> list[Place]:
        """The places of `size` nodes, each of them a broker and a controller."""
        cluster, ports = new_id(), free_ports(2 * size)
        controllers = [f"127.0.0.1:{port}" for port in ports[size:]]
        nodes = range(1, size + 1)
        voters = [f"{n}@{c}:{new_id()}" for n, c in zip(nodes, controllers, strict=True)]
        told = ("--initial-controllers", ",".join(voters))
        return [
            cls(cluster, node, ports[node - 1], controllers[node - 1], ",".join(controllers), told)
            for node in nodes
        ]


class BrokerDied(Exception):
    """The broker's process ended by itself."""


def free_ports(count: int = 2) -> list[int]:
    """Ports nobody listens on.

    They lie below the range that outgoing connections take their ports from (32768 and up on
    Linux), so that nobody borrows them while the broker is down between `kill` and `restart`.
    """
    candidates = random.SystemRandom().sample(range(20_000, 32_000), 25 * count)
    return list(filter(is_free, candidates))[:count]


def is_free(port: int) -> bool:
    with socket.socket() as attempt:
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def accepts_connections(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def answers_metadata(bootstrap_servers: str) -> bool:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    try:
        return bool(admin.list_topics(timeout=5).brokers)
    except KafkaException:
        return False


def new_id() -> str:
    """A UUID in Kafka's spelling; a dash in front would read as an option."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")

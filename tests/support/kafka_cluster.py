"""Three real Kafka brokers that keep every record three times, of which one may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.support.kafka_process import KafkaProcess, Place

SIZE = 3
#: A record counts as stored when two of the three have it.
PROPERTIES: Mapping[str, str] = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
}


class KafkaCluster:
    """The brokers live until the block ends.

    with KafkaCluster() as cluster:
        cluster.nodes[0].kill()
        cluster.nodes[0].restart()
    """

    def __init__(self, *, heap: str = "256m") -> None:
        places = Place.of_a_cluster(SIZE)
        self.nodes = [KafkaProcess(heap=heap, properties=PROPERTIES, place=p) for p in places]
        self._stack = ExitStack()

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(node.bootstrap_servers for node in self.nodes)

    def __enter__(self) -> KafkaCluster:
        for node in self.nodes:
            self._stack.callback(node.close)
        try:
            # At the same time: none is ready before most of them are there.
            with ThreadPoolExecutor(SIZE) as pool:
                list(pool.map(KafkaProcess.start, self.nodes))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

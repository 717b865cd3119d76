"""A member of a group in a process of its own, which tells what it hears, a line for each event."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import TopicPartition


class MemberProcess:
    """Starts the process, gathers what it says, and kills it at exit."""

    def __init__(self, path: Path, topic: str, group: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(path), topic, group], stdout=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, name="reader", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines.extend(line.rstrip() for line in self._process.stdout)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def __enter__(self) -> MemberProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


class _Teller:
    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        _tell("assigned", partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        _tell("revoked", partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        _tell("lost", partitions)


def _tell(what: str, partitions: Sequence[TopicPartition]) -> None:
    print(what, json.dumps(sorted(source.partition for source in partitions)), flush=True)


def main(path: str, topic: str, group: str) -> None:
    """Poll, and store the first 1000 positions one after the other, never committing by time."""
    consumer = EmbeddedBroker(path, commit_interval=1000).consumer(group)
    consumer.subscribe([topic], _Teller())
    parent = os.getppid()
    while os.getppid() == parent:
        for batch in consumer.poll(500, 0.5):
            consumer.store({batch.source: batch.records[-1].offset + 1})
            print("received", len(batch.records), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

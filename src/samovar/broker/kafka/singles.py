"""Sends once more, each record by itself, what was refused with the batch that it was in.

A broker refuses a whole batch for one record that is larger than the topic allows, and librdkafka
gives up all of it. Only that record is at fault.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client

from samovar.broker.kafka import forks
from samovar.broker.port import Headers

Report = Callable[[KafkaError | None, Message], None]


class Singles:
    """A second client, made when it is needed. Any thread may use it."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = {**properties, "batch.num.messages": 1}
        self._lock = threading.RLock()
        self._client: Client | None = None

    def send(self, message: Message, headers: Headers, report: Report) -> bool:
        """Send a refused record again, to the same partition; False when it stays refused. The
        message of a delivery report has lost its headers.
        """
        _, timestamp = message.timestamp()
        try:
            self._connected().produce(
                message.topic() or "",
                message.value(),
                message.key(),
                -1 if (partition := message.partition()) is None else partition,
                report,
                timestamp=max(0, timestamp),
                headers=list(headers) or None,
            )
        except (BufferError, KafkaException):
            return False
        return True

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                client = Client(self._properties)
                # Meanwhile a finalizer that enqueues may have come by in this very thread.
                self._client = self._client or client
            return self._client

    def serve(self) -> None:
        """Serve the reports that are there."""
        if self._client is not None:
            self._client.poll(0)

    def flush(self, timeout: float) -> None:
        """Wait for all of them, up to `timeout` seconds."""
        if self._client is not None:
            self._client.flush(timeout)

    def abandon(self) -> None:
        """This is a forked child, where the client is dead."""
        forks.abandon(self._client)
        self._client = None

"""Tiny consumers of plain topics that note what they do in the test's journal."""

from __future__ import annotations

import os
import time
from pathlib import Path

from samovar import Consumer
from tests.jobs.sample import LOOK_SECONDS
from tests.support import journal


class JournalConsumer(Consumer):
    """Notes each message; fails at one that asks for it until the test opens its gate."""

    def consume(self) -> None:
        for message in self.messages:
            number = message.payload["number"]
            journal.write("start", number)
            gate = Path(os.environ[journal.VARIABLE]).parent / f"gate-{number}"
            if message.payload.get("fails") and not gate.exists():
                raise RuntimeError(f"message {number} fails")
            while message.payload.get("waits") and not gate.exists():
                time.sleep(LOOK_SECONDS)
            time.sleep(message.payload.get("seconds", 0))
            journal.write("done", number)
            self.mark_as_consumed(message)

    def revoked(self) -> None:
        journal.write("revoked", self.partition)

    def shutdown(self) -> None:
        journal.write("shutdown", self.partition)


class ForwardingConsumer(Consumer):
    """Hands each batch on to another topic, whole."""

    async def consume(self) -> None:
        for message in self.messages:
            self.produce(self.topic.replace("orders", "copies"), message.value, key=message.key)

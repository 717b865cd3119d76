"""A log of transactions that is no log: what a consumer's transactions store, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from samovar.broker.port import NO_MARKS, NewRecord, TopicPartition, Written
from samovar.engine.producing.transactional_marks import Ledger
from samovar.engine.producing.transactions import AtomicStore


class TransactionLog:
    """An `AtomicProducer`, and an `Admin` as far as positions are asked for."""

    def __init__(self) -> None:
        self.store = AtomicStore(lambda name: self, "transactions")
        self.ledger = Ledger(store=self.store, admin=cast(Any, self), group="group")
        self.values: list[bytes | None] = []
        self.positions: dict[TopicPartition, int] = {}
        #: Raised by the next writes, the first one first; None for one that goes well.
        self.errors: list[BaseException | None] = []
        #: Whether a write that fails is stored all the same.
        self.stores_what_fails = False
        self.members: list[object] = []

    def produce_atomically(
        self,
        records: Sequence[NewRecord],
        marks: Mapping[TopicPartition, int] = NO_MARKS,
        member: object = None,
    ) -> list[Written]:
        error = self.errors.pop(0) if self.errors else None
        self.members.append(member)
        if error is None or self.stores_what_fails:
            self.values += [record.value for record in records]
            self.positions |= marks
        if error is not None:
            raise error
        return [Written(TopicPartition(record.topic, 0), 0) for record in records]

    def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        return self.positions

    def close(self) -> None: ...


def messages(*payloads: str) -> list[Any]:
    """Messages for a topic of which nobody asks."""
    return [{"topic": "out", "payload": payload} for payload in payloads]


def records_of(messages: Sequence[Any]) -> list[NewRecord]:
    """As the records that they become."""
    return [NewRecord(m["topic"], cast(str, m["payload"]).encode()) for m in messages]

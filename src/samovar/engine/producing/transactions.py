"""Messages that are stored together or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Unpack

from samovar.broker.port import AtomicProducer, NewRecord, Written
from samovar.engine.producing.messages import Message, check
from samovar.errors import (
    ArgumentError,
    DeliveryFailedError,
    ProducerClosedError,
    UnknownTopicError,
)

#: Messages that were checked, as records.
RecordsOf = Callable[[Sequence[Message]], list[NewRecord]]


class AtomicStore:
    """Writes records together. Any thread may use it; each transaction that runs has a producer of
    its own, so that a finalizer that runs meanwhile may have one too.
    """

    def __init__(self, make: Callable[[str], AtomicProducer], name: str) -> None:
        """`name` is what its producers' names begin with; each producer has one of its own."""
        self._make = make
        self._name = name
        self._is_closed = False
        self._begin()

    def store(self, records: Sequence[NewRecord]) -> list[Written]:
        """Store all of them or, on an error, none; where they are.

        Raises:
            DeliveryFailedError, UnknownTopicError: none is stored.
            BrokerError: all or none of them are stored; which, is not known.
        """
        if self._process != os.getpid():
            self._begin()
        producer = self._idle_one() or self._make(self._new_name())
        try:
            written = producer.produce_atomically(records)
        except (DeliveryFailedError, UnknownTopicError):
            self._keep(producer)
            raise
        self._keep(producer)
        return written

    def check_open(self) -> None:
        """
        Raises:
            ProducerClosedError: the application was closed; nothing is stored any more.
        """
        if self._is_closed:
            raise ProducerClosedError("The application was closed: the transaction is not stored.")

    def close(self) -> None:
        """Store nothing any more."""
        self._is_closed = True
        if self._process == os.getpid():
            while producer := self._idle_one():
                producer.close()

    def _idle_one(self) -> AtomicProducer | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _keep(self, producer: AtomicProducer) -> None:
        self._idle.append(producer)
        if self._is_closed:
            self.close()

    def _new_name(self) -> str:
        return f"{self._name}-{uuid.uuid4().hex[:12]}"

    def _begin(self) -> None:
        """Also in a forked process: with its parent's names it would fence the parent."""
        self._process = os.getpid()
        #: Producers that are of use again.
        self._idle: list[AtomicProducer] = []


class Transaction:
    """What a block of `app.producer.transaction()` gathers. Used in that block only."""

    def __init__(self, store: AtomicStore, records_of: RecordsOf) -> None:
        self.store = store
        self._records_of = records_of
        self._messages: list[Message] = []
        self._is_open = True
        #: Where each message was stored, in order; once the block has ended.
        self.written: list[Written] = []

    def produce(self, **message: Unpack[Message]) -> None:
        """Send a message when the block ends.

        Raises:
            MessageInvalidError: it cannot be sent.
            ArgumentError: the block has ended.
        """
        self.produce_many([message])

    def produce_many(self, messages: Iterable[Message]) -> None:
        """Send several messages, in order, when the block ends.

        Raises:
            MessageInvalidError: one cannot be sent; none of these will be.
            ArgumentError: the block has ended.
        """
        if not self._is_open:
            raise ArgumentError(
                "The transaction has ended; send the message in a block of its own."
            )
        self._messages += [check(message) for message in messages]

    def end(self, *, stores: bool) -> None:
        """Take no more; store what was gathered, or forget it."""
        self._is_open = False
        if stores and self._messages:
            self.store.check_open()
            self.written = self.store.store(self._records_of(self._messages))


#: The transaction in whose block the caller is.
_CURRENT: ContextVar[Transaction | None] = ContextVar("samovar_transaction", default=None)


@contextmanager
def transaction(store: AtomicStore, records_of: RecordsOf) -> Generator[Transaction, None, None]:
    """A block whose messages are stored when it ends well. One inside another is the same."""
    outer = _CURRENT.get()
    if outer is not None and outer.store is store:
        yield outer
        return
    gathered = Transaction(store, records_of)
    token = _CURRENT.set(gathered)
    try:
        yield gathered
    except BaseException:
        gathered.end(stores=False)
        raise
    finally:
        _CURRENT.reset(token)
    gathered.end(stores=True)

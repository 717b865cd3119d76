"""Messages that are stored together or not at all, with the marks that a consumer made of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol, Unpack

from samovar.broker.port import NO_MARKS, AtomicProducer, NewRecord, TopicPartition, Written
from samovar.engine.producing.messages import Message, check
from samovar.errors import (
    ArgumentError,
    AssignmentLostError,
    BrokerError,
    DeliveryFailedError,
    ProducerClosedError,
    UnknownTopicError,
)
from samovar.support import ids

#: Messages that were checked, as records.
RecordsOf = Callable[[Sequence[Message]], list[NewRecord]]


class Marks(Protocol):
    """The partition of a consumer, whose position can move in a transaction."""

    def store(self, records: Sequence[NewRecord], offset: int) -> list[Written]:
        """Store the records, and commit that all up to this offset is done; or neither."""
        ...


class _Named(NamedTuple):
    name: str
    producer: AtomicProducer


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

    def store(
        self,
        records: Sequence[NewRecord],
        marks: Mapping[TopicPartition, int] = NO_MARKS,
        member: object = None,
    ) -> list[Written]:
        """Store all of them or, on an error, none; where they are. With them the `marks` of the
        consumer are committed whose membership is `member`.

        Raises:
            DeliveryFailedError, UnknownTopicError, AssignmentLostError: none is stored.
            BrokerError: all or none of them are stored; which, is not known.
        """
        if self._process != os.getpid():
            self._begin()
        named = self._idle_one() or self._named(self._new_name())
        try:
            written = named.producer.produce_atomically(records, marks, member)
        except (DeliveryFailedError, UnknownTopicError, AssignmentLostError):
            self._keep(named)
            raise
        except BrokerError:
            if marks:
                self._open.append(named.name)
            raise
        self._keep(named)
        return written

    def settle(self) -> None:
        """See that each transaction with marks of which it was not known is over: stored or undone
        for good.

        Raises:
            BrokerError: that is not so yet.
        """
        for name in list(self._open):
            # The first write of a newer producer of this name ends what the older one began.
            named = self._named(name)
            named.producer.produce_atomically([])
            self._open.remove(name)
            self._keep(named)

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
            while named := self._idle_one():
                named.producer.close()

    def _named(self, name: str) -> _Named:
        return _Named(name, self._make(name))

    def _idle_one(self) -> _Named | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _keep(self, named: _Named) -> None:
        self._idle.append(named)
        if self._is_closed:
            self.close()

    def _new_name(self) -> str:
        return f"{self._name}-{ids.token(12)}"

    def _begin(self) -> None:
        """Also in a forked process: with its parent's names it would fence the parent."""
        self._process = os.getpid()
        #: Producers that are of use again.
        self._idle: list[_Named] = []
        #: Names of those whose last transaction may be stored or not.
        self._open: list[str] = []


class Transaction:
    """What a block of `app.producer.transaction()` gathers. Used in that block only."""

    def __init__(self, store: AtomicStore, records_of: RecordsOf) -> None:
        self.store = store
        self._records_of = records_of
        self._messages: list[Message | NewRecord] = []
        #: What a consumer marked, and up to which offset.
        self._marks: tuple[Marks, int] | None = None
        #: Why it will not be stored, whatever the block says.
        self._refusal: BrokerError | None = None
        self.is_open = True
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
        if not self.is_open:
            raise ArgumentError(
                "The transaction has ended; send the message in a block of its own."
            )
        self._messages += [check(message) for message in messages]

    def add(self, record: NewRecord) -> None:
        """Send a record when the block ends; its topic is a real one."""
        self._messages.append(record)

    def mark(self, marks: Marks, offset: int) -> None:
        """Commit, when the block ends, that all up to this offset is done."""
        before = self._marks
        if before is not None and before[0] is not marks:
            raise ArgumentError("One transaction marks messages of one partition only.")
        self._marks = marks, offset if before is None else max(offset, before[1])

    def refuse(self, error: BrokerError) -> BrokerError:
        """Store nothing when the block ends, but raise this; the error."""
        self._refusal = error
        return error

    def end(self, *, stores: bool) -> None:
        """Take no more; store what was gathered, or forget it."""
        self.is_open = False
        if not stores:
            return
        if self._refusal is not None:
            raise self._refusal
        if not self._messages and self._marks is None:
            return
        self.store.check_open()
        records = self._records()
        if self._marks is None:
            self.written = self.store.store(records)
        else:
            marks, offset = self._marks
            self.written = marks.store(records, offset)

    def _records(self) -> list[NewRecord]:
        return [
            record
            for message in self._messages
            for record in (
                [message] if isinstance(message, NewRecord) else self._records_of([message])
            )
        ]


#: The transaction in whose block the caller is.
_CURRENT: ContextVar[Transaction | None] = ContextVar("samovar_transaction", default=None)


def current() -> Transaction | None:
    """The transaction in whose block the caller is, while it is open."""
    found = _CURRENT.get()
    return found if found is not None and found.is_open else None


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

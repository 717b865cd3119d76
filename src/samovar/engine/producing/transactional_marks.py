"""Marks made in a transaction: committed with the records of that transaction, or not at all.

A consumer makes them, and a dead job of a transactional queue.

The broker knows only the newest commit of a partition. So while a transaction commits, no older
position may be on its way by the listener's own, plain commits: before the first transaction after
a plain mark, the listener's thread confirms that there is none (`awaited`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from samovar.broker.port import Admin, Consumer, NewRecord, TopicPartition, Written
from samovar.engine.producing.transactions import AtomicStore, Transaction
from samovar.errors import (
    ArgumentError,
    AssignmentLostError,
    BrokerUnavailableError,
    DeliveryFailedError,
    UnknownTopicError,
)
from samovar.support import clock

#: How long a transaction waits for the listener's word, and for a new membership, in seconds.
LISTENER_SECONDS = 10.0
#: How long a partition that leaves waits for the commit of a transaction, in seconds.
COMMIT_SECONDS = 2.0
#: One wait for a new membership.
STEP_SECONDS = 0.05


class Ledger:
    """What the transactions of one consumer's partitions share. Any thread may read it."""

    def __init__(self, *, store: AtomicStore, admin: Admin, group: str) -> None:
        self.store = store
        self._admin = admin
        self._group = group
        #: What proves that a position is ours to move; replaced by the listener's thread.
        self.member: object = None
        #: Makes the listener look around soon.
        self.wake: Callable[[], None] = lambda: None

    def follow(self, consumer: Consumer) -> None:
        """Learn the membership that is in force; on the consumer's thread, after each poll."""
        self.member = consumer.membership()
        self.wake = consumer.wake

    def committed(self, source: TopicPartition) -> int | None:
        """What the group has committed for a partition, once no transaction is open any more.

        Raises:
            BrokerError: that cannot be had now.
        """
        self.store.settle()
        return self._admin.committed(self._group, source.topic).get(source)


class TransactionalMarks:
    """The transactions of one partition. The executor that works on it marks and commits; the
    listener confirms, and says that the partition leaves.
    """

    def __init__(self, ledger: Ledger, source: TopicPartition) -> None:
        self._ledger = ledger
        self._source = source
        #: Called with an offset up to which all is done, and committed.
        self.passed: Callable[[int], None] = lambda _: None
        #: The position that was committed in a transaction last.
        self._position: int | None = None
        #: Whether it is not known if the last transaction is stored.
        self._is_unknown = False
        #: Guards what follows, and signals its changes.
        self._lock = threading.Condition()
        self._is_committing = False
        self._is_leaving = False
        self._has_left = False
        #: Whether all that was marked plainly is known to be committed.
        self._is_confirmed = False
        #: The number of the question that the listener is to answer, and of the last question.
        self._awaited: int | None = None
        self._asked = 0

    # For the consumer.

    def mark(self, transaction: Transaction, offset: int) -> None:
        """This record and those before it are done once the transaction is stored.

        Raises:
            ArgumentError: it is a transaction of another application.
            AssignmentLostError: the partition has left; the transaction will not be stored.
        """
        if transaction.store is not self._ledger.store:
            raise ArgumentError(
                "A transaction of another application, or of another log, cannot mark what this "
                "worker consumes. Use the producer of the application that the worker runs."
            )
        if self._has_left:
            raise transaction.refuse(self._lost())
        transaction.mark(self, offset)

    def marked_plainly(self) -> None:
        """A position was marked outside a transaction."""
        self._is_confirmed = False

    def covers(self, position: int) -> bool:
        """Whether this position is committed already, and must not be committed plainly."""
        return self._position is not None and position <= self._position

    @property
    def is_in_doubt(self) -> bool:
        """Whether nobody knows what is committed: a transaction is being stored, or has failed
        half way.
        """
        return self._is_unknown or self._is_committing

    def resolve(self) -> None:
        """Find out whether the last transaction is stored, if that is not known.

        Raises:
            BrokerError: that cannot be had now.
        """
        if not self._is_unknown:
            return
        committed = self._ledger.committed(self._source)
        self._is_unknown = False
        if committed is not None:
            self._position = committed
            self.passed(committed - 1)

    # For the transaction.

    def store(self, records: Sequence[NewRecord], offset: int) -> list[Written]:
        """Store the records, and commit that all up to this offset is done; or neither. The
        partition then goes on after it.

        Raises: as `move`.
        """
        written = self.move(records, offset)
        self.passed(offset)
        return written

    def move(self, records: Sequence[NewRecord], offset: int) -> list[Written]:
        """The same, where the caller lets the partition go on.

        Raises:
            AssignmentLostError: the partition has left; nothing is stored.
            DeliveryFailedError, UnknownTopicError: nothing is stored.
            BrokerError: all or nothing is stored; `resolve` finds out.
        """
        self._wait_for_listener()
        with self._lock:
            if self._has_left:
                raise self._lost()
            self._is_committing = True
        try:
            written = self._store(records, offset + 1)
            self._position = offset + 1
            return written
        except (DeliveryFailedError, UnknownTopicError, AssignmentLostError):
            raise
        except BaseException:
            self._is_unknown = True
            raise
        finally:
            with self._lock:
                self._is_committing = False
                self._lock.notify_all()

    # For the listener.

    @property
    def awaited(self) -> int | None:
        """The question of a transaction that waits until all that was marked plainly is committed;
        None if none waits.
        """
        return self._awaited

    def confirm(self, question: int) -> None:
        """It is, as asked. Who does not wait any more may have marked more meanwhile."""
        with self._lock:
            if self._awaited == question:
                self._is_confirmed, self._awaited = True, None
                self._lock.notify_all()

    def leave(self) -> None:
        """The partition is on its way to another worker: nobody confirms anything any more."""
        with self._lock:
            self._is_leaving = True
            self._lock.notify_all()

    def left(self) -> None:
        """The partition has left. A transaction that is being stored has a moment to end."""
        with self._lock:
            self._has_left = True
            self._lock.wait_for(lambda: not self._is_committing, COMMIT_SECONDS)

    def _wait_for_listener(self) -> None:
        if self._is_confirmed:
            return
        with self._lock:
            self._asked += 1
            self._awaited = self._asked
            self._ledger.wake()
            self._lock.wait_for(lambda: self._is_confirmed or self._is_leaving, LISTENER_SECONDS)
            self._awaited = None
        if self._is_leaving and not self._is_confirmed:
            raise self._lost()
        if not self._is_confirmed:
            raise BrokerUnavailableError(
                f"What was done of {self._source.topic}[{self._source.partition}] before a "
                f"transaction could not be committed within {LISTENER_SECONDS:.0f} s; nothing of "
                f"the transaction is stored."
            )

    def _store(self, records: Sequence[NewRecord], position: int) -> list[Written]:
        """With a later membership once more, if the group was shared out anew meanwhile and the
        partition is still ours.
        """
        until = clock.monotonic() + LISTENER_SECONDS
        while True:
            member = self._ledger.member
            # Asked after the membership is read: a membership that was in force while the partition
            # was ours is refused by the broker as soon as another worker may have it.
            if self._has_left:
                raise self._lost()
            try:
                return self._ledger.store.store(records, {self._source: position}, member)
            except AssignmentLostError:
                if not self._has_news(member, until):
                    raise

    def _has_news(self, member: object, until: float) -> bool:
        """Wait for a membership that is newer than this one; False when there is no use in it."""
        with self._lock:
            while self._ledger.member is member and clock.monotonic() < until:
                if self._has_left:
                    return False
                self._lock.wait(STEP_SECONDS)
            return not self._has_left and clock.monotonic() < until

    def _lost(self) -> AssignmentLostError:
        return AssignmentLostError(
            f"{self._source.topic}[{self._source.partition}] has gone to another worker; nothing "
            f"of the transaction is stored. Its records come again there."
        )

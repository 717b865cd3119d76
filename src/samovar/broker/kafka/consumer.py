"""The port's Consumer on librdkafka. Only the thread that subscribes may use it.

librdkafka's Python client lets one thread in at a time: a second one would wait behind a
running poll, possibly for ever. So every call is checked against the owning thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaException, Message
from confluent_kafka import TopicPartition as KafkaPartition

from samovar import events
from samovar.broker.kafka import failures, forks, leaving, offsets, polled
from samovar.broker.kafka.commits import MIN_SECONDS
from samovar.broker.kafka.offsets import Offsets
from samovar.broker.kafka.places import Places
from samovar.broker.port import (
    LEAVE_SECONDS,
    NO_METADATA,
    Batch,
    Commit,
    RebalanceListener,
    TopicPartition,
)
from samovar.errors import BrokerError, FencedError, RefusedError
from samovar.support import clock

#: Longest single wait inside librdkafka, in seconds: how late `wake` is heard.
SLICE_SECONDS = 0.2
#: How many messages may lie before the one that says why a client has failed for good.
POLLED_AT_LAST = 10_000


class KafkaConsumer:
    """A member of a Kafka consumer group."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._group: str = properties["group.id"]
        self._places = Places(self._group)
        #: What its membership looked like before it subscribed.
        self._stranger: object = None
        #: Whether its place is kept for it until it comes back.
        self._is_classic = properties["group.protocol"] != "consumer"
        self._is_static = "group.instance.id" in properties
        self._pace: float = properties["auto.commit.interval.ms"] / 1000
        self._offsets = Offsets(self._pace)
        own = {
            "auto.commit.interval.ms": round(max(self._pace, MIN_SECONDS) * 1000),
            "error_cb": polled.report_error,
            "on_commit": self._offsets.answered,
        }
        try:
            self._client = Client({**properties, **own})
        except KafkaException as error:
            doing = "The Kafka consumer could not be made"
            raise failures.translated(failures.reason(error), doing) from error
        #: The thread that may use this; none in a forked child.
        self._owner: int | None = threading.get_ident()
        self._listener: RebalanceListener | None = None
        #: What a callback of the listener raised; librdkafka would drop it half way.
        self._failure: BaseException | None = None
        #: Partitions that came in the running poll; librdkafka keeps an old pause of theirs.
        self._fresh: list[KafkaPartition] = []
        #: What `assign` was given, and what of it is still to be taken.
        self._direct: list[KafkaPartition] = []
        self._direct_news: list[KafkaPartition] = []
        #: Whether partitions came or went in the running poll.
        self._changed = False
        #: Whether another member has our place: nothing can be committed any more.
        self._is_fenced = False
        #: Set by `wake`, from any thread.
        self._woken = False
        forks.register(self)

    def subscribe(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """See the port."""
        self._check_owner()
        self._listener = listener
        self._stranger = self._stranger or self._client.consumer_group_metadata()
        self._client.subscribe(
            list(topics),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def assign(self, partitions: Sequence[TopicPartition], listener: RebalanceListener) -> None:
        """See the port."""
        self._check_owner()
        self._listener = listener
        wanted = [KafkaPartition(*source) for source in partitions]
        leaving = [p for p in self._direct if (p.topic, p.partition) not in set(partitions)]
        known = {(p.topic, p.partition) for p in self._direct}
        if leaving:
            self._on_revoke(self._client, leaving)
            self._client.incremental_unassign(leaving)
        self._direct_news += [p for p in wanted if (p.topic, p.partition) not in known]
        self._direct = wanted

    def poll(self, max_records: int, timeout: float) -> list[Batch]:
        """See the port. `consume` alone would wait all of `timeout` for `max_records`."""
        self._check_owner()
        self._offsets.commit_when_due(self._client)
        if self._direct_news:
            self._take_direct()
        first = self._wait_for_one(timeout)
        if first is None:
            return []
        messages = [first]
        if max_records > 1:
            messages += self._client.consume(max_records - 1, 0)
            self._after_poll()
        try:
            batches = polled.batches(messages)
        except (FencedError, RefusedError):
            self._is_fenced = True
            raise
        self._places.check(self._client, batches)
        return batches

    def keep_alive(self) -> None:
        """See the port. librdkafka's own threads do so."""

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """See the port."""
        self._check_owner()
        sources = list(partitions)
        self._client.pause([KafkaPartition(*p) for p in sources])
        self._places.paused(sources)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """See the port."""
        self._check_owner()
        sources = list(partitions)
        self._client.resume([KafkaPartition(*p) for p in sources])
        self._places.resumed(self._client, sources)

    def seek(self, source: TopicPartition, offset: int) -> None:
        """See the port."""
        self._check_owner()
        self._client.seek(KafkaPartition(*source, offset))
        self._places.forget([source])

    def store(
        self,
        positions: Mapping[TopicPartition, int],
        metadata: Mapping[TopicPartition, str] = NO_METADATA,
    ) -> frozenset[TopicPartition]:
        """See the port. What is stored is committed in `poll`; librdkafka's own timer, and its
        commit when a partition leaves, know only what goes without a text.
        """
        self._check_owner()
        return self._offsets.store(self._client, positions, metadata)

    @property
    def pace(self) -> float:
        """See the port."""
        return self._pace

    def passed(self, positions: Mapping[TopicPartition, int]) -> None:
        """See the port."""
        self._check_owner()
        self._offsets.passed(positions)

    def commit(self) -> None:
        """See the port."""
        self._check_owner()
        self._offsets.commit(self._client)

    def commit_soon(self) -> None:
        """See the port."""
        self._check_owner()
        self._offsets.commit_soon(self._client)

    def is_committed(self, source: TopicPartition) -> bool:
        """See the port."""
        return self._offsets.is_committed(source)

    def commits(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Commit]:
        """See the port."""
        self._check_owner()
        return offsets.committed(self._client, partitions)

    def membership(self) -> object:
        """See the port."""
        self._check_owner()
        return self._client.consumer_group_metadata()

    def wake(self) -> None:
        """See the port. librdkafka's poll cannot be interrupted, so ours is made of short ones."""
        self._woken = True

    def close(self, timeout: float = LEAVE_SECONDS) -> None:
        """See the port. It is done in a thread of its own: while the group's coordinator lets our
        request to join again wait, it answers nothing else, and librdkafka waits with it.
        """
        self._check_owner()
        until = clock.monotonic() + timeout

        def close() -> None:
            self._owner = threading.get_ident()
            self._close(until)

        if not leaving.run_until(until, close):
            events.announce("broker.error", error=leaving.too_late(self._group, timeout))

    def _close(self, until: float) -> None:
        try:
            if self._direct:
                self._on_revoke(self._client, self._direct)
            if not self._is_fenced:
                self._commit_when_settled(until)
                if self._stranger is not None and not self._is_static:
                    leaving.leave(
                        self._client,
                        stranger=self._stranger,
                        is_classic=self._is_classic,
                        until=until,
                    )
        except BrokerError:
            # A commit that fails for good does not say why; what is polled next does.
            polled.batches(self._client.consume(POLLED_AT_LAST, 0))
            raise
        finally:
            self._client.close()
            self._failure = None

    def forked(self) -> None:
        """This is a child process: the membership is its parent's, and stays out of use here."""
        forks.abandon(self._client)
        self._owner = None

    def _commit_when_settled(self, until: float) -> None:
        """Commit at last. A commit in the midst of a rebalance waits behind our own request to
        join again, and is then refused, for its generation is over: what was stored for the
        partitions that stay ours is stored and committed once more in the new one.
        """
        while not self._offsets.commit(self._client) and clock.monotonic() < until:
            self._client.poll(SLICE_SECONDS)
            self._offsets.store_again(self._client)

    def _wait_for_one(self, timeout: float) -> Message | None:
        """A first message; None when time is up, or after a rebalance or `wake`."""
        until = clock.monotonic() + timeout
        while True:
            left = until - clock.monotonic()
            message = self._client.poll(max(0.0, min(left, SLICE_SECONDS)))
            changed, self._changed = self._changed, False
            self._after_poll()
            if message is not None or changed or self._woken or left <= 0:
                self._woken = False
                return message

    def _take_direct(self) -> None:
        news, self._direct_news = self._direct_news, []
        try:
            self._client.incremental_assign(news)
        except KafkaException as error:
            raise failures.translated(failures.reason(error), "Assigning partitions") from error
        self._call_listener("assigned", news)
        self._after_poll()

    def _on_assign(self, _: Client, partitions: list[KafkaPartition]) -> None:
        self._fresh += partitions
        self._call_listener("assigned", partitions)

    def _on_revoke(self, _: Client, partitions: list[KafkaPartition]) -> None:
        self._call_listener("revoked", partitions)
        try:
            self._offsets.commit(self._client)
        except BrokerError as error:
            events.announce("broker.error", error=error)
        self._forget([TopicPartition(p.topic, p.partition) for p in partitions])

    def _on_lost(self, _: Client, partitions: list[KafkaPartition]) -> None:
        self._call_listener("lost", partitions)

    def _call_listener(self, what: str, partitions: list[KafkaPartition]) -> None:
        """Nothing may leave a callback of librdkafka: it would surface half way through."""
        self._changed = True
        assert self._listener is not None
        sources = [TopicPartition(p.topic, p.partition) for p in partitions]
        if what != "revoked":
            self._forget(sources)
        try:
            if what == "assigned":
                self._offsets.assigned(sources)
                self._places.assigned(self._client, sources)
                self._listener.assigned(sources)
            elif what == "revoked":
                self._listener.revoked(sources)
            else:
                self._listener.lost(sources)
        except BaseException as error:
            self._failure = error

    def _forget(self, sources: Sequence[TopicPartition]) -> None:
        self._places.forget(sources)
        self._offsets.forget(sources)

    def _after_poll(self) -> None:
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._resume_fresh(fresh)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _resume_fresh(self, fresh: list[KafkaPartition]) -> None:
        try:
            self._client.resume([KafkaPartition(p.topic, p.partition) for p in fresh])
        except KafkaException as error:
            events.announce("broker.error", error=failures.translated(error.args[0], "Resuming"))

    def _check_owner(self) -> None:
        if self._owner is None:
            raise BrokerError(
                "This Kafka consumer belongs to another process. "
                "Make another one in a forked process."
            )
        if threading.get_ident() != self._owner:
            raise RuntimeError(
                "A Kafka consumer was used by a second thread; only the thread that made it may."
            )

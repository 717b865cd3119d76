"""The connections of a worker to one share group."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

from samovar.broker.port import Broker, Deliveries, Producer, ShareConsumer
from samovar.engine.failing.recovery import DeadLetterDispatch
from samovar.engine.polling.subscribing import Sharing
from samovar.engine.routing.subscriptions import Subscription
from samovar.engine.share_groups.acknowledgements import Acknowledgements
from samovar.engine.share_groups.copies import Copies
from samovar.engine.share_groups.delivery_performer import DeliveryPerformer
from samovar.engine.share_groups.drain import Drain
from samovar.engine.share_groups.listener import ShareListener
from samovar.engine.share_groups.quarantine import Quarantine
from samovar.engine.topics.existing import Topics
from samovar.engine.topics.serving import Serving
from samovar.processes.work_queue import WorkQueue

#: Most connections of a worker to one share group, in all its processes, unless its route says how
#: many. When all of them are killed at once, the brokers may hand what one of them held to each of
#: the others, and drop it when they have handed it out ten times.
MAX_CONNECTIONS = 8


class Connections:
    """Makes the listeners of one subscription."""

    def __init__(
        self,
        subscription: Subscription,
        *,
        broker: Broker,
        topics: Topics,
        serving: Serving,
        deliveries: Deliveries,
        one_by_one: Callable[[], Producer],
        dispatch_dead: DeadLetterDispatch,
        stop_process: Callable[[BaseException], None],
        executors: int,
        processes: int,
        work: WorkQueue,
    ) -> None:
        """`one_by_one` gives a producer that writes each record by itself; its records are among
        the `deliveries`."""
        self._subscription = subscription
        self._broker = broker
        self._topics = topics
        self._serving = serving
        self._deliveries = deliveries
        self._copies = Copies(one_by_one)
        self._dispatch_dead = dispatch_dead
        self._stop_process = stop_process
        self._executors = executors
        self._work = work
        chosen = subscription.copies if subscription.copies > 1 else MAX_CONNECTIONS // processes
        self._count = max(1, min(chosen, executors))
        self._quarantine = Quarantine()
        self._drain = Drain()
        # One connection is always free to go on.
        self._back_off_slots = threading.Semaphore(self._count - 1)

    def listeners(self) -> Iterator[ShareListener]:
        """As many as can be of use to the executors, or as the route says."""
        records = self._executors // self._count
        subscription = self._subscription
        for index in range(self._count):
            parts = (subscription.group, subscription.name, subscription.options.member, str(index))
            yield ShareListener(
                name="-".join(filter(None, parts)),
                prepare=self._prepare,
                connect=partial(
                    self._broker.share_consumer, subscription.group, subscription.options, records
                ),
                subscriber=self._subscriber,
                performer=self._performer,
                settle=self._settle,
                executors=self._executors,
                quarantine=self._quarantine,
                drain=self._drain,
                patience=subscription.max_wait_time,
                work=self._work,
            )

    def _prepare(self) -> float:
        options = self._subscription.options
        return self._topics.admin.share_group(self._subscription.group, options.initial_offset)

    def _subscriber(self) -> Sharing:
        names = partial(self._serving.names, self._subscription)
        return Sharing(names, changes=self._subscription.changes)

    def _performer(self, lock_seconds: float) -> DeliveryPerformer:
        return DeliveryPerformer(
            lock_seconds=lock_seconds,
            topic=partial(self._serving.topic, self._subscription),
            dispatch_dead=self._dispatch_dead,
            stop_process=self._stop_process,
        )

    def _settle(self, lock_seconds: float, consumer: ShareConsumer) -> Acknowledgements:
        return Acknowledgements(
            consumer=consumer,
            producer=self._deliveries,
            copies=self._copies,
            drain=self._drain,
            back_off_slots=self._back_off_slots,
            longest_wait=lock_seconds / 2,
        )

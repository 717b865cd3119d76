"""The batches of a topic with virtual partitions: one after the other, each spread over lanes, or
in one lane after something of it has failed.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from samovar import events
from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.virtual_partitions import lanes_of
from samovar.engine.routing.lanes import VirtualPartitions

#: Where everything is that is to be performed in order.
_ONE_LANE = "collapsed"


class Batches:
    """Not safe for threads, except for `lane_of`."""

    def __init__(
        self, *, source: TopicPartition, settings: VirtualPartitions, size: int, executors: int
    ) -> None:
        """A batch has up to `size` records."""
        self.size = size
        #: Whether the batch is worked off in order, because of a failure.
        self.is_collapsed = False
        self._source = source
        self._settings = settings
        self._most = settings.max_partitions or executors
        #: The lane of each record of the batch, by its offset; replaced as a whole.
        self._lanes: dict[int, Hashable] = {}

    def begin(self, records: Sequence[Record]) -> None:
        """The next batch, spread over lanes again."""
        self.is_collapsed = False
        try:
            self._lanes = lanes_of(self._settings, records, self._most)
        except BaseException as error:
            # This may be the listener's thread, which even a SystemExit must not end unseen.
            self._lanes = {}
            events.announce("partitioner.failed", source=self._source, error=error)

    def collapse(self) -> None:
        """What is still to be done of the batch is done in order, in one lane."""
        self.is_collapsed = True
        self._lanes = {}

    def lane_of(self, record: Record) -> Hashable:
        """Where a record of the batch is performed."""
        return self._lanes.get(record.offset, _ONE_LANE)

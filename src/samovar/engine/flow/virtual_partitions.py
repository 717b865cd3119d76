"""Stage group: in which lane each record of a batch is performed."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from hashlib import blake2b
from typing import Any

from samovar.broker.port import Record
from samovar.engine.routing.lanes import VirtualPartitions


def lanes_of(
    settings: VirtualPartitions, records: Sequence[Record], most: int
) -> dict[int, Hashable]:
    """The lane of each record, by its offset; at most `most` of them unless the topic's own
    `reducer` makes others.

    Raises:
        Exception: whatever the topic's own functions raise.
    """
    keys = {record.offset: settings.partitioner(record) for record in records}
    if settings.distribution == "balanced":
        lane_of_key = _balanced(keys.values(), most)
        return {offset: lane_of_key[key] for offset, key in keys.items()}
    reduce = settings.reducer
    if reduce is None:
        return {offset: _lane(key, most) for offset, key in keys.items()}
    lanes: dict[int, Hashable] = {offset: reduce(key) for offset, key in keys.items()}
    set(lanes.values())  # of what cannot be compared no lane can be made
    return lanes


def _lane(key: Any, most: int) -> int:
    """The same for equal keys, in every process.

    The hash has nothing to do with the CRC that chose the partition: with that one, all keys of a
    partition would share a few lanes, or only one.
    """
    raw = key if isinstance(key, bytes) else str(key).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(raw, digest_size=8).digest()) % most


def _balanced(keys: Iterable[Any], most: int) -> dict[Any, int]:
    """Keys with many records first, each to the lane that has the fewest yet."""
    sizes: dict[Any, int] = defaultdict(int)
    for key in keys:
        sizes[key] += 1
    loads = [(0, lane) for lane in range(most)]
    lanes: dict[Any, int] = {}
    for key in sorted(sizes, key=lambda key: -sizes[key]):
        load, lane = loads[0]
        heapq.heapreplace(loads, (load + sizes[key], lane))
        lanes[key] = lane
    return lanes

"""In which lane each record of a batch is performed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.partitioning import partition_of
from samovar.broker.port import Record, TopicPartition
from samovar.engine.flow.virtual_partitions import lanes_of
from samovar.engine.partitions.batches import Batches
from samovar.engine.routing.lanes import VirtualPartitions

KEYS = st.lists(st.none() | st.binary(max_size=3), max_size=50)
BY_KEY = VirtualPartitions(partitioner=lambda record: record.key)
BALANCED = VirtualPartitions(partitioner=lambda record: record.key, distribution="balanced")


def records(keys: list[bytes | None]) -> list[Record]:
    return [Record(offset, b"", key) for offset, key in enumerate(keys)]


@given(KEYS, st.integers(1, 7), st.sampled_from([BY_KEY, BALANCED]))
def test_equal_keys_share_a_lane_and_there_are_no_more_lanes_than_said(
    keys: list[bytes | None], most: int, settings: VirtualPartitions
) -> None:
    lanes = lanes_of(settings, records(keys), most)

    assert set(lanes) == set(range(len(keys)))
    assert set(lanes.values()) <= set(range(most))
    for key in set(keys):
        assert len({lanes[offset] for offset, own in enumerate(keys) if own == key}) == 1


def test_a_key_has_the_same_lane_in_every_batch_and_process() -> None:
    assert lanes_of(BY_KEY, records([b"a", b"b", b"c", b"d", None]), 5) == {
        0: 3,
        1: 3,
        2: 0,
        3: 0,
        4: 0,
    }


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize(("partitions", "most"), [(8, 4), (8, 8), (6, 3), (4, 6), (12, 32)])
def test_the_keys_of_one_partition_are_spread_over_all_lanes(
    partitions: int, most: int, as_text: bool
) -> None:
    """The partition was chosen by a hash of the same key, here as on Kafka."""
    keys = [key for n in range(5000) if partition_of(key := str(n).encode(), partitions) == 3]
    settings = VirtualPartitions(
        partitioner=(lambda r: (r.key or b"").decode()) if as_text else (lambda r: r.key)
    )
    sizes = Counter(lanes_of(settings, records([*keys]), most).values())

    assert set(sizes) == set(range(most))
    assert max(sizes.values()) < 4 * len(keys) / most


def test_balanced_lanes_are_filled_evenly() -> None:
    keys = [b"a"] * 6 + [b"b"] * 3 + [b"c"] * 2 + [b"d"]
    lanes = lanes_of(BALANCED, records([*keys]), 2)

    assert Counter(lanes.values()) == {0: 6, 1: 6}


def test_a_reducer_of_ones_own_names_the_lanes() -> None:
    settings = VirtualPartitions(
        partitioner=lambda record: record.offset, reducer=lambda offset: offset // 2
    )

    assert lanes_of(settings, records([None] * 4), 1) == {0: 0, 1: 0, 2: 1, 3: 1}


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), None])
def test_a_reducer_that_fails_or_makes_no_lane_leaves_the_batch_in_one(
    error: BaseException | None,
) -> None:
    def reduce(key: object) -> Any:
        if error is not None:
            raise error
        return [key]  # of lists no lane can be made

    settings = VirtualPartitions(partitioner=lambda record: record.key, reducer=reduce)
    batches = Batches(source=TopicPartition("t", 0), settings=settings, size=9, executors=2)

    batches.begin([record := Record(0, b"", b"k"), other := Record(1, b"", b"l")])

    assert batches.lane_of(record) == batches.lane_of(other)

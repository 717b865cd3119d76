"""Sharing out partitions: balanced, complete, and with as few moves as can be."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.embedded.assignment import Partition, assign

TOPICS = ("mail", "images", "reports")

partition_lists = st.lists(st.sampled_from(TOPICS), max_size=24).map(
    lambda topics: [Partition(id, topic) for id, topic in enumerate(topics, 1)]
)
member_ids = st.sets(st.integers(1, 9), min_size=1, max_size=6)
holdings = st.dictionaries(st.integers(1, 24), st.integers(1, 9))


@given(member_ids, partition_lists, holdings)
def test_members_with_equal_wishes_differ_by_one_at_most(
    members: set[int], partitions: list[Partition], holders: dict[int, int]
) -> None:
    plan = assign(dict.fromkeys(members, frozenset(TOPICS)), partitions, holders)

    assert plan.keys() == {partition.id for partition in partitions}
    counts = Counter({member: 0 for member in members})
    counts.update(plan.values())
    assert counts.keys() == members
    assert max(counts.values()) - min(counts.values()) <= 1


@given(member_ids, partition_lists, holdings)
def test_no_partition_moves_without_need(
    members: set[int], partitions: list[Partition], holders: dict[int, int]
) -> None:
    plan = assign(dict.fromkeys(members, frozenset(TOPICS)), partitions, holders)

    held = {p.id: holders[p.id] for p in partitions if holders.get(p.id) in members}
    moved = sum(plan[id] != holder for id, holder in held.items())
    assert moved == fewest_moves(Counter(held.values()), len(partitions), len(members))


def fewest_moves(held: Counter[int], partitions: int, members: int) -> int:
    """As many as somebody holds above the share, the largest shares going to who holds most."""
    share, larger = divmod(partitions, members)
    counts = [count for _, count in held.most_common()]
    return sum(max(0, n - share - (place < larger)) for place, n in enumerate(counts))


@given(
    st.dictionaries(st.integers(1, 9), st.frozensets(st.sampled_from(TOPICS)), max_size=6),
    partition_lists,
    holdings,
)
def test_a_partition_goes_only_to_who_wants_its_topic(
    members: dict[int, frozenset[str]], partitions: list[Partition], holders: dict[int, int]
) -> None:
    plan = assign(members, partitions, holders)

    for partition in partitions:
        if any(partition.topic in topics for topics in members.values()):
            assert partition.topic in members[plan[partition.id]]
        else:
            assert partition.id not in plan


@given(member_ids, partition_lists, holdings)
def test_a_plan_once_followed_stays(
    members: set[int], partitions: list[Partition], holders: dict[int, int]
) -> None:
    wants = dict.fromkeys(members, frozenset(TOPICS))
    plan = assign(wants, partitions, holders)

    assert assign(wants, partitions, plan) == plan


def test_each_topic_is_spread_when_a_member_comes() -> None:
    partitions = [Partition(id, "mail" if id <= 4 else "images") for id in range(1, 9)]
    topics = frozenset({"mail", "images"})

    plan = assign({1: topics, 2: topics}, partitions, dict.fromkeys(range(1, 9), 1))

    assert Counter(plan[id] for id in range(1, 5)) == {1: 2, 2: 2}

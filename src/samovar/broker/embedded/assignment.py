"""Which member of a group shall hold which partition: balanced, and moving as few as possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple


class Partition(NamedTuple):
    """A partition as far as sharing out is concerned."""

    id: int
    topic: str


def assign(
    members: Mapping[int, frozenset[str]],
    partitions: list[Partition],
    holders: Mapping[int, int],
) -> dict[int, int]:
    """Share out the partitions among the members that want their topic.

    Args:
        members: the topics that each member wants.
        partitions: all partitions there are.
        holders: who holds a partition now.

    Returns:
        The member for each partition; one whose topic nobody wants is absent. With equal wishes
        no two members differ by more than one, and no partition moves without need.
    """
    share = _Distribution(members)
    homeless: list[Partition] = []
    for partition in sorted(partitions, key=lambda partition: partition.id):
        holder = holders.get(partition.id)
        if holder is not None and partition.topic in members.get(holder, ()):
            share.give(partition, holder)
        else:
            homeless.append(partition)
    for partition in homeless:
        taker = share.neediest(partition.topic)
        if taker is not None:
            share.give(partition, taker)
    while share.even_out():
        pass
    return {partition.id: member for member, held in share.held.items() for partition in held}


class _Distribution:
    """A distribution in the making."""

    def __init__(self, members: Mapping[int, frozenset[str]]) -> None:
        self._wants = {member: members[member] for member in sorted(members)}
        self.held: dict[int, list[Partition]] = {member: [] for member in self._wants}
        self._of_topic: Counter[tuple[int, str]] = Counter()

    def give(self, partition: Partition, member: int) -> None:
        self.held[member].append(partition)
        self._of_topic[member, partition.topic] += 1

    def neediest(self, topic: str) -> int | None:
        """Who has the least; among equals, who has the least of this topic."""
        takers = [member for member, topics in self._wants.items() if topic in topics]
        return min(takers, key=lambda member: self._load(member, topic), default=None)

    def even_out(self) -> bool:
        """Move one partition from who has most to who has least; False when none can be moved."""
        by_load = sorted(self.held, key=lambda member: len(self.held[member]))
        for taker in by_load:
            for giver in reversed(by_load):
                if len(self.held[giver]) - len(self.held[taker]) < 2:
                    break
                if self._move(giver, taker):
                    return True
        return False

    def _move(self, giver: int, taker: int) -> bool:
        wanted = [p for p in self.held[giver] if p.topic in self._wants[taker]]
        if not wanted:
            return False
        # From the topic of which the giver has most ahead, so that each topic is spread as well;
        # the newest, since max() takes the first and older partitions are likelier to have work.
        partition = max(
            reversed(wanted),
            key=lambda p: self._of_topic[giver, p.topic] - self._of_topic[taker, p.topic],
        )
        self.held[giver].remove(partition)
        self._of_topic[giver, partition.topic] -= 1
        self.give(partition, taker)
        return True

    def _load(self, member: int, topic: str) -> tuple[int, int]:
        return len(self.held[member]), self._of_topic[member, topic]

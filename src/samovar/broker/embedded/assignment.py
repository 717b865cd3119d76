"""Assigns a group's partitions to its members: balanced, and moving as few as possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple


class Partition(NamedTuple):
    """What an assignment needs to know of a partition."""

    id: int
    topic: str


def assign(
    members: Mapping[int, frozenset[str]],
    partitions: list[Partition],
    holders: Mapping[int, int],
) -> dict[int, int]:
    """Assign the partitions to the members that subscribe to their topic.

    Args:
        members: the topics that each member subscribes to.
        partitions: all partitions.
        holders: the member that holds a partition now.

    Returns:
        The member for each partition; a partition whose topic nobody subscribes to is absent. With
        equal subscriptions no two members differ by more than one, and no partition moves without
        need.
    """
    distribution = _Distribution(members)
    unassigned: list[Partition] = []
    for partition in sorted(partitions, key=lambda partition: partition.id):
        holder = holders.get(partition.id)
        if holder is not None and partition.topic in members.get(holder, ()):
            distribution.give(partition, holder)
        else:
            unassigned.append(partition)
    for partition in unassigned:
        taker = distribution.least_loaded(partition.topic)
        if taker is not None:
            distribution.give(partition, taker)
    while distribution.even_out():
        pass
    return {
        partition.id: member for member, held in distribution.held.items() for partition in held
    }


class _Distribution:
    """An assignment while it is being made."""

    def __init__(self, members: Mapping[int, frozenset[str]]) -> None:
        self._wants = {member: members[member] for member in sorted(members)}
        self.held: dict[int, list[Partition]] = {member: [] for member in self._wants}
        self._of_topic: Counter[tuple[int, str]] = Counter()

    def give(self, partition: Partition, member: int) -> None:
        self.held[member].append(partition)
        self._of_topic[member, partition.topic] += 1

    def least_loaded(self, topic: str) -> int | None:
        """The subscriber with the fewest partitions; among equals, with the fewest of the topic."""
        takers = [member for member, topics in self._wants.items() if topic in topics]
        return min(takers, key=lambda member: self._load(member, topic), default=None)

    def even_out(self) -> bool:
        """Move one partition from the fullest to the emptiest member; False when none can move."""
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

"""Which topics one consumer reads: those of one group that want the same client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from samovar.broker.port import PLAIN, ConsumerOptions
from samovar.engine.routing.topic import Topic

#: What a share group's name ends with: in Kafka no group of another kind may have its name.
SHARE_SUFFIX = "-share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one listener is for, or several that share it."""

    #: The consumer group.
    group: str
    #: Its name among those of the group, and its place among all that the application declares.
    name: str = ""
    position: int = 0
    #: What it reads; nothing is declared when this is empty.
    topics: tuple[Topic, ...] = ()
    #: Connections that share its partitions.
    copies: int = 1
    #: Longest wait of one poll, in seconds.
    max_wait_time: float = 1.0
    options: ConsumerOptions = PLAIN

    @property
    def is_shared(self) -> bool:
        """Whether a share group hands out its records."""
        return any(topic.share_group for topic in self.topics)

    @property
    def is_direct(self) -> bool:
        """Whether it reads partitions that are named, and is no member of the group."""
        return any(topic.assign is not False for topic in self.topics)

    @property
    def changes(self) -> bool:
        """Whether what it reads depends on which topics exist."""
        return not self.topics or any(t.pattern or t.assign is True for t in self.topics)


def subscriptions(topics: Iterable[Topic], default_group: str) -> list[Subscription]:
    """Share out topics among as few consumers as will do, in the order of their declaration."""
    shared: dict[object, list[Topic]] = {}
    for topic in topics:
        shared.setdefault(_client(topic), []).append(topic)
    return [
        Subscription(
            group=(first.group or default_group) + (SHARE_SUFFIX if first.share_group else ""),
            name=first.subscription,
            position=position,
            topics=(first, *others),
            copies=first.copies,
            max_wait_time=first.max_wait_time,
            options=ConsumerOptions(
                initial_offset=first.initial_offset, properties=first.kafka, member=str(position)
            ),
        )
        for position, (first, *others) in enumerate(shared.values())
    ]


def declared_group(subscription: Subscription) -> str:
    """The consumer group's name as it was declared, without what is added to a share group's."""
    group = subscription.group
    return group.removesuffix(SHARE_SUFFIX) if subscription.is_shared else group


def _client(topic: Topic) -> object:
    """Equal for topics that one consumer can read."""
    return (
        topic.group,
        topic.subscription,
        topic.max_wait_time,
        topic.initial_offset,
        topic.assign is not False,
        topic.share_group,
        tuple(sorted((name, repr(value)) for name, value in topic.kafka.items())),
    )


def _shared_twice(found: Iterable[Subscription]) -> Iterator[str]:
    """Topics of share groups that other groups read as well."""
    readers: dict[str, list[Subscription]] = {}
    for subscription in found:
        for topic in subscription.topics:
            readers.setdefault(topic.name, []).append(subscription)
    for name, subscriptions in readers.items():
        if len(subscriptions) > 1 and any(s.is_shared for s in subscriptions):
            groups = " and ".join(repr(s.group) for s in subscriptions)
            yield (
                f"The topic {name!r} is read by {groups}: a share group writes some jobs to the "
                f"end of its topic again, which other groups would perform twice. Leave one out."
            )


#: Properties in which all consumers of a group must agree.
_OF_THE_GROUP = ("group.protocol", "partition.assignment.strategy", "group.remote.assignor")


def group_faults(found: Iterable[Subscription]) -> Iterator[str]:
    """What consumers of one group cannot have side by side."""
    found = list(found)
    yield from _shared_twice(found)
    groups: dict[str, list[Subscription]] = {}
    for subscription in found:
        groups.setdefault(subscription.group, []).append(subscription)
    for group, members in groups.items():
        if len({s.is_direct for s in members}) > 1:
            direct = next(s for s in members if s.is_direct).topics[0].name
            yield (
                f"The consumer group {group!r}: {direct!r} is read by assign, outside the sharing "
                f"out, and other topics are not; give it a consumer group of its own."
            )
        if len({s.is_shared for s in members}) > 1:
            yield (
                f"The consumer group {group!r} has the name of a share group; a share group is "
                f"named after its consumer group, with {SHARE_SUFFIX!r} behind. Rename it."
            )
        for name in _OF_THE_GROUP:
            values = {str(s.options.properties.get(name, "")) for s in members}
            if len(values) > 1:
                named = ", ".join(sorted(value or "that of the settings" for value in values))
                yield (
                    f"The consumer group {group!r}: {name} differs between its topics ({named}); "
                    f"all consumers of a group must agree."
                )

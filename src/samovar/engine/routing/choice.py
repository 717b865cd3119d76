"""Which of the declared topics a worker serves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from samovar.engine.routing.routes import Routes, assumed
from samovar.engine.routing.subscriptions import Subscription, declared_group, subscriptions
from samovar.engine.routing.topic import Topic
from samovar.support.wording import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Names are real ones; a pattern goes by what it was made from. Empty: everything."""

    #: These queues, declared or not.
    queues: tuple[str, ...] = ()
    include_topics: tuple[str, ...] = ()
    exclude_topics: tuple[str, ...] = ()
    include_groups: tuple[str, ...] = ()
    exclude_groups: tuple[str, ...] = ()

    def subscriptions(self, routes: Routes, default_group: str) -> list[Subscription]:
        """What to read. A consumer's position is the same whatever is left out."""
        everything = subscriptions(routes, default_group)
        chosen = [
            replace(subscription, topics=topics)
            for subscription in everything
            if (topics := tuple(self._of(subscription)))
        ]
        strays = [q for q in self.queues if not any(topic.matches(q) for topic in routes)]
        if strays or not everything:
            rest = Subscription(
                group=default_group,
                position=len(everything),
                topics=tuple(assumed(queue) for queue in strays),
            )
            chosen.append(rest)
        return chosen

    def leaves_out(self, name: str) -> bool:
        """Whether a queue that was not declared is left out."""
        is_included = not self.include_topics or name in self.include_topics
        return not is_included or name in self.exclude_topics

    def faults(self, topics: Collection[str], groups: Collection[str]) -> Iterator[str]:
        """What was named and is not there, or both included and excluded."""
        for option, names, known in (
            ("--include-topic", self.include_topics, topics),
            ("--exclude-topic", self.exclude_topics, topics),
            ("--include-group", self.include_groups, groups),
            ("--exclude-group", self.exclude_groups, groups),
        ):
            yield from _unknown(option, names, known)
        for name in sorted({*self.include_topics} & {*self.exclude_topics}):
            yield f"The topic {name!r} is both included and excluded."
        for name in sorted({*self.include_groups} & {*self.exclude_groups}):
            yield f"The group {name!r} is both included and excluded."

    def _of(self, subscription: Subscription) -> Iterator[Topic]:
        for topic in subscription.topics:
            if self.leaves_out(topic.name) or self._leaves_out_group(declared_group(subscription)):
                continue
            if self.queues:
                yield from (topic.called(q) for q in self.queues if topic.matches(q))
            elif topic.active:
                yield topic

    def _leaves_out_group(self, group: str) -> bool:
        is_included = not self.include_groups or group in self.include_groups
        return not is_included or group in self.exclude_groups


def _unknown(option: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(sorted(known))}."
            yield f"{option} {name!r} names nothing that is declared; {hint}"

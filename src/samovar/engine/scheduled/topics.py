"""Which topics jobs wait in for their time, and how these are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from samovar.broker import topic_names
from samovar.broker.port import TopicSpec
from samovar.engine.kept.topics import COMPACTED
from samovar.engine.routing.topic import MAX_PARTITIONS

#: Partitions of a schedule topic, unless it says otherwise: so many processes can share the work.
PARTITIONS = 5


class ScheduleTopics:
    """The schedule topics of an application, by real name; the one named first is the default."""

    def __init__(self, real_name: Callable[[str], str]) -> None:
        self._real_name = real_name
        #: Replaced as a whole, so readers need no lock.
        self._specs: dict[str, TopicSpec] = {}
        self._default: TopicSpec | None = None
        self._faults: list[str] = []

    def declare(
        self,
        name: str,
        *,
        partitions: int = PARTITIONS,
        replication_factor: int | None = None,
        config: Mapping[str, str] | None = None,
    ) -> None:
        """Let jobs wait in this topic. What is wrong with it lies in `faults`."""
        real = self._real_name(name)
        faults = list(_faults(partitions, config))
        config = COMPACTED if faults else {**COMPACTED, **(config or {})}
        if not topic_names.is_legal(real):
            faults.insert(0, "a topic's name has letters, digits, dots, dashes, underscores.")
        if real in self._specs:
            faults.append("declared twice.")
        self._faults += [f"scheduled_messages({name!r}): {fault}" for fault in faults]
        spec = TopicSpec(
            name=real, partitions=partitions, replication_factor=replication_factor, config=config
        )
        self._specs = {**self._specs, real: spec}
        self._default = self._default or spec

    def also(self, names: Iterable[str]) -> None:
        """Know these logical names too, which job classes chose for themselves."""
        for name in names:
            real = self._real_name(name)
            if real not in self._specs:
                if not topic_names.is_legal(real):
                    self._faults.append(
                        f"scheduled_messages_topic {name!r:.80}: the topic's real name "
                        f"{real!r:.260} has more than 249 characters, or others than letters, "
                        "digits, dots, dashes, underscores."
                    )
                spec = TopicSpec(name=real, partitions=PARTITIONS, config=COMPACTED)
                self._specs = {**self._specs, real: spec}

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with what was declared."""
        return tuple(self._faults)

    def find(self, name: str | None) -> TopicSpec | None:
        """The topic that a class chose, by logical name, else the default one, if there is one."""
        if name is None:
            return self._default
        self.also([name])
        return self._specs[self._real_name(name)]

    def __iter__(self) -> Iterator[TopicSpec]:
        return iter(self._specs.values())

    def __len__(self) -> int:
        return len(self._specs)

    def __contains__(self, real_name: object) -> bool:
        return real_name in self._specs


def _faults(partitions: object, config: object) -> Iterator[str]:
    if type(partitions) is not int or not 1 <= partitions <= MAX_PARTITIONS:
        yield f"partitions is {partitions!r:.60}; expected a number from 1 to {MAX_PARTITIONS}."
    chosen: Any = {} if config is None else config
    if not isinstance(chosen, Mapping):
        yield f"config is {config!r:.80}; expected a dict of the topic's settings."
    elif (policy := chosen.get("cleanup.policy", "compact")) != "compact":  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] -- a user's
        yield (
            f"cleanup.policy is {policy!r}; expected 'compact': any other policy deletes jobs that "
            "still wait."
        )

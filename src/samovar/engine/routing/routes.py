"""The routes of an application: which topics it drew, and what holds for a queue it did not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from samovar.engine.routing.reading import read
from samovar.engine.routing.recovery import BY_STRATEGY, DeadLetterQueue, Strategy, Verdict
from samovar.engine.routing.topic import Topic, dead_name
from samovar.errors import ConfigurationError

_LEGAL_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")


class Routes:
    """Topics by their real name."""

    def __init__(
        self,
        real_name: Callable[[str], str],
        refusals: Callable[[Topic], Iterable[str]] = lambda topic: (),
    ) -> None:
        """`real_name` turns a logical name into the real one; `refusals` tells which settings of
        a topic cannot be had together."""
        self._real_name = real_name
        self._refusals = refusals
        self._topics: dict[str, Topic] = {}
        self._faults: list[str] = []

    def draw(self, name: str, **settings: Any) -> None:
        """Draw a topic. What is wrong with it is told by `check`, with all other faults."""
        real = self._real_name(name)
        reading = read(settings)
        faults = [*_name_faults(name), *reading.faults]
        if real in self._topics:
            faults.append("drawn twice.")
        if not faults:
            topic = self._topic(real, reading.values)
            faults += self._refusals(topic)
            self._topics[real] = topic
        self._faults += [f"job_topic({name!r}): {fault}" for fault in faults]

    def check(self) -> None:
        """Raises:
        ConfigurationError: every fault of every route.
        """
        if self._faults:
            raise ConfigurationError(self._faults)

    def find(self, real_name: str) -> Topic:
        """The topic drawn for a queue, or what holds for one that nobody drew."""
        drawn = self._topics.get(real_name)
        return drawn if drawn is not None else assumed(real_name)

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics.values())

    def __len__(self) -> int:
        return len(self._topics)

    def _topic(self, real: str, settings: dict[str, Any]) -> Topic:
        dead: DeadLetterQueue | None = settings.pop("dead_letter_queue", None)
        if dead is not None and dead.topic and dead.topic != BY_STRATEGY:
            dead = replace(dead, topic=self._real_name(dead.topic))
        if dead is not None and dead.strategy is not None:
            dead = replace(dead, strategy=self._in_real_names(dead.strategy))
        return Topic(name=real, dead_letter_queue=dead, **settings)

    def _in_real_names(self, strategy: Strategy) -> Strategy:
        def chosen(errors: Sequence[BaseException], attempt: int) -> Verdict:
            match strategy(errors, attempt):
                case (verb, str(topic)):
                    return verb, self._real_name(topic)
                case verdict:
                    return verdict

        return chosen


def assumed(real_name: str) -> Topic:
    """What holds for a queue that was not drawn: dead letters after three retries."""
    dead = DeadLetterQueue(dead_name(real_name), max_retries=3)
    return Topic(name=real_name, dead_letter_queue=dead, drawn=False)


def _name_faults(name: str) -> Iterator[str]:
    if not _LEGAL_NAME.fullmatch(name):
        yield "a topic's name has 1 to 249 letters, digits, dots, dashes, underscores."

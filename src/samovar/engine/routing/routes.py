"""The routes of an application: which topics it drew, and what holds for a queue it did not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from samovar.engine.routing.topic import DeadLetterQueue, Pause, Topic, dead_name
from samovar.errors import ConfigurationError

_LEGAL_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SETTINGS = tuple(f.name for f in fields(Topic) if f.name not in {"name", "drawn"})


class Routes:
    """Topics by their real name. `real_name` turns a logical name into it."""

    def __init__(self, real_name: Callable[[str], str]) -> None:
        self._real_name = real_name
        self._topics: dict[str, Topic] = {}
        self._faults: list[str] = []

    def draw(self, name: str, **settings: Any) -> None:
        """Draw a topic. What is wrong with it is told by `check`, with all other faults."""
        faults = list(_faults(name, settings))
        real = self._real_name(name)
        if real in self._topics:
            faults.append(f"job_topic({name!r}): drawn twice.")
        self._faults += faults
        if not faults:
            self._topics[real] = self._topic(real, settings)

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
        if dead is not None:
            dead = replace(dead, topic=self._real_name(dead.topic))
        return Topic(name=real, dead_letter_queue=dead, **settings)


def assumed(real_name: str) -> Topic:
    """What holds for a queue that was not drawn: dead letters after three retries."""
    dead = DeadLetterQueue(dead_name(real_name), max_retries=3)
    return Topic(name=real_name, dead_letter_queue=dead, drawn=False)


def _faults(name: str, settings: dict[str, Any]) -> Iterator[str]:
    where = f"job_topic({name!r})"
    if not _LEGAL_NAME.fullmatch(name):
        yield f"{where}: a topic's name has 1 to 249 letters, digits, dots, dashes, underscores."
    for key in settings:
        if key not in _SETTINGS:
            near = difflib.get_close_matches(key, _SETTINGS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_SETTINGS)}."
            yield f"{where}: unknown setting {key!r}; {hint}"
    yield from _number_faults(where, settings, ("partitions", "replication_factor", "max_messages"))
    yield from _value_faults(where, settings)


def _number_faults(where: str, settings: dict[str, Any], keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        value = settings.get(key)
        if value is not None and (type(value) is not int or value < 1):
            yield f"{where}: {key} is {value!r}; expected a whole number from 1 up."


def _value_faults(where: str, settings: dict[str, Any]) -> Iterator[str]:
    dead = settings.get("dead_letter_queue")
    if dead is not None and not isinstance(dead, DeadLetterQueue):
        yield f"{where}: dead_letter_queue is {dead!r}; expected DeadLetterQueue(topic, ...)."
    elif dead is not None and (type(dead.max_retries) is not int or dead.max_retries < 0):
        yield f"{where}: max_retries is {dead.max_retries!r}; expected a number from 0 up."
    if not isinstance(settings.get("pause", Pause()), Pause):
        yield f"{where}: pause is {settings['pause']!r}; expected Pause(timeout=..., ...)."

"""The routes of an application: which topics it drew, and what holds for a queue it did not."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from samovar.broker import topic_names
from samovar.engine.routing.reading import read
from samovar.engine.routing.recovery import BY_STRATEGY, DeadLetterQueue, Strategy, StrategyAnswer
from samovar.engine.routing.topic import DEAD_SUFFIX, Topic, dead_name

#: Settings that are mappings: what a topic says is laid over what the defaults say.
_LAYERED = ("config", "kafka")
#: Connections that one subscription group may have in a process.
MAX_COPIES = 100


@dataclass(frozen=True, slots=True)
class _Place:
    """The groups that are being declared; each topic is put into them."""

    group: str | None = None
    subscription: str = ""
    copies: int = 1


class Routes:
    """Topics by group and real name, in the order in which they were declared."""

    def __init__(
        self,
        real_name: Callable[[str], str],
        refusals: Callable[[Topic], Iterable[str]] = lambda topic: (),
    ) -> None:
        """`real_name` turns a logical name into the real one; `refusals` tells which settings of
        a topic cannot be had together."""
        self._real_name = real_name
        self._refusals = refusals
        #: By group, and real name or pattern: a pattern may look like a name.
        self._topics: dict[tuple[str | None, str | re.Pattern[str]], Topic] = {}
        #: So that one name is found among thousands: its groups, and the patterns, as declared.
        self._groups_of: dict[str, list[str | None]] = {}
        self._patterns: list[Topic] = []
        self._faults: list[str] = []
        self._defaults: dict[str, Any] = {}
        self._place = _Place()

    def declare(self, name: str | re.Pattern[str], **settings: Any) -> None:
        """Declare a topic, or all that a pattern finds. What is wrong with it lies in
        `faults`."""
        verb = "topic" if "consumer" in settings else "job_topic"
        where = f"{verb}({_spelt(name)})"
        reading = read(settings)
        faults = [*_name_faults(name), *reading.faults]
        real = name.pattern if isinstance(name, re.Pattern) else self._real_name(str(name))
        key = (self._place.group, name if isinstance(name, re.Pattern) else real)
        if key in self._topics:
            faults.append(
                "declared twice." if key[0] is None else f"declared twice in group {key[0]!r}."
            )
        if not faults:
            topic = self._topic(real, self._laid_over_defaults(reading.values))
            if isinstance(name, re.Pattern):
                topic = replace(topic, pattern=name)
            faults += [*_topic_faults(topic), *self._refusals(topic)]
            self._topics[key] = topic
            if topic.pattern is None:
                self._groups_of.setdefault(real, []).append(self._place.group)
            else:
                self._patterns.append(topic)
        self._faults += [f"{where}: {fault}" for fault in faults]

    def set_defaults(self, **settings: Any) -> None:
        """Let these settings hold for every topic that is declared from now on."""
        reading = read(settings)
        self._faults += [f"topic_defaults(): {fault}" for fault in reading.faults]
        self._defaults.update(reading.values)

    @contextmanager
    def consumer_group(self, name: str) -> Generator[None, None, None]:
        """Put what is declared in the block into this consumer group."""
        where = f"consumer_group({name!r})"
        if self._place.subscription:
            self._faults.append(f"{where}: a subscription group lies within a consumer group.")
        self._faults += [f"{where}: {fault}" for fault in _name_faults(name, "a group's name")]
        with self._within(replace(self._place, group=name)):
            yield

    @contextmanager
    def subscription_group(
        self, name: str, *, multiplexing: int = 1
    ) -> Generator[None, None, None]:
        """Put what is declared in the block on connections of its own: `multiplexing` of them."""
        where = f"subscription_group({name!r})"
        self._faults += [f"{where}: {fault}" for fault in _name_faults(name, "a group's name")]
        if type(multiplexing) is not int or not 1 <= multiplexing <= MAX_COPIES:
            self._faults.append(
                f"{where}: multiplexing is {multiplexing!r:.60}; expected a whole number from 1 "
                f"to {MAX_COPIES}."
            )
            multiplexing = 1
        with self._within(replace(self._place, subscription=name, copies=multiplexing)):
            yield

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with what was declared."""
        return tuple(self._faults)

    def find(self, real_name: str, group: str | None = None) -> Topic:
        """The topic declared for a queue in this group (else in another one), by name or pattern;
        or what holds for a queue that nobody declares."""
        exact = self._topics.get((group, real_name))
        if exact is not None:
            return exact
        named = [self._topics[other, real_name] for other in self._groups_of.get(real_name, ())]
        found = [*named, *(topic for topic in self._patterns if topic.matches(real_name))]
        found.sort(key=lambda topic: (topic.group != group, topic.pattern is not None))
        return found[0].called(real_name) if found else assumed(real_name)

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics.values())

    def __len__(self) -> int:
        return len(self._topics)

    @contextmanager
    def _within(self, place: _Place) -> Generator[None, None, None]:
        outer, self._place = self._place, place
        try:
            yield
        finally:
            self._place = outer

    def _laid_over_defaults(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        layered = {
            name: {**self._defaults[name], **settings[name]}
            for name in _LAYERED
            if name in self._defaults and name in settings
        }
        return {**self._defaults, **settings, **layered}

    def _topic(self, real: str, settings: dict[str, Any]) -> Topic:
        dead: DeadLetterQueue | None = settings.pop("dead_letter_queue", None)
        if dead is not None and dead.topic and dead.topic != BY_STRATEGY:
            dead = replace(dead, topic=self._real_name(dead.topic))
        if dead is not None and dead.strategy is not None:
            dead = replace(dead, strategy=self._in_real_names(dead.strategy))
        place = self._place
        return Topic(
            name=real,
            group=place.group,
            subscription=place.subscription,
            copies=place.copies,
            dead_letter_queue=dead,
            has_partitions="partitions" in settings,
            **settings,
        )

    def _in_real_names(self, strategy: Strategy) -> Strategy:
        def chosen(errors: Sequence[BaseException], attempt: int) -> StrategyAnswer:
            match strategy(errors, attempt):
                case (verb, str(topic)):
                    return verb, self._real_name(topic)
                case answer:
                    return answer

        return chosen


def assumed(real_name: str) -> Topic:
    """What holds for a queue that was not declared: dead letters after three retries."""
    dead = DeadLetterQueue(dead_name(real_name), max_retries=3)
    return Topic(name=real_name, dead_letter_queue=dead, declared=False)


def _spelt(name: str | re.Pattern[str]) -> str:
    return f"re.compile({name.pattern!r})" if isinstance(name, re.Pattern) else repr(name)


def _name_faults(name: object, noun: str = "a topic's name") -> Iterator[str]:
    if isinstance(name, re.Pattern):
        if not isinstance(cast("Any", name).pattern, str):
            yield "a pattern of topics is made from a str, not from bytes."
    elif not topic_names.is_legal(name):
        yield f"{noun} has 1 to 249 letters, digits, dots, dashes, underscores."


def _finds_only_dead(pattern: re.Pattern[str]) -> bool:
    return pattern.pattern.endswith(DEAD_SUFFIX) and "|" not in pattern.pattern


def _topic_faults(topic: Topic) -> Iterator[str]:
    """What cannot be had together with its dead letters, a pattern, or named partitions."""
    dead = topic.dead_letter_topic
    if dead and not topic_names.is_legal(dead):
        yield (
            f"dead_letter_queue.topic is {dead!r}; expected letters, digits, dots, dashes, "
            f"underscores."
        )
    if topic.pattern is not None and dead and topic.pattern.fullmatch(dead):
        yield (
            f"the pattern finds its own dead letter topic {dead!r}, whose records would go round "
            f"for ever; narrow the pattern, or name the dead letter topic otherwise."
        )
    if topic.pattern is not None and _finds_only_dead(topic.pattern):
        yield (
            f"a pattern finds no topic whose name ends in {DEAD_SUFFIX!r}, and this one has only "
            f"such names; declare that topic by its name."
        )
    if topic.pattern is None and dead == topic.name:
        yield (
            f"dead_letter_queue.topic is the topic {dead!r} itself, where what failed would come "
            f"round for ever; name another one, or None for none."
        )
    if topic.assign is False:
        return
    if topic.pattern is not None:
        yield "assign names partitions of one topic; it cannot stand with a pattern."
    if topic.copies > 1:
        yield "assign cannot stand with multiplexing: each connection would read the same."
    if topic.share_group:
        yield "assign cannot stand with share_group, which shares records out."

"""What `App.job_topic`, `App.topic` and `App.topic_defaults` take, for type checkers.

The values themselves, their defaults and what is checked are those of `Topic`. The page
`docs/reference/topic-settings.md` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, TypedDict

from samovar.engine.routing.lanes import Ordering, VirtualPartitions
from samovar.engine.routing.pace import Throttle
from samovar.engine.routing.recovery import DeadLetterQueue, Pause
from samovar.engine.routing.topic import FilterFactory

#: Seconds, or a timedelta.
Span = float | timedelta


class TopicSettings(TypedDict, total=False):
    """Settings that every topic may have."""

    active: bool
    assign: Sequence[int] | bool
    config: Mapping[str, str | int | float]
    dead_letter_queue: DeadLetterQueue | None
    delay_by: Span | None
    expire_in: Span | None
    filters: Sequence[FilterFactory]
    initial_offset: Literal["earliest", "latest"]
    kafka: Mapping[str, Any]
    long_running: bool
    max_messages: int
    max_wait_time: Span
    partitions: int
    pause: Pause
    replication_factor: int | None
    throttle: Throttle | None


class JobTopicSettings(TopicSettings, total=False):
    """Settings of the topic of a queue."""

    ordering: Ordering
    share_group: bool
    virtual_partitions: VirtualPartitions | None


class PlainTopicSettings(TopicSettings, total=False):
    """Settings of a topic whose records are no jobs."""

    deserializer: Callable[[Any], Any] | None
    manual_marks: bool
    periodic: float | None


class AnyTopicSettings(JobTopicSettings, PlainTopicSettings, total=False):
    """Settings of any topic, as defaults."""

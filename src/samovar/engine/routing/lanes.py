"""What a route says about jobs of one partition that are performed side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from samovar.broker.port import Record
from samovar.support.conversion import at_least

#: What is kept in order: all jobs of a partition, those of one key, nothing.
Ordering = Literal["partition", "key", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualPartitions:
    """Jobs of one partition side by side: those of equal key one after the other, in order."""

    #: A record's key; called in the listener's thread, so it must be cheap: ``lambda m: m.key``.
    partitioner: Callable[[Record], Any]
    #: At most so many lanes; None takes the worker's concurrency.
    max_partitions: Annotated[int, at_least(1)] | None = None
    #: Turns a key into the lane, a whole number from 0 up; None spreads keys evenly.
    reducer: Callable[[Any], Hashable] | None = None
    #: "consistent": a key has the same lane in every batch. "balanced": in each batch the lanes
    #: are filled evenly.
    distribution: Literal["consistent", "balanced"] = "consistent"

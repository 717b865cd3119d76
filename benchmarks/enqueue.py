"""A process that enqueues for one contestant; prints what it found as JSON.

python -m benchmarks.enqueue MODULE one SECONDS     one by one: jobs a second, all handed over
python -m benchmarks.enqueue MODULE bulk SECONDS    500 a call
python -m benchmarks.enqueue MODULE fill COUNT      as fast as it can
python -m benchmarks.enqueue MODULE pace COUNT RATE the argument says when it was enqueued
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from benchmarks.contestants.contestant import Enqueuer
from benchmarks.place import Place

CHUNK = 500


async def main(module: str, verb: str, *numbers: str) -> dict[str, float]:
    """One run; the enqueuer lives as long as it."""
    enqueuer: Enqueuer = importlib.import_module(module).open_enqueuer(Place.from_environment())
    return await VERBS[verb](enqueuer, *map(float, numbers))


async def one(enqueuer: Enqueuer, seconds: float) -> dict[str, float]:
    await done(enqueuer.one(0))  # connects
    began = time.perf_counter()
    until = began + seconds
    if inspect.iscoroutinefunction(enqueuer.one):
        count = await one_by_one_async(enqueuer.one, until)
    else:
        count = one_by_one(enqueuer.one, until)
    await done(enqueuer.close())
    return {"rate": count / (time.perf_counter() - began)}


def one_by_one(enqueue: Callable[[int], Any], until: float) -> int:
    now, count = time.perf_counter, 0
    while now() < until:
        enqueue(count)
        count += 1
    return count


async def one_by_one_async(enqueue: Callable[[int], Awaitable[Any]], until: float) -> int:
    now, count = time.perf_counter, 0
    while now() < until:
        await enqueue(count)
        count += 1
    return count


async def bulk(enqueuer: Enqueuer, seconds: float) -> dict[str, float]:
    await done(enqueuer.one(0))
    began = time.perf_counter()
    count = 0
    while time.perf_counter() < began + seconds:
        await done(enqueuer.bulk(range(count, count + CHUNK)))
        count += CHUNK
    await done(enqueuer.close())
    return {"rate": count / (time.perf_counter() - began)}


async def fill(enqueuer: Enqueuer, count: float) -> dict[str, float]:
    await done(enqueuer.one(0))
    for start in range(1, int(count), CHUNK):
        await done(enqueuer.bulk(range(start, min(start + CHUNK, int(count)))))
    await done(enqueuer.close())
    return {}


async def pace(enqueuer: Enqueuer, count: float, rate: float) -> dict[str, float]:
    """At the set times, whatever each call costs; one job before them, which connects."""
    await done(enqueuer.one(0))
    await asyncio.sleep(1)
    due = time.monotonic()
    for _ in range(int(count)):
        await asyncio.sleep(due - time.monotonic())
        await done(enqueuer.one(time.monotonic_ns()))
        due += 1 / rate
    await done(enqueuer.close())
    return {}


async def done(answer: Any) -> None:
    if inspect.isawaitable(answer):
        await answer


VERBS: dict[str, Callable[..., Awaitable[dict[str, float]]]] = {
    "one": one,
    "bulk": bulk,
    "fill": fill,
    "pace": pace,
}


def run(arguments: Sequence[str]) -> None:
    print(json.dumps(asyncio.run(main(*arguments))))


if __name__ == "__main__":
    run(sys.argv[1:])

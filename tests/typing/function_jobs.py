# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What type checkers say to `@job` functions. Read by pyright and mypy, never run."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, assert_type

from samovar import Job, discard_on, job, perform_all_later, retry_on


@job
def bare(user: int, template: str = "welcome", **options: str) -> int:
    return user


@job(queue="emails", retry=retry_on(OSError, wait=30), discard=[discard_on(ValueError)])
def chosen(user: int) -> str:
    return str(user)


@job
async def fetch(url: str) -> bytes:
    return url.encode()


@job(priority=3, name="Fetch::Later", adapter="inline", base=Job)
async def fetch_chosen(url: str) -> bytes:
    return url.encode()


def as_functions() -> None:
    assert_type(bare(1, "hello", message="hi"), int)
    assert_type(chosen(1), str)
    assert_type(bare.__wrapped__(1), int)
    bare("1")  # type: ignore[arg-type]
    chosen()  # type: ignore[call-arg]


def later() -> None:
    assert_type(bare.perform_later(1, message="hi"), Job | Any)
    assert_type(chosen.perform_later(1), Job | Any)
    assert_type(fetch.perform_later("url"), Job | Any)
    assert_type(chosen.set(wait=1).perform_later(1), Job | Any)
    bare.perform_later(1, message=2)  # type: ignore[arg-type]
    chosen.perform_later("1")  # type: ignore[arg-type]
    fetch_chosen.perform_later()  # type: ignore[call-arg]
    chosen.set(queue="q").perform_later("1")  # type: ignore[arg-type]


def now() -> None:
    assert_type(bare.perform_now(1), int)
    assert_type(chosen.perform_now(1), str)
    assert_type(fetch.perform_now("url"), bytes)
    assert_type(fetch_chosen.perform_now("url"), bytes)
    assert_type(fetch_chosen.set(wait=1).perform_now("url"), bytes)
    bare.perform_now("1")  # type: ignore[arg-type]


async def on_a_loop() -> None:
    assert_type(fetch("url"), Coroutine[Any, Any, bytes])  # type: ignore[unused-coroutine]
    assert_type(await fetch("url"), bytes)
    assert_type(await fetch.aperform_now("url"), bytes)
    assert_type(await chosen.aperform_now(1), str)
    assert_type(await fetch.aperform_later("url"), Job | Any)
    assert_type(await fetch.set(wait=1).aperform_now("url"), bytes)
    await bare.aperform_later("1")  # type: ignore[arg-type]


def jobs() -> None:
    assert_type(bare.new(1, message="hi"), Job)
    assert_type(chosen.perform_bulk([(1,), (2,)]), list[Job])
    perform_all_later([bare.new(1), fetch.new("url")])
    chosen.new("1")  # type: ignore[arg-type]


def declarations() -> None:
    def note(one: Job) -> None: ...

    chosen.before_perform(note)(chosen.new(1))
    job(retry=discard_on(OSError))  # type: ignore[call-overload]
    job(delay=1)  # type: ignore[call-overload]
    job("emails")  # type: ignore[call-overload]

"""Records that are no jobs: never retried, kept byte for byte, and no good job is held up."""

from __future__ import annotations

import json
import signal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import samovar
from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

PARTITIONS = 4
GOOD: dict[str, Any] = {"job_class": "JournalJob", "job_id": "x", "arguments": [0]}

NO_JOBS: dict[str, bytes | None] = {
    "tombstone": None,
    "nothing": b"",
    "no JSON": b"\x00\xff{",
    "half a job": json.dumps(GOOD).encode()[:-5],
    "no UTF-8": b'{"job_class": "\xff\xfe"}',
    "a list": b"[1, 2]",
    "a number": b"7",
    "null": b"null",
    "no job class": b"{}",
    "an unknown job": b'{"job_class": "NobodyKnowsThisJob", "arguments": []}',
    "no arguments": b'{"job_class": "JournalJob", "job_id": "x"}',
    "arguments that are null": b'{"job_class": "JournalJob", "arguments": null}',
    "deep nesting": b"[" * 100_000,
    "deep nesting that is whole": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep arguments": b'{"job_class": "JournalJob", "arguments": %b}'
    % (b"[" * 5_000 + b"]" * 5_000),
    **{
        f"{key}={value!r}": json.dumps({**GOOD, key: value}).encode()
        for key, value in [
            ("job_class", 5),
            ("job_class", None),
            ("job_class", ["JournalJob"]),
            ("job_class", {}),
            ("arguments", {}),
            ("arguments", "x"),
            ("arguments", 5),
            ("executions", "x"),
            ("executions", 1.5),
            ("executions", True),
            ("enqueued_at", 5),
            ("enqueued_at", "soon"),
            ("enqueued_at", []),
            ("scheduled_at", 5),
            ("scheduled_at", "soon"),
            ("scheduled_at", {}),
        ]
    },
}


def test_what_is_no_job_goes_aside_at_once(stage: Stage) -> None:
    check_that_it_goes_aside_at_once(stage, list(NO_JOBS.values()))


def check_that_it_goes_aside_at_once(stage: Stage, no_jobs: list[bytes | None]) -> None:
    """Good jobs lie before and behind each of them."""
    stage.app  # noqa: B018 -- jobs need an application to know their queue
    stage.create(partitions=PARTITIONS)
    values: list[tuple[int, bytes | None]] = []
    for number, no_job in enumerate(no_jobs):
        good = samovar.payload.dumps(JournalJob(number).serialize())
        values += [(number % PARTITIONS, good), (number % PARTITIONS, no_job)]
    numbers = range(len(no_jobs) + PARTITIONS)
    values += [
        (n % PARTITIONS, samovar.payload.dumps(JournalJob(n).serialize()))
        for n in numbers[len(no_jobs) :]
    ]
    stage.put_raw(values)

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *numbers)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert sorted(stage.journal.numbers("start")) == list(numbers)
    dead = stage.records("default_dead")
    assert sorted(r.value or b"" for r in dead) == sorted(value or b"" for value in no_jobs)
    assert None in {r.value for r in dead} or None not in no_jobs
    assert {dict(r.headers)["source_attempts"] for r in dead} == {b"1"}
    assert "tried again" not in worker.output


def is_no_job(raw: bytes) -> bool:
    """Whatever a generated text says, no job of that name is known."""
    return b"Job" not in raw


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
generated = st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode())


def test_whatever_bytes_come_no_process_dies(stage: Stage) -> None:
    examples: list[bytes | None] = []

    @settings(max_examples=200, database=None)
    @given(generated.filter(is_no_job))
    def collect(raw: bytes) -> None:
        examples.append(raw)

    collect()
    check_that_it_goes_aside_at_once(stage, examples)


def test_what_is_no_job_goes_aside_where_no_dead_letters_are_declared(stage: Stage) -> None:
    stage.declare('app.job_topic("default", partitions=4)')

    check_that_it_goes_aside_at_once(stage, list(NO_JOBS.values()))

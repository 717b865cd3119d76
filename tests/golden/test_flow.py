"""What Rails' jobs hand to their adapter, ours hand to it too.

The calls are real ones of Active Job: tests/golden/active_job.json, kind `flow`. Each flow is
told again in Python below, under its own name. Those of continuations and attributes (`cont-`,
`attr-`) have a test of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from samovar import (
    Abort,
    Job,
    before_enqueue,
    discard_on,
    perform_all_later,
    rescue_from,
    retry_on,
    use_locale,
    use_timezone,
)
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt, dumps, loads
from samovar.support import clock
from samovar.types import Symbol
from tests.support.applications import application

NOW_NS = 1_768_471_496_123_456_789
#: Our classes bear Rails' names behind this, so that they collide with no other test's.
NAMESPACE = "Flow::"

#: Flows that Samovar answers otherwise, on purpose.
DEVIATIONS = {
    "env-queue-prefix-after-queue-as": "names in code are logical; a prefix always applies",
}

VECTORS: dict[str, dict[str, Any]] = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parent / "active_job.json").read_text())["vectors"]
    if vector["kind"] == "flow" and not vector["id"].startswith(("cont-", "attr-"))
}


class Capturing:
    """Keeps payloads after a trip through JSON, as the recorder in Ruby did. What is performed
    from one shares its counters, so the next failure shows in it too."""

    name = "capturing"

    def __init__(self) -> None:
        self.requests: list[EnqueueRequest] = []

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        self.requests.append(EnqueueRequest(loads(dumps(request.data)), request.due_ns))
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        return [self.enqueue(request) for request in requests]

    def stopping(self, job: object = None) -> bool:
        return False

    def close(self, timeout: float) -> int:
        return 0

    def again(self) -> Any:
        """Performs what came last."""
        return Job.deserialize(self.requests[-1].data).perform_now()

    def waits(self) -> list[float]:
        """The times of all calls, in seconds from now."""
        return [round(((r.due_ns or 0) - NOW_NS) / 1e9, 6) for r in self.requests]


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Capturing]:
    numbers = iter(range(1, 100))
    monkeypatch.setattr(clock, "now_ns", lambda: NOW_NS)
    monkeypatch.setattr(
        "samovar.support.ids.uuid4", lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"
    )
    monkeypatch.setattr("random.random", lambda: 0.5)
    capturing = Capturing()
    with application(queue_adapter="inline", global_id_app="samovar"):
        monkeypatch.setattr(Job, "queue_adapter", capturing)
        yield capturing


class FlowEchoJob(Job):
    job_name = "Flow::EchoJob"

    def perform(self, *args: Any, **kwargs: Any) -> None: ...


class FlowQJob(Job):
    job_name = "Flow::QJob"
    queue_as = "reports"
    priority = 20

    def perform(self, *args: Any) -> str:
        return "done"


class Boom(Exception):
    pass


class Boom2(Exception):
    pass


class IOError(Exception):
    """Ruby's; Python's own is another name of OSError."""


@retry_on(
    Boom2, IOError, wait="polynomially_longer", attempts=5, queue="slow", priority=9, jitter=0
)
@retry_on(Boom, wait=10, attempts=3, jitter=0)
class FlowRJob(Job):
    job_name = "Flow::RJob"

    def perform(self, kind: str) -> None:
        raise {"Boom": Boom, "Boom2": Boom2, "IOError": IOError}[kind](kind)


class Failing(Job):
    def perform(self, *args: Any) -> None:
        raise KeyError(type(self).message)

    message = "KeyError"


def env_defaults(adapter: Capturing) -> Any:
    return FlowEchoJob.perform_later()


def env_set_overrides(adapter: Capturing) -> Any:
    return FlowQJob.set(queue="urgent", priority=1).perform_later(1)


def env_priority_cast(adapter: Capturing) -> Any:
    return FlowEchoJob.set(priority="7").perform_later()  # type: ignore[arg-type]


def env_priority_negative(adapter: Capturing) -> Any:
    return FlowEchoJob.set(priority=-5).perform_later()


def env_priority_zero(adapter: Capturing) -> Any:
    return FlowEchoJob.set(priority=0).perform_later()


def env_wait_duration(adapter: Capturing) -> Any:
    return FlowEchoJob.set(wait=timedelta(minutes=1.5)).perform_later(1)


def env_wait_fraction(adapter: Capturing) -> Any:
    return FlowEchoJob.set(wait=0.25).perform_later(1)


def env_wait_zero(adapter: Capturing) -> Any:
    return FlowEchoJob.set(wait=0).perform_later(1)


def env_wait_until(adapter: Capturing) -> Any:
    job = FlowEchoJob()
    job.due_ns = 1_798_761_600_123_456_789  # a datetime holds no nanoseconds
    return job.enqueue()


def env_wait_and_wait_until(adapter: Capturing) -> Any:
    return FlowEchoJob.set(wait=60, wait_until=datetime(2030, 1, 1, tzinfo=UTC)).perform_later()


def env_wait_until_date(adapter: Capturing) -> Any:
    return FlowEchoJob.set(wait_until=date(2027, 1, 1)).perform_later()  # type: ignore[arg-type]


def env_locale(adapter: Capturing) -> Any:
    with use_locale("de"):
        return FlowEchoJob.perform_later()


def env_timezone(adapter: Capturing) -> Any:
    with use_timezone("Eastern Time (US & Canada)"):
        return FlowEchoJob.perform_later()


class FlowPJ(Job):
    job_name = "Flow::PJ"
    queue_name_prefix = "prod"
    queue_as = "low"

    def perform(self, *args: Any) -> None: ...


class FlowPJ2(Job):
    job_name = "Flow::PJ2"
    queue_name_prefix = "prod"
    queue_name_delimiter = "."

    def perform(self, *args: Any) -> None: ...


def env_queue_prefix(adapter: Capturing) -> Any:
    FlowPJ.perform_later()
    FlowPJ.set(queue="other").perform_later()
    return FlowPJ2.perform_later()


class FlowQE(Job):
    job_name = "Flow::QE"
    queue_as = ""

    def perform(self, *args: Any) -> None: ...


def env_queue_empty_string(adapter: Capturing) -> Any:
    return FlowQE.perform_later()


class FlowTheJob(Job):
    job_name = "Flow::Deep::Er::TheJob"

    def perform(self, *args: Any) -> None: ...


def env_namespaced_class(adapter: Capturing) -> Any:
    return FlowTheJob.perform_later(Symbol("x"))


def env_reenqueue_instance(adapter: Capturing) -> Any:
    job = FlowEchoJob(1)
    job.enqueue(wait=10)
    return job.enqueue()


def env_bulk(adapter: Capturing) -> Any:
    return perform_all_later(FlowEchoJob(1), [FlowQJob(2).set(wait=5)])  # type: ignore[func-returns-value]


class FlowAbJob(Job):
    job_name = "Flow::AbJob"

    @before_enqueue
    def halt(self) -> None:
        raise Abort

    def perform(self, *args: Any) -> None: ...


def env_abort(adapter: Capturing) -> Any:
    return FlowAbJob.perform_later(1)


class FlowEdJob(Job):
    job_name = "Flow::EdJob"

    @before_enqueue
    def edit(self) -> None:
        self.arguments.append(Symbol("added"))
        self.queue_name = "moved"

    def perform(self, *args: Any) -> None: ...


def env_before_enqueue_edits_args(adapter: Capturing) -> Any:
    return FlowEdJob.perform_later(1)


def retry_exhausted(adapter: Capturing) -> Any:
    FlowRJob.perform_now("Boom")
    adapter.again()
    return adapter.again()


def retry_list_key(adapter: Capturing) -> Any:
    return FlowRJob.perform_now("IOError")


def retry_poly_growth(adapter: Capturing) -> Any:
    data = FlowRJob("Boom2").serialize()
    for _ in range(4):
        Job.deserialize(data).perform_now()
        data = adapter.requests[-1].data
    return adapter.waits()


def retry_mixed_counters(adapter: Capturing) -> Any:
    Job.deserialize(FlowRJob("Boom").serialize()).perform_now()
    return Job.deserialize({**adapter.requests[-1].data, "arguments": ["Boom2"]}).perform_now()


@retry_on(KeyError, wait=1, attempts="unlimited", jitter=0)
class FlowUJob(Failing):
    job_name = "Flow::UJob"
    message = "k"


def retry_unlimited(adapter: Capturing) -> Any:
    counted = {"executions": 1000, "exception_executions": {"[KeyError]": 1000}}
    return Job.deserialize({**FlowUJob().serialize(), **counted}).perform_now()


@retry_on("ArgumentError", KeyError, wait=0, attempts=2)
class FlowSJob(Failing):
    job_name = "Flow::SJob"


def retry_string_class_name(adapter: Capturing) -> Any:
    return FlowSJob.perform_now()


@retry_on(KeyError, wait=100, jitter=0.2)
class FlowJJob(Failing):
    job_name = "Flow::JJob"


def retry_jitter(adapter: Capturing) -> Any:
    FlowJJob.perform_now()
    return adapter.waits()[-1]


@retry_on(KeyError, wait=2.5, jitter=0)
class FlowFJob(Failing):
    job_name = "Flow::FJob"


def retry_float_wait(adapter: Capturing) -> Any:
    FlowFJob.perform_now()
    return adapter.waits()[-1]


@rescue_from(KeyError, with_=lambda job, error: job.retry_job(wait=5, queue="again", priority=4))
class FlowMJob(Failing):
    job_name = "Flow::MJob"


def retry_manual(adapter: Capturing) -> Any:
    return FlowMJob.perform_now()


@discard_on(KeyError)
class FlowDJob(Failing):
    job_name = "Flow::DJob"
    message = "x"


def discard(adapter: Capturing) -> Any:
    return FlowDJob.perform_now()


class FlowXJob(Failing):
    job_name = "Flow::XJob"
    message = "x"


def unhandled(adapter: Capturing) -> Any:
    return FlowXJob.perform_now()


@pytest.mark.parametrize("name", VECTORS)
def test_the_adapter_is_called_as_rails_calls_it(name: str, adapter: Capturing) -> None:
    if name in DEVIATIONS:
        pytest.skip(DEVIATIONS[name])
    vector = {**VECTORS[name], **VECTORS[name].get("in_8_2", {})}
    flow: Callable[[Capturing], Any] = globals()[name.replace("-", "_")]

    if "raised" in vector["result"]:
        with pytest.raises(Exception) as raised:  # noqa: PT011 -- the classes are Ruby's
            flow(adapter)
        if vector["result"]["raised"]["class"] in ("Boom", "KeyError"):
            assert type(raised.value).__name__ == vector["result"]["raised"]["class"]
    else:
        assert in_ruby(flow(adapter)) == vector["result"]["returned"]

    calls = [call(request) for request in adapter.requests]
    # As text: 1 differs from 1.0 and from true there, and the order of keys counts.
    assert [json.dumps(made) for made in calls] == [json.dumps(made) for made in vector["calls"]]


def call(request: EnqueueRequest) -> dict[str, Any]:
    payload = {**request.data, "job_class": request.data["job_class"].removeprefix(NAMESPACE)}
    return {
        "via": "enqueue" if request.due_ns is None else "enqueue_at",
        "timestamp": None if request.due_ns is None else request.due_ns / 1e9,
        "payload": payload,
    }


def in_ruby(value: Any) -> str:
    if isinstance(value, Job):
        return f"job {type(value).job_name.removeprefix(NAMESPACE)}"
    if isinstance(value, BaseException):
        return f"error object {type(value).__name__}: {value.args[0]}"
    if value is None or value is False:
        return "nil" if value is None else "false"
    return str(value)

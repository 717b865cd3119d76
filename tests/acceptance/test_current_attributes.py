"""Current attributes: values of a request or job that travel with the jobs it enqueues."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import (
    ArgumentError,
    CurrentAttributes,
    DeserializationError,
    Job,
    SerializationError,
    perform_all_later,
    retry_on,
)
from samovar.job.current_attributes import persist
from samovar.types import Symbol
from tests.support.applications import Recording, application
from tests.support.listening import heard
from tests.support.performing import delivered

pytestmark = pytest.mark.usefixtures("recording")


class Visit(CurrentAttributes):
    user_id: int | None = None
    tenant: str | None = "nobody's"
    tags: tuple[str, ...] = ()


class Trace(CurrentAttributes):
    request_id: str | None = None


class CurrentJob(Job):
    def perform(self, **changes: Any) -> Any:
        seen = Visit.user_id, Visit.tenant, Trace.request_id
        for name, value in changes.items():
            setattr(Visit, name, value)
        return seen


@pytest.fixture(autouse=True)
def persisted(nothing_travels: None, recording: Recording) -> Iterator[None]:
    with application(queue_adapter="inline") as app:
        app.persist(Visit, Trace)
        yield
    Visit.reset()
    Trace.reset()


def test_attributes_are_read_and_set_on_the_class() -> None:
    assert (Visit.user_id, Visit.tenant) == (None, "nobody's")

    Visit.user_id = 7

    assert Visit.user_id == 7
    assert Visit.attributes() == {"user_id": 7}
    Visit.reset()
    assert Visit.user_id is None


def test_a_block_may_have_values_of_its_own() -> None:
    Visit.user_id = 1
    with Visit.set(user_id=2, tenant="acme"):
        assert (Visit.user_id, Visit.tenant) == (2, "acme")
    assert (Visit.user_id, Visit.tenant) == (1, "nobody's")


def test_threads_and_tasks_have_values_of_their_own() -> None:
    Visit.user_id = 1
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(Visit.user_id))
    thread.start()
    thread.join()
    assert seen == [None]

    async def task(number: int) -> int | None:
        Visit.user_id = number
        await asyncio.sleep(0)
        return Visit.user_id

    async def together() -> list[int | None]:
        return await asyncio.gather(*(task(number) for number in range(5)))

    assert asyncio.run(together()) == [0, 1, 2, 3, 4]
    assert Visit.user_id == 1


@pytest.mark.parametrize("name", ["user", "usr_id"])
def test_a_misspelt_name_is_told(name: str) -> None:
    with pytest.raises(AttributeError, match="user_id"):
        getattr(Visit, name)
    with pytest.raises(AttributeError, match="user_id"):
        setattr(Visit, name, 1)
    with pytest.raises(AttributeError, match="user_id"), Visit.set(**{name: 1}):
        pass


@pytest.mark.parametrize("default", [[], {}, set(), bytearray()])
def test_a_mutable_default_is_refused(default: Any) -> None:
    make: Any = type(CurrentAttributes)
    with pytest.raises(ArgumentError, match=r"CurrentShared\.items"):
        make(
            "CurrentShared",
            (CurrentAttributes,),
            {"__annotations__": {"items": Any}, "items": default},
        )


def test_a_subclass_has_its_parents_attributes_and_values_of_its_own() -> None:
    class CurrentChild(Visit):
        role: str = "guest"

    CurrentChild.user_id = 5

    assert (CurrentChild.user_id, CurrentChild.role, Visit.user_id) == (5, "guest", None)


def test_they_travel_under_the_number_of_their_class(recording: Recording) -> None:
    Visit.user_id = 7
    Trace.request_id = "abc"

    CurrentJob.perform_later()

    data = recording.requests[0].data
    assert (data["cattr_0"], data["cattr_1"]) == ({"user_id": 7}, {"request_id": "abc"})


def test_what_was_not_set_does_not_travel(recording: Recording) -> None:
    CurrentJob.perform_later()

    assert not [key for key in recording.requests[0].data if key.startswith("cattr")]


def test_they_travel_with_jobs_in_bulk(recording: Recording) -> None:
    Visit.user_id = 7

    perform_all_later(CurrentJob(), CurrentJob())

    assert [request.data["cattr_0"] for request in recording.requests] == [{"user_id": 7}] * 2


def test_values_travel_as_arguments_do(recording: Recording) -> None:
    Visit.tenant = Symbol("acme")
    CurrentJob.perform_later()

    data = recording.requests[0].data
    Visit.reset()

    assert data["cattr_0"]["tenant"] == {
        "_aj_serialized": "ActiveJob::Serializers::SymbolSerializer",
        "value": "acme",
    }
    assert Job.execute(data)[1] == Symbol("acme")


@pytest.mark.parametrize(
    "value",
    [{"plan": "gold", "limits": [{"a": 1}, {}]}, [1, "a", None, 2.5], {}, [], True],
    ids=repr,
)
def test_json_travels_bare_as_karafka_writes_it(recording: Recording, value: Any) -> None:
    Visit.tenant = value
    CurrentJob.perform_later()

    data = recording.requests[0].data
    Visit.reset()

    assert data["cattr_0"]["tenant"] == value
    assert Job.execute(data)[1] == value


@pytest.mark.parametrize(
    "value", [Symbol("acme"), {Symbol("a"): 1}, [date(2026, 1, 1)], {"x": Decimal(1)}], ids=repr
)
def test_what_json_lacks_is_refused_where_ruby_performs_too(
    monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    with application(queue_adapter="inline", ruby_queues=["*"]) as app:
        monkeypatch.setattr(CurrentJob, "queue_adapter", Recording())
        app.persist(Visit)
        Visit.tenant = value
        with pytest.raises(SerializationError, match=r"Visit\.tenant"):
            CurrentJob.perform_later()


def test_a_value_without_a_form_is_told_when_enqueuing(recording: Recording) -> None:
    Visit.tenant = object()  # type: ignore[assignment]

    with pytest.raises(SerializationError):
        CurrentJob.perform_later()
    assert recording.requests == []


def test_a_delivered_job_sees_them_and_its_changes_are_gone_afterwards(
    recording: Recording,
) -> None:
    with Visit.set(user_id=7), Trace.set(request_id="abc"):
        CurrentJob.perform_later(user_id=8)
    data = recording.requests[0].data

    assert Job.execute(data) == (7, "nobody's", "abc")
    assert Visit.user_id is None
    assert Job.execute(data) == (7, "nobody's", "abc")


def test_a_delivered_job_sees_nothing_of_where_it_is_delivered() -> None:
    job = CurrentJob()

    Visit.user_id = 99

    assert delivered(job)[0] is None
    assert Visit.user_id == 99


def test_perform_now_sees_what_is_current() -> None:
    Visit.user_id = 99

    assert CurrentJob.perform_now(user_id=100)[0] == 99
    assert Visit.user_id == 100


def test_jobs_of_a_job_and_its_retries_take_them_along(recording: Recording) -> None:
    @retry_on(LookupError, wait=0)
    class CurrentParentJob(Job):
        def perform(self) -> None:
            CurrentJob.perform_later()
            raise LookupError

    with Visit.set(user_id=7):
        CurrentParentJob.perform_later()
    Job.execute(recording.requests[0].data)

    assert [request.data["cattr_0"] for request in recording.requests] == [{"user_id": 7}] * 3


def test_attributes_that_the_class_lacks_are_left_out_and_told() -> None:
    data = {**CurrentJob().serialize(), "cattr_0": {"user_id": 7, "gone": 1}, "cattr_9": {"x": 1}}

    with heard("current_attributes.unknown") as told:
        assert Job.execute(data)[0] == 7

    assert [event.payload for event in told] == [{"name": "Visit", "attributes": ["gone"]}]


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_what_is_no_set_of_attributes_is_left_alone(value: Any) -> None:
    assert Job.execute({**CurrentJob().serialize(), "cattr_0": value})[0] is None


def test_a_value_that_cannot_be_read_is_told() -> None:
    data = {**CurrentJob().serialize(), "cattr_0": {"user_id": {"_aj_serialized": "Unheard"}}}

    with pytest.raises(DeserializationError):
        Job.execute(data)


def test_persisting_again_changes_nothing(recording: Recording) -> None:
    persist(Trace, Visit)
    Visit.user_id = 7

    CurrentJob.perform_later()

    assert "cattr_0" in recording.requests[0].data


@pytest.mark.parametrize("cls", [5, int, CurrentJob])
def test_only_current_attributes_are_persisted(cls: Any) -> None:
    with application(queue_adapter="inline") as app, pytest.raises(ArgumentError, match="persist"):
        app.persist(cls)


def test_the_inline_adapter_delivers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    class CurrentInlineJob(Job):
        queue_adapter = "inline"

        def perform(self) -> None:
            seen.append(Visit.user_id)
            Visit.user_id = 8

    with Visit.set(user_id=7):
        CurrentInlineJob.perform_later()
        assert Visit.user_id == 7
    assert seen == [7]


@given(user_id=st.integers() | st.none(), tenant=st.text() | st.none())
def test_any_values_arrive_as_they_were(user_id: int | None, tenant: str | None) -> None:
    with Visit.set(user_id=user_id, tenant=tenant):
        adapter = Recording()
        job = CurrentJob()
        CurrentJob.queue_adapter = adapter
        try:
            job.enqueue()
        finally:
            del CurrentJob.queue_adapter

    assert Job.execute(adapter.requests[0].data) == (user_id, tenant, None)

"""Samovar in a Django project: a real one, on SQLite."""

from __future__ import annotations

import asyncio
import threading
import unittest
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.apps import apps
from django.db import connection, connections, models, transaction
from django.test import TestCase
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar import (
    DeserializationError,
    Job,
    SerializationError,
    current_locale,
    current_timezone,
    perform_all_later,
    use_locale,
    use_timezone,
)
from samovar.contrib.django import connections as tidying
from samovar.contrib.django import records
from samovar.job.state import JOB_CLASSES
from tests.support.applications import Recording, application
from tests.support.django_project import project


@pytest.fixture(scope="module", autouse=True)
def _project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with project(tmp_path_factory.mktemp("django")):
        yield


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    adapter = Recording()
    with application(queue_adapter="inline", global_id_app="shop"):
        monkeypatch.setattr(Job, "queue_adapter", adapter)
        yield adapter
    for name in ("Line", "Order", "Parcel"):
        model(name).objects.all().delete()
    connections.close_all()


def model(name: str) -> Any:
    return apps.get_model("django_shop", name)


class DjangoGivenJob(Job):
    """Gives back what it was given."""

    def perform(self, *records: Any) -> Any:
        return records


class DjangoLateJob(Job):
    enqueue_after_transaction_commit = True

    def perform(self, *args: Any) -> None: ...


class DjangoPlacedJob(Job):
    def perform(self) -> Any:
        return (
            translation.get_language(),
            timezone.get_current_timezone_name(),
            current_locale(),
            current_timezone(),
        )


def wire(record: Any) -> str:
    return DjangoGivenJob(record).serialize()["arguments"][0]["_aj_globalid"]


def roundtrip(record: Any) -> Any:
    return Job.execute(DjangoGivenJob(record).serialize())[0]


@pytest.mark.usefixtures("recording")
class TestRecords:
    def test_a_model_travels_under_its_app_and_name(self) -> None:
        order = model("Order").objects.create(title="tea")

        assert wire(order) == f"gid://shop/DjangoShop::Order/{order.pk}"
        found = roundtrip(order)
        assert (found, found.title) == (order, "tea")
        assert found is not order

    def test_records_travel_inside_of_lists_and_dicts(self) -> None:
        order = model("Order").objects.create(title="tea")

        assert roundtrip({"orders": [order]}) == {"orders": [order]}

    def test_a_class_may_choose_its_name(self) -> None:
        country = model("Country").objects.create(code="d/e +")

        assert wire(country) == "gid://shop/Geo::Country/d%2Fe+%2B"
        assert roundtrip(country) == country
        country.delete()

    def test_the_settings_may_choose_a_name_for_a_model_of_others(self) -> None:
        assert records.name_of(model("Renamed")) == "Other::Name"

    def test_a_uuid_finds_its_record(self) -> None:
        invoice = model("Invoice").objects.create()

        assert isinstance(invoice.pk, uuid.UUID)
        assert roundtrip(invoice) == invoice

    def test_a_key_of_two_parts_finds_its_record(self) -> None:
        order = model("Order").objects.create(title="tea")
        line = model("Line").objects.create(order=order, number=3)

        assert wire(line) == f"gid://shop/DjangoShop::Line/{order.pk}/3"
        assert roundtrip(line) == line

    def test_a_key_that_is_another_models_finds_its_record(self) -> None:
        parcel = model("ExpressParcel").objects.create()

        found = roundtrip(parcel)
        assert (type(found), found.pk) == (model("ExpressParcel"), parcel.pk)

    def test_a_proxy_stays_a_proxy(self) -> None:
        order = model("PricedOrder").objects.create(title="tea")

        assert type(roundtrip(order)) is model("PricedOrder")

    def test_the_default_manager_decides_what_is_there(self) -> None:
        parcel = model("Parcel").objects.create(is_deleted=True)

        with pytest.raises(DeserializationError.RecordNotFound):
            roundtrip(parcel)

    def test_a_deleted_record_is_told(self) -> None:
        order = model("Order").objects.create(title="tea")
        data = DjangoGivenJob([order]).serialize()
        order.delete()

        with pytest.raises(DeserializationError.RecordNotFound) as raised:
            Job.execute(data)
        assert isinstance(raised.value.__cause__, model("Order").DoesNotExist)

    @pytest.mark.parametrize("make", ["Order", "Invoice"])
    def test_an_unsaved_record_is_refused(self, make: str) -> None:
        with pytest.raises(SerializationError, match="without an id"):
            DjangoGivenJob(model(make)()).serialize()

    @pytest.mark.parametrize("uri", ["DjangoShop::Order/tea", "DjangoShop::Line/1", "No::Model/1"])
    def test_what_cannot_be_an_id_is_told(self, uri: str) -> None:
        data = {
            **DjangoGivenJob().serialize(),
            "arguments": [{"_aj_globalid": f"gid://shop/{uri}"}],
        }

        with pytest.raises(DeserializationError) as raised:
            Job.execute(data)
        assert type(raised.value) is DeserializationError

    def test_a_model_that_is_defined_later_is_a_record_too(self) -> None:
        class Late(models.Model):
            class Meta:
                app_label = "django_shop"

        late = Late(pk=7)
        late._state.adding = False
        assert wire(late) == "gid://shop/DjangoShop::Late/7"

    def test_the_jobs_of_installed_apps_are_found(self) -> None:
        assert JOB_CLASSES.find("DjangoFoundJob").__module__ == "tests.support.django_shop.jobs"


class TestAfterCommit:
    def test_a_job_waits_for_the_outermost_commit(self, recording: Recording) -> None:
        with transaction.atomic():
            with transaction.atomic():
                job = DjangoLateJob.perform_later(1)
            assert job
            assert job.successfully_enqueued
            assert recording.requests == []
        assert len(recording.requests) == 1

    def test_a_rollback_drops_it(self, recording: Recording) -> None:
        with transaction.atomic():
            DjangoLateJob.perform_later(1)
            transaction.set_rollback(True)
        assert recording.requests == []

    def test_a_savepoint_that_is_rolled_back_drops_it(self, recording: Recording) -> None:
        with transaction.atomic():
            with transaction.atomic():
                DjangoLateJob.perform_later("dropped")
                transaction.set_rollback(True)
            DjangoLateJob.perform_later("kept")
        assert [request.data["arguments"] for request in recording.requests] == [["kept"]]

    def test_without_a_transaction_it_goes_at_once(self, recording: Recording) -> None:
        DjangoLateJob.perform_later(1)
        assert len(recording.requests) == 1

    def test_a_class_that_does_not_ask_for_it_goes_at_once(self, recording: Recording) -> None:
        with transaction.atomic():
            DjangoGivenJob.perform_later(1)
            assert len(recording.requests) == 1

    def test_every_database_must_commit(self, recording: Recording) -> None:
        with transaction.atomic():
            with transaction.atomic(using="other"):
                DjangoLateJob.perform_later(1)
            assert recording.requests == []
        assert len(recording.requests) == 1

    def test_one_database_that_rolls_back_drops_it(self, recording: Recording) -> None:
        with transaction.atomic(), transaction.atomic(using="other"):
            DjangoLateJob.perform_later(1)
            transaction.set_rollback(True, using="other")
        assert recording.requests == []

    def test_a_bulk_waits_too(self, recording: Recording) -> None:
        with transaction.atomic():
            perform_all_later(DjangoLateJob(1), DjangoGivenJob(2), DjangoLateJob(3))
            assert [request.data["arguments"] for request in recording.requests] == [[2]]
        assert (len(recording.requests), recording.bulk_calls) == (3, 2)

    def test_the_job_takes_along_the_language_it_was_asked_for_in(
        self, recording: Recording
    ) -> None:
        with transaction.atomic(), translation.override("de"):
            DjangoLateJob.perform_later(1)
        assert recording.requests[0].data["locale"] == "de"

    def test_the_transaction_around_a_test_is_nobodys(self, recording: Recording) -> None:
        class InATest(TestCase):
            def runTest(self) -> None:
                DjangoLateJob.perform_later(1)
                assert len(recording.requests) == 1
                with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
                    DjangoLateJob.perform_later(2)
                assert len(recording.requests) == 2

        result = unittest.TestResult()
        unittest.TestSuite([InATest()]).run(result)  # a suite enters the class's own block, too
        assert result.wasSuccessful(), result.errors + result.failures


@pytest.mark.usefixtures("recording")
class TestSurroundings:
    def test_language_and_zone_travel(self) -> None:
        with translation.override("de"), timezone.override("America/New_York"):
            data = DjangoPlacedJob().serialize()

        assert (data["locale"], data["timezone"]) == ("de", "America/New_York")
        assert Job.execute(data) == ("de", "America/New_York", "de", "America/New_York")
        assert (translation.get_language(), current_timezone()) == ("en", "UTC")

    def test_a_zone_of_rails_is_understood(self) -> None:
        data = {**DjangoPlacedJob().serialize(), "timezone": "Hawaii"}

        assert Job.execute(data)[1] == "Pacific/Honolulu"

    def test_the_defaults_are_the_projects(self) -> None:
        with translation.override(None):
            data = DjangoPlacedJob().serialize()
        assert (data["locale"], data["timezone"]) == ("en", "UTC")

    def test_samovars_own_blocks_are_djangos(self) -> None:
        with use_locale("de"), use_timezone("Europe/London"):
            assert translation.get_language() == "de"
            assert timezone.get_current_timezone_name() == "Europe/London"

    def test_an_offset_without_a_name_stays_at_home(self) -> None:
        with timezone.override(timezone.get_fixed_timezone(90)):
            assert DjangoPlacedJob().serialize()["timezone"] is None

    def test_the_asynchronous_twins_take_them_along(self, recording: Recording) -> None:
        async def enqueue() -> None:
            with translation.override("de"), timezone.override("Europe/London"):
                await DjangoPlacedJob.aperform_later()
                await DjangoPlacedJob().aperform_later()

        asyncio.run(enqueue())

        places = [(r.data["locale"], r.data["timezone"]) for r in recording.requests]
        assert places == [("de", "Europe/London")] * 2

    def test_a_coroutine_job_sees_them(self) -> None:
        class DjangoPlacedCoroutineJob(DjangoPlacedJob):
            async def perform(self) -> Any:
                await asyncio.sleep(0)
                return super().perform()

        with translation.override("de"):
            job = DjangoPlacedCoroutineJob()
            data = job.serialize()

        assert Job.execute(data)[:2] == ("de", "UTC")


class DjangoCountingJob(Job):
    """Tells whether it began without a connection."""

    def perform(self) -> Any:
        was_closed = connection.connection is None
        model("Order").objects.count()
        return was_closed


class DjangoCountingCoroutineJob(Job):
    async def perform(self) -> Any:
        await model("Order").objects.acount()
        return SEEN.append(await sync_connection())


SEEN: list[Any] = []


async def sync_connection() -> Any:
    return await sync_to_async(lambda: (threading.get_ident(), connection.connection))()


@pytest.mark.usefixtures("recording")
class TestConnections:
    def test_what_a_job_opened_is_closed_when_it_ends(self) -> None:
        data = DjangoCountingJob().serialize()

        assert in_a_thread(data, data) == ([True, True], True)

    def test_connections_that_may_live_longer_do(self) -> None:
        data = DjangoCountingJob().serialize()

        with lasting(60):
            assert in_a_thread(data, data) == ([True, False], False)

    def test_a_connection_that_broke_is_replaced(self) -> None:
        def break_it() -> None:
            broken: Any = connections["default"]
            broken.errors_occurred = True
            broken.is_usable = lambda: False

        data = DjangoCountingJob().serialize()

        with lasting(60):
            assert in_a_thread(data, data, between=break_it) == ([True, True], False)

    def test_the_callers_connection_is_left_alone(self) -> None:
        model("Order").objects.create(title="tea")
        mine = connection.connection

        Job.execute(DjangoCountingJob().serialize())

        assert connection.connection is mine
        assert connections["default"] not in tidying._ours

    def test_the_callers_transaction_is_left_alone(self) -> None:
        with transaction.atomic():
            model("Order").objects.create(title="tea")
            Job.execute(DjangoCountingJob().serialize())
        assert model("Order").objects.count() == 1

    def test_a_coroutine_job_has_a_thread_for_the_database_and_leaves_none_behind(self) -> None:
        SEEN.clear()
        before = threading.active_count()
        for _ in range(3):
            Job.execute(DjangoCountingCoroutineJob().serialize())

        assert all(open_connection is not None for _, open_connection in SEEN)
        for _, used in SEEN:
            with pytest.raises(Exception, match="closed database"):
                used.execute("select 1")
        assert threading.active_count() <= before + 1  # samovar-loop may have begun

    def test_a_coroutine_job_that_a_view_waits_for_does_not_wait_for_the_view(self) -> None:
        data = DjangoCountingCoroutineJob().serialize()

        async def view() -> None:
            async with ThreadSensitiveContext():
                await sync_to_async(Job.execute)(data)

        SEEN.clear()
        asyncio.run(view())

        assert len(SEEN) == 1


def in_a_thread(*payloads: Any, between: Callable[[], None] = lambda: None) -> Any:
    """What the jobs gave, one after another in a worker's thread; whether it was closed."""
    answers: list[Any] = []
    closed: list[bool] = []

    def work() -> None:
        for number, payload in enumerate(payloads):
            if number:
                between()
            answers.append(Job.execute(payload))
        closed.append(connection.connection is None)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return answers, closed[0]


@contextmanager
def lasting(seconds: int) -> Generator[None, None, None]:
    """Connections that are made now may be used for so long."""
    database = connections.settings["default"]
    kept, database["CONN_MAX_AGE"] = database["CONN_MAX_AGE"], seconds
    try:
        yield
    finally:
        database["CONN_MAX_AGE"] = kept


#: A job, or a savepoint: whether it ends well, and what lies inside it.
steps: st.SearchStrategy[Any] = st.recursive(
    st.just("job"),
    lambda inner: st.tuples(st.booleans(), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def expected(step: Any, numbers: Iterator[int], is_kept: bool = True) -> list[int]:
    """The numbers of the jobs that are enqueued in the end."""
    if step == "job":
        number = next(numbers)
        return [number] if is_kept else []
    ends_well, inside = step
    return [kept for one in inside for kept in expected(one, numbers, is_kept and ends_well)]


def take(step: Any, numbers: Iterator[int]) -> None:
    if step == "job":
        DjangoLateJob.perform_later(next(numbers))
        return
    ends_well, inside = step
    with transaction.atomic():
        for one in inside:
            take(one, numbers)
        if not ends_well:
            transaction.set_rollback(True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(step=steps, commits=st.booleans())
def test_what_is_enqueued_is_what_every_block_around_it_kept(
    recording: Recording, step: Any, commits: bool
) -> None:
    recording.requests.clear()
    with transaction.atomic():
        take(step, count())
        assert recording.requests == []
        transaction.set_rollback(not commits)

    seen = [request.data["arguments"] for request in recording.requests]
    assert seen == [[n] for n in expected(step, count(), commits)]

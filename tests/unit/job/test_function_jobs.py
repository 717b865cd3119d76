"""`@job`: a function stays a function, and gains a job's verbs."""

from __future__ import annotations

import asyncio
import inspect
from types import FunctionType
from typing import Any

import pytest

from samovar import (
    ArgumentError,
    Job,
    discard_on,
    job,
    payload,
    perform_all_later,
    retry_on,
)
from samovar.errors import DuplicateJobNameError, PerformInsideLoopError
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt
from samovar.job.queue_adapter import QueueAdapter
from tests.support.applications import Recording

pytestmark = pytest.mark.usefixtures("recording")


@job
def function_area(width: int, height: int = 1, **options: int) -> int:
    """How large it is."""
    return width * height * options.get("times", 1)


@job(queue="tasks", priority=7, name="Functions::Double")
async def function_double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


class FunctionsBaseJob(Job):
    queue_as = "from_the_base"
    priority = 3


class TestTheFunction:
    def test_a_call_is_a_plain_call(self, recording: Recording) -> None:
        assert function_area(2, 3, times=2) == 12
        assert asyncio.run(function_double(4)) == 8
        assert recording.requests == []

    def test_it_keeps_its_name_its_words_and_its_signature(self) -> None:
        assert function_area.__name__ == "function_area"
        assert function_area.__doc__ == "How large it is."
        assert function_area.__module__ == __name__
        assert isinstance(function_area.__wrapped__, FunctionType)
        assert list(inspect.signature(function_area).parameters) == ["width", "height", "options"]

    def test_its_job_class_is_named_as_it_is(self) -> None:
        cls = function_area.job_class

        assert (cls.__name__, cls.__module__, cls.__doc__) == (
            "function_area",
            __name__,
            "How large it is.",
        )
        assert repr(function_area) == "<job 'function_area'>"


class TestPerforming:
    def test_now_gives_the_functions_value(self) -> None:
        assert function_area.perform_now(2, 3, times=2) == 12
        assert function_area.set(queue="other").perform_now(2) == 2

    def test_now_gives_what_a_coroutine_returned(self) -> None:
        assert function_double.perform_now(4) == 8

    def test_a_coroutine_inside_a_loop_names_the_right_verb(self) -> None:
        async def inside() -> None:
            function_double.perform_now(4)

        with pytest.raises(PerformInsideLoopError, match=r"await function_double\.aperform_now"):
            asyncio.run(inside())

    def test_an_event_loop_has_verbs_of_its_own(self, recording: Recording) -> None:
        async def inside() -> tuple[int, int, int, Any]:
            return (
                await function_double.aperform_now(4),
                await function_area.aperform_now(2),
                await function_double.set(priority=1).aperform_now(5),
                await function_area.aperform_later(5),
            )

        *values, enqueued = asyncio.run(inside())

        assert values == [8, 2, 10]
        assert [request.data["job_id"] for request in recording.requests] == [enqueued.job_id]

    def test_a_payload_performs_the_function(self, recording: Recording) -> None:
        function_area.perform_later(2, height=3, times=2)

        (request,) = recording.requests
        assert Job.execute(payload.loads(payload.dumps(request.data))) == 12

    def test_a_job_that_was_built_is_performed_as_it_is(self) -> None:
        built = function_area.new(2, 3)

        assert built.perform_now() == 6
        assert built.executions == 1


class TestEnqueuing:
    def test_the_job_bears_the_functions_name_and_arguments(self, recording: Recording) -> None:
        enqueued = function_area.perform_later(7, 2, times=3)

        assert enqueued
        assert isinstance(enqueued, function_area.job_class)
        (request,) = recording.requests
        assert request.data["job_class"] == "function_area"
        assert request.data["queue_name"] == "default"
        assert enqueued.arguments == [7, 2]
        assert enqueued.keyword_arguments == {"times": 3}

    def test_options_of_the_decorator_hold(self, recording: Recording) -> None:
        function_double.perform_later(1)

        (request,) = recording.requests
        assert request.data["job_class"] == "Functions::Double"
        assert (request.data["queue_name"], request.data["priority"]) == ("tasks", 7)

    def test_options_of_one_job_beat_them(self, recording: Recording) -> None:
        function_double.set(queue="urgent", priority=1, wait=5).perform_later(1)

        (request,) = recording.requests
        assert (request.data["queue_name"], request.data["priority"]) == ("urgent", 1)
        assert request.data["scheduled_at"] is not None

    def test_many_go_in_one_call(self, recording: Recording) -> None:
        jobs = function_area.perform_bulk([(1, 2), {"arguments": [3], "queue": "high"}])

        assert recording.bulk_calls == 1
        assert [one.arguments for one in jobs] == [[1, 2], [3]]
        assert [request.data["queue_name"] for request in recording.requests] == ["default", "high"]

    def test_new_builds_jobs_for_a_bulk_of_several_kinds(self, recording: Recording) -> None:
        perform_all_later([function_area.new(1, times=2), function_double.new(2)])

        assert [request.data["job_class"] for request in recording.requests] == [
            "function_area",
            "Functions::Double",
        ]

    def test_a_function_may_choose_its_adapter(self) -> None:
        own: QueueAdapter = Refusing()

        @job(adapter=own)
        def function_elsewhere() -> None: ...

        assert function_elsewhere.perform_later() is not False
        assert isinstance(own, Refusing)
        assert len(own.requests) == 1


class Refusing(Recording):
    def stopping(self, job: object = None) -> bool:
        return False

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        super().enqueue(request)
        return TAKEN


class TestErrors:
    def test_a_retry_enqueues_it_again(self, recording: Recording) -> None:
        @job(queue="mails", retry=retry_on(TimeoutError, wait=0, attempts=2))
        def function_flaky() -> None:
            raise TimeoutError("slow")

        assert isinstance(function_flaky.perform_now(), TimeoutError)
        (request,) = recording.requests
        assert request.data["executions"] == 1
        with pytest.raises(TimeoutError):
            Job.execute(request.data)

    def test_a_discard_drops_it(self, recording: Recording) -> None:
        @job(discard=discard_on(ValueError))
        def function_hopeless() -> None:
            raise ValueError

        assert isinstance(function_hopeless.perform_now(), ValueError)
        assert recording.requests == []

    @pytest.mark.parametrize(
        ("error", "retries"), [(ConnectionResetError, 0), (ConnectionError, 1), (OSError, 0)]
    )
    def test_the_most_specific_declaration_decides(
        self, recording: Recording, error: type[OSError], retries: int
    ) -> None:
        @job(
            retry=[retry_on(ConnectionError, wait=0)],
            discard=[discard_on(Exception), discard_on(ConnectionResetError)],
        )
        def function_particular() -> None:
            raise error

        function_particular.perform_now()

        assert len(recording.requests) == retries

    def test_of_two_for_the_same_error_the_first_decides(self, recording: Recording) -> None:
        @job(retry=[retry_on(OSError, queue="first"), retry_on(OSError, queue="second")])
        def function_twice_declared() -> None:
            raise OSError

        function_twice_declared.perform_now()

        assert [request.data["queue_name"] for request in recording.requests] == ["first"]


class TestTheClassBehind:
    def test_callbacks_are_added_from_outside(self) -> None:
        seen: list[Any] = []

        @job
        def function_watched(name: str) -> str:
            seen.append("perform")
            return name

        function_watched.before_perform(lambda one: seen.append(one.arguments))
        function_watched.after_enqueue(lambda one: seen.append(one.successfully_enqueued))

        assert function_watched.perform_now("ann") == "ann"
        function_watched.perform_later("bob")

        assert seen == [["ann"], "perform", True]

    def test_a_base_gives_what_the_decorator_leaves_open(self, recording: Recording) -> None:
        @job(base=FunctionsBaseJob, priority=1)
        def function_of_a_base() -> None: ...

        function_of_a_base.perform_later()

        (request,) = recording.requests
        assert (request.data["queue_name"], request.data["priority"]) == ("from_the_base", 1)
        assert issubclass(function_of_a_base.job_class, FunctionsBaseJob)

    def test_the_same_definition_made_again_replaces(self) -> None:
        def define(value: int) -> Any:
            @job
            def function_reloaded() -> int:
                return value

            return function_reloaded

        data = define(1).new().serialize()
        again = define(2)

        assert Job.execute(data) == 2
        assert again() == 2

    def test_another_job_of_the_name_is_an_error_that_names_both(self) -> None:
        with pytest.raises(DuplicateJobNameError, match=r"TestTheClassBehind.*function_area"):

            @job
            def function_area() -> None: ...


class TestWhatIsRefused:
    def test_what_is_no_function(self) -> None:
        for odd in ("emails", FunctionsBaseJob, print, lambda: None, function_area):
            with pytest.raises(ArgumentError, match="@job takes a function that has a name"):
                job(odd)  # type: ignore[call-overload]

    def test_a_generator_which_would_do_nothing(self) -> None:
        with pytest.raises(ArgumentError, match=r"pages is a generator function"):

            @job
            def pages() -> Any:
                yield 1

    def test_an_option_that_there_is_not(self) -> None:
        with pytest.raises(TypeError, match=r"^job\(\) .*'queu'; did you mean 'queue'\? Expected"):
            job(queu="x")  # type: ignore[call-overload]

    def test_a_declaration_below_the_decorator(self) -> None:
        with pytest.raises(ArgumentError, match=r"put it above @job, or pass @job\(retry="):

            @job
            @retry_on(OSError)
            def declared_below() -> None: ...

    def test_a_declaration_of_the_wrong_kind(self) -> None:
        def misdeclared() -> None: ...

        with pytest.raises(ArgumentError, match=r"retry takes retry_on\(\.\.\.\)"):
            job(retry=OSError)(misdeclared)  # type: ignore[arg-type]
        with pytest.raises(ArgumentError, match=r"discard takes discard_on\(\.\.\.\)"):
            job(discard=[retry_on(OSError)])(misdeclared)  # type: ignore[list-item]


def test_declarations_may_also_stand_above_the_function() -> None:
    @discard_on(LookupError)
    @job
    def stacked_declaration(key: str) -> None:
        raise KeyError(key)

    assert isinstance(stacked_declaration.perform_now("a"), KeyError)

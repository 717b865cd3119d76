"""Samovar beside SQLAlchemy: a real one, on SQLite."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, ForeignKey, create_engine, event, insert, inspect, select, text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    object_session,
    scoped_session,
    sessionmaker,
)

from samovar import ArgumentError, DeserializationError, Job, SerializationError, perform_all_later
from samovar.contrib.sqlalchemy import register_models, watch_sessions
from samovar.job import execution, transactions
from tests.support.applications import Recording, application


class Base(DeclarativeBase):
    pass


class AlchemyOrder(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class AlchemyLine(Base):
    __tablename__ = "lines"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)


class AlchemyInvoice(Base):
    __tablename__ = "invoices"
    job_model_name = "Billing::Invoice"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class AlchemyGivenJob(Job):
    """Gives back what it was given, and what became of its session meanwhile."""

    def perform(self, *records: Any) -> Any:
        sessions = {object_session(record) for record in records}
        return [*records, *sessions]


class AlchemyLateJob(Job):
    enqueue_after_transaction_commit = True

    def perform(self, *args: Any) -> None: ...


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    event.listen(made, "connect", hand_transactions_over)
    event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    Base.metadata.create_all(made)
    yield made
    made.dispose()


def hand_transactions_over(connection: Any, record: Any) -> None:
    """Savepoints work in SQLite only if Python's driver keeps its hands off."""
    connection.isolation_level = None


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch, nobody_watches: None) -> Iterator[Recording]:
    adapter = Recording()
    with application(queue_adapter="inline", global_id_app="shop"):
        monkeypatch.setattr(Job, "queue_adapter", adapter)
        yield adapter


@pytest.fixture
def nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "watchers", [])
    monkeypatch.setattr(execution, "_around_execute", [])


@pytest.fixture
def sessions(engine: Engine, recording: Recording) -> sessionmaker[Session]:
    made = sessionmaker(engine, expire_on_commit=False)
    register_models(Base, session=made)
    return made


@pytest.fixture
def order(sessions: sessionmaker[Session]) -> AlchemyOrder:
    with sessions.begin() as session:
        made = AlchemyOrder(title="tea")
        session.add(made)
    return made


def wire(record: Any) -> str:
    return AlchemyGivenJob(record).serialize()["arguments"][0]["_aj_globalid"]


def roundtrip(*records: Any) -> Any:
    return Job.execute(AlchemyGivenJob(*records).serialize())


def arguments(recording: Recording) -> list[Any]:
    return [request.data["arguments"] for request in recording.requests]


class TestRecords:
    def test_a_mapped_class_travels_under_its_name(self, order: AlchemyOrder) -> None:
        assert wire(order) == "gid://shop/AlchemyOrder/1"
        found, session = roundtrip(order)
        assert (type(found), found.id, found.title) == (AlchemyOrder, 1, "tea")
        assert isinstance(session, Session)

    def test_one_job_has_one_session_and_it_is_closed_at_the_end(
        self, order: AlchemyOrder, engine: Engine
    ) -> None:
        one, other, session = roundtrip(order, order)

        assert one is other
        assert inspect(one).detached
        assert not session.in_transaction()
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    def test_the_next_job_has_another_session(self, order: AlchemyOrder) -> None:
        assert roundtrip(order)[1] is not roundtrip(order)[1]

    def test_a_composite_key_with_a_date(
        self, sessions: sessionmaker[Session], order: AlchemyOrder
    ) -> None:
        with sessions.begin() as session:
            line = AlchemyLine(order_id=order.id, day=date(2026, 1, 15))
            session.add(line)

        assert wire(line) == "gid://shop/AlchemyLine/1/2026-01-15"
        found = roundtrip(line)[0]
        assert (found.order_id, found.day) == (1, date(2026, 1, 15))

    def test_a_uuid_under_a_name_of_its_own(self, sessions: sessionmaker[Session]) -> None:
        with sessions.begin() as session:
            invoice = AlchemyInvoice()
            session.add(invoice)

        assert wire(invoice) == f"gid://shop/Billing::Invoice/{invoice.id}"
        assert roundtrip(invoice)[0].id == invoice.id

    def test_a_class_that_is_mapped_later_is_a_record_too(
        self, sessions: sessionmaker[Session]
    ) -> None:
        class AlchemyLater(Base):
            __tablename__ = "later"
            id: Mapped[int] = mapped_column(primary_key=True)

        Base.metadata.tables["later"].create(sessions.kw["bind"])
        with sessions.begin() as session:
            later = AlchemyLater(id=5)
            session.add(later)

        assert wire(later) == "gid://shop/AlchemyLater/5"
        Base.metadata.remove(Base.metadata.tables["later"])

    def test_a_record_that_was_never_flushed_is_refused(
        self, sessions: sessionmaker[Session]
    ) -> None:
        with pytest.raises(SerializationError, match="without an id"):
            AlchemyGivenJob(AlchemyOrder(id=7, title="tea")).serialize()

    def test_a_deleted_record_is_told(
        self, sessions: sessionmaker[Session], order: AlchemyOrder
    ) -> None:
        data = AlchemyGivenJob(order).serialize()
        with sessions.begin() as session:
            session.delete(order)

        with pytest.raises(DeserializationError.RecordNotFound):
            Job.execute(data)

    @pytest.mark.parametrize("uri", ["AlchemyOrder/tea", "AlchemyLine/1", "AlchemyLine/1/soon"])
    def test_what_cannot_be_an_id_is_told(self, order: AlchemyOrder, uri: str) -> None:
        data = {
            **AlchemyGivenJob().serialize(),
            "arguments": [{"_aj_globalid": f"gid://shop/{uri}"}],
        }

        with pytest.raises(DeserializationError) as raised:
            Job.execute(data)
        assert type(raised.value) is DeserializationError

    def test_outside_of_a_delivered_job_a_record_comes_detached(
        self, order: AlchemyOrder, engine: Engine
    ) -> None:
        (found,) = Job.deserialize(AlchemyGivenJob(order).serialize()).arguments

        assert (found.title, inspect(found).detached) == ("tea", True)
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]

    def test_a_scoped_session_is_the_threads_own_and_removed_at_the_end(
        self, engine: Engine, recording: Recording, order: AlchemyOrder
    ) -> None:
        scoped = scoped_session(sessionmaker(engine))
        register_models(Base, session=scoped)

        class AlchemyScopedJob(Job):
            def perform(self, found: Any) -> bool:
                return object_session(found) is scoped()

        assert Job.execute(AlchemyScopedJob(order).serialize()) is True
        assert not scoped.registry.has()

    def test_a_session_that_cannot_be_made_is_refused(self, recording: Recording) -> None:
        with pytest.raises(ArgumentError, match="sessionmaker"):
            register_models(Base, session=5)  # type: ignore[arg-type]

    def test_an_asynchronous_session_works_in_coroutine_jobs(
        self, recording: Recording, order: AlchemyOrder, tmp_path: Path
    ) -> None:
        asynchronous = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        register_models(Base, session=async_sessionmaker(asynchronous))

        class AlchemyAsyncJob(Job):
            async def perform(self, found: AlchemyOrder) -> Any:
                session = inspect(found).async_session
                assert session
                await session.refresh(found)
                return found.title, await session.scalar(select(AlchemyOrder.id))

        class AlchemyDisposeJob(Job):
            async def perform(self) -> None:
                await asynchronous.dispose()

        assert Job.execute(AlchemyAsyncJob(order).serialize()) == ("tea", 1)
        AlchemyDisposeJob.perform_now()


class TestAfterCommit:
    def test_a_job_waits_for_the_commit(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions.begin() as session:
            session.add(AlchemyOrder(title="tea"))
            job = AlchemyLateJob.perform_later(1)
            assert job
            assert job.successfully_enqueued
            session.flush()
            assert recording.requests == []
        assert arguments(recording) == [[1]]

    def test_a_rollback_drops_it(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions() as session:
            session.add(AlchemyOrder(title="tea"))
            AlchemyLateJob.perform_later(1)
            session.rollback()
            session.add(AlchemyOrder(title="coffee"))
            session.commit()
        assert recording.requests == []

    def test_an_error_in_the_block_drops_it(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        def fail() -> None:
            with sessions.begin():
                AlchemyLateJob.perform_later(1)
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        assert recording.requests == []

    def test_a_commit_that_fails_drops_it(
        self, sessions: sessionmaker[Session], recording: Recording, order: AlchemyOrder
    ) -> None:
        with sessions() as session:
            session.add(AlchemyOrder(id=order.id, title="the same key"))
            AlchemyLateJob.perform_later(1)
            with pytest.raises(Exception, match="UNIQUE"):
                session.commit()
        assert recording.requests == []

    def test_without_a_transaction_it_goes_at_once(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions.begin() as session:
            session.add(AlchemyOrder(title="tea"))
        with sessions():
            AlchemyLateJob.perform_later(1)
            assert arguments(recording) == [[1]]

    def test_a_class_that_does_not_ask_for_it_goes_at_once(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions.begin():
            AlchemyGivenJob.perform_later()
            assert len(recording.requests) == 1

    def test_every_session_must_commit(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions.begin():
            with sessions.begin():
                AlchemyLateJob.perform_later(1)
            assert recording.requests == []
        assert arguments(recording) == [[1]]

    def test_one_session_that_rolls_back_drops_it(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions.begin(), sessions.begin() as inner:
            AlchemyLateJob.perform_later(1)
            inner.rollback()
        assert recording.requests == []

    def test_a_savepoint_that_ends_well_waits_for_the_commit(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions.begin() as session:
            with session.begin_nested(), session.begin_nested():
                session.add(AlchemyOrder(title="tea"))
                AlchemyLateJob.perform_later(1)
            assert recording.requests == []
        assert arguments(recording) == [[1]]

    @pytest.mark.parametrize("depth", [1, 2])
    def test_a_savepoint_that_is_rolled_back_drops_only_its_own(
        self, sessions: sessionmaker[Session], recording: Recording, depth: int
    ) -> None:
        with sessions.begin() as session:
            AlchemyLateJob.perform_later("before")
            outer = session.begin_nested()
            session.add(AlchemyOrder(title="tea"))
            if depth == 2:
                with session.begin_nested():
                    AlchemyLateJob.perform_later("dropped")
            else:
                AlchemyLateJob.perform_later("dropped")
            outer.rollback()
            AlchemyLateJob.perform_later("after")
        assert arguments(recording) == [["before"], ["after"]]

    def test_a_rollback_of_all_drops_what_savepoints_kept(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions() as session:
            with session.begin_nested():
                AlchemyLateJob.perform_later(1)
            session.begin_nested()
            AlchemyLateJob.perform_later(2)
            session.rollback()
            session.rollback()
        assert recording.requests == []

    def test_a_session_that_only_read_drops_nothing_when_it_is_closed(
        self, sessions: sessionmaker[Session], recording: Recording, order: AlchemyOrder
    ) -> None:
        with sessions() as session:
            session.get(AlchemyOrder, order.id)
            session.execute(text("select 1"))
            AlchemyLateJob.perform_later(1)
            assert recording.requests == []
        assert arguments(recording) == [[1]]

    @pytest.mark.parametrize("how", ["pending", "flushed", "statement", "text", "savepoint"])
    def test_a_session_that_wrote_and_is_closed_without_a_commit_drops_it(
        self, sessions: sessionmaker[Session], recording: Recording, how: str
    ) -> None:
        with sessions() as session:
            match how:
                case "statement":
                    session.execute(insert(AlchemyOrder).values(title="tea"))
                case "text":
                    session.execute(text(" INSERT INTO orders (title) VALUES ('tea')"))
                case "savepoint":
                    with session.begin_nested():
                        session.add(AlchemyOrder(title="tea"))
                case _:
                    session.add(AlchemyOrder(title="tea"))
                    if how == "flushed":
                        session.flush()
            AlchemyLateJob.perform_later(1)
        assert recording.requests == []

    def test_a_bulk_waits_too(self, sessions: sessionmaker[Session], recording: Recording) -> None:
        with sessions.begin():
            perform_all_later(AlchemyLateJob(1), AlchemyGivenJob(2), AlchemyLateJob(3))
            assert arguments(recording) == [[2]]
        assert (arguments(recording), recording.bulk_calls) == ([[2], [1], [3]], 2)

    def test_a_session_may_be_used_again(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions() as session:
            for number in range(3):
                session.add(AlchemyOrder(title="tea"))
                AlchemyLateJob.perform_later(number)
                assert len(recording.requests) == number
                session.commit()
        assert arguments(recording) == [[0], [1], [2]]

    def test_the_transaction_of_another_thread_is_no_matter(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions.begin():
            thread = threading.Thread(target=AlchemyLateJob.perform_later, args=(1,))
            thread.start()
            thread.join()
            assert arguments(recording) == [[1]]

    def test_callbacks_may_use_the_session_again(
        self, sessions: sessionmaker[Session], recording: Recording
    ) -> None:
        with sessions() as session:

            class AlchemyAskingJob(AlchemyLateJob):
                pass

            AlchemyAskingJob.before_enqueue(
                lambda job: job.arguments.append(session.scalar(select(AlchemyOrder.title)))
            )
            session.add(AlchemyOrder(title="tea"))
            AlchemyAskingJob.perform_later()
            session.commit()
        assert arguments(recording) == [["tea"]]

    def test_an_error_of_the_backend_leaves_the_commit_which_stands(
        self,
        sessions: sessionmaker[Session],
        recording: Recording,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def fail(request: Any) -> Any:
            raise ConnectionError("away")

        monkeypatch.setattr(recording, "enqueue", fail)
        with sessions() as session:
            session.add(AlchemyOrder(title="tea"))
            AlchemyLateJob.perform_later(1)
            with pytest.raises(ConnectionError):
                session.commit()
        with sessions() as session:
            assert session.scalar(select(AlchemyOrder.title)) == "tea"

    def test_asynchronous_sessions_count_too(
        self, recording: Recording, order: AlchemyOrder, tmp_path: Path
    ) -> None:
        watch_sessions()

        async def enqueue() -> None:
            asynchronous = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
            made = async_sessionmaker(asynchronous)
            async with made.begin() as session:
                session.add(AlchemyOrder(title="tea"))
                await session.flush()
                AlchemyLateJob.perform_later("kept")
                await AlchemyLateJob.aperform_later("kept too")
                assert recording.requests == []
            async with made() as session:
                session.add(AlchemyOrder(title="tea"))
                await session.flush()
                AlchemyLateJob.perform_later("dropped")
                await session.rollback()
            await asynchronous.dispose()

        asyncio.run(enqueue())

        assert arguments(recording) == [["kept"], ["kept too"]]


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


def take(session: Session, step: Any, numbers: Iterator[int]) -> None:
    if step == "job":
        AlchemyLateJob.perform_later(next(numbers))
        return
    ends_well, inside = step
    savepoint = session.begin_nested()
    for one in inside:
        take(session, one, numbers)
    savepoint.commit() if ends_well else savepoint.rollback()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(step=steps, commits=st.booleans())
def test_what_is_enqueued_is_what_every_savepoint_around_it_kept(
    sessions: sessionmaker[Session], recording: Recording, step: Any, commits: bool
) -> None:
    recording.requests.clear()
    with sessions() as session:
        session.begin()
        take(session, step, count())
        assert recording.requests == []
        session.commit() if commits else session.rollback()

    assert arguments(recording) == [[n] for n in expected(step, count(), commits)]

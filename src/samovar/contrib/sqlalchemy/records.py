"""Mapped classes as records: an order travels as ``gid://<global_id_app>/Order/7``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect
from sqlalchemy.orm import DeclarativeBase, Mapper

from samovar.contrib.sqlalchemy.sessions import JobSessions
from samovar.contrib.sqlalchemy.transactions import watch_sessions
from samovar.errors import ArgumentError
from samovar.job.execution import around_execute
from samovar.job.serializers.records import register_model

#: How a key's column reads the text of an id.
_READERS: dict[type, Callable[[str], Any]] = {
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    time: time.fromisoformat,
    bool: lambda text: text == "True",
    UUID: UUID,
}


def register_models(base: type[DeclarativeBase], *, session: Callable[[], Any]) -> None:
    """Let the objects of every class that is mapped on `base`, now or later, be arguments of jobs.

    `session` makes the session that a delivered job's records are loaded with: a sessionmaker, an
    async_sessionmaker or a scoped_session. A job has one session, which is closed (a scoped
    session: removed) when the job ends; `sqlalchemy.orm.object_session(record)` gives it. Outside
    of a delivered job a record comes detached. The name on the wire is the class's own, or its
    `job_model_name`. From now on jobs may also wait for the commit of sessions.

    Raises:
        ArgumentError: `session` cannot be called, or two classes have one name.
    """
    if not callable(session):
        raise ArgumentError(f"register_models: session is {session!r}; expected a sessionmaker.")
    sessions = JobSessions(session)
    around_execute(sessions.kept)
    watch_sessions()
    for mapper in list(base.registry.mappers):
        _register(sessions, mapper)
    event.listen(base, "after_mapper_constructed", partial(_mapped, sessions), propagate=True)


def _mapped(sessions: JobSessions, mapper: Mapper[Any], cls: type) -> None:
    _register(sessions, mapper)


def _register(sessions: JobSessions, mapper: Mapper[Any]) -> None:
    cls = mapper.class_
    register_model(
        cls,
        name=vars(cls).get("job_model_name"),
        find=partial(_find, sessions, mapper),
        id=_id_of,
    )


def _id_of(record: Any) -> Any:
    identity: tuple[Any, ...] | None = inspect(record).identity
    return identity  # None until it is flushed


def _find(sessions: JobSessions, mapper: Mapper[Any], identity: str | tuple[str, ...]) -> Any:
    parts = identity if isinstance(identity, tuple) else (identity,)
    if len(parts) != len(mapper.primary_key):
        raise LookupError(
            f"{mapper.class_.__name__} has an id of {len(mapper.primary_key)} parts: {identity!r}"
        )
    key = tuple(_read(column, part) for column, part in zip(mapper.primary_key, parts, strict=True))
    return sessions.get(mapper.class_, key)


def _read(column: Any, text: str) -> Any:
    try:
        kind: type = column.type.python_type
    except NotImplementedError:
        return text
    return _READERS.get(kind, kind)(text)

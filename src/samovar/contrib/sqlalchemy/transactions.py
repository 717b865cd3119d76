"""Open transactions of SQLAlchemy's sessions, for jobs that wait for the commit.

What waits is kept with the innermost transaction, a savepoint say, and goes to the one around it
when that ends well. A session begins a transaction by itself as soon as it reads; closing such a
one, in which nothing was written, drops nothing: what waits is done then.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, ref

from sqlalchemy import TextClause, event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from samovar.job.transactions import watch_transactions


@dataclass(slots=True)
class _State:
    """What is known of a transaction."""

    waiting: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    has_written: bool = False
    is_committed: bool = False
    is_rolled_back: bool = False


#: How a written statement begins that changes something.
_WRITING = ("insert", "update", "delete", "merge", "replace")

_states: WeakKeyDictionary[SessionTransaction, _State] = WeakKeyDictionary()
#: Sessions whose next statement, which begins their transaction, changes something.
_about_to_write: WeakSet[Session] = WeakSet()
#: Sessions that began a transaction in this thread or task.
_begun: ContextVar[tuple[ref[Session], ...]] = ContextVar("samovar_sessions", default=())


def watch_sessions() -> None:
    """Let jobs wait for the commit of any session; again is no change."""
    watch_transactions(_watch)
    for name, listener in _LISTENERS.items():
        if not event.contains(Session, name, listener):
            event.listen(Session, name, listener)


def _watch(action: Callable[[], None]) -> int:
    is_open = _open_sessions()
    for session in is_open:
        if session.new or session.dirty or session.deleted:
            _mark_written(session)
        _innermost_state(session).waiting.append(action)
    return len(is_open)


def _created(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        others = [one for one in _open_sessions() if one is not session]
        _begun.set(tuple(ref(one) for one in (*others, session)))
        if session in _about_to_write:
            _about_to_write.discard(session)
            _state(transaction).has_written = True


def _open_sessions() -> list[Session]:
    sessions = [found() for found in _begun.get()]
    return [one for one in sessions if one is not None and one.in_transaction()]


def _changed(session: Session, _: Any) -> None:
    _mark_written(session)


def _executed(execution: ORMExecuteState) -> None:
    if _writes(execution):
        _mark_written(execution.session)


def _mark_written(session: Session) -> None:
    if session.in_transaction():
        _innermost_state(session).has_written = True
    else:
        _about_to_write.add(session)


def _writes(execution: ORMExecuteState) -> bool:
    statement = execution.statement
    if isinstance(statement, TextClause):
        return statement.text.lstrip().lower().startswith(_WRITING)
    return execution.is_insert or execution.is_update or execution.is_delete


def _committed(session: Session) -> None:
    _innermost_state(session).is_committed = True


def _rolled_back(session: Session) -> None:
    _innermost_state(session).is_rolled_back = True


def _ended(session: Session, transaction: SessionTransaction) -> None:
    state = _states.pop(transaction, None)
    if state is None or state.is_rolled_back:
        return
    if transaction.parent is not None:
        outer = _state(_root(transaction.parent))
        outer.waiting += state.waiting
        outer.has_written |= state.has_written
    elif state.is_committed or not state.has_written:
        _do_all(state.waiting)


def _do_all(actions: list[Callable[[], None]]) -> None:
    """One that fails keeps none of the others from being done; the first error leaves."""
    failure: Exception | None = None
    for action in actions:
        try:
            action()
        except Exception as error:
            failure = error if failure is None else failure
    if failure is not None:
        raise failure


def _innermost_state(session: Session) -> _State:
    transaction = session.get_nested_transaction() or session.get_transaction()
    assert transaction is not None
    return _state(transaction)


def _root(transaction: SessionTransaction) -> SessionTransaction:
    """The transaction or savepoint that this one, or the flush that it is, belongs to."""
    while transaction.parent is not None and not transaction.nested:
        transaction = transaction.parent
    return transaction


def _state(transaction: SessionTransaction) -> _State:
    return _states.setdefault(transaction, _State())


_LISTENERS: dict[str, Callable[..., None]] = {
    "after_transaction_create": _created,
    "after_flush": _changed,
    "do_orm_execute": _executed,
    "transient_to_pending": _changed,
    "after_commit": _committed,
    "after_rollback": _rolled_back,
    "after_transaction_end": _ended,
}

"""Current attributes: values of the running request or job that travel with the jobs it enqueues.

They live in context variables: each thread and asyncio task sees its own. On the wire the i-th
persisted class is the key ``cattr_<i>`` of the job hash, as Karafka writes it: plain JSON. What
JSON has no form for has that of a job argument, which only Samovar reads. All processes must
persist the same classes in the same order.
"""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from samovar import events
from samovar.errors import ArgumentError
from samovar.job import arguments as wire
from samovar.job.job_data import loads
from samovar.support.names import is_same_definition

_PREFIX = "cattr_"
_MUTABLE = (list, dict, set, bytearray)
_NOTHING: Mapping[str, Any] = {}


class _Attributes(type):
    """Takes the annotated defaults out of the class's body, and answers for them."""

    _defaults: dict[str, Any]
    _values: ContextVar[Mapping[str, Any]]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any
    ) -> _Attributes:
        defaults: dict[str, Any] = {}
        for base in reversed(bases):
            defaults.update(getattr(base, "_defaults", {}))
        for attribute in namespace.get("__annotations__", {}):
            if attribute.startswith("_"):
                continue
            default = namespace.pop(attribute, None)
            if isinstance(default, _MUTABLE):
                raise ArgumentError(
                    f"{name}.{attribute} has the default {default!r}, which all jobs and requests "
                    f"would share and change; use None, or a tuple or frozenset."
                )
            defaults[attribute] = default
        cls = super().__new__(mcs, name, bases, namespace, **kwargs)
        type.__setattr__(cls, "_defaults", defaults)
        type.__setattr__(cls, "_values", ContextVar(f"samovar_{name}", default=_NOTHING))
        if bases:
            _take_place(cls)
        return cls

    def __getattr__(cls, name: str) -> Any:
        if name in cls._defaults:
            return cls._values.get().get(name, cls._defaults[name])
        raise cls._unknown(name)

    def __setattr__(cls, name: str, value: Any) -> None:
        if name not in cls._defaults:
            raise cls._unknown(name)
        cls._values.set({**cls._values.get(), name: value})

    def knows(cls, name: str) -> bool:
        """Whether it has an attribute of that name."""
        return name in cls._defaults

    def attributes(cls) -> dict[str, Any]:
        """What was set in this context."""
        return dict(cls._values.get())

    def reset(cls) -> None:
        """Forget what was set in this context."""
        cls._values.set(_NOTHING)

    @contextmanager
    def set(cls, **values: Any) -> Generator[None, None, None]:
        """Set attributes for a block."""
        for name in values:
            if not cls.knows(name):
                raise cls._unknown(name)
        before = cls._values.get()
        cls._values.set({**before, **values})
        try:
            yield
        finally:
            cls._values.set(before)  # no token: the halves of a coroutine around are two tasks

    def _unknown(cls, name: str) -> AttributeError:
        near = difflib.get_close_matches(name, cls._defaults, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return AttributeError(f"{cls.__name__} has no attribute {name!r}.{hint}")


class CurrentAttributes(metaclass=_Attributes):
    """Subclass it with annotated attributes; read and set them on the class.

    ```python
    class Current(CurrentAttributes):
        user_id: int | None = None

    Current.user_id = 1
    ```
    """


#: The classes that travel, in the order of their keys.
persisted: list[_Attributes] = []
#: What stands in the place of a class that was named and is not made yet, by that name.
_awaited: dict[str, _Attributes] = {}


def persist(*classes: type | str) -> None:
    """Let these classes travel with jobs; again is no change. A class may be named before it is
    made: ``Current``, or ``shop.current.Current`` where there are several.

    Raises:
        ArgumentError: something else was given, or several classes bear the name.
    """
    for cls in classes:
        found = _named(cls) if isinstance(cls, str) else cls
        if not isinstance(found, _Attributes):
            raise ArgumentError(f"persist takes classes of CurrentAttributes, found {cls!r}.")
        _persist_one(found)


def awaited() -> list[str]:
    """Names of classes that were persisted and never made."""
    return [name for name, stand_in in _awaited.items() if stand_in in persisted]


def _names_of(cls: _Attributes) -> tuple[str, str]:
    return cls.__name__, f"{cls.__module__}.{cls.__qualname__}"


def _named(name: str) -> _Attributes:
    made = {f"{c.__module__}.{c.__qualname__}": c for c in _made() if name in _names_of(c)}
    if len(made) > 1:
        raise ArgumentError(
            f"persist({name!r}) may be {' or '.join(sorted(made))}: name one whole."
        )
    if made:
        return next(iter(made.values()))
    return _awaited.setdefault(name, _Attributes(name, (), {}))


def _made() -> Iterator[_Attributes]:
    waiting: list[_Attributes] = [CurrentAttributes]
    while waiting:
        below = type.__subclasses__(waiting.pop())
        yield from below
        waiting += below


def _take_place(cls: _Attributes) -> None:
    """A class that was awaited is there."""
    for name in _names_of(cls):
        stand_in = _awaited.pop(name, None)
        persisted[:] = [cls if known is stand_in else known for known in persisted]


def _persist_one(cls: _Attributes) -> None:
    for index, known in enumerate(persisted):
        if is_same_definition(known, cls):
            persisted[index] = cls  # the same one, perhaps reloaded
            return
    persisted.append(cls)


def carry(data: dict[str, Any]) -> None:
    """Add what is set here to a job hash; what it carries already is kept.

    Raises:
        SerializationError: a value has no form on the wire.
    """
    for index, cls in enumerate(persisted):
        values = cls.attributes()
        if values and (key := f"{_PREFIX}{index}") not in data:
            queue: Any = data.get("queue_name")
            data[key] = {
                name: wire.serialize_bare(value, f"{cls.__name__}.{name}", queue)
                for name, value in values.items()
            }


def keep(data: dict[str, Any], payload: Mapping[str, Any] | bytes) -> None:
    """Let a job hash carry what the payload carries that its job was made from, whatever is set
    here by now, and whichever classes are persisted here.
    """
    if isinstance(payload, bytes):
        if _PREFIX.encode() not in payload:
            return
        payload = loads(payload)
    for key, values in payload.items():
        if key.startswith(_PREFIX):
            data.setdefault(key, values)


def take_over(data: Mapping[str, Any]) -> None:
    """Set in this context what a job hash carries, and nothing else.

    Attributes that the class does not know (any more) are left out and announced, so that a
    deployment in progress holds no queue up.

    Raises:
        DeserializationError: a value cannot be rebuilt.
    """
    for index, cls in enumerate(persisted):
        cls.reset()
        found: Any = data.get(f"{_PREFIX}{index}")
        if not isinstance(found, dict):
            continue
        values = cast("dict[str, Any]", found)
        known = {name: value for name, value in values.items() if cls.knows(name)}
        if len(known) < len(values):
            events.announce(
                "current_attributes.unknown",
                name=cls.__name__,
                attributes=sorted(set(values) - set(known)),
            )
        # The last value of arguments may be taken for keywords.
        decoded, _ = wire.deserialize([*known.values(), None])
        for name, value in zip(known, decoded, strict=False):
            setattr(cls, name, value)

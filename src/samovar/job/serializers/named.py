"""Values of classes that `register_class` named: members of an Enum, dataclasses, named tuples.

A dataclass or named tuple is restored as it was, field by field: no `__init__`, no `__post_init__`
and no `__new__` of the user's runs a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum, Flag
from functools import cached_property
from typing import Any, cast

from samovar.job import classes
from samovar.job.serializers.base import Inner, Rebuild, Refused, Writer, tagged, text_of

_PYTHON = "Samovar::Serializers::"
ENUM = _PYTHON + "EnumSerializer"
DATACLASS = _PYTHON + "DataclassSerializer"
NAMED_TUPLE = _PYTHON + "NamedTupleSerializer"

#: The flag of a type that was made by a class statement.
_MADE_BY_STATEMENT = 1 << 9


def writer_by_make(kind: type[Any]) -> Writer | None:
    """How values of this class are written, if its make says so: a dataclass, a NamedTuple."""
    if is_dataclass(kind):
        return _DATACLASS_WRITER
    return _NAMED_TUPLE_WRITER if _is_named_tuple(kind) else None


def name_of(cls: type[Any]) -> str:
    """The name that a class's values travel with.

    Raises:
        Refused: it has none.
    """
    name = classes.registered_name(cls)
    if name is None:
        raise Refused(
            f"is of {cls.__module__}.{cls.__qualname__}, which has no name on the wire. Give it "
            f"one with samovar.register_class({cls.__name__}), or write a samovar.serializer."
        )
    return name


def class_of(data: Mapping[str, Any], fits: Callable[[type], bool]) -> Any:
    """The class that an object form names.

    Raises:
        LookupError: none that fits is registered under that name.
    """
    name = text_of(data, "class")
    cls = classes.find_class(name)
    if cls is None or not fits(cls):
        raise LookupError(f"no such class is registered under {name!r}: samovar.register_class")
    return cls


def _write_enum(value: Enum, inner: Inner) -> Any:
    name = name_of(type(value))
    if isinstance(value, Flag):  # a combination has no name
        return tagged(ENUM, **{"class": name, "flags": inner(value.value, "value")})
    return tagged(ENUM, **{"class": name, "member": value.name})


def read_enum(data: Mapping[str, Any], _: Rebuild) -> Any:
    """A member, or a combination of flags."""
    cls = class_of(data, lambda found: issubclass(found, Enum))
    return cls(data["flags"]) if "flags" in data else cls[text_of(data, "member")]


def _write_dataclass(value: Any, inner: Inner) -> Any:
    cls: type[Any] = value.__class__
    names = [field.name for field in fields(value)]
    _check_nothing_else(value, names)
    _blank(cls)  # refused here rather than where it is read
    kept = {name: getattr(value, name) for name in names if hasattr(value, name)}
    return _with_fields(DATACLASS, cls, kept, inner)


def read_dataclass(data: Mapping[str, Any], rebuild: Rebuild) -> Any:
    """A dataclass with the fields that it had; those that it gained since have their defaults."""
    cls = class_of(data, is_dataclass)
    known = {field.name: field for field in fields(cls)}
    value = _blank(cls)
    for name, item in {**_defaults(known), **_fields_of(data, rebuild, known)}.items():
        object.__setattr__(value, name, item)  # also where it is frozen
    missing = [name for name, field in known.items() if field.init and not hasattr(value, name)]
    if missing:
        raise TypeError(f"{cls.__name__} has the field {missing[0]!r}, which the payload lacks")
    return value


def _write_named_tuple(value: Any, inner: Inner) -> Any:
    _check_nothing_else(value, ())
    return _with_fields(NAMED_TUPLE, value.__class__, value._asdict(), inner)


def read_named_tuple(data: Mapping[str, Any], rebuild: Rebuild) -> Any:
    """A named tuple with the fields that it had."""
    cls = class_of(data, _is_named_tuple)
    found = {**cls._field_defaults, **_fields_of(data, rebuild, cls._fields)}
    missing = [name for name in cls._fields if name not in found]
    if missing:
        raise TypeError(f"{cls.__name__} has the field {missing[0]!r}, which the payload lacks")
    return cast("Any", tuple).__new__(cls, (found[name] for name in cls._fields))


def _with_fields(name: str, cls: type[Any], kept: Mapping[str, Any], inner: Inner) -> Any:
    written = {key: inner(item, key) for key, item in kept.items()}
    return tagged(name, **{"class": name_of(cls), "fields": written})


def _fields_of(data: Mapping[str, Any], rebuild: Rebuild, known: Any) -> dict[str, Any]:
    written: Any = data["fields"]
    if not isinstance(written, dict):
        raise TypeError(f"fields are {written!r:.60}; expected an object")
    items = cast("dict[str, Any]", written).items()
    for name, _ in items:
        if name not in known:
            raise TypeError(f"{data['class']} has no field {name!r}")
    return {name: rebuild(item) for name, item in items}


def _defaults(known: Mapping[str, Field[Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in known.items():
        if field.default is not MISSING:
            found[name] = field.default
        elif field.default_factory is not MISSING:
            found[name] = field.default_factory()
    return found


def _check_nothing_else(value: Any, names: Any) -> None:
    """What is no field would be lost."""
    for name in getattr(value, "__dict__", ()):
        if name not in names and not isinstance(
            getattr(value.__class__, name, None), cached_property
        ):
            raise Refused(
                f"has the attribute {name!r}, which is no field of {value.__class__.__name__} and "
                f"would be lost. Make it one, as field(init=False), or write a samovar.serializer."
            )


def _blank(cls: type[Any]) -> Any:
    """An object of the class whose fields are still to be set.

    Raises:
        Refused: there is more to it than fields.
    """
    built_in = next(kind for kind in cls.__mro__ if not kind.__flags__ & _MADE_BY_STATEMENT)
    if built_in is not object and not issubclass(built_in, BaseException):
        raise Refused(
            f"is of {cls.__module__}.{cls.__qualname__}, a dataclass that is a "
            f"{built_in.__name__} too. Write a samovar.serializer."
        )
    return built_in.__new__(cls)


def _is_named_tuple(cls: type[Any]) -> bool:
    return hasattr(cls, "_fields") and issubclass(cls, tuple)


_DATACLASS_WRITER = Writer(_write_dataclass, is_only_python=True)
_NAMED_TUPLE_WRITER = Writer(_write_named_tuple, is_only_python=True)
ENUM_WRITER = Writer(_write_enum, is_only_python=True)

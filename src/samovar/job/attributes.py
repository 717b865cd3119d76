"""Attributes: values of a job that travel with it beside its arguments, through every run.

On the wire they are the key ``attributes``: a hash of names to values in the form of job
arguments. Names that the class does not have (any more) are left out of account.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, ClassVar, Union, cast, get_args, get_origin, get_type_hints

from samovar.errors import ArgumentError, DeserializationError
from samovar.job import arguments as wire
from samovar.job.casting import casts
from samovar.job.job_data import JobData
from samovar.job.state import JobState

_MUTABLE = (list, dict, set, bytearray)


def attribute(
    kind: Any = None, /, *, default: Any = None, default_factory: Callable[[], Any] | None = None
) -> Any:
    """Declare an attribute in the body of a job class that inherits `Attributes`.

    ``progress: int = attribute(default=0)``: what is assigned is cast to the annotated type (or
    to `kind`) when that is str, int, float, bool, Decimal, date or datetime, or one of them or
    None; other types take any value that can be a job argument.

    Raises:
        ArgumentError: the default could be changed for all jobs at once: use `default_factory`.
    """
    if default.__class__ in _MUTABLE:
        raise ArgumentError(
            f"attribute: all jobs would share and change the default {default!r}; "
            f"say default_factory={type(default).__name__}."
        )
    return _Attribute(kind, default, default_factory)


class Attributes(JobState, registered=False):
    """Inherit it, beside your job class, to declare attributes. `Continuable` does so already.

    ```python
    class ReportJob(Attributes, Job):
        pages: int = attribute(default=0)

        def perform(self, report_id: int) -> None:
            self.pages += 1
    ```
    """

    _declared_attributes: ClassVar[Mapping[str, _Attribute]] = {}
    #: As they came off the wire, until somebody reads one.
    _serialized_attributes: Any = None
    _attributes: dict[str, Any] | None = None

    def __init_subclass__(cls, *, registered: bool = True, **kwargs: Any) -> None:
        cls._declared_attributes = _declarations(cls)
        super().__init_subclass__(registered=registered, **kwargs)

    @property
    def attributes(self) -> dict[str, Any]:
        """All of them, by name; decoded when first read.

        Raises:
            DeserializationError: one cannot be rebuilt, or is not of its type.
        """
        if self._attributes is None:
            declared = self._declared_attributes
            stored = _decode(self._serialized_attributes)
            values = {
                name: one.restored(stored[name]) if name in stored else one.initial()
                for name, one in declared.items()
            }
            self._attributes, self._serialized_attributes = values, None
        return self._attributes

    def decode_arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments; decodes the attributes too."""
        if self._attributes is None:
            self.attributes  # noqa: B018 -- so that their errors come where those of arguments do
        return super().decode_arguments()

    def serialize(self) -> JobData:
        """The job hash, with the key ``attributes``.

        Raises:
            SerializationError: an argument or an attribute has no form on the wire.
        """
        data = super().serialize()
        if self._serialized_attributes is None:
            [data["attributes"]] = wire.serialize([dict(self.attributes)], {})
        else:
            data["attributes"] = self._serialized_attributes
        return data

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take the job from a hash."""
        self._serialized_attributes = data.get("attributes")
        super().restore(data)


class _Attribute:
    """The descriptor of one attribute."""

    def __init__(self, kind: Any, default: Any, factory: Callable[[], Any] | None) -> None:
        self._kind = kind
        self._default = default
        self._factory = factory
        self._cast: Callable[[Any], Any] | None = None
        self._name = self._owner = "?"

    def __set_name__(self, owner: type, name: str) -> None:
        self._name, self._owner = name, owner.__name__
        _check_owner(owner, name)
        kind = self._kind or _annotation(owner, name)
        self._cast = casts.get(_bare(kind))

    def __get__(self, job: Attributes | None, owner: type) -> Any:
        return self if job is None else job.attributes[self._name]

    def __set__(self, job: Attributes, value: Any) -> None:
        job.attributes[self._name] = self._fit(value)

    def initial(self) -> Any:
        """What a fresh job has."""
        return self._fit(self._default if self._factory is None else self._factory())

    def restored(self, value: Any) -> Any:
        """A value that came off the wire."""
        try:
            return self._fit(value)
        except ArgumentError as error:
            raise DeserializationError(str(error)) from error

    def _fit(self, value: Any) -> Any:
        if value is None or self._cast is None:
            return value
        try:
            return self._cast(value)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise ArgumentError(
                f"{self._owner}.{self._name} cannot be {value!r:.60}: {error}"
            ) from error


def _check_owner(owner: type, name: str) -> None:
    if issubclass(owner, JobState) and not issubclass(owner, Attributes):
        raise ArgumentError(
            f"{owner.__name__}.{name} is an attribute: let the class inherit samovar.Attributes "
            f"or samovar.Continuable."
        )


def _declarations(cls: type) -> dict[str, _Attribute]:
    """Every attribute of a class, the parents' first; what replaces one takes it out."""
    found: dict[str, _Attribute] = {}
    ours: set[str] = set()
    for parent in reversed(cls.__mro__):
        if parent.__module__.startswith("samovar."):
            ours.update(name for name in vars(parent) if hasattr(parent, name))
            ours.update(inspect.get_annotations(parent))
        for name, value in vars(parent).items():
            if isinstance(value, _Attribute):
                found[name] = value
            else:
                found.pop(name, None)
    if taken := sorted(ours.intersection(found)):
        raise ArgumentError(
            f"{cls.__name__}: no attribute may be named {taken[0]!r}; jobs have it."
        )
    return found


def _decode(serialized: Any) -> dict[str, Any]:
    if serialized is None:
        return {}
    if not isinstance(serialized, dict):
        raise DeserializationError(f"attributes is {serialized!r:.60}; expected an object.")
    # The last value of arguments may be taken for keywords.
    [values, _], _ = wire.deserialize([serialized, None])
    if not isinstance(values, dict):
        raise DeserializationError(f"attributes is {serialized!r:.60}; expected an object.")
    return cast("dict[str, Any]", values)


def _annotation(owner: type, name: str) -> Any:
    annotation: Any = inspect.get_annotations(owner).get(name)
    if not isinstance(annotation, str):
        return annotation
    names = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    try:
        return get_type_hints(
            SimpleNamespace(__annotations__={name: annotation}), names, dict(vars(owner))
        )[name]
    except (NameError, TypeError, SyntaxError) as error:
        raise ArgumentError(
            f"{owner.__name__}.{name}: its type {annotation!r} is not to be found ({error}); "
            f"import it at the top of the module, or pass it: attribute(the_type)."
        ) from error


def _bare(kind: Any) -> Any:
    """The type without `Annotated` and without `| None`."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        kinds = [one for one in get_args(kind) if one is not type(None)]
        return _bare(kinds[0]) if len(kinds) == 1 else kind
    return kind

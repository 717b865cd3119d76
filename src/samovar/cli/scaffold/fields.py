"""`order_id:int`: the parameters of a new job's `perform`, their types and sample values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samovar.cli.scaffold.names import field_fault, nearest
from samovar.errors import ArgumentError

#: A module and a name in it.
Import = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type that a parameter may have."""

    annotation: str
    #: An expression for a value of the type.
    sample: str
    #: What the annotation needs.
    imports: tuple[Import, ...] = ()
    #: What the sample needs.
    sample_imports: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter of `perform`."""

    name: str
    kind: Kind


def fields(given: Sequence[str]) -> list[Field]:
    """The parameters that ``order_id:int`` and the like stand for; without a type it is a string.

    Raises:
        ArgumentError: names every fault.
    """
    faults: list[str] = []
    found: list[Field] = []
    for text in given:
        name, _, type_name = text.partition(":")
        fault = field_fault(name)
        if fault is None and name in [field.name for field in found]:
            fault = f"{name!r} is given twice."
        kind = _KINDS.get(type_name.lower() or "str")
        if fault is None and kind is None:
            fault = (
                f"{text!r} has an unknown type.{nearest(type_name.lower(), list(_KINDS))} "
                f"Known are {', '.join(_KINDS)}."
            )
        if fault is not None:
            faults.append(fault)
        if kind is not None:
            found.append(Field(name=name, kind=kind))
    if faults:
        raise ArgumentError("\n".join(faults))
    return found


_ANY = ("typing", "Any")
_UTC = ("datetime", "UTC")


def _imported(module: str, name: str, sample: str, *more: Import) -> Kind:
    needed = ((module, name),)
    return Kind(annotation=name, sample=sample, imports=needed, sample_imports=(*needed, *more))


_INT = Kind(annotation="int", sample="1")
_STR = Kind(annotation="str", sample='"text"')
_FLOAT = Kind(annotation="float", sample="1.5")
_BOOL = Kind(annotation="bool", sample="True")
_LIST = Kind(annotation="list[Any]", sample="[1, 2]", imports=(_ANY,))
_DICT = Kind(annotation="dict[str, Any]", sample='{"key": 1}', imports=(_ANY,))
_DATETIME = _imported("datetime", "datetime", "datetime(2026, 1, 31, 12, tzinfo=UTC)", _UTC)
_TIMEDELTA = _imported("datetime", "timedelta", "timedelta(minutes=5)")

#: Types by Python's names and by Ruby's.
_KINDS: dict[str, Kind] = {
    "int": _INT,
    "integer": _INT,
    "bigint": _INT,
    "str": _STR,
    "string": _STR,
    "text": _STR,
    "float": _FLOAT,
    "bool": _BOOL,
    "boolean": _BOOL,
    "decimal": _imported("decimal", "Decimal", 'Decimal("1.50")'),
    "date": _imported("datetime", "date", "date(2026, 1, 31)"),
    "datetime": _DATETIME,
    "time": _DATETIME,
    "timestamp": _DATETIME,
    "timedelta": _TIMEDELTA,
    "duration": _TIMEDELTA,
    "list": _LIST,
    "array": _LIST,
    "dict": _DICT,
    "hash": _DICT,
    "json": _DICT,
    "symbol": _imported("samovar.types", "Symbol", 'Symbol("name")'),
    "range": _imported("samovar.types", "Range", "Range(1, 10)"),
    "any": Kind(annotation="Any", sample="1", imports=(_ANY,)),
}

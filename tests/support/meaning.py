"""The notation that the golden vectors have for Ruby's values, for JSON's types and symbols.

See tests/golden/active_job.json; `{"t": "int", "v": "1"}` is the integer 1.
"""

from __future__ import annotations

from typing import Any

from samovar.job.hashes import IndifferentDict, Symbol

Meaning = dict[str, Any]


def meaning_of(value: Any) -> Meaning:
    """A Python value in the notation; raises KeyError for a type that it does not know."""
    kind = type(value)
    if kind is list:
        return {"t": "array", "v": [meaning_of(item) for item in value]}
    if kind in (dict, IndifferentDict):
        name = "hash" if kind is dict else "indifferent_hash"
        return {"t": name, "v": [[meaning_of(k), meaning_of(v)] for k, v in value.items()]}
    if value is None:
        return {"t": "null"}
    if kind is bool:
        return {"t": "bool", "v": value}
    if kind is float:
        return {"t": "float", "v": repr(value)}
    return {"t": {int: "int", str: "str", Symbol: "symbol"}[kind], "v": str(value)}


def value_of(meaning: Meaning) -> Any:
    """The Python value that the notation stands for."""
    value: Any = meaning.get("v")
    match meaning["t"]:
        case "array":
            return [value_of(item) for item in value]
        case "hash":
            return {value_of(k): value_of(v) for k, v in value}
        case "indifferent_hash":
            return IndifferentDict({value_of(k): value_of(v) for k, v in value})
        case "int":
            return int(value)
        case "float":
            return float(value)
        case "symbol":
            return Symbol(value)
        case "null" | "bool" | "str":
            return value
    raise KeyError(meaning["t"])

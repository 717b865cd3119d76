"""Reads settings from environment variables: `SAMOVAR_WORKER__CONCURRENCY=10`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from samovar.support.reading import Place, Source, TableReader, dotted

_PREFIX = "SAMOVAR_"
#: The environment's name, and the settings file.
ENVIRONMENT, FILE = "SAMOVAR_ENV", "SAMOVAR_CONFIG"
#: What Kubernetes sets for a service called `samovar` or `samovar-...`, and Docker for a link.
_NOT_OURS = re.compile(
    r"(\w+_)?("
    r"SERVICE_HOST=.*|SERVICE_PORT(_\w+)?=\d+|PORT=\w+://.*"
    r"|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=.*"
    r"|NAME=/.*|ENV_\w+=.*)",
    re.DOTALL,
)


def said(environ: Mapping[str, str]) -> dict[str, str]:
    """Our variables that say something. A file with the line ends of Windows leaves a CR there."""
    ours = {name: text.rstrip("\r\n") for name, text in environ.items() if name.startswith(_PREFIX)}
    return {name: text for name, text in ours.items() if text.strip()}


def read_variables(
    variables: Mapping[str, str], directory: Path, reader: TableReader, known: Collection[str]
) -> None:
    """Lay what the variables say over what was read before. `known` are the names of settings."""
    for variable, text in sorted(variables.items()):
        name = variable.removeprefix(_PREFIX)
        table = _nested(name, text)
        if variable in (ENVIRONMENT, FILE) or name.startswith("INTERNAL_"):
            continue
        if _NOT_OURS.fullmatch(f"{name}={text}") and not table.keys() & known:
            continue
        reader.read(table, _source(variable, name.count("__"), directory))


def _nested(name: str, text: str) -> dict[str, Any]:
    """`WORKER__CONCURRENCY` as the table that TOML would have for it."""
    first, _, rest = name.partition("__")
    key = first.lower() if first.isupper() else first
    return {key: _nested(rest, text) if "__" in name else text}


def _source(variable: str, depth: int, directory: Path) -> Source:
    def label(place: Place) -> str:
        inside = place[depth + 1 :]  # of a table that is written in the variable's text
        return f"{variable}: {dotted(inside)}" if inside else variable

    def spell(place: Place) -> str:
        return _PREFIX + "__".join(place).upper()

    return Source(label=label, spell=spell, directory=directory, is_text=True)

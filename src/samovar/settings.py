"""All settings in one value: read from TOML, the environment and Python; every fault at once.

1. `samovar.toml` (or `[tool.samovar]` in `pyproject.toml`) is looked for from the working
   directory upwards, then from the directory of the module that defines the first job class.
2. Its section `[default]`, then that of the environment (`SAMOVAR_ENV`), are laid over each other,
   then the variables `SAMOVAR_...`, then the keyword arguments of `App`.
3. What each of them says is converted to the type of its field; what cannot be is a fault.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from samovar import backends
from samovar.broker.embedded.settings import EmbeddedSettings
from samovar.broker.kafka.settings import BOOTSTRAP_MISSING, KafkaSettings, property_faults
from samovar.engine.settings import WorkerSettings
from samovar.errors import ConfigurationError
from samovar.job.settings import JobSettings
from samovar.support.conversion import Rule, Shape, Table, as_table, shapes_of
from samovar.support.home import home, users_log
from samovar.support.reading import Place, Source, TableReader, dotted
from samovar.support.settings_file import SettingsFile, find_file, open_file
from samovar.support.variables import ENVIRONMENT, FILE, read_variables, said

#: A backend's name: one that Samovar brings, or that an installed package registers.
QueueAdapterName = Annotated[
    str,
    Rule(
        expected=f"that is one of {', '.join(backends.OWN)}",
        holds=backends.is_known,
        hint=backends.planned,
    ),
]


def _is_module(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _is_entry_point(value: str) -> bool:
    module, _, name = value.partition(":")
    return _is_module(module) and name.isidentifier()


_ENTRY_POINT = Rule(
    expected="of a module and a name in it, such as shop.app:app", holds=_is_entry_point
)
_MODULES = Rule(
    expected="that name modules as an import does, such as shop.jobs",
    holds=lambda names: all(_is_module(name) for name in names),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, as it is in force."""

    #: Where the application object is: "module:name".
    app: Annotated[str, _ENTRY_POINT] | None = None
    #: Modules that define jobs.
    imports: Annotated[tuple[str, ...], _MODULES] = ()
    #: The backend that jobs go to.
    queue_adapter: QueueAdapterName = "embedded"
    #: Settings of every job; elsewhere they stand beside `queue_adapter`, not in a table.
    job: JobSettings = field(default_factory=JobSettings)
    #: How a worker runs.
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    #: The embedded log.
    embedded: EmbeddedSettings = field(default_factory=EmbeddedSettings)
    #: The Kafka cluster.
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    #: The environment's name.
    environment: str = "development"
    #: The file that was read, if any.
    source: Path | None = None
    #: Directories that a file was looked for from, upwards; empty when it was named.
    searched: tuple[Path, ...] = ()
    #: Whether nothing says where the embedded log is, so that the user's own is taken.
    assumes_log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """What a command was given; it beats all else, also in an `App` that user code makes."""

    environment: str | None = None
    file: Path | None = None
    #: Where it was started.
    directory: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict[str, Any])


_command_line = CommandLine()


def obey(command_line: CommandLine) -> None:
    """Let every later `load` of this process heed the command line."""
    global _command_line
    _command_line = command_line


def load(
    *,
    environment: str | None = None,
    file: Path | None = None,
    start: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings that hold in this directory and environment.

    Args:
        environment: The environment's name; else `SAMOVAR_ENV`, else "development".
        file: The settings file; else `SAMOVAR_CONFIG`, else it is looked for.
        start: Where the search starts; else where the command was started, or where the process
            was when its first job class was loaded.
        environ: Environment variables; else the process's own.
        overrides: Keyword arguments of `App`; `worker`, `embedded` and `kafka` are tables.

    Raises:
        ConfigurationError: lists every fault of every source.
    """
    environ = os.environ if environ is None else environ
    variables = said(environ)
    starts = _starts(start)
    directory = starts[0]
    environment = environment or _command_line.environment
    origin = "The environment asked for" if environment else ENVIRONMENT
    asked = environment or variables.get(ENVIRONMENT)
    chosen = asked or "development"
    named = file or _command_line.file or variables.get(FILE)
    reader = TableReader(_schema())
    document = (
        open_file(directory / named, reader.faults) if named else find_file(starts, reader.faults)
    )
    if document is None or document.sections is not None:
        reader.faults += _environment_faults(chosen, origin, document)
    if document is not None:
        _read_document(document, chosen, reader)
    read_variables(variables, directory, reader, _schema())
    _read_overrides(overrides or {}, directory, reader)
    _read_overrides(_command_line.overrides, directory, reader, "The command line: ")
    reader.faults += _faults_of_the_whole(reader)
    users = users_log(environ)
    if document is None:
        wish = f"{origin} is {asked!r}" if asked else None
        reader.faults += _log_faults(reader, starts, wish, users)
    if reader.faults:
        raise ConfigurationError(reader.faults)
    log = users if document is None else document.path.parent / EmbeddedSettings().path
    return _settings(
        reader.values,
        log,
        environment=chosen,
        source=None if document is None else document.path,
        searched=() if named else starts,
        assumes_log=document is None and not _names_log(reader),
    )


def _starts(start: Path | None) -> tuple[Path, ...]:
    """Where a settings file is looked for from, upwards; paths are relative to the first."""
    if start is not None:
        return (start.absolute(),)
    place = home()
    if _command_line.directory is not None:
        place = replace(place, directory=_command_line.directory)
    return place.starts


_USUAL_ENVIRONMENTS = ("development", "test", "production")


def _schema() -> dict[str, Shape]:
    """Every setting by the name that it has at the top of a section."""
    own = dict(shapes_of(Settings))
    for name in ("job", "environment", "source", "searched", "assumes_log"):
        del own[name]
    return own | dict(shapes_of(JobSettings))


def _environment_faults(chosen: str, origin: str, document: SettingsFile | None) -> list[str]:
    """An environment that is neither usual nor in the file is a slip, in the one or the other."""
    said = (document and document.sections) or {}
    sections = [name for name, section in said.items() if as_table(section) is not None]
    known = [name for name in dict.fromkeys((*sections, *_USUAL_ENVIRONMENTS)) if name != "default"]
    if chosen not in known:
        near = difflib.get_close_matches(chosen, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
        return [f"{origin} is {chosen!r}, which no settings file has as a section; {hint}"]
    if document is None or chosen in sections:
        return []
    return [
        f"{document.path}: the section {name} is no environment in use; did you mean {chosen}?"
        for name in difflib.get_close_matches(chosen, sections, 1, 0.85)
        if not name.startswith(chosen)  # such as production-eu
    ]


def _read_document(document: SettingsFile, chosen: str, reader: TableReader) -> None:
    """Read `[default]` and the chosen section; the others are only looked at for faults."""
    sections: dict[str, Table] = {}
    for name, section in (document.sections or {}).items():
        table = as_table(section)
        fault = _section_fault(document, name, table)
        if table is not None and fault is None:
            sections[name] = table
        elif fault is not None:
            reader.faults.append(f"{document.path}: {dotted((*document.place, name))} {fault}")
    for name in ("default", chosen):
        reader.read(sections.pop(name, {}), _section_source(document, name))
    for name, table in sections.items():
        aside = TableReader(_schema())
        aside.read(table, _section_source(document, name))
        reader.faults += aside.faults


def _section_fault(document: SettingsFile, name: str, table: Table | None) -> str | None:
    default = dotted((*document.place, "default"))
    if table is None:
        return f"stands in no section; settings go below [{default}] or an environment."
    if name in _schema():
        return f"is a setting and not an environment; did you mean [{default}.{name}]?"
    if name != "default" and difflib.get_close_matches(name.lower(), ["default"], 1, 0.8):
        return f"is no environment; did you mean [{default}]?"
    return None


def _section_source(document: SettingsFile, section: str) -> Source:
    place = (*document.place, section)
    return Source(
        label=lambda inner: f"{document.path}: {dotted((*place, *inner))}",
        spell=lambda inner: dotted((*place, *inner)),
        directory=document.path.parent,
    )


def _read_overrides(
    overrides: Mapping[str, Any],
    directory: Path,
    reader: TableReader,
    origin: str = "App(...): ",
) -> None:
    def label(place: Place) -> str:
        return f"{origin}{dotted(place)}"

    reader.read(overrides, Source(label=label, spell=dotted, directory=directory))


def _faults_of_the_whole(reader: TableReader) -> list[str]:
    """What no value shows alone."""
    kafka: dict[str, Any] = reader.values.get("kafka", {})
    faults = [
        f"{reader.label(('kafka', 'settings', name))} {why}"
        for name, why in property_faults(kafka.get("settings", {})).items()
    ]
    place = ("kafka", "bootstrap_servers")
    is_missing = kafka.get("bootstrap_servers") is None and not reader.has_failed(place)
    if reader.values.get("queue_adapter") == "kafka" and is_missing:
        faults.append(BOOTSTRAP_MISSING)
    return faults


def _names_log(reader: TableReader) -> bool:
    """Whether some source says where the embedded log is, rightly or wrongly."""
    place = ("embedded", "path")
    return "path" in reader.values.get("embedded", {}) or reader.has_failed(place)


def _log_faults(
    reader: TableReader, starts: tuple[Path, ...], wish: str | None, users: Path | None
) -> list[str]:
    """Without a settings file: what keeps jobs from going to the log of the user's own, which may
    be one that no worker serves. `wish` says that an environment was asked for.
    """
    adapter = reader.values.get("queue_adapter", "embedded")
    if adapter != "embedded" or reader.has_failed(("queue_adapter",)) or _names_log(reader):
        return []
    places = " and from ".join(map(str, starts))
    fault = f"there is no settings file: none was found from {places} upwards."
    remedy = (
        "Start in its directory, name it (SAMOVAR_CONFIG, or the option -C), or name the log: "
        "SAMOVAR_EMBEDDED__PATH."
    )
    if wish:
        return [f"{wish}, and {fault} {remedy}"]
    if users is None:
        return [f"This user has no home directory for a log, and {fault} {remedy}"]
    return []


def _settings(values: Mapping[str, Any], log: Path | None, **rest: Any) -> Settings:
    of_jobs = {name: values[name] for name in shapes_of(JobSettings) if name in values}
    path = {} if log is None else {"path": log}
    tables: dict[str, Any] = {
        "job": JobSettings(**of_jobs),
        "worker": WorkerSettings(**values.get("worker", {})),
        "embedded": EmbeddedSettings(**path | values.get("embedded", {})),
        "kafka": KafkaSettings(**values.get("kafka", {})),
    }
    own = {name: value for name, value in values.items() if name not in of_jobs}
    return Settings(**own | tables | rest)

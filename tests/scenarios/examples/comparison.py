"""Runs the middle column of a page's tables: `python -m ... docs/.../coming-from-rails.md`.

In a process of its own, as it makes job classes of common names. Says how many cells ran; a cell
that fails is told, and the exit status is then 1.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import shlex
import sys
import tempfile
import textwrap
import traceback
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import click

import samovar
from samovar import Job, job, payload
from samovar.cli.main import cli
from samovar.settings import load
from samovar.testing import JobTestCase, recorded_jobs

_numbers = count(1)


@dataclass(frozen=True)
class Cell:
    section: str
    code: str


class ChargeJob(Job):
    queue_as = "payments"

    def perform(self, order_id: int, method: str = "card") -> str:
        return f"{order_id} charged by {method}"


@job
def send_email(user_id: int, template: str) -> None:
    """Stands for a task of the reader's."""


def give_up(job: Job, error: BaseException) -> None:
    """Stands for a handler of the reader's."""


class Order:
    @staticmethod
    def get(id: str) -> Order | None:
        return None


@dataclass
class Money:
    cents: int


class MoneySerializer:
    def serialize(self, value: Money) -> dict[str, Any]:
        return {"cents": value.cents}

    def deserialize(self, data: dict[str, Any]) -> Money:
        return Money(data["cents"])


#: What the cells may use, beside what `samovar` and `samovar.types` offer.
WORLD: dict[str, Any] = {
    **{name: getattr(samovar, name) for name in samovar.__all__},
    **{name: getattr(samovar.types, name) for name in samovar.types.__all__},
    "UTC": UTC,
    "ChargeJob": ChargeJob,
    "Decimal": Decimal,
    "JobTestCase": JobTestCase,
    "Money": Money,
    "MoneySerializer": MoneySerializer,
    "Order": Order,
    "__name__": __name__,
    "date": date,
    "datetime": datetime,
    "give_up": give_up,
    "logging": logging,
    "re": re,
    "send_email": send_email,
    "timedelta": timedelta,
    "tomorrow": datetime.now(UTC) + timedelta(days=1),
}


def cells(page: str) -> Iterator[Cell]:
    """The middle cells of tables whose middle column is headed "Samovar"."""
    section, is_compared = "", False
    for line in page.splitlines():
        if line.startswith("## "):
            section = line[3:]
        columns = line.strip("| ").split(" | ")
        if not line.startswith("| "):
            is_compared = is_compared and line.startswith("|")
        elif columns[1:2] == ["Samovar"]:
            is_compared = True
        elif is_compared and (code := re.findall(r"`([^`]+)`", columns[1])):
            yield Cell(section, "\n".join(code))


def run_in_body(code: str) -> None:
    """The body of a job class; the class is made, and no more."""
    define(f"class Number{next(_numbers)}Job(Job):\n{textwrap.indent(code, '    ')}\n")


def run_above_class(code: str) -> None:
    define(f"{code}\nclass Number{next(_numbers)}Job(Job):\n    pass\n")


def run_in_perform(code: str) -> None:
    """Inside of a job that is performed."""
    body = textwrap.indent(code, "        ")
    name = f"Number{next(_numbers)}Job"
    with recorded_jobs():
        define(f"class {name}(Job):\n    def perform(self):\n{body}\n{name}.perform_now()\n")


def run_in_steps(code: str) -> None:
    """Inside of a continuable job's perform, or of a step of it."""
    if code.startswith("step."):
        code = f"@self.step(start=0)\ndef work(step):\n{textwrap.indent(code, '    ')}"
    name = f"Number{next(_numbers)}Job"
    body = textwrap.indent(code, "        ")
    with recorded_jobs():
        define(
            f"class {name}(Continuable, Job):\n"
            f"    def validate(self): ...\n"
            f"    def load(self, step): ...\n"
            f"    def publish(self): ...\n"
            f"    def perform(self):\n{body}\n"
            f"{name}.perform_now()\n"
        )


def run(code: str) -> None:
    """As it stands; jobs are recorded."""
    compiled = compile(code, "<cell>", "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with recorded_jobs() as jobs:
        WORLD["jobs"] = jobs
        awaited = eval(compiled, WORLD)
        if inspect.iscoroutine(awaited):
            asyncio.run(awaited)


def run_as_argument(code: str) -> None:
    """A value that comes out of a payload as it went in."""
    value = eval(code, WORLD)
    data = payload.loads(payload.dumps(ChargeJob(value).serialize()))
    found = Job.deserialize(data).arguments[0]
    assert found == value, f"came back as {found!r}"


def run_as_settings(code: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "samovar.toml")
        file.write_text(f"[default]\n{code}\n")
        load(file=file, environ={})


def run_as_command(code: str) -> None:
    """Its command, options and arguments are parsed; it is not run."""
    program, *arguments = shlex.split(code)
    assert program == "samovar"
    command: click.Command = cli
    while isinstance(command, click.Group):
        name = arguments.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found, f"there is no command {name!r}"
        command = found
    command.make_context(command.name, arguments)


def define(source: str) -> None:
    exec(compile(source, "<cell>", "exec"), WORLD)


#: How the cells of a section are run; those of any other run as they stand.
RUNNERS: dict[str, Callable[[str], None]] = {
    "Above the class": run_above_class,
    "Arguments": run_as_argument,
    "Continuations": run_in_steps,
    "In a job class": run_in_body,
    "In perform": run_in_perform,
    "In the class's body": run_in_body,
    "On the command line": run_as_command,
    "Settings": run_as_settings,
}


def main(page: Path) -> int:
    found = list(cells(page.read_text()))
    failed = 0
    for cell in found:
        try:
            RUNNERS.get(cell.section, run)(cell.code)
        except Exception:
            failed += 1
            print(f"{cell.section}: {cell.code}\n{traceback.format_exc(limit=-1)}")
    print(f"{len(found)} cells, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

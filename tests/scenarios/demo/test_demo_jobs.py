"""A module that is no UTF-8 is retried with the encoding it declares; a broken one is discarded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samovar import App
from samovar.demo.jobs import CountModuleJob
from samovar.demo.outcomes import Outcome, Outcomes
from samovar.job import runtime
from tests.support.eventually import eventually


@pytest.fixture(autouse=True)
def app() -> Iterator[None]:
    app = App(queue_adapter="async")
    yield
    app.close()
    runtime.install(None)


def outcome_of(source: bytes, directory: Path) -> Outcome:
    """Performs the job of a module `tea` with this text."""
    path = directory / "tea.py"
    path.write_bytes(source)
    results = directory / "results"
    results.mkdir()

    assert CountModuleJob.perform_later("tea", str(path), str(results))

    outcomes = Outcomes(results)
    eventually(lambda: outcomes.read() or len(outcomes), what="the job ends")
    ended = [outcome for outcome, _ in outcomes.performed] + outcomes.discarded
    assert len(ended) == 1
    return ended[0]


def test_a_module_is_counted(tmp_path: Path) -> None:
    source = b"class Pot:\n    def pour(self): ...\n    async def brew(self): ...\n"

    outcome = outcome_of(source, tmp_path)

    counts = outcome.counts
    assert counts
    assert (counts.lines, counts.functions, counts.classes) == (3, 2, 1)
    assert counts.tokens > 20  # the exact number differs between Pythons
    assert not outcome.was_retried


def test_another_encoding_is_retried_and_performed(tmp_path: Path) -> None:
    source = "# -*- coding: latin-1 -*-\nname = 'thé'\n".encode("latin-1")

    outcome = outcome_of(source, tmp_path)

    assert outcome.was_retried
    assert outcome.counts is not None


def test_an_undeclared_encoding_is_retried_and_discarded(tmp_path: Path) -> None:
    outcome = outcome_of("name = 'thé'\n".encode("latin-1"), tmp_path)

    assert outcome.was_retried
    assert outcome.discarded is not None


@pytest.mark.parametrize("source", [b"print 'tea'\n", b"tea = (\n", b"tea\0\n", b"\t tea\n  x\n"])
def test_a_broken_module_is_discarded_at_once(source: bytes, tmp_path: Path) -> None:
    outcome = outcome_of(source, tmp_path)

    assert not outcome.was_retried
    assert outcome.discarded is not None
    assert str(tmp_path) not in outcome.discarded


def test_a_repeated_job_is_counted_once(tmp_path: Path) -> None:
    for _ in range(2):
        Outcome(job_id="1", module="tea", executions=1, discarded="why").append_to(str(tmp_path))

    outcomes = Outcomes(tmp_path)
    outcomes.read()

    assert (outcomes.totals.discarded, outcomes.repeats) == (1, 1)


def test_a_line_that_is_still_being_written_is_left_for_later(tmp_path: Path) -> None:
    Outcome(job_id="1", module="tea", executions=1, discarded="why").append_to(str(tmp_path))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:10])
    outcomes = Outcomes(tmp_path)

    outcomes.read()
    file.write_bytes(whole + whole)
    outcomes.read()

    assert (len(outcomes), outcomes.repeats) == (1, 1)

"""Writing a line of the log never harms who writes it, whatever the error or the application do."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from samovar.support import log
from tests.jobs.hostile_errors import HOSTILE


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What a handler with Python's own formatter writes."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("samovar")
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


class FailingHandler(logging.Handler):
    """Raises where a test says: in its filter, in its formatter or itself."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def filter(self, record: logging.LogRecord) -> bool:
        return self._reached("filter")

    def format(self, record: logging.LogRecord) -> str:
        return str(self._reached("formatter"))

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)
        self._reached("handler")

    def _reached(self, place: str) -> bool:
        if place == self._place:
            raise SystemExit("not even this is taken")
        return True


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_error_of_any_kind_is_written_with_its_class(kind: str, stream: io.StringIO) -> None:
    error = HOSTILE[kind]()
    try:
        raise error
    except BaseException:
        log.write(logging.ERROR, "A job failed.", error=error)

    first, *traceback = stream.getvalue().splitlines()
    assert first == "A job failed."
    assert type(error).__name__ in stream.getvalue()
    assert all(line.startswith("  ") for line in traceback)
    assert stream.getvalue().replace("\n", "").isprintable()
    assert len(stream.getvalue()) < 100_000


@pytest.mark.parametrize("place", ["filter", "formatter", "handler"])
def test_what_fails_in_the_application_costs_its_own_output_only(
    place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = FailingHandler(place)
    logger = logging.getLogger("samovar")
    logger.addHandler(handler)
    try:
        log.write(logging.ERROR, "A job failed.", error=ValueError("7"))
    finally:
        logger.removeHandler(handler)

    said = capsys.readouterr().err
    assert said.startswith("A job failed. (logging it failed: SystemExit: not even this is taken)")
    assert "ValueError: 7" in said


def test_a_closed_standard_error_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    handler = logging.StreamHandler(closed)
    logger = logging.getLogger("samovar")
    logger.addHandler(handler)
    try:
        log.write(logging.ERROR, "A job failed.", error=ValueError("7"))
    finally:
        logger.removeHandler(handler)


def test_a_line_is_one_line_and_not_longer_than_it_may_be(stream: io.StringIO) -> None:
    log.write(logging.WARNING, "a\nERROR b\x1b[2J" + "x" * log.MAX_LINE)

    (line,) = stream.getvalue().splitlines()
    assert line.startswith("a\\nERROR b\\u001b[2Jxxx")
    assert line.endswith("... (20,013 characters)")

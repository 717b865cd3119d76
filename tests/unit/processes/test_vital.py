"""Threads that a worker cannot do without report what ends them."""

from __future__ import annotations

import pytest

from samovar.processes.vital import VitalThread


class Failing(VitalThread):
    def __init__(self, error: BaseException) -> None:
        super().__init__(name="failing", daemon=True)
        self._error = error

    def work(self) -> None:
        raise self._error


@pytest.mark.parametrize("error", [SystemExit(), RuntimeError("no"), MemoryError()], ids=repr)
def test_whatever_ends_it_is_reported(error: BaseException) -> None:
    reported: list[BaseException] = []
    thread = Failing(error)
    thread.died = reported.append

    thread.start()
    thread.join(10)

    assert reported == [error]

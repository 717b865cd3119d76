"""The user's own line, among the frames of libraries."""

from __future__ import annotations

import inspect
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from samovar.monitoring import callers


def test_the_caller_is_told_by_file_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    frame = inspect.currentframe()
    assert frame is not None

    line = callers.users_line()

    assert line == f"test_callers.py:{frame.f_lineno - 2}"


def test_a_file_elsewhere_is_told_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert str(callers.users_line()).startswith(f"{__file__}:")


@pytest.mark.parametrize(
    ("file", "is_passed_over"),
    [
        (str(Path(callers.__file__).parent.parent / "job" / "enqueuing.py"), True),
        (os.__file__, True),
        ("<frozen runpy>", True),
        (str(Path(os.__file__).parent / "site-packages" / "shop.py"), False),
        ("<stdin>", False),
    ],
)
def test_frames_of_samovar_and_python_itself_are_passed_over(
    file: str, is_passed_over: bool
) -> None:
    scope: dict[str, Any] = {"users_line": callers.users_line}
    exec(compile("def call():\n    return users_line()\n", file, "exec"), scope)

    line = str(scope["call"]())

    assert (file not in line) is is_passed_over


def test_a_pools_thread_has_no_such_caller() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(callers.users_line).result() is None

"""The application object: what it opens it lets go."""

from __future__ import annotations

from pathlib import Path

import psutil

from tests.support.applications import application


def test_a_log_that_was_only_looked_at_is_closed_with_the_application(tmp_path: Path) -> None:
    log = tmp_path / "log.db"

    with application(embedded={"path": log}) as app:
        app.create_topics(["mail"])
        assert str(log) in open_files()

    assert str(log) not in open_files()


def open_files() -> set[str]:
    return {file.path for file in psutil.Process().open_files()}

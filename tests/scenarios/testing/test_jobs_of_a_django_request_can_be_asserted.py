"""JobTestCase beside django.test.TestCase, run by Django's own runner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_jobs_of_a_django_request_can_be_asserted(tmp_path: Path) -> None:
    django = [sys.executable, "-W", "error", "-m", "django"]
    where = ["-t", str(HERE), "-p", "*_tests.py", str(HERE / "django_shop")]

    ended = subprocess.run(
        [*django, "test", "--settings=django_shop.settings", *where],
        env=os.environ | {"PYTHONPATH": str(HERE)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 0, ended.stderr
    assert "Ran 3 tests" in ended.stderr
    assert list(tmp_path.iterdir()) == [], "no job went to the embedded log"

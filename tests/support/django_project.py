"""A Django project with two SQLite files, joined to Samovar for the time of a block."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from samovar.job import execution, transactions
from samovar.job.context import LOCALE, TIMEZONE
from samovar.support import event_loop


@contextmanager
def project(directory: Path) -> Generator[None, None, None]:
    """Set Django up (once in a process), and undo afterwards what joins Samovar to it."""
    joined = (LOCALE.get, LOCALE.use), (TIMEZONE.get, TIMEZONE.use)
    joints: list[Any] = [transactions.watchers, execution._around_execute, event_loop.contexts]
    before = [list(joint) for joint in joints]
    settings.configure(
        DATABASES={
            name: {"ENGINE": "django.db.backends.sqlite3", "NAME": str(directory / f"{name}.db")}
            for name in ("default", "other")
        },
        INSTALLED_APPS=["samovar.contrib.django", "tests.support.django_shop"],
        SAMOVAR_MODEL_NAMES={"django_shop.Renamed": "Other::Name"},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LANGUAGE_CODE="en",
        TIME_ZONE="UTC",
        USE_TZ=True,
    )
    django.setup()
    for name in ("default", "other"):
        call_command("migrate", run_syncdb=True, database=name, verbosity=0)
    try:
        yield
    finally:
        connections.close_all()
        LOCALE.kept_by(*joined[0])
        TIMEZONE.kept_by(*joined[1])
        for joint, kept in zip(joints, before, strict=True):
            joint[:] = kept

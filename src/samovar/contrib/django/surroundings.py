"""Django's active language and time zone are those of jobs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from samovar.job.context import LOCALE, TIMEZONE
from samovar.support import zones


def keep() -> None:
    """Keep the locale and the time zone of jobs in Django from now on."""
    LOCALE.kept_by(_language, translation.override)
    TIMEZONE.kept_by(_zone, _use_zone)


def _language() -> str:
    return translation.get_language() or settings.LANGUAGE_CODE


def _zone() -> str | None:
    # An offset without a name has no form on the wire.
    return getattr(timezone.get_current_timezone(), "key", None)


def _use_zone(name: str | None) -> AbstractContextManager[Any]:
    return timezone.override(None if name is None else zones.find(name))

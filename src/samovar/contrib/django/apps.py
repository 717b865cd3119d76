"""The Django app: what `django.setup()` switches on."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from samovar.contrib.django import connections, coroutines, records, surroundings, transactions
from samovar.job.execution import around_execute
from samovar.job.transactions import watch_transactions
from samovar.support import event_loop


class SamovarConfig(AppConfig):
    """Joins Samovar to the Django project."""

    name = "samovar.contrib.django"
    label = "samovar"
    verbose_name = "Samovar"
    default = True

    #: Tests set Django up anew; what is joined once stays joined.
    _is_joined = False

    def ready(self) -> None:
        """Join, then import the module `jobs` of every app that has one."""
        records.register_all()
        if not SamovarConfig._is_joined:
            SamovarConfig._is_joined = True
            records.register_from_now_on()
            watch_transactions(transactions.watch)
            around_execute(connections.tidied)
            surroundings.keep()
            event_loop.contexts.append(coroutines.context)
        autodiscover_modules("jobs")

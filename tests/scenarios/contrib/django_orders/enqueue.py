"""What a request would do: make orders and have them shipped, in one transaction."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 -- after django.setup()
from django.db import transaction  # noqa: E402
from django.utils import translation  # noqa: E402
from orders.jobs import ScenarioShipAsyncJob, ScenarioShipJob  # noqa: E402
from orders.models import ScenarioOrder  # noqa: E402

call_command("migrate", run_syncdb=True, verbosity=0)
with translation.override("de"), transaction.atomic():
    for _ in range(10):
        ScenarioShipJob.perform_later(ScenarioOrder.objects.create())
        ScenarioShipAsyncJob.perform_later(ScenarioOrder.objects.create())
with transaction.atomic():
    ScenarioShipJob.perform_later(ScenarioOrder.objects.create(state="never there"))
    transaction.set_rollback(True)

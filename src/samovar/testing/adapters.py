"""The adapter of a test, if it is one that records."""

from __future__ import annotations

from samovar.errors import ArgumentError
from samovar.job import runtime
from samovar.queue_adapters.test import TestAdapter
from samovar.testing.choosing import classes_in


def adapter_that_records(helper: str, *choices: object) -> TestAdapter:
    """The test adapter; the classes that the helper was given must go there too.

    Raises:
        ArgumentError: jobs go elsewhere; names the adapter.
    """
    adapter = runtime.adapter_for(None)
    if not isinstance(adapter, TestAdapter):
        raise ArgumentError(
            f"{helper} needs the test adapter, but jobs go to {_name_of(adapter)} here: use "
            f"JobTestCase or the fixture `jobs`."
        )
    for cls in (cls for choice in choices for cls in classes_in(choice)):
        own = cls.queue_adapter
        if own is None or own is adapter or own == "test":
            continue
        if not isinstance(own, str) or runtime.adapter_for(own) is not adapter:
            raise ArgumentError(
                f"{helper} needs the test adapter, but {cls.__name__}.queue_adapter is "
                f"{_name_of(own)}: give the test's own adapter to all classes with "
                f"queue_adapter_for_test."
            )
    return adapter


def _name_of(adapter: object) -> str:
    return repr(adapter if isinstance(adapter, str) else getattr(adapter, "name", adapter))

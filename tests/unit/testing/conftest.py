"""An application under the test adapter, so that no settings are looked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samovar import App
from tests.support.applications import application


@pytest.fixture(autouse=True)
def app() -> Iterator[App]:
    with application(queue_adapter="inline", queue_name_prefix="shop") as app:
        yield app

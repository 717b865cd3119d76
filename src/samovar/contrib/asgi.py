"""FastAPI and Starlette: deliver what was enqueued before the server ends.

uvicorn ends a process by the signal that stopped it, and Python then runs no `atexit` handler:
what Kafka has not acknowledged by then would be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol, runtime_checkable

from samovar.job import runtime


@runtime_checkable
class _Delivers(Protocol):
    """An application, as far as its end is concerned."""

    def release(self) -> int: ...


@asynccontextmanager
async def lifespan(app: object = None) -> AsyncGenerator[None, None]:
    """At the end of the block every job that was enqueued here is delivered.

        app = FastAPI(lifespan=lifespan)

    With a lifespan of your own, put ``async with lifespan():`` around its `yield`.
    """
    try:
        yield
    finally:
        installed = runtime.installed()
        if isinstance(installed, _Delivers):
            await asyncio.to_thread(installed.release)

"""Coroutines of jobs run in another thread than the job: what Django keeps by thread goes along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import tzinfo

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.db import connections
from django.utils import timezone, translation


def context() -> AbstractAsyncContextManager[None]:
    """For `samovar.support.event_loop.contexts`."""
    return _accompanied(translation.get_language(), timezone.get_current_timezone())


@asynccontextmanager
async def _accompanied(language: str | None, zone: tzinfo) -> AsyncGenerator[None, None]:
    with translation.override(language), timezone.override(zone), _own_thread() as context:
        try:
            yield
        finally:
            executor = SyncToAsync.context_to_thread_executor.pop(context, None)
            if executor is not None:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(executor, connections.close_all)
                executor.shutdown(wait=False)


@contextmanager
def _own_thread() -> Generator[ThreadSensitiveContext, None, None]:
    """What the coroutine asks of the database runs in one thread that no other job uses, so that
    its connections can be closed when it ends. Nor may it be a thread that waits for this job.
    """
    context = ThreadSensitiveContext()
    token = SyncToAsync.thread_sensitive_context.set(context)
    try:
        yield context
    finally:
        SyncToAsync.thread_sensitive_context.reset(token)

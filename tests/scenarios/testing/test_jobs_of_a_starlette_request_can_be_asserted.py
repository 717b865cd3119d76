"""The fixture `jobs` around requests to a Starlette application."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from samovar import Job
from samovar.testing import JobAssertions
from tests.support.applications import application

PAID: list[int] = []


class StarlettePaymentJob(Job):
    queue_as = "payments"

    async def perform(self, order_id: int, *, method: str) -> None:
        PAID.append(order_id)


class StarletteReceiptJob(Job):
    def perform(self, order_id: int) -> None: ...


async def checkout(request: Request) -> JSONResponse:
    order_id = (await request.json())["order_id"]
    await StarlettePaymentJob.aperform_later(order_id, method="card")
    later = BackgroundTask(StarletteReceiptJob.perform_later, order_id)
    return JSONResponse({"order_id": order_id}, status_code=202, background=later)


@pytest.fixture(autouse=True)
def _application() -> Iterator[None]:
    PAID.clear()
    with application(queue_adapter="embedded", embedded={"path": "/nowhere/at/all.db"}):
        yield


async def post_checkout(order_id: int) -> httpx.Response:
    site = Starlette(routes=[Route("/checkout", checkout, methods=["POST"])])
    transport = httpx.ASGITransport(site)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        return await client.post("/checkout", json={"order_id": order_id})


def test_jobs_of_a_request_are_recorded(jobs: JobAssertions) -> None:
    async def test() -> None:
        with jobs.assert_enqueued_with(
            job=StarlettePaymentJob, args=[7], kwargs={"method": "card"}, queue="payments"
        ):
            response = await post_checkout(7)

        assert response.status_code == 202
        jobs.assert_enqueued_with(job=StarletteReceiptJob, args=[7])
        jobs.assert_enqueued_jobs(2)

    asyncio.run(test())


def test_jobs_of_a_request_are_performed(jobs: JobAssertions) -> None:
    async def test() -> None:
        with jobs.assert_performed_jobs(1, only=StarlettePaymentJob):
            await post_checkout(7)
        assert PAID == [7]

        await post_checkout(8)
        assert await jobs.aperform_enqueued_jobs() == 3
        assert PAID == [7, 8]

    asyncio.run(test())

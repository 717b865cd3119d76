"""Flask, FastAPI and Starlette under gunicorn and uvicorn: what their processes enqueue arrives."""

from __future__ import annotations

import os
import signal
import socket
import sys
import urllib.request

import pytest

from tests.support.eventually import eventually
from tests.support.process_group import ProcessGroup
from tests.support.stage import Stage

FLASK = """
from flask import Flask
from tests.jobs.sample import JournalJob

JournalJob.perform_later(0)  # also before the server forks
app = Flask(__name__)

@app.post("/<int:number>")
def enqueue(number):
    return JournalJob.perform_later(number).job_id
"""
FASTAPI = """
from fastapi import FastAPI
from samovar.contrib.asgi import lifespan
from tests.jobs.sample import JournalJob

JournalJob.perform_later(0)
app = FastAPI(lifespan=lifespan)

@app.post("/{number}")
async def enqueue(number: int):
    return (await JournalJob.aperform_later(number)).job_id
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from samovar.contrib.asgi import lifespan
from tests.jobs.sample import JournalJob

JournalJob.perform_later(0)

async def enqueue(request):
    job = await JournalJob.aperform_later(request.path_params["number"])
    return PlainTextResponse(job.job_id)

app = Starlette(routes=[Route("/{number:int}", enqueue, methods=["POST"])], lifespan=lifespan)
"""
GUNICORN = ["gunicorn", "web:app", "--workers", "2", "--bind", "127.0.0.1:{port}"]
UVICORN = ["uvicorn", "web:app", "--workers", "2", "--port", "{port}"]


def a_free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (FLASK, [*GUNICORN, "--preload"]),
        (FASTAPI, UVICORN),
        (STARLETTE, [*GUNICORN, "--preload", "--worker-class", "asgi"]),
    ],
    ids=["flask-gunicorn", "fastapi-uvicorn", "starlette-gunicorn"],
)
def test_what_a_request_enqueues_is_performed(stage: Stage, code: str, command: list[str]) -> None:
    (stage.directory / "web.py").write_text(code)
    port = a_free_port()

    def post(number: int) -> str:
        url = f"http://127.0.0.1:{port}/{number}"
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=20) as said:
            return said.read().decode()

    def answers() -> bool:
        try:
            return bool(post(1))
        except OSError:
            return False

    group = ProcessGroup(
        [sys.executable, "-m", *(word.format(port=port) for word in command)],
        log=stage.directory / "web.log",
        cwd=stage.directory,
        env={**os.environ, **stage.environment},
    )
    try:
        eventually(answers, within=60, what="the web server answers")
        for number in range(2, 12):
            post(number)
        group.signal(signal.SIGTERM)
        assert group.wait(30) in (0, -signal.SIGTERM), group.tail()
    finally:
        group.kill()

    with stage.steady_worker():
        stage.journal.wait_for("done", *range(12))

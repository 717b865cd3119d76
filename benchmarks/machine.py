"""What the figures were measured on, and with which versions."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import confluent_kafka
import psutil

from benchmarks.services import redis_version
from tests.support import kafka_files

PACKAGES = (
    "samovar",
    "confluent-kafka",
    "msgspec",
    "celery",
    "kombu",
    "redis",
    "taskiq",
    "taskiq-aio-kafka",
    "aiokafka",
)


def machine() -> dict[str, Any]:
    """The machine, and how quick its disk says that something is stored."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "fsync_ms": round(_fsync_ms(), 3),
    }


def versions() -> dict[str, str]:
    """Of everything that takes part."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    found["librdkafka"] = str(confluent_kafka.libversion()[0])
    for jar in kafka_files.JARS.glob("kafka-server-[0-9]*.jar"):
        found["kafka"] = jar.stem.removeprefix("kafka-server-")
    if server := redis_version():
        found["redis-server"] = server
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        model = None
    return model[1] if model else platform.processor()


def _fsync_ms(times: int = 200) -> float:
    with tempfile.TemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(times):
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - began) / times * 1000

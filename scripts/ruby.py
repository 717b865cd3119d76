"""A real Active Job for the tests: `python -m scripts.ruby fetch`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts.kafka import install_with_apt
from tests.support import ruby_process


def main(arguments: Sequence[str]) -> int:
    if list(arguments) != ["fetch"]:
        print("usage: python -m scripts.ruby fetch", file=sys.stderr)
        return 2
    fetch()
    return 0


def fetch() -> None:
    """Gets Ruby and Active Job; what it cannot get it names, and leaves to the tests to skip."""
    if ruby_process.whats_missing() is None:
        return
    install_with_apt(ruby_process.PACKAGE)
    ruby_process.whats_missing.cache_clear()
    if reason := ruby_process.whats_missing():
        print(f"No Active Job here: {reason}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

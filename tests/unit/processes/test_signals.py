"""Signals of the operating system, as the main thread takes them."""

from __future__ import annotations

import signal
import threading

from samovar.processes.signals import Move, Moves


def test_a_signal_that_another_thread_was_given_is_noticed() -> None:
    moves = Moves()
    moves.install()
    try:
        # So late that this thread waits already.
        threading.Timer(
            0.1, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        ).start()

        assert moves.take(timeout=10) is Move.STOP
    finally:
        moves.uninstall()


def test_nothing_came_in_time() -> None:
    assert Moves().take(timeout=0.01) is None

"""samovar worker: perform jobs until asked to stop."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from samovar.app import App
from samovar.backend import Worker
from samovar.cli import hints, loading, reloading
from samovar.cli.start_table import table
from samovar.engine.routing.choice import Choice
from samovar.engine.routing.job_classes import performable
from samovar.engine.settings import MAX_CONCURRENCY, MAX_PROCESSES
from samovar.errors import ConfigurationError
from samovar.job.state import JOB_CLASSES
from samovar.log_backend import expect_worker
from samovar.monitoring import log_subscriber
from samovar.processes import exit_status
from samovar.processes.descriptors import Descriptors
from samovar.processes.pulse import Pulse
from samovar.processes.signals import LOOK_UP_SECONDS, Move, Moves
from samovar.processes.supervisor import INDEX_VARIABLE, KILL_MARGIN_SECONDS, Supervisor
from samovar.support import clock
from samovar.support.saying import drop_unwritten, say

#: What is given to the delivery of what was enqueued, however late it has become, in seconds.
LEAST_DELIVERY_SECONDS = 0.5


@click.command("worker", cls=hints.WorkerCommand)
@click.option("-C", "--config", type=click.Path(path_type=Path), help="The settings file.")
@click.option("-e", "--environment", help="The section of the settings.")
@click.option("-q", "--queue", "queues", multiple=True, help="A queue to serve; may be repeated.")
@click.option("--include-topic", "include_topics", multiple=True, help="Serve only this topic.")
@click.option("--exclude-topic", "exclude_topics", multiple=True, help="Leave this topic out.")
@click.option("--include-group", "include_groups", multiple=True, help="Serve only this group.")
@click.option("--exclude-group", "exclude_groups", multiple=True, help="Leave this group out.")
@click.option(
    "-c",
    "--concurrency",
    type=click.IntRange(1, MAX_CONCURRENCY),
    help="Jobs performed at the same time.",
)
@click.option(
    "--processes", type=click.IntRange(1, MAX_PROCESSES), help="Processes to start and watch."
)
@click.option("-v", "--verbose", is_flag=True, help="A log line for every job.")
@click.option("--reload", "reloads", is_flag=True, help="Start anew when code changes.")
def command(
    config: Path | None,
    environment: str | None,
    queues: tuple[str, ...],
    concurrency: int | None,
    processes: int | None,
    verbose: bool,
    reloads: bool,
    **chosen: tuple[str, ...],
) -> None:
    """Perform jobs until asked to stop.

    TERM, INT, QUIT and HUP end it in order (exit status 0; 2 when forced), TSTP takes no new
    jobs, TTIN prints every thread's stack.
    """
    if reloads:
        return reloading.run(loading.load_settings(config, environment), sys.argv[1:])
    moves = Moves()
    moves.install()
    loading.log_to_stderr()
    log_subscriber.attach(every_job=verbose)
    given = {"concurrency": concurrency, "processes": processes}
    settings = loading.load_settings(
        config, environment, worker={k: v for k, v in given.items() if v is not None}
    )
    if settings.worker.log_format == "json":
        loading.log_as_json()
    moves.attendant.patience = settings.worker.shutdown_timeout
    expect_worker()
    app = loading.load_user_app(settings)
    # Taken out: a worker that a job starts is no child of our supervisor.
    index = os.environ.pop(INDEX_VARIABLE, None)
    is_child = index is not None
    choice = _choice(app, chosen)
    if not is_child:
        _prepare(app, queues, choice)
    if app.settings.worker.processes > 1 and not is_child:
        sys.exit(_supervise(app, moves))
    if is_child:
        moves.watch_parent(sys.stdin.fileno())
    worker = app.worker(
        queues=queues,
        choice=choice,
        member=index or "",
        on_critical=lambda: moves.put(Move.STOP),
    )
    sys.exit(run(app, worker, moves))


def run(app: App, worker: Worker, moves: Moves) -> int:
    """Work until a move ends it; the exit status."""
    descriptors, pulse = Descriptors(), Pulse(os.environ)
    worker.start()
    while True:
        move = moves.take(LOOK_UP_SECONDS)
        pulse.beat()
        if descriptors.are_lost:
            _leave_in_haste()
        if move is Move.QUIET:
            worker.quiet()
        elif move in (Move.STOP, Move.ORPHANED):
            status = _stop(app, worker)
            return exit_status.ORPHANED if move is Move.ORPHANED else status


def _stop(app: App, worker: Worker) -> int:
    seconds = app.settings.worker.shutdown_timeout
    until = clock.monotonic() + seconds
    say(f"Running jobs have {seconds:g} s to finish (worker.shutdown_timeout).")
    app.stop()
    if not worker.stop():
        _leave_at_once(exit_status.FORCED)
    undelivered = app.release(max(LEAST_DELIVERY_SECONDS, until - clock.monotonic()))
    drop_unwritten()
    if worker.failure is None and undelivered:
        return exit_status.UNDELIVERED
    return exit_status.of(worker.failure)


def _note(text: str) -> None:
    say(text, to="stdout")


def _choice(app: App, chosen: Mapping[str, tuple[str, ...]]) -> Choice:
    """What the options chose of the routes; topics go by the names used in code, or real ones."""
    declared = {topic.name for topic in app.routes}
    real = app.settings.job.real_queue
    names = {
        option: tuple(n if n in declared or option.endswith("groups") else real(n) for n in given)
        for option, given in chosen.items()
    }
    return Choice(**names)


def _prepare(app: App, queues: tuple[str, ...], choice: Choice) -> None:
    """Start only with jobs to perform, and a broker that is there, with the declared topics."""
    _note(_sources(app))
    _expect_jobs(app)
    if not app.traits.is_log:
        app.check()
        return
    slips = dict(app.slips(queues)) if queues else {}
    for queue, meant in slips.items():
        _note(
            f"Note: nothing names the queue {queue!r} yet, so its topic is not made; did you mean "
            f"{meant!r}?"
        )
    created = app.create_topics([queue for queue in queues if queue not in slips])
    for name in created:
        _note(f"Created the topic {name}.")
    _note(f"Jobs: {', '.join(name for name, _ in performable()) or 'none'}.")
    for line in table(app.start_report(queues, choice)):
        _note(line)
    _tell_of_priorities()


def _tell_of_priorities() -> None:
    named = [name for name, cls in JOB_CLASSES if cls.priority is not None]
    if named:
        _note(
            f"Note: {named[0]}{' and others have' if named[1:] else ' has'} a priority, which a "
            f"log ignores: it keeps the order. Give urgent jobs a queue of their own."
        )


def _sources(app: App) -> str:
    """Which settings hold, and which log is served: where to look first when no job comes."""
    settings = app.settings
    said = f"Settings: {_settings_file(app)} (environment {settings.environment})."
    return "\n".join((said, *app.summary()))


def _expect_jobs(app: App) -> None:
    """A worker that knows no job would move every job that waits to the dead letters."""
    if any(True for _ in JOB_CLASSES) or any(topic.consumer for topic in app.routes):
        return
    settings = app.settings
    if settings.app is None and not settings.imports:
        found = _settings_file(app) if settings.source is None else f"found: {settings.source}"
        advice = f"set `app` or `imports` in samovar.toml ({found})."
    else:
        named = ", ".join(filter(None, (settings.app, *settings.imports)))
        advice = f"{named} defined none. Name the modules of your jobs in `imports`."
    raise ConfigurationError(f"No job is known here: {advice}")


def _settings_file(app: App) -> str:
    if (source := app.settings.source) is not None:
        return str(source)
    return f"none found from {' and from '.join(map(str, app.settings.searched))} upwards"


def _supervise(app: App, moves: Moves) -> int:
    app.release()
    worker = app.settings.worker
    moves.attendant.patience = worker.shutdown_timeout + KILL_MARGIN_SECONDS
    supervisor = Supervisor(
        [sys.executable, "-m", "samovar", *sys.argv[1:]],
        count=worker.processes,
        shutdown_timeout=worker.shutdown_timeout,
    )
    return supervisor.run(moves)


def _leave_in_haste() -> None:
    """Not in order: what is written now may go into files that others have opened since."""
    say(
        f"Process {os.getpid()}: a job has closed the files of this process, its connections to "
        f"the log among them. It ends at once, with status {exit_status.BROKEN}; what it ran is "
        f"performed again.",
        within=1.0,
    )
    os._exit(exit_status.BROKEN)


def _leave_at_once(status: int) -> None:
    """Threads cannot be killed: leave without waiting for them, or for what is undelivered."""
    drop_unwritten()
    os._exit(status)

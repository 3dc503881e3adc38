"""What the commands start: store, worker, beat, and all of them under one supervisor.

Only the command line calls this room, since it pulls in the whole back office.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import IO, Any, Final

import structlog
from celery import Celery, signals
from celery.worker import state

from config import log as logs
from config.settings import Settings, environ_for
from config.watching import SettingsWatch
from workers.app import Sender, make_app, periodic_tasks
from workers.backup import Backup, BackupError, create
from workers.backup import restore as restored_from
from workers.desk.opening import await_store, broker_address, open_store, store_address
from workers.embedded import Embedded, EmbeddedError, end_with_parent, serve
from workers.living import Living, Pulse, feel_consumer, felt_scheduler
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heartbeat import BEAT, WORKER
from workers.offices import Offices
from workers.store.connection import connect
from workers.store.heartbeats import Heartbeats
from workers.store.switches import Switches
from workers.task_lines import one_line_a_task
from workers.tasks import register
from workers.wiring import BackOffice, note_armed

log = structlog.get_logger()

# They wait for IBM Cloud nearly all of the time: so many resets are out at once.
THREADS: Final = 64
# How a process ends that cannot run as it is set up, as the command line says it.
BAD_SETTINGS: Final = 5
_PROCESSES: Final = ("store", "worker", "beat", "web")
_ENDING_SECONDS: Final = 30.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_ANEW_SECONDS: Final = 1.0
# A process that ran this long before it died was sound: it is restarted at once.
_SOUND_SECONDS: Final = 60.0


def worker(settings: Settings) -> None:
    """Run a worker in the foreground: the only process that holds IBM Cloud keys."""
    app = _celery(settings, "worker")
    one_line_a_task(periodic_tasks(app))
    for path, fault in settings.key_faults().items():
        # That account degrades alone: its cases say that its key is bad.
        log.error("account.key_unusable", setting=path, fault=fault)
    sender = Sender(app)
    pulse = Pulse()
    feel_consumer(app, pulse)
    # Before the store is awaited: a worker that waits for it lives.
    alive = _living(WORKER, settings, pulse, sender)
    offices = _offices(settings, sender, alive)
    register(app, lambda: offices.now)
    offices.now.counting.begin()
    _keep_current(offices, settings)
    log.info("worker.started", armed=settings.armed, threads=THREADS)
    threads = ["-c", str(THREADS)]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    level = ["--loglevel", settings.log_level]
    try:
        app.worker_main(["--quiet", "worker", *threads, *quiet, *level])
    finally:
        alive.end()
        offices.leave()
        _give_back(offices.now)
        # Before it begins anew, which no end of the process comes before.
        offices.now.counting.hand_over()
        if not _is_asked_to_end():
            _begin_anew()
        _end()


def _give_back(office: BackOffice) -> None:
    try:
        office.surveys.give_back()
    except StoreAwayError as error:
        log.warning("survey.not_given_back", fault=str(error))


def _end() -> None:
    """End this process now, whatever its threads do still.

    Python would wait for them. What they have under way is as after a kill, and known
    to the store: another worker takes it up.
    """
    log.info("worker.ended")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _is_asked_to_end() -> bool:
    """Tell whether a signal has Celery end; its exit codes there begin at nought."""
    said: tuple[object, ...] = (state.should_stop, state.should_terminate)
    return any(one is not None and one is not False for one in said)


def _keep_current(offices: Offices, settings: Settings) -> None:
    """Have tokens ready, and take in what changes in files, beside the work.

    So IAM being away does not keep a worker from starting.
    """
    watch = SettingsWatch(settings, os.environ, "worker", offices.put)
    said = partial(offices.say_keys, lambda: watch.faults)
    for name, run in (
        ("ready", offices.stay_ready),
        ("settings", watch.run),
        ("keys", said),
    ):
        Thread(target=run, name=name, daemon=True).start()


def _offices(settings: Settings, sender: Sender, alive: Living) -> Offices:
    """Open the back office; whoever cannot says no longer that it lives."""
    try:
        offices = Offices(settings, sender)
        _see_whether_old(offices.now)
        note_armed(offices.now)
    except BaseException:
        alive.end()
        raise
    return offices


def _see_whether_old(office: BackOffice) -> None:
    """Pause an old copy of the store before anything of its queue is done."""
    while True:
        try:
            office.works.see_whether_old()
        except StoreAwayError as error:
            log.warning("store.awaited", fault=str(error))
            time.sleep(1)
        else:
            return


def _begin_anew() -> None:
    """Replace this process by a fresh one of the same command; nobody asked it to end.

    Celery gives up where the broker goes away at an unlucky moment while it connects
    (kombu then reads the address of a connection it has dropped already). What was
    under way is as after a kill: its lease runs out, and the sweep sends it again.
    """
    log.error("worker.begins_anew", in_seconds=_ANEW_SECONDS)
    time.sleep(_ANEW_SECONDS)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def beat(settings: Settings) -> None:
    """Run beat in the foreground: it sends the sweep, and keeps nothing on disk."""
    app = _celery(settings, "beat")
    pulse = Pulse()
    alive = _living(BEAT, settings, pulse, Sender(app))
    log.info("beat.started")
    felt = felt_scheduler(pulse)
    try:
        app.Beat(scheduler_cls=felt, max_interval=1, quiet=True).run()
    finally:
        alive.end()


def _living(kind: str, settings: Settings, pulse: Pulse, sender: Sender) -> Living:
    """Have this process say that it lives."""
    heartbeats = Heartbeats(connect(store_address(settings), timeout_seconds=2))
    alive = Living(kind, pulse, heartbeats, sender.fault)
    alive.start()
    return alive


def store(settings: Settings) -> int:
    """Run the embedded server in the foreground, or watch over a remote one.

    Returns:
        The exit code of the embedded server.
    """
    place = Embedded.at(settings.store_url)
    if place is not None:
        return serve(place, on_ready=lambda: log.info("store.started"))
    open_store(settings, process="store")
    log.info("store.found")
    switches = Switches(connect(store_address(settings)))
    over = _Ending()
    while not over.asked:
        await_store(switches)
        time.sleep(1)
    return 0


def back_up(settings: Settings, file: Path) -> Backup:
    """Write the embedded store into a new file while it runs; OffboardingError."""
    return create(_embedded(settings), file)


def restore(settings: Settings, file: Path) -> Backup:
    """Make the embedded store out of a backup; nothing may run; OffboardingError."""
    return restored_from(_embedded(settings), file)


def _embedded(settings: Settings) -> Embedded:
    place = Embedded.at(settings.store_url)
    if place is None:
        text = "The store is a server of its own: back it up and restore it there"
        raise BackupError(f"{text}. See docs/backup.md for what the service does then.")
    return place


def up(settings: Settings, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run store, worker, beat and web under one supervisor, until told to end.

    What dies is started again, with a growing pause; what was started is ended, the
    store last, so that nothing is cut off from it.

    Args:
        settings: The settings of all of them, already found sound.
        command: How this program is called; the process's name is put behind it.
        environ: The environment; each process gets only what it may read.
    """
    over = _Ending()
    lock = _sole(settings)
    children = [
        _Child(name, [*command, name], environ_for(name, environ))
        for name in _PROCESSES
    ]
    log.info("up.started", url=f"http://{settings.host}:{settings.port}")
    try:
        while not over.asked and not any(one.cannot_run for one in children):
            for child in children:
                child.keep()
            time.sleep(0.2)
    finally:
        for child in reversed(children[1:]):
            child.ask_to_end()
        for child in reversed(children[1:]):
            child.end()
        children[0].ask_to_end()
        children[0].end()
        lock.close()
    return BAD_SETTINGS if any(one.cannot_run for one in children) else 0


def _sole(settings: Settings) -> IO[str]:
    """Take the lock of the one supervisor on an embedded store's folder.

    A second one would put a second beat, and workers with other settings, on the
    store of the first.
    """
    place = Embedded.at(settings.store_url)
    if place is None:
        return Path(os.devnull).open("w")
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (place.folder / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise EmbeddedError(
            f"Another offboard up runs on the store in {place.folder}."
        ) from None
    return lock


def _celery(settings: Settings, process: str) -> Celery:
    @signals.setup_logging.connect(weak=False)
    def _logging(**_: Any) -> None:  # noqa: ANN401 - Celery sends what it likes
        # Connected, so that Celery leaves the logging of this process alone.
        logs.set_up(settings.log_level, secrets=settings.secrets(), service=process)

    return make_app(broker_address(settings))


class _Ending:
    """Whether somebody asked this process to end."""

    def __init__(self) -> None:
        self.asked = False
        # SIGHUP too: a closed terminal ends what was started in it.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


@dataclass
class _Child:
    """One process under the supervisor."""

    name: str
    command: list[str]
    environ: dict[str, str]
    running: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    not_before: float = 0.0
    pause_seconds: float = 0.5
    cannot_run: bool = False

    def keep(self) -> None:
        """Start it if it does not run, after the pause its last end has earned."""
        now = time.monotonic()
        if self.running is not None and self.running.poll() is None:
            return
        if self.running is not None:
            self._mourn(now)
        if now >= self.not_before and not self.cannot_run:
            # A group of its own, so that Ctrl-C reaches the supervisor alone.
            self.running = subprocess.Popen(  # noqa: S603 - our own command
                self.command,
                env=self.environ,
                start_new_session=True,
                preexec_fn=end_with_parent(),
            )
            self.started_at = now

    def _mourn(self, now: float) -> None:
        code = self.running.returncode if self.running else None
        self.running = None
        if code == BAD_SETTINGS:
            # It said why; starting it again would not help.
            self.cannot_run = True
            return
        if now - self.started_at > _SOUND_SECONDS:
            self.pause_seconds = 0.5
        self.not_before = now + self.pause_seconds
        log.error(
            "process.died", name=self.name, code=code, again_in=self.pause_seconds
        )
        self.pause_seconds = min(self.pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    def ask_to_end(self) -> None:
        """Ask it to end; it may finish what it is doing."""
        if self.running is not None and self.running.poll() is None:
            self.running.terminate()

    def end(self) -> None:
        """Wait for its end, and force it after that."""
        if self.running is None:
            return
        try:
            self.running.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("process.killed", name=self.name)
            self.running.kill()
            self.running.wait()

"""The Celery app: broker and settings, tasks sent by name. It knows no task's body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from celery import Celery
from kombu import exceptions as kombu

from workers.broker import FAULTS, kind_of, prefer_ours, settings_for
from workers.offboarding.model import Channel, Step, Work
from workers.posting import Posting
from workers.task_lines import CONTEXT, carried
from workers.tls import fault_of, without_ca

log = structlog.get_logger()

SWEEP: Final = "offboarding.sweep"
SWEEP_SECONDS: Final = 1.0
SURVEY: Final = "offboarding.survey"
# How often workers look whether a survey is due; how often one is, is a setting.
SURVEY_SECONDS: Final = 5.0
ANSWER: Final = "offboarding.answer"
TELL: Final = "offboarding.tell"
ANSWER_LATE: Final = "offboarding.answer_late"
LOOK_UP: Final = "offboarding.look_up"
WATCH: Final = "offboarding.watch"
# Who waits in quarantine or silence is told within this; the look itself is cheap.
WATCH_SECONDS: Final = 5.0
SYNC: Final = "offboarding.sync"
# How often workers look whether a source's directory is to be looked after.
SYNC_SECONDS: Final = 60.0
BRAKE: Final = "offboarding.brake"
# How often workers look whether there is something to tell of the brake.
BRAKE_SECONDS: Final = 2.0
VOUCH: Final = "offboarding.vouch"
# How often workers look whether it is time to call the dead man's switch.
VOUCH_SECONDS: Final = 15.0
SEAL: Final = "offboarding.seal"
# How long an entry waits to be chained and signed; with nothing new it is one call.
SEAL_SECONDS: Final = 1.0
DIGEST: Final = "offboarding.digest"
# How often workers look whether the digest is due, and whether the last one was told.
DIGEST_SECONDS: Final = 10.0
ARCHIVE: Final = "offboarding.archive"
# How often workers look whether the time of some cases is over.
ARCHIVE_SECONDS: Final = 60.0

# Where more is due than workers can do, what makes safe goes before what tells of it:
# a report takes longer than all the rest of a small case. Every worker takes from the
# first as long as there is something in it.
_BEHIND: Final = frozenset(
    {Step.DELIVER, Step.REMIND, Step.FORESEE, Step.AFTERCARE, Step.SHOW}
)
# What may stay behind for as long as it takes: nobody waits for it.
_ALWAYS_BEHIND: Final = frozenset({Step.FORESEE, Step.SHOW})
# A thousand resets that wait for the end of a pause are tried again faster than they
# are done: of what the sweep sends to be told, one in so many goes first.
_TURN: Final = 8
# Messages that go out in one round trip; the first are at work while the last are made.
_AT_ONCE: Final = 25
# How long the broker may take to answer whoever asks how it is.
_REACH_SECONDS: Final = 3

_QUEUE: Final = "offboard"

_CONFIG: Final[dict[str, Any]] = {
    # Results are in the case; nobody waits for a task.
    "result_backend": None,
    "task_ignore_result": True,
    # Messages carry ids only, and nothing that could run code when it is read.
    "task_serializer": "json",
    "accept_content": ["json"],
    # A task whose worker dies comes back; doing it twice is harmless by design.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    # With REMAP_SIGTERM=SIGQUIT: running tasks get this long to end.
    "worker_soft_shutdown_timeout": 20,
    "worker_pool": "workers.threads:Threads",
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    # Nobody asks workers through the broker; whoever may write there could end them.
    "worker_enable_remote_control": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_pool_limit": 10,
    # Sending is best effort, since the sweep sends again: it must not hold anybody up.
    "task_publish_retry_policy": {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
    },
    "timezone": "UTC",
    "enable_utc": True,
    "task_default_queue": _QUEUE,
    "beat_schedule": {
        "sweep": {
            "task": SWEEP,
            "schedule": SWEEP_SECONDS,
            # What waited for long is not needed any more, since another was sent; but
            # beat and workers may disagree on the time by less than this.
            "options": {"expires": 300},
        },
        "survey": {
            "task": SURVEY,
            "schedule": SURVEY_SECONDS,
            "options": {"expires": 300},
        },
        "watch": {
            "task": WATCH,
            "schedule": WATCH_SECONDS,
            "options": {"expires": 300},
        },
        "sync": {
            "task": SYNC,
            "schedule": SYNC_SECONDS,
            "options": {"expires": 300},
        },
        "archive": {
            "task": ARCHIVE,
            "schedule": ARCHIVE_SECONDS,
            "options": {"expires": 300},
        },
        "digest": {
            "task": DIGEST,
            "schedule": DIGEST_SECONDS,
            "options": {"expires": 300},
        },
        "brake": {
            "task": BRAKE,
            "schedule": BRAKE_SECONDS,
            "options": {"expires": 300},
        },
        "vouch": {
            "task": VOUCH,
            "schedule": VOUCH_SECONDS,
            "options": {"expires": 300},
        },
        "seal": {
            "task": SEAL,
            "schedule": SEAL_SECONDS,
            "options": {"expires": 300},
        },
    },
}


def make_app(broker_url: str) -> Celery:
    """Make a Celery app for *broker_url*; connects at the first message."""
    prefer_ours()
    address, _ = without_ca(broker_url)
    app = Celery("offboard", broker=address, set_as_current=False)
    app.conf.update({**_CONFIG, **settings_for(broker_url)})
    app.conf.beat_schedule = _first_of_all(kind_of(broker_url).first)
    return app


def periodic_tasks(app: Celery) -> frozenset[str]:
    """Name the tasks that beat sends."""
    return frozenset(one["task"] for one in app.conf.beat_schedule.values())


def _first_of_all(priority: int) -> dict[str, dict[str, Any]]:
    # Without a priority a message goes first on Redis, and last on RabbitMQ.
    return {
        name: {**entry, "options": {**entry["options"], "priority": priority}}
        for name, entry in _CONFIG["beat_schedule"].items()
    }


@dataclass(frozen=True, slots=True)
class Message:
    """A task by name, the ids it is about, and whether it may stay behind others.

    ``context`` is that of whoever sends it, taken at once: a thread may send it later.
    """

    task: str
    args: tuple[str, ...]
    is_behind: bool = False
    context: Mapping[str, str] = field(default_factory=carried)


class Sender:
    """Sends work by name. Best effort: what is not sent, the sweep sends.

    Args:
        app: Of the broker.
        is_behind: Whether a thread sends, so that nobody waits for the broker; the
            front door answers what is on disk, whoever is told of it.
    """

    def __init__(self, app: Celery, *, is_behind: bool = False) -> None:
        self._app = app
        self._kind = kind_of(app.conf.broker_url)
        self._posting = Posting(self._sent) if is_behind else None

    def has_turn(self) -> bool:
        """Tell whether to send at once what is due; else it is the next sweep's."""
        return self._posting is None or self._posting.has_turn()

    def send(self, *works: Work) -> None:
        """Send each piece of work to the workers; never raises for a broker's fault."""
        self._send([_of_work(one, is_behind=one.step in _BEHIND) for one in works])

    def send_again(self, *works: Work) -> None:
        """Send what is due still; no mass of other work keeps a report for ever."""
        messages, behind = [], 0
        for work in works:
            is_behind = work.step in _BEHIND
            if is_behind and work.step not in _ALWAYS_BEHIND:
                is_behind = behind % _TURN != 0
                behind += 1
            messages.append(_of_work(work, is_behind=is_behind))
        self._send(messages)

    def ask(self, question_id: str) -> None:
        """Have a worker answer a question; whoever asked asks again if it is lost."""
        self._send([Message(ANSWER, (question_id,))])

    def answer_late(self, late_id: str) -> None:
        """Have a worker answer somebody in Slack."""
        self._send([Message(ANSWER_LATE, (late_id,))])

    def tell(self, *lines: tuple[str, Channel]) -> None:
        """Have workers tell channels of notices; the first of them has its turn now."""
        self._send(
            [
                Message(TELL, (notice_id, channel), is_behind=number % _TURN != 0)
                for number, (notice_id, channel) in enumerate(lines)
            ]
        )

    def survey(self) -> None:
        """Have a worker look whether a survey is due, as beat does now and then."""
        self._send([Message(SURVEY, (), is_behind=True)])

    def look_up(self, kept_id: str) -> None:
        """Have a worker look an event up at its source."""
        self._send([Message(LOOK_UP, (kept_id,))])

    def fault(self) -> str | None:
        """Tell what keeps the broker from being reached; None where it answers."""
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=_REACH_SECONDS)
        except FAULTS as error:
            return fault_of(error)
        return None

    def depth(self) -> int | None:
        """Count the messages that wait to be taken; None where nobody can tell."""
        try:
            with self._app.connection_for_read() as connection:
                connection.ensure_connection(
                    max_retries=1, interval_start=0, timeout=_REACH_SECONDS
                )
                channel: Any = connection.default_channel
                found = channel.queue_declare(queue=_QUEUE, passive=True)
        except kombu.ChannelError:
            # A queue of Redis is there while it has messages.
            return 0
        except FAULTS:
            return None
        return int(found.message_count)

    def _send(self, messages: Sequence[Message]) -> None:
        """Send messages, many of them in one round trip; the rest is the sweep's."""
        if self._posting is not None:
            all(self._posting.put(one) for one in messages)
            return
        for at in range(0, len(messages), _AT_ONCE):
            some = messages[at : at + _AT_ONCE]
            # Of a batch that broke off some may be sent: twice is harmless.
            if len(some) > 1 and self._sent_at_once(some):
                continue
            if not all(self._sent(one) for one in some):
                return

    def _sent_at_once(self, messages: Sequence[Message]) -> bool:
        try:
            with self._app.producer_or_acquire() as producer, producer.batch():
                for one in messages:
                    self._put(one, producer=producer, retry=False)
        except FAULTS as error:
            log.warning("work.not_sent_at_once", fault=fault_of(error))
            return False
        return True

    def _sent(self, message: Message) -> bool:
        try:
            self._put(message)
        except FAULTS as error:
            log.warning("work.not_sent", task=message.task, fault=fault_of(error))
            return False
        return True

    def _put(self, message: Message, **how: Any) -> None:  # noqa: ANN401 - as Celery takes it
        priority = self._kind.last if message.is_behind else self._kind.first
        self._app.send_task(
            message.task,
            args=list(message.args),
            priority=priority,
            headers={CONTEXT: dict(message.context)},
            **how,
        )


def _of_work(work: Work, *, is_behind: bool) -> Message:
    return Message(
        f"offboarding.{work.step}", (work.case_id, work.item), is_behind=is_behind
    )

"""Opens the desk: the store awaited and found safe, the sender beside it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from config.settings import Settings
from workers.app import Sender, make_app
from workers.desk.blind_spots import Accepting
from workers.desk.brake import Braking
from workers.desk.cases import Desk
from workers.desk.condition import Conditions
from workers.desk.evidence import Proving
from workers.desk.intake import Intake
from workers.desk.places import approvers_of, rooms_of, same_people
from workers.desk.seeing import Seeing
from workers.desk.slack import SlackDesk
from workers.desk.trying import Trying
from workers.embedded import Embedded
from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.offboarding.model import Channel
from workers.store.archive import Archived
from workers.store.backfill import Backfill
from workers.store.blind_spots import BlindSpots
from workers.store.brake import Brakes
from workers.store.budget import Budget
from workers.store.cases import Cases
from workers.store.condition import Condition
from workers.store.connection import connect, unsafe_settings
from workers.store.damaged import Damaged
from workers.store.digests import Digests
from workers.store.evidence import Evidence
from workers.store.graph import GraphMemory
from workers.store.intake import Deliveries
from workers.store.lags import Lags
from workers.store.late import LateAnswers
from workers.store.names import KnownNames
from workers.store.notices import Notices
from workers.store.old_cases import OldCases
from workers.store.own_key import OwnKey
from workers.store.owners import Owners
from workers.store.presses import Presses
from workers.store.progress import Progress
from workers.store.questions import Questions
from workers.store.refusals import Refusals
from workers.store.restored import Watermark
from workers.store.scim import ScimTable
from workers.store.sources import SourceNotes
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches
from workers.store.together import Together
from workers.store.trend import Trend
from workers.store.work import Works

log = structlog.get_logger()

_FIRST_WAIT_SECONDS: Final = 0.1
_LONGEST_WAIT_SECONDS: Final = 2.0


class UnsafeStoreError(OffboardingError):
    """The store could lose what it acknowledged; the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Store:
    """The subjects of the store, over one connection pool."""

    cases: Cases
    works: Works
    switches: Switches
    owners: Owners
    questions: Questions
    notices: Notices
    budget: Budget
    lags: Lags
    blind_spots: BlindSpots
    names: KnownNames
    deliveries: Deliveries
    source_notes: SourceNotes
    scim: ScimTable
    graph: GraphMemory
    brakes: Brakes
    progress: Progress
    evidence: Evidence
    old_cases: OldCases
    backfill: Backfill
    damaged: Damaged
    refusals: Refusals
    survey_notes: SurveyNotes
    own_key: OwnKey
    condition: Callable[[str], Condition]
    digests: Digests
    together: Together
    presses: Presses
    late: LateAnswers
    trend: Trend


def store_address(settings: Settings) -> str:
    """Return the address of the store's server, embedded or not."""
    place = Embedded.at(settings.store_url)
    return place.store_url if place else settings.store_url


def broker_address(settings: Settings) -> str:
    """Return the address of Celery's broker: by default database 1 of the store."""
    place = Embedded.at(settings.store_url)
    if settings.broker_url:
        return settings.broker_url
    if place:
        return place.broker_url
    return _database_1(settings.store_url)


def open_store(settings: Settings, *, timeout_seconds: float = 5) -> Store:
    """Wait for the store, check that it keeps what it acknowledges, and open it.

    Raises:
        UnsafeStoreError: It may lose writes, and STORE_UNSAFE does not accept that.
    """
    client = connect(store_address(settings), timeout_seconds=timeout_seconds)
    watermark = Watermark(timedelta(minutes=settings.restored_after_minutes))
    store = Store(
        Cases(client),
        Works(client, watermark=watermark),
        Switches(client, watermark=watermark),
        Owners(client),
        Questions(client),
        Notices(client, rooms_of(settings)),
        Budget(client, settings.ibm_cloud_requests_per_10_seconds),
        Lags(client),
        BlindSpots(client),
        KnownNames(client),
        Deliveries(
            client,
            secret_key=settings.secret_key,
            life=timedelta(days=settings.quarantine_days),
        ),
        SourceNotes(client),
        ScimTable(client),
        GraphMemory(client),
        Brakes(client),
        Progress(client),
        Evidence(client),
        OldCases(client),
        Backfill(client),
        Damaged(client),
        Refusals(client),
        SurveyNotes(client),
        OwnKey(client, settings.secret_key),
        partial(Condition, client, now_utc),
        Digests(client),
        Together(client),
        Presses(client, secret_key=settings.secret_key),
        LateAnswers(client, secret_key=settings.secret_key),
        Trend(client),
    )
    await_store(store.switches)
    found = unsafe_settings(client)
    if found and not settings.store_unsafe:
        raise UnsafeStoreError(
            f"The store may lose what it acknowledged: {'; '.join(found)}. Mend it, or "
            "set OFFBOARD_STORE_UNSAFE=1 and accept that departures can vanish."
        )
    if found:
        log.error("store.unsafe", accepted=True, faults=found)
    if settings.paused and not store.switches.start_paused():
        log.warning("pause.ended_before", text="PAUSED=1, but a person resumed it.")
    return store


def index_life(settings: Settings) -> timedelta:
    """Tell how long the owner index is trusted: one survey may fail, two may not."""
    return 2 * timedelta(minutes=settings.exposure_interval_minutes)


def await_store(switches: Switches) -> None:
    """Wait until the store answers, however long that takes, and say so meanwhile."""
    wait = _FIRST_WAIT_SECONDS
    while True:
        try:
            switches.ping()
        except StoreAwayError as error:
            log.warning("store.awaited", fault=str(error))
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
        else:
            return


def now_utc() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


def open_desk(settings: Settings) -> Desk:
    """Open the desk of a front door."""
    store = open_store(settings, timeout_seconds=2)
    sender = Sender(make_app(broker_address(settings)), is_behind=True)
    return desk_on(store, settings, sender, has_turn=sender.has_turn)


def desk_on(
    store: Store,
    settings: Settings,
    sender: Sender,
    *,
    has_turn: Callable[[], bool] = lambda: True,
) -> Desk:
    """Put a desk on a store that is open.

    Args:
        store: The store.
        settings: The settings.
        sender: Sends what follows.
        has_turn: Whether the plan of a case just opened is sent, or left to the sweep.
    """
    seeing = Seeing(
        store.owners,
        store.questions,
        sender,
        clock=now_utc,
        index_life=index_life(settings),
        swept_at=store.switches.swept_at,
        conditions=Conditions(store.condition("web"), sender).conditions,
        days_since=store.trend.since,
    )
    accepting = Accepting(
        store.blind_spots,
        settings.rules,
        clock=now_utc,
        index_of=store.owners.of,
        approvers=approvers_of(settings),
    )
    return Desk(
        settings,
        store.cases,
        store.switches,
        sender,
        seeing,
        accepting,
        store.names,
        Intake(
            store.deliveries,
            store.source_notes,
            sender,
            settings.sources,
            clock=now_utc,
        ),
        scim=store.scim,
        braking=braking_on(store, settings),
        proving=Proving(
            store.evidence, archived=Archived(Path(settings.archive_folder))
        ),
        trying=Trying(
            store.notices,
            tuple(Channel(name) for name in settings.channels),
            clock=now_utc,
        ),
        own_key=store.own_key,
        slack=SlackDesk(store.presses, store.late, sender),
        has_turn=has_turn,
        clock=now_utc,
    )


def braking_on(store: Store, settings: Settings) -> Braking:
    """Put the brake on a store that is open."""
    return Braking(
        store.brakes,
        store.owners,
        limit=settings.max_cases_per_hour,
        same_people=same_people(settings),
        clock=now_utc,
    )


def _database_1(store_url: str) -> str:
    address, _, query = store_url.partition("?")
    if address.startswith("unix://"):
        return f"redis+socket://{address.removeprefix('unix://')}?virtual_host=1"
    scheme, rest = address.split("://", 1)
    broker = f"{scheme}://{rest.split('/', 1)[0]}/1"
    return f"{broker}?{query}" if query else broker

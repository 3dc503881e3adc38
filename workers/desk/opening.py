"""Opens the desk: the store awaited and found safe, the sender beside it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

import structlog

from config.settings import Settings
from workers.app import Sender, make_app
from workers.desk.blind_spots import Accepting
from workers.desk.brake import Braking
from workers.desk.cases import Desk
from workers.desk.condition import Conditions
from workers.desk.counting import Counting
from workers.desk.door import Door
from workers.desk.evidence import Proving
from workers.desk.intake import Intake
from workers.desk.places import approvers_of, rooms_of, same_people
from workers.desk.scraping import Known, Scraping
from workers.desk.seeing import AccountWords, Seeing
from workers.desk.slack import SlackDesk
from workers.desk.trying import Trying
from workers.desk.upgrading import Upgrading
from workers.embedded import Embedded
from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.offboarding.model import Channel
from workers.offboarding.tally import Tally
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
from workers.store.ended_sessions import EndedSessions
from workers.store.evidence import Evidence
from workers.store.graph import GraphMemory
from workers.store.heartbeats import Heartbeats
from workers.store.intake import Deliveries
from workers.store.key_uses import KeyUses
from workers.store.lags import Lags
from workers.store.late import LateAnswers
from workers.store.limits import Limits
from workers.store.metrics import Counts
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
from workers.store.versions import Versions, this_process
from workers.store.vouched import Vouches
from workers.store.work import Works
from workers.tls import with_ca

log = structlog.get_logger()

_FIRST_WAIT_SECONDS: Final = 0.1
_LONGEST_WAIT_SECONDS: Final = 2.0
# A front door whose store does not answer in this time is not ready.
_READY_SECONDS: Final = 0.25


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
    versions: Versions
    counts: Counts
    counting: Counting
    limits: Limits
    ended_sessions: EndedSessions
    heartbeats: Heartbeats
    vouches: Vouches
    key_uses: KeyUses


def store_address(settings: Settings) -> str:
    """Return the address of the store's server, and with TLS who may sign for it."""
    place = Embedded.at(settings.store_url)
    address = place.store_url if place else settings.store_url
    return with_ca(address, settings.store_ca_file)


def broker_address(settings: Settings) -> str:
    """Return the address of Celery's broker: by default database 1 of the store."""
    place = Embedded.at(settings.store_url)
    ca_file = settings.broker_ca_file or settings.store_ca_file
    if settings.broker_url:
        return with_ca(settings.broker_url, ca_file)
    if place:
        return place.broker_url
    return with_ca(_database_1(settings.store_url), ca_file)


def open_store(
    settings: Settings, *, timeout_seconds: float = 5, process: str = "command"
) -> Store:
    """Wait for the store, check that it keeps what it acknowledges, and open it.

    Args:
        settings: The settings.
        timeout_seconds: How long a call may take.
        process: Who opens it, as others are to see it.

    Raises:
        StoreFormatError: This version cannot read what is in it; nothing was changed.
        UnsafeStoreError: It may lose writes, and STORE_UNSAFE does not accept that.
    """
    name = this_process(process, version("offboard")).name
    client = connect(
        store_address(settings), timeout_seconds=timeout_seconds, name=name
    )
    watermark = Watermark(timedelta(minutes=settings.restored_after_minutes))
    counts = Counts(client)
    store = Store(
        Cases(client),
        Works(client, watermark=watermark),
        Switches(client, watermark=watermark),
        Owners(client),
        Questions(client),
        Notices(client),
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
        Versions(client),
        counts,
        Counting(counts, Tally()),
        Limits(
            client,
            requests_per_minute=settings.requests_per_minute,
            failed_per_minute=settings.failed_auth_per_minute,
        ),
        EndedSessions(client),
        Heartbeats(client),
        Vouches(client),
        KeyUses(client),
    )
    await_store(store.switches)
    store.versions.begin()
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
    return open_desks(settings)(settings)


def open_desks(settings: Settings) -> Callable[[Settings], Desk]:
    """Open store and sender once; return what puts a desk on them, for any settings."""
    store = open_store(settings, timeout_seconds=2, process="web")
    sender = Sender(make_app(broker_address(settings)), is_behind=True)
    soon = Switches(connect(store_address(settings), timeout_seconds=_READY_SECONDS))
    return partial(_desk_for, store, sender, soon)


def _desk_for(store: Store, sender: Sender, soon: Switches, settings: Settings) -> Desk:
    return desk_on(store, settings, sender, has_turn=sender.has_turn, ping=soon.ping)


def open_upgrading(settings: Settings) -> Upgrading:
    """Open what tells and changes the format of the store; it does not wait for it."""
    return Upgrading(Versions(connect(store_address(settings))))


def desk_on(
    store: Store,
    settings: Settings,
    sender: Sender,
    *,
    has_turn: Callable[[], bool] = lambda: True,
    ping: Callable[[], None] | None = None,
) -> Desk:
    """Put a desk on a store that is open.

    Args:
        store: The store.
        settings: The settings.
        sender: Sends what follows.
        has_turn: Whether the plan of a case just opened is sent, or left to the sweep.
        ping: Asks the store whether it answers; by default as long as anything else.
    """
    # The store may be open since before the settings were read anew.
    store.notices.know(rooms_of(settings))
    seeing = Seeing(
        store.owners,
        store.questions,
        sender,
        clock=now_utc,
        index_life=index_life(settings),
        swept_at=store.switches.swept_at,
        conditions=Conditions(
            store.condition("web"), sender, Upgrading(store.versions).checks
        ).conditions,
        days_since=store.trend.since,
        accounts={
            one.id: AccountWords(one.name, settings.armed and one.armed)
            for one in settings.rules
        },
        heartbeats=store.heartbeats.all,
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
        counting=store.counting,
        scraping=scraping_on(store, settings, sender),
        door=Door(store.limits, store.ended_sessions),
        has_turn=has_turn,
        ping=ping,
        clock=now_utc,
    )


def scraping_on(store: Store, settings: Settings, sender: Sender) -> Scraping:
    """Put what a scrape is told on a store that is open."""
    known = Known(
        settings.rules,
        settings.armed,
        tuple(name for name, one in settings.sources if one.is_on),
        settings.ibm_cloud_requests_per_10_seconds,
    )
    return Scraping(
        store.counts,
        store.owners,
        store.survey_notes,
        known,
        broker_depth=lambda: sender.depth(),
        key_words=store.key_uses.words,
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

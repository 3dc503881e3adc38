"""Settings → the workflow with its real adapters. The only file that knows them all."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from config.settings import Secret, Settings
from workers.answering import Answers
from workers.app import Sender
from workers.archiving import Archiving
from workers.braking import BrakeWatch
from workers.crowding import CrowdWatch
from workers.desk import Desk
from workers.desk.counting import Counting
from workers.desk.evidence import Proving
from workers.desk.opening import (
    Store,
    braking_on,
    desk_on,
    index_life,
    now_utc,
    open_store,
)
from workers.desk.places import approvers_of, same_people
from workers.desk.restoring import Restoring
from workers.desk.scim_users import ScimUsers
from workers.digesting import DigestWatch, Facts, Stored
from workers.directories import open_directories
from workers.directories.graph import open_directory
from workers.directories.graph_sync import GraphSync, Tellers, open_sync
from workers.ibmcloud.account import IbmAccount
from workers.ibmcloud.apart import Apart
from workers.ibmcloud.keys import open_resets
from workers.ibmcloud.opened import OpenedAccounts
from workers.inspecting import Inspection, LastReports
from workers.key_watch import KeyMinding
from workers.looking_up import LookUps
from workers.minding import Minding
from workers.notify.email import Mail
from workers.notify.mail_evidence import WholeEvidence
from workers.notify.slack import SlackBot, SlackWebhook
from workers.notify.slack_checks import slack_checks
from workers.notify.slack_response import respond
from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.offboarding.model import Case, Channel, Work
from workers.offboarding.notice import Notice
from workers.offboarding.ports import (
    Account,
    Change,
    Claim,
    Directory,
    Notifier,
    Retirement,
)
from workers.offboarding.ports import Works as WorksPort
from workers.offboarding.quiet import ReportClean
from workers.offboarding.report import Here
from workers.offboarding.rules import GuardedWorks
from workers.offboarding.steps.tools import Tools
from workers.refusing import RefusalWatch, noted
from workers.restoring import RestoreWatch
from workers.salvaging import DamageWatch
from workers.sealing import Sealing, open_sealing
from workers.slack_answering import LateSaying
from workers.stalling import StuckWatch
from workers.store.archive import Archive
from workers.store.intake import Deliveries
from workers.store.notices import Notices
from workers.store.switches import Switches
from workers.store.work import Works
from workers.surveying import Surveys
from workers.vouching import Vouching

log = structlog.get_logger()


# Nothing that a case waits for by itself takes longer, but for the read-back.
_PATIENCE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BackOffice:
    """What the tasks work with; ``dry`` is ``armed`` without the means to write."""

    works: Works
    switches: Switches
    armed: Tools
    dry: Tools
    surveys: Surveys
    answers: Answers
    notices: Notices
    deliveries: Deliveries
    look_ups: LookUps
    minding: Minding
    scim: ScimUsers
    brake: BrakeWatch
    stuck: StuckWatch
    sealing: Sealing
    restoring: RestoreWatch
    archiving: Archiving
    damage: DamageWatch
    digest: DigestWatch
    crowds: CrowdWatch
    late: LateSaying
    refusing: RefusalWatch
    vouching: Vouching
    opened: Mapping[str, IbmAccount]
    counting: Counting
    keys: KeyMinding
    sync: GraphSync | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What one back office hands to the next: connections, clients, the key."""

    store: Store
    clients: OpenedAccounts
    sealing: Sealing


def open_kept(settings: Settings) -> Kept:
    """Open what outlives a change of the settings; waits for the store."""
    store = open_store(settings, process="worker")
    sealing = open_sealing(store.evidence, settings.evidence_key, now_utc)
    return Kept(store, OpenedAccounts(store.budget.of, store.counting.tally), sealing)


def back_office(
    settings: Settings,
    sender: Sender,
    kept: Kept | None = None,
    *,
    is_in_force: Callable[[], bool] = lambda: True,
) -> BackOffice:
    """Build the workflow for a worker; no I/O but the store's checks.

    Args:
        settings: The settings.
        sender: Sends what follows.
        kept: What the one before it had; None opens it.
        is_in_force: Whether it is still the one that holds; asked before each reset.
    """
    kept = kept or open_kept(settings)
    store, sealing = kept.store, kept.sealing
    store.owners.know(one.id for one in settings.accounts)
    kept.clients.apart.know(len(settings.accounts))
    opened = {one.id: kept.clients.of(one, settings) for one in settings.accounts}
    reading = {each: Account(one) for each, one in opened.items()}
    clouds = {each: one.cloud for each, one in reading.items()}
    damage = _damage(settings, store)
    dry = replace(
        _tools(settings, store, reading, sealing.fingerprint), is_in_force=is_in_force
    )
    desk = desk_on(store, settings, sender)
    armed = replace(
        dry,
        accounts={**reading, **_writing(settings, store, opened, kept.clients.apart)},
        works=LoggedWorks(GuardedWorks(store.works)),
    )
    surveys = _surveys(settings, kept, dry, desk, sender)
    refusing = RefusalWatch(
        store.refusals, store.notices, tuple(dry.notifiers), now_utc
    )
    vouching = _vouching(settings, store)
    keys = KeyMinding(
        store.key_uses,
        store.notices,
        tuple(dry.notifiers),
        opened,
        {one.id: one.name for one in settings.accounts},
        timedelta(days=settings.key_max_age_days),
        now_utc,
    )
    answers = Answers(
        clouds,
        store.questions,
        store.owners,
        store.cases,
        settle=timedelta(minutes=settings.settle_minutes),
        same_people=dry.same_people,
        protected=dry.protected,
        checks=(sealing.check, *slack_checks(settings)),
        asked=(
            store.condition("worker").own_clock,
            Inspection(settings, os.environ, now_utc).checks,
            LastReports(
                store.cases, tuple(dry.notifiers), now_utc, store.notices.rooms
            ).checks,
            damage.checks,
            surveys.checks,
            refusing.checks,
            vouching.checks,
            keys.checks,
        ),
        clock=now_utc,
    )
    return BackOffice(
        store.works,
        store.switches,
        armed,
        dry,
        surveys,
        answers,
        store.notices,
        store.deliveries,
        LookUps(store.deliveries, _directories(settings, store), desk, now_utc),
        Minding(
            store.deliveries,
            store.source_notes,
            store.notices,
            tuple(dry.notifiers),
            settings.sources,
            now_utc,
        ),
        desk.scim,
        BrakeWatch(
            braking_on(store, settings),
            store.brakes,
            store.notices,
            tuple(dry.notifiers),
        ),
        StuckWatch(
            store.cases,
            store.progress,
            store.notices,
            tuple(dry.notifiers),
            patience=_PATIENCE + 2 * dry.verify_deadline,
            clock=now_utc,
        ),
        sealing,
        RestoreWatch(
            Restoring(store.cases, store.switches.restorations),
            store.notices,
            tuple(dry.notifiers),
        ),
        _archiving(settings, store, tuple(dry.notifiers)),
        damage,
        _digest(settings, store, dry, is_armed=armed.is_armed),
        CrowdWatch(
            store.together,
            store.cases,
            tuple(dry.notifiers),
            public_url=settings.public_url,
            clock=now_utc,
        ),
        LateSaying(
            store.late,
            gate=answers.gate_now,
            respond=partial(respond, api_url=settings.slack_api_url),
            public_url=settings.public_url,
        ),
        refusing,
        vouching,
        opened,
        counting=store.counting,
        sync=_sync(settings, store, desk, tuple(dry.notifiers)),
        keys=keys,
    )


def _directories(settings: Settings, store: Store) -> dict[str, Directory]:
    """Open every directory; Graph's needs what was seen before, so it has the store."""
    found = open_directories(settings)
    graph = open_directory(settings, store.graph)
    return {**found, "entra_graph": graph} if graph else found


def _damage(settings: Settings, store: Store) -> DamageWatch:
    return DamageWatch(
        store.damaged,
        store.cases,
        store.evidence,
        store.notices,
        tuple(notifiers(settings)),
        clock=now_utc,
    )


def _digest(
    settings: Settings, store: Store, tools: Tools, *, is_armed: bool
) -> DigestWatch:
    stored = Stored(
        store.digests,
        store.together,
        store.cases,
        store.notices,
        store.brakes,
        store.switches,
        store.deliveries,
        store.progress,
        store.damaged,
        store.owners,
        store.survey_notes,
        store.source_notes,
        store.key_uses,
    )
    facts = Facts(
        time.fromisoformat(settings.digest_at),
        is_armed,
        {one.id: one.name for one in settings.accounts},
        settings.sources,
        _PATIENCE + 2 * tools.verify_deadline,
        timedelta(minutes=settings.exposure_interval_minutes),
        settings.public_url,
        timedelta(days=settings.key_max_age_days),
    )
    return DigestWatch(stored, tuple(tools.notifiers), facts, now_utc)


def _archiving(
    settings: Settings, store: Store, channels: tuple[Channel, ...]
) -> Archiving:
    return Archiving(
        store.old_cases,
        store.cases,
        store.backfill,
        store.evidence,
        Archive(Path(settings.archive_folder)),
        store.names,
        store.graph,
        store.notices,
        channels,
        tuple(name for name, _ in settings.sources),
        timedelta(days=settings.retention_days),
        now_utc,
    )


def _vouching(settings: Settings, store: Store) -> Vouching:
    return Vouching(
        settings.heartbeat_url,
        store.vouches,
        switches=store.switches,
        owners=store.owners,
        notes=store.survey_notes,
        account_ids=[one.id for one in settings.accounts],
        every=timedelta(minutes=settings.exposure_interval_minutes),
        clock=now_utc,
    )


def _sync(
    settings: Settings, store: Store, desk: Desk, channels: tuple[Channel, ...]
) -> GraphSync | None:
    """Open the comparing of a directory's users; None where no source has one."""

    def tell(notice: Notice) -> None:
        store.notices.add(notice, channels)

    return open_sync(settings, store.graph, Tellers(desk.hear, desk.quarantine, tell))


def _tools(
    settings: Settings,
    store: Store,
    reading: Mapping[str, Account],
    evidence_key: str,
) -> Tools:
    return Tools(
        accounts=reading,
        cases=store.cases,
        works=LoggedWorks(GuardedWorks(store.works, is_dry=True)),
        switches=store.switches,
        index=store.owners,
        notifiers=noted(
            notifiers(
                settings, evidence_key, Proving(store.evidence).whole_evidence_of
            ),
            store.refusals,
            now_utc,
        ),
        clock=now_utc,
        verify_deadline=timedelta(seconds=settings.verify_deadline_seconds),
        lead_time=timedelta(hours=settings.lead_time_hours),
        protected=settings.protected_users,
        same_people=same_people(settings),
        index_life=index_life(settings),
        max_targets=settings.max_targets_per_case,
        canary=settings.canary,
        lets_unknown_go=settings.preflight_unknown == "go",
        settle=timedelta(minutes=settings.settle_minutes),
        retirement=Retirement(settings.retire_old_keys),
        refreshes_masters=settings.refresh_masters,
        blind_spots=store.blind_spots,
        lags=store.lags,
        report_clean=ReportClean(settings.report_clean),
        names={one.id: one.name for one in settings.accounts},
        rooms={
            each: noted(there, store.refusals, now_utc, room=each)
            for each, there in room_notifiers(settings).items()
        },
        approvers=approvers_of(settings),
    )


def _writing(
    settings: Settings,
    store: Store,
    opened: Mapping[str, IbmAccount],
    apart: Apart,
) -> dict[str, Account]:
    """Give the means to write to the accounts that are armed, and to no other."""
    return {
        one.id: Account(
            opened[one.id],
            open_resets(
                one,
                settings,
                budget=store.budget.of(one.id),
                pool=opened[one.id].pool,
                apart=apart,
                tally=store.counting.tally,
            ),
        )
        for one in settings.accounts
        if settings.armed and one.armed and one.functional_ids
    }


def _surveys(
    settings: Settings, kept: Kept, tools: Tools, desk: Desk, sender: Sender
) -> Surveys:
    store = kept.store
    clouds = {
        one.id: kept.clients.surveying(one, settings) for one in settings.accounts
    }
    return Surveys(
        clouds,
        store.owners,
        store.notices,
        desk,
        tuple(tools.notifiers),
        every_seconds=settings.exposure_interval_minutes * 60,
        clock=now_utc,
        names={one.id: one.name for one in settings.accounts},
        notes=store.survey_notes,
        trend=store.trend,
        another=sender.survey,
    )


class LoggedWorks:
    """Works whose ledger entries are log lines too, once they are written."""

    def __init__(self, works: WorksPort) -> None:
        self._works = works

    def record(self, claim: Claim, change: Change) -> None:
        """Write and log; see the port."""
        self._works.record(claim, change)
        _say(change)

    def finish(self, claim: Claim, change: Change) -> tuple[Work, ...]:
        """Write and log; see the port."""
        following = self._works.finish(claim, change)
        _say(change)
        return following

    def again(self, claim: Claim, change: Change, at: datetime) -> tuple[Work, ...]:
        """Write and log; see the port."""
        following = self._works.again(claim, change, at)
        _say(change)
        return following

    def own_up(self, case: Case, change: Change) -> None:
        """Write and log; see the port."""
        self._works.own_up(case, change)
        _say(change)


# A fault of the service itself, and what nobody was told of.
_LOUD: Final[Mapping[str, int]] = {
    "case.rule_broken": logging.CRITICAL,
    "case.stuck": logging.CRITICAL,
    "case.aftercare_given_up": logging.ERROR,
    "report.failed": logging.ERROR,
}


def _say(change: Change) -> None:
    for entry in change.entries:
        log.log(
            _LOUD.get(entry.what, logging.INFO),
            entry.what,
            reason=entry.reason,
            detail=entry.detail,
            ibm_request_id=entry.request_id,
        )


def note_armed(office: BackOffice) -> None:
    """Have evidence tell from when on which accounts were written to; best effort.

    What was written in an account stands in the ledgers of its cases in any event.
    """
    accounts = office.armed.accounts
    try:
        office.switches.note_armed(
            each for each, one in accounts.items() if one.resets is not None
        )
    except StoreAwayError as error:
        log.warning("armed.not_noted", fault=str(error))


def be_ready(office: BackOffice) -> None:
    """Have tokens in hand, and tell the front door who we are.

    A departure must not wait for a token, and where one is refused the front door keeps
    whom it knows.
    """
    for each in office.opened.values():
        each.keep_ready()
    publish_identities(office)


def publish_identities(office: BackOffice) -> None:
    """Tell the front door whom it must turn away: our own identities.

    Best effort, since each plan publishes them too and each reset looks for itself.
    """
    for account in office.dry.accounts.values():
        try:
            office.switches.protect(account.cloud.identities())
        except OffboardingError as error:
            log.warning("identities.not_published", fault=str(error))


def notifiers(
    settings: Settings,
    evidence_key: str | None = None,
    whole_evidence: WholeEvidence | None = None,
) -> dict[Channel, Notifier]:
    """Build the report channels that are set up.

    Args:
        settings: The settings.
        evidence_key: The fingerprint that reports name; None names none.
        whole_evidence: What gives the evidence that goes with a mail; None: no mail
            has any.
    """
    settle = timedelta(minutes=settings.settle_minutes)
    found: dict[Channel, Notifier] = {}
    if settings.slack_bot_token and settings.slack_channel_id:
        found[Channel.SLACK] = SlackBot(
            settings.slack_bot_token,
            settings.slack_channel_id,
            api_url=settings.slack_api_url,
            public_url=settings.public_url,
            settle=settle,
            clock=now_utc,
            evidence_key=evidence_key,
            has_buttons=bool(settings.slack_signing_secret),
            approvers=approvers_of(settings),
        )
    elif settings.slack_webhook_url:
        found[Channel.SLACK] = SlackWebhook(
            settings.slack_webhook_url,
            public_url=settings.public_url,
            settle=settle,
            clock=now_utc,
            evidence_key=evidence_key,
            approvers=approvers_of(settings),
        )
    if settings.smtp_host and settings.mail_from:
        found[Channel.MAIL] = Mail(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_user,
            settings.smtp_password,
            settings.mail_from,
            settings.mail_to,
            public_url=settings.public_url,
            settle=settle,
            clock=now_utc,
            evidence_key=evidence_key,
            whole_evidence=whole_evidence,
            approvers=approvers_of(settings),
        )
    return found


def room_notifiers(settings: Settings) -> dict[str, dict[Channel, Notifier]]:
    """Build the channels of the accounts that have their own, by account id.

    Nothing can be pressed in them, and no mail to them has evidence, which is of the
    whole case.
    """
    found: dict[str, dict[Channel, Notifier]] = {}
    for one in settings.rules:
        there: dict[Channel, Notifier] = {}
        here = Here(one.id, one.name)
        if settings.slack_bot_token and one.slack_channel_id:
            there[Channel.SLACK] = _room_in_slack(
                settings, settings.slack_bot_token, one.slack_channel_id, here
            )
        if settings.smtp_host and settings.mail_from and one.mail_to:
            there[Channel.MAIL] = _room_by_mail(
                settings, settings.smtp_host, settings.mail_from, one.mail_to, here
            )
        if there:
            found[one.id] = there
    return found


def _room_in_slack(
    settings: Settings, token: Secret, channel_id: str, here: Here
) -> SlackBot:
    return SlackBot(
        token,
        channel_id,
        api_url=settings.slack_api_url,
        public_url=settings.public_url,
        settle=timedelta(minutes=settings.settle_minutes),
        clock=now_utc,
        approvers=approvers_of(settings),
        here=here,
    )


def _room_by_mail(
    settings: Settings, host: str, sender: str, mail_to: tuple[str, ...], here: Here
) -> Mail:
    return Mail(
        host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password,
        sender,
        mail_to,
        public_url=settings.public_url,
        settle=timedelta(minutes=settings.settle_minutes),
        clock=now_utc,
        approvers=approvers_of(settings),
        here=here,
    )

"""Settings → the workflow with its real adapters. The only file that knows them all."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from config.settings import Settings
from workers.desk.opening import open_store
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.keys import open_resets
from workers.notify.email import Mail
from workers.notify.slack import SlackBot, SlackWebhook
from workers.offboarding.errors import OffboardingError
from workers.offboarding.model import Channel, Work
from workers.offboarding.ports import Account, Change, Claim, Notifier
from workers.offboarding.ports import Works as WorksPort
from workers.offboarding.steps.tools import Tools
from workers.store.switches import Switches
from workers.store.work import Works

log = structlog.get_logger()


def now_utc() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class BackOffice:
    """What the tasks work with; ``dry`` is ``armed`` without the means to write."""

    works: Works
    switches: Switches
    armed: Tools
    dry: Tools


def back_office(settings: Settings) -> BackOffice:
    """Build the workflow for a worker; no I/O but the store's checks."""
    store = open_store(settings)
    reading = {one.id: Account(open_cloud(one, settings)) for one in settings.accounts}
    dry = Tools(
        accounts=reading,
        cases=store.cases,
        works=LoggedWorks(store.works),
        switches=store.switches,
        notifiers=notifiers(settings),
        clock=now_utc,
        verify_deadline=timedelta(seconds=settings.verify_deadline_seconds),
        lead_time=timedelta(hours=settings.lead_time_hours),
        protected=settings.protected_users,
    )
    writing = {
        one.id: replace(reading[one.id], resets=open_resets(one, settings))
        for one in settings.accounts
        if settings.armed
    }
    armed = replace(dry, accounts={**reading, **writing})
    return BackOffice(store.works, store.switches, armed, dry)


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


def _say(change: Change) -> None:
    for entry in change.entries:
        log.info(
            entry.what,
            reason=entry.reason,
            detail=entry.detail,
            ibm_request_id=entry.request_id,
        )


def publish_identities(office: BackOffice) -> None:
    """Tell the front door whom it must turn away: our own identities.

    Best effort, since each plan publishes them too and each reset looks for itself.
    """
    for account in office.dry.accounts.values():
        try:
            office.switches.protect(account.cloud.identities())
        except OffboardingError as error:
            log.warning("identities.not_published", fault=str(error))


def notifiers(settings: Settings) -> dict[Channel, Notifier]:
    """Build the report channels that are set up."""
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
        )
    elif settings.slack_webhook_url:
        found[Channel.SLACK] = SlackWebhook(
            settings.slack_webhook_url,
            public_url=settings.public_url,
            settle=settle,
            clock=now_utc,
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
        )
    return found

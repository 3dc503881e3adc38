"""Every setting once: name, type, unit, default. Read at start, never at import.

A setting is an environment variable ``OFFBOARD_<NAME>``; a secret may come as
``OFFBOARD_<NAME>_FILE`` instead. All faults are reported together, by name, without
values. marshmallow does the parsing, so that a setting is checked as a request is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from marshmallow import ValidationError
from marshmallow.validate import OneOf

from config import parsers
from config.accounts import AccountSettings, FunctionalIdRule, FunctionalIdSettings
from config.accounts_file import (
    check_keys,
    faults_of_keys,
    read_accounts,
    without_keys,
)
from config.identities import MappedPerson, read_people
from config.parsers import LOOPBACK, ROLES, RoleOf, Token
from config.secret import FileSecret, Secret
from config.setting import setting
from config.slack_users import SlackUser, read_slack_users
from config.sources import SOURCE_NAMES, Sources, SourceSettings
from config.together import amiss_together
from config.variables import (
    KEY_HOLDERS,
    Named,
    faults_of,
    may_read,
    named,
    unknown_in,
    value_of,
    variable_of,
)

__all__ = [
    "LOOPBACK",
    "ROLES",
    "AccountSettings",
    "FileSecret",
    "FunctionalIdSettings",
    "MappedPerson",
    "RoleOf",
    "Secret",
    "Settings",
    "SettingsError",
    "SlackUser",
    "Token",
    "environ_for",
]

# How the functional ID is called where one account is set up without a file.
ONLY_FUNCTIONAL_ID: Final = "functional-id"


class SettingsError(Exception):
    """The settings cannot be used. ``faults`` has one line a fault, without values."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings; a test compares .env.example with this class."""

    armed: bool = setting(
        False, parsers.flag, "1 lets the service write; 0: every case is a dry run"
    )
    paused: bool = setting(
        False,
        parsers.flag,
        "1 starts it paused; the store keeps the state from then on",
    )
    restored_after_minutes: float = setting(
        60.0,
        parsers.decimal(0.05, 525_600),
        "a store that stood still for longer counts as an old copy: paused",
    )
    # Both may hold a password, so they come as secrets do; to their readers they are
    # addresses.
    store_url: str = setting(
        "embedded:var/store",
        parsers.store_url,
        "redis://, rediss://, unix://<socket> or embedded:<folder>",
        secret=True,
    )
    broker_url: str | None = setting(
        None,
        parsers.broker_url,
        "Celery's broker, or RabbitMQ by amqp(s)://; default: the store's, database 1",
        secret=True,
    )
    store_unsafe: bool = setting(
        False,
        parsers.flag,
        "1 runs on a store that may lose what was acknowledged; loud",
    )
    # Its keys stand in files that it names; outside of a worker they are left out.
    accounts_file: tuple[AccountSettings, ...] = setting(
        (), read_accounts, "accounts and where their keys are, as TOML"
    )
    account_id: str | None = setting(
        None, parsers.account_id, "the IBM Cloud account, where it is only one"
    )
    functional_id_apikey: Secret | None = setting(
        None,
        parsers.secret,
        "key of the functional ID",
        secret=True,
        rotates=True,
        only="worker",
    )
    reader_apikey: Secret | None = setting(
        None,
        parsers.secret,
        "key that reads; default: the above",
        secret=True,
        rotates=True,
        only="worker",
    )
    identity_map_file: tuple[MappedPerson, ...] = setting(
        (), read_people, "names of the same person, as TOML"
    )
    iam_url: str = setting("https://iam.cloud.ibm.com", parsers.https, "IAM's address")
    containers_url: str = setting(
        "https://containers.cloud.ibm.com/global", parsers.https, "Kubernetes Service"
    )
    user_management_url: str = setting(
        "https://user-management.cloud.ibm.com", parsers.https, "user management"
    )
    resource_manager_url: str = setting(
        "https://resource-controller.cloud.ibm.com", parsers.https, "resource manager"
    )
    ibm_cloud_requests_per_10_seconds: int = setting(
        120, parsers.number(4, 200), "calls of all workers in any ten seconds"
    )
    exposure_interval_minutes: float = setting(
        360.0, parsers.decimal(0.05, 10080), "how often all accounts are surveyed"
    )
    verify_deadline_seconds: float = setting(
        300.0, parsers.decimal(1, 3600), "how long to wait for the new owner to show"
    )
    settle_minutes: float = setting(
        30.0, parsers.decimal(0, 1440), "from owner-safe to fully safe"
    )
    max_targets_per_case: int = setting(
        20,
        parsers.number(1, 1000),
        "more resets than this in one case wait for approval; 1 to 1000",
    )
    canary: bool = setting(
        True,
        parsers.flag,
        "1 resets one target first, and the others when it is verified",
    )
    preflight_unknown: str = setting(
        "hold",
        parsers.text(OneOf(["hold", "go"])),
        "hold or go: where it cannot be told whether a functional ID has its rights",
    )
    protected_users: tuple[str, ...] = setting(
        (), parsers.listed, "ids and e-mails nobody may offboard, comma-separated"
    )
    api_tokens: tuple[Token, ...] = setting(
        (), parsers.tokens, "comma-separated name:role:sha256hex[:person]", secret=True
    )
    requests_per_minute: int = setting(
        1200,
        parsers.number(10, 100_000),
        "calls of the API by one token in any minute; more get 429",
    )
    failed_auth_per_minute: int = setting(
        30,
        parsers.number(1, 10_000),
        "failed sign-ins and signatures of one address in any minute; more get 429",
    )
    auth_mode: str = setting(
        "token",
        parsers.text(OneOf(["token", "proxy", "oidc"])),
        "token, proxy or oidc: how people sign in to the pages",
    )
    auth_roles: tuple[RoleOf, ...] = setting(
        (),
        parsers.roles,
        "which group has which role, comma-separated group:role; proxy and oidc",
    )
    auth_users: tuple[RoleOf, ...] = setting(
        (),
        parsers.roles_of_users,
        "which person has which role besides, comma-separated user:role",
    )
    auth_proxy_secret: tuple[Secret, ...] = setting(
        (),
        parsers.secrets,
        "what the proxy alone sends; two, comma-separated, while rotating",
        secret=True,
        only="web",
    )
    auth_proxy_secret_header: str = setting(
        "X-Offboard-Proxy-Secret", parsers.header, "the header in which it sends that"
    )
    auth_proxy_user_header: str = setting(
        "X-Forwarded-Email", parsers.header, "the header in which it names the person"
    )
    auth_proxy_groups_header: str | None = setting(
        None,
        parsers.header,
        "the header of their groups, comma-separated; the proxy must overwrite it",
    )
    auth_oidc_issuer: str | None = setting(
        None, parsers.issuer, "the identity provider, exactly as it calls itself"
    )
    auth_oidc_client_id: str | None = setting(
        None, parsers.text(), "our client id there"
    )
    auth_oidc_client_secret: Secret | None = setting(
        None, parsers.secret, "our client secret there", secret=True, only="web"
    )
    auth_oidc_scopes: tuple[str, ...] = setting(
        ("openid", "email", "profile"), parsers.scopes, "what we ask for"
    )
    auth_oidc_user_claim: str = setting(
        "email", parsers.text(), "the claim that names the person; email is verified"
    )
    auth_oidc_groups_claim: str = setting(
        "groups", parsers.text(), "the claim that lists their groups"
    )
    sources: Sources = field(default_factory=Sources)
    authoritative_sources: tuple[str, ...] = setting(
        (),
        parsers.some_of(SOURCE_NAMES),
        "sources that may take back what others told, comma-separated",
    )
    max_cases_per_hour: int = setting(
        20,
        parsers.number(1, 100_000),
        "brake: more armed cases by events than this in an hour wait",
    )
    secret_key: Secret | None = setting(
        None,
        parsers.secret_key,
        "32 characters or more; default: made once and kept in the store",
        secret=True,
    )
    evidence_key: Secret | None = setting(
        None,
        parsers.seed,
        "signs evidence: 32 bytes as hex; default: made once and kept in the store",
        secret=True,
        only="worker",
    )
    quarantine_days: int = setting(
        30,
        parsers.number(1, 366),
        "how long a delivery that cannot be read is kept, encrypted",
    )
    retention_days: int = setting(
        730,
        parsers.number(30, 36_500),
        "days after its end, a case is archived to a file and removed",
    )
    archive_folder: str = setting(
        "var/archive",
        parsers.text(),
        "where the archived cases go; workers write there",
    )
    lead_time_hours: float = setting(
        24.0, parsers.decimal(0, 8760), "how long before effective_at writing starts"
    )
    report_clean: str = setting(
        "digest",
        parsers.text(OneOf(["digest", "each", "never"])),
        "digest, each or never: how a case of a source that found nothing is told",
    )
    digest_at: str = setting(
        "08:00",
        parsers.time_of_day,
        "when the daily digest is told: HH:MM, in UTC",
    )
    retire_old_keys: str = setting(
        "off",
        parsers.text(OneOf(["off", "disable", "delete"])),
        "off, disable or delete: superseded cluster API keys, once all is safe",
    )
    refresh_masters: bool = setting(
        False,
        parsers.flag,
        "1 refreshes each cluster's master after its reset, one at a time",
    )
    slack_bot_token: Secret | None = setting(
        None, parsers.secret, "xoxb-…, with SLACK_CHANNEL_ID", secret=True
    )
    slack_channel_id: str | None = setting(None, parsers.text(), "the ops channel's id")
    slack_webhook_url: Secret | None = setting(
        None, parsers.secret_url, "an incoming webhook instead of the bot", secret=True
    )
    slack_signing_secret: tuple[Secret, ...] = setting(
        (),
        parsers.secrets,
        "proves presses and commands; two, comma-separated, while rotating",
        secret=True,
    )
    slack_users: tuple[SlackUser, ...] = setting(
        (),
        read_slack_users,
        "who may press: comma-separated TEAM/USER:role[:person]",
    )
    slack_api_url: str = setting("https://slack.com/api", parsers.https, "Slack's API")
    smtp_host: str | None = setting(None, parsers.text(), "mail server")
    smtp_port: int = setting(587, parsers.number(1, 65535), "its port")
    smtp_security: str = setting(
        "starttls",
        parsers.text(OneOf(["starttls", "tls", "none"])),
        "starttls, tls or none",
    )
    smtp_user: str | None = setting(None, parsers.text(), "mail login")
    smtp_password: Secret | None = setting(
        None, parsers.secret, "its password", secret=True
    )
    mail_from: str | None = setting(None, parsers.email, "sender's address")
    mail_to: tuple[str, ...] = setting(
        (), parsers.addresses, "recipients, comma-separated"
    )
    url: str = setting(
        "http://127.0.0.1:8000", parsers.https, "command line: the service"
    )
    token: Secret | None = setting(
        None, parsers.secret, "command line: token", secret=True
    )
    public_url: str | None = setting(
        None, parsers.url, "base of the links in reports and of the pages"
    )
    log_level: str = setting(
        "INFO", parsers.text(OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])), "log level"
    )
    metrics_token: tuple[Secret, ...] = setting(
        (),
        parsers.secrets,
        "what a scrape of /metrics sends as its bearer token; two while rotating",
        secret=True,
        only="web",
    )
    host: str = setting("127.0.0.1", parsers.text(), "where the web listens")
    port: int = setting(8000, parsers.number(1, 65535), "its port")

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str], *, process: str = "web"
    ) -> "Settings":
        """Read the settings of one *process*, named as its command is.

        Only ``worker`` and ``local``, which is a command with ``--local``, read IBM
        Cloud keys, and only they need an account.

        Raises:
            SettingsError: With every fault, by name, without values.
        """
        values: dict[str, Any] = {}
        faults: list[str] = []
        faulty: set[str] = set()
        for each in every_setting():
            try:
                value = value_of(each, environ) if may_read(each, process) else None
            except ValidationError as error:
                faults += faults_of(each.name, error)
                faulty.add(each.name)
            else:
                values |= {} if value is None else {each.name: value}
        settings = _built(values)
        faults += unknown_in(environ, every_setting())
        faults += amiss_together(settings, process, faulty)
        if process in KEY_HOLDERS:
            faults += _faults_of_keys(settings.accounts_file)
        else:
            settings = replace(
                settings, accounts_file=without_keys(settings.accounts_file)
            )
        if faults:
            raise SettingsError(faults)
        return settings

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the report channels that are set up: ``slack``, ``mail``."""
        slack = self.slack_bot_token or self.slack_webhook_url
        return tuple(
            name
            for name, there in (("slack", slack), ("mail", self.smtp_host))
            if there
        )

    @property
    def accounts(self) -> tuple[AccountSettings, ...]:
        """Return the accounts with their keys; empty in a process that holds none."""
        if self.accounts_file:
            return tuple(one for one in self.accounts_file if one.keys)
        key, reader = self.functional_id_apikey, self.reader_apikey
        if key is None and reader is None:
            return ()
        functional = (FunctionalIdSettings(ONLY_FUNCTIONAL_ID, key),) if key else ()
        return (AccountSettings(self.account_id or "", functional, reader),)

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Return the ids of all accounts, known to every process."""
        if self.accounts_file:
            return tuple(one.id for one in self.accounts_file)
        return (self.account_id,) if self.account_id else ()

    @property
    def rules(self) -> tuple[AccountSettings, ...]:
        """Return the accounts with the rules of their functional IDs and without keys.

        Every process knows them. Where one account is set up without a file, its
        functional ID may own everything.
        """
        if self.accounts_file:
            return without_keys(self.accounts_file)
        if self.account_id is None:
            return ()
        rule = FunctionalIdRule(ONLY_FUNCTIONAL_ID)
        return (AccountSettings(self.account_id, rules=(rule,)),)

    def key_faults(self) -> dict[str, str]:
        """Tell which key files of the accounts file cannot be used now, and why."""
        return faults_of_keys(self.accounts_file)

    def secrets(self) -> tuple[str, ...]:
        """Return every secret text, so that the log's redactor knows them."""
        found: list[str] = []
        for each in fields(self):
            found += _revealed(getattr(self, each.name))
        for _, source in self.sources:
            for each in fields(source):
                found += _revealed(getattr(source, each.name))
        for account in self.accounts_file:
            found += [one.reveal() for one in account.keys]
        found += _passwords_in(self.store_url) + _passwords_in(self.broker_url or "")
        return tuple(found)


def every_setting() -> tuple[Named, ...]:
    """Return every setting there is, in the order in which they are declared."""
    found: list[Named] = []
    for each in fields(Settings):
        if each.name != "sources":
            found.append(named(each))
            continue
        for source, settings in Sources():
            found += [named(one, f"source_{source}_") for one in fields(settings)]
    return tuple(found)


def _built(values: Mapping[str, Any]) -> Settings:
    """Put the values, by their full names, where they belong."""
    mine = dict(values)
    sources: dict[str, SourceSettings] = {}
    for source, settings in Sources():
        prefix = f"source_{source}_"
        names = [each.name for each in fields(settings) if prefix + each.name in mine]
        given = {name: mine.pop(prefix + name) for name in names}
        if given:
            sources[source] = replace(settings, **given)
    return Settings(**mine, **({"sources": Sources(**sources)} if sources else {}))  # type: ignore[arg-type]  # each class fits its name


def _revealed(value: object) -> list[str]:
    several = value if isinstance(value, tuple) else (value,)
    return [one.reveal() for one in several if isinstance(one, Secret)]


def _faults_of_keys(accounts: tuple[AccountSettings, ...]) -> list[str]:
    try:
        check_keys(accounts)
    except ValidationError as error:
        return faults_of("accounts_file", error)
    return []


def environ_for(process: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the settings that another process alone may read."""
    foreign = {
        variable_of(each) for each in every_setting() if not may_read(each, process)
    }
    return {
        name: value
        for name, value in environ.items()
        if name.removesuffix("_FILE") not in foreign
    }


def _passwords_in(address: str) -> list[str]:
    password = urlsplit(address).password
    if not password:
        return []
    # As it stands in the address, and as it is sent.
    return list(dict.fromkeys((password, unquote(password))))

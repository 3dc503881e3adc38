"""Every setting once: name, type, unit, default. Read at start, never at import.

A setting is an environment variable ``OFFBOARD_<NAME>``; a secret may come as
``OFFBOARD_<NAME>_FILE`` instead. All faults are reported together, by name, without
values. marshmallow does the parsing, so that a setting is checked as a request is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self
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
from config.parsers import LOOPBACK, ROLES, Parser, Token
from config.secret import FileSecret, Secret
from config.together import amiss_together
from config.variables import (
    KEY_HOLDERS,
    faults_of,
    may_read,
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
    "Secret",
    "Settings",
    "SettingsError",
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


def _setting(
    default: Any,  # noqa: ANN401 - each field of Settings names its own type
    parse: Parser,
    meaning: str,
    *,
    secret: bool = False,
    rotates: bool = False,
    only: str | None = None,
) -> Any:  # noqa: ANN401 - as dataclasses.field itself
    """Declare a setting.

    Args:
        default: What holds where it is not set.
        parse: Makes the value of its text, or raises ValidationError.
        meaning: One line for those who set it.
        secret: Whether it may come as a file, and is never shown.
        rotates: Whether that file may be replaced while the process runs.
        only: The one process that may read it.
    """
    facts = {
        "parse": parse,
        "meaning": meaning,
        "secret": secret,
        "rotates": rotates,
        "only": only,
    }
    return field(default=default, metadata=facts, repr=not secret)


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings; a test compares .env.example with this class."""

    armed: bool = _setting(
        False, parsers.flag, "1 lets the service write; 0: every case is a dry run"
    )
    paused: bool = _setting(
        False,
        parsers.flag,
        "1 starts it paused; the store keeps the state from then on",
    )
    # Both may hold a password, so they come as secrets do; to their readers they are
    # addresses.
    store_url: str = _setting(
        "embedded:var/store",
        parsers.store_url,
        "redis://, rediss://, unix://<socket> or embedded:<folder>",
        secret=True,
    )
    broker_url: str | None = _setting(
        None,
        parsers.broker_url,
        "Celery's broker; default: the store's server, database 1",
        secret=True,
    )
    store_unsafe: bool = _setting(
        False,
        parsers.flag,
        "1 runs on a store that may lose what was acknowledged; loud",
    )
    # Its keys stand in files that it names; outside of a worker they are left out.
    accounts_file: tuple[AccountSettings, ...] = _setting(
        (), read_accounts, "accounts and where their keys are, as TOML"
    )
    account_id: str | None = _setting(
        None, parsers.account_id, "the IBM Cloud account, where it is only one"
    )
    functional_id_apikey: Secret | None = _setting(
        None,
        parsers.secret,
        "key of the functional ID",
        secret=True,
        rotates=True,
        only="worker",
    )
    reader_apikey: Secret | None = _setting(
        None,
        parsers.secret,
        "key that reads; default: the above",
        secret=True,
        rotates=True,
        only="worker",
    )
    identity_map_file: tuple[MappedPerson, ...] = _setting(
        (), read_people, "names of the same person, as TOML"
    )
    iam_url: str = _setting("https://iam.cloud.ibm.com", parsers.https, "IAM's address")
    containers_url: str = _setting(
        "https://containers.cloud.ibm.com/global", parsers.https, "Kubernetes Service"
    )
    user_management_url: str = _setting(
        "https://user-management.cloud.ibm.com", parsers.https, "user management"
    )
    resource_manager_url: str = _setting(
        "https://resource-controller.cloud.ibm.com", parsers.https, "resource manager"
    )
    ibm_cloud_requests_per_10_seconds: int = _setting(
        120, parsers.number(4, 200), "calls of all workers in any ten seconds"
    )
    exposure_interval_minutes: float = _setting(
        360.0, parsers.decimal(0.05, 10080), "how often all accounts are surveyed"
    )
    verify_deadline_seconds: float = _setting(
        300.0, parsers.decimal(1, 3600), "how long to wait for the new owner to show"
    )
    settle_minutes: float = _setting(
        30.0, parsers.decimal(0, 1440), "from owner-safe to fully safe"
    )
    max_targets_per_case: int = _setting(
        20,
        parsers.number(1, 1000),
        "more resets than this in one case wait for approval; 1 to 1000",
    )
    canary: bool = _setting(
        True,
        parsers.flag,
        "1 resets one target first, and the others when it is verified",
    )
    preflight_unknown: str = _setting(
        "hold",
        parsers.text(OneOf(["hold", "go"])),
        "hold or go: where it cannot be told whether a functional ID has its rights",
    )
    protected_users: tuple[str, ...] = _setting(
        (), parsers.listed, "ids and e-mails nobody may offboard, comma-separated"
    )
    api_tokens: tuple[Token, ...] = _setting(
        (), parsers.tokens, "comma-separated name:role:sha256hex[:person]", secret=True
    )
    source_standard_secret: tuple[Secret, ...] = _setting(
        (),
        parsers.signing_secrets,
        "whsec_…; two, comma-separated, while rotating",
        secret=True,
    )
    lead_time_hours: float = _setting(
        24.0, parsers.decimal(0, 8760), "how long before effective_at writing starts"
    )
    retire_old_keys: str = _setting(
        "off",
        parsers.text(OneOf(["off", "disable", "delete"])),
        "off, disable or delete: superseded cluster API keys, once all is safe",
    )
    refresh_masters: bool = _setting(
        False,
        parsers.flag,
        "1 refreshes each cluster's master after its reset, one at a time",
    )
    slack_bot_token: Secret | None = _setting(
        None, parsers.secret, "xoxb-…, with SLACK_CHANNEL_ID", secret=True
    )
    slack_channel_id: str | None = _setting(
        None, parsers.text(), "the ops channel's id"
    )
    slack_webhook_url: Secret | None = _setting(
        None, parsers.secret_url, "an incoming webhook instead of the bot", secret=True
    )
    slack_api_url: str = _setting("https://slack.com/api", parsers.https, "Slack's API")
    smtp_host: str | None = _setting(None, parsers.text(), "mail server")
    smtp_port: int = _setting(587, parsers.number(1, 65535), "its port")
    smtp_security: str = _setting(
        "starttls",
        parsers.text(OneOf(["starttls", "tls", "none"])),
        "starttls, tls or none",
    )
    smtp_user: str | None = _setting(None, parsers.text(), "mail login")
    smtp_password: Secret | None = _setting(
        None, parsers.secret, "its password", secret=True
    )
    mail_from: str | None = _setting(None, parsers.email, "sender's address")
    mail_to: tuple[str, ...] = _setting(
        (), parsers.addresses, "recipients, comma-separated"
    )
    url: str = _setting(
        "http://127.0.0.1:8000", parsers.https, "command line: the service"
    )
    token: Secret | None = _setting(
        None, parsers.secret, "command line: token", secret=True
    )
    public_url: str | None = _setting(
        None, parsers.url, "base of the links in reports; not served yet"
    )
    log_level: str = _setting(
        "INFO", parsers.text(OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])), "log level"
    )
    host: str = _setting("127.0.0.1", parsers.text(), "where the web listens")
    port: int = _setting(8000, parsers.number(1, 65535), "its port")

    @classmethod
    def from_env(cls, environ: Mapping[str, str], *, process: str = "web") -> Self:
        """Read the settings of one *process*, named as its command is.

        Only ``worker`` and ``local``, which is a command with ``--local``, read IBM
        Cloud keys, and only they need an account.

        Raises:
            SettingsError: With every fault, by name, without values.
        """
        values: dict[str, Any] = {}
        faults: list[str] = []
        faulty: set[str] = set()
        for each in fields(cls):
            try:
                value = value_of(each, environ) if may_read(each, process) else None
            except ValidationError as error:
                faults += faults_of(each.name, error)
                faulty.add(each.name)
            else:
                values |= {} if value is None else {each.name: value}
        settings = cls(**values)
        faults += unknown_in(environ, fields(cls))
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
            value = getattr(self, each.name)
            several = value if isinstance(value, tuple) else (value,)
            found += [one.reveal() for one in several if isinstance(one, Secret)]
        for account in self.accounts_file:
            found += [one.reveal() for one in account.keys]
        found += _passwords_in(self.store_url) + _passwords_in(self.broker_url or "")
        return tuple(found)


def _faults_of_keys(accounts: tuple[AccountSettings, ...]) -> list[str]:
    try:
        check_keys(accounts)
    except ValidationError as error:
        return faults_of("accounts_file", error)
    return []


def environ_for(process: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the settings that another process alone may read."""
    foreign = {
        variable_of(each) for each in fields(Settings) if not may_read(each, process)
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

"""Every setting once: name, type, unit, default. Read at start, never at import.

A setting is an environment variable ``OFFBOARD_<NAME>``; a secret may come as
``OFFBOARD_<NAME>_FILE`` instead. All faults are reported together, by name, without
values. marshmallow does the parsing, so that a setting is checked as a request is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

from marshmallow import ValidationError
from marshmallow.validate import OneOf, Regexp

from config import parsers
from config.parsers import LOOPBACK, ROLES, Parser, Secret, Token

__all__ = [
    "LOOPBACK",
    "ROLES",
    "AccountSettings",
    "Secret",
    "Settings",
    "SettingsError",
    "Token",
    "environ_for",
]

PREFIX: Final = "OFFBOARD_"


class SettingsError(Exception):
    """The settings cannot be used. ``faults`` has one line a fault, without values."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One IBM Cloud account and the keys that act in it."""

    id: str
    functional_id_apikey: Secret
    reader_apikey: Secret | None = None


def _setting(
    default: Any,  # noqa: ANN401 - each field of Settings names its own type
    parse: Parser,
    meaning: str,
    *,
    secret: bool = False,
    only: str | None = None,
) -> Any:  # noqa: ANN401 - as dataclasses.field itself
    """Declare a setting; *only* names the one process that may read it."""
    facts = {"parse": parse, "meaning": meaning, "secret": secret, "only": only}
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
    account_id: str | None = _setting(
        None, parsers.text(Regexp(r"[0-9A-Za-z]{1,64}\Z")), "the IBM Cloud account"
    )
    functional_id_apikey: Secret | None = _setting(
        None, parsers.secret, "key of the functional ID", secret=True, only="worker"
    )
    reader_apikey: Secret | None = _setting(
        None,
        parsers.secret,
        "key that reads; default: the above",
        secret=True,
        only="worker",
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
    verify_deadline_seconds: float = _setting(
        300.0, parsers.decimal(1, 3600), "how long to wait for the new owner to show"
    )
    settle_minutes: float = _setting(
        30.0, parsers.decimal(0, 1440), "from owner-safe to fully safe"
    )
    protected_users: tuple[str, ...] = _setting(
        (), parsers.listed, "ids and e-mails nobody may offboard, comma-separated"
    )
    api_tokens: tuple[Token, ...] = _setting(
        (), parsers.tokens, "comma-separated name:role:sha256hex", secret=True
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

        Only ``worker`` reads IBM Cloud keys, and only it needs an account.

        Raises:
            SettingsError: With every fault, by name, without values.
        """
        values: dict[str, Any] = {}
        faults: list[str] = []
        for each in fields(cls):
            if each.metadata["only"] not in (None, process):
                continue
            try:
                raw = _raw(environ, each.name, secret=each.metadata["secret"])
                if raw is not None:
                    values[each.name] = each.metadata["parse"](raw)
            except ValidationError as error:
                faults.append(f"{PREFIX}{each.name.upper()}: {_sentence(error)}")
        settings = cls(**values)
        faults += _unknown(environ) + _together(settings, process, faults)
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
        """Return the accounts with their keys; empty outside a worker."""
        if self.account_id is None or self.functional_id_apikey is None:
            return ()
        return (
            AccountSettings(
                self.account_id, self.functional_id_apikey, self.reader_apikey
            ),
        )

    def secrets(self) -> tuple[str, ...]:
        """Return every secret text, so that the log's redactor knows them."""
        found: list[str] = []
        for each in fields(self):
            value = getattr(self, each.name)
            several = value if isinstance(value, tuple) else (value,)
            found += [one.reveal() for one in several if isinstance(one, Secret)]
        found += _passwords_in(self.store_url) + _passwords_in(self.broker_url or "")
        return tuple(found)


def environ_for(process: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return *environ* without the settings that another process alone may read."""
    foreign = {
        f"{PREFIX}{each.name.upper()}"
        for each in fields(Settings)
        if each.metadata["only"] not in (None, process)
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


def _raw(environ: Mapping[str, str], name: str, *, secret: bool) -> str | None:
    variable = f"{PREFIX}{name.upper()}"
    text = environ.get(variable)
    file = environ.get(f"{variable}_FILE") if secret else None
    if not file:
        return text if text else None
    if text:
        raise ValidationError(f"Set it or {variable}_FILE, not both.")
    try:
        content = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValidationError(
            f"The file named by {variable}_FILE cannot be read."
        ) from None
    # A secret that was not written yet must not switch off what it is for, unseen.
    if not content:
        raise ValidationError(f"The file named by {variable}_FILE is empty.")
    return content


def _sentence(error: ValidationError) -> str:
    said = error.messages
    return " ".join(str(one) for one in said) if isinstance(said, list) else str(said)


def _unknown(environ: Mapping[str, str]) -> list[str]:
    known = {f"{PREFIX}{each.name.upper()}" for each in fields(Settings)}
    known |= {
        f"{PREFIX}{each.name.upper()}_FILE"
        for each in fields(Settings)
        if each.metadata["secret"]
    }
    return [
        f"{name}: There is no such setting."
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known
    ]


def _together(settings: Settings, process: str, faults: list[str]) -> list[str]:
    """Find what is wrong only in the light of another setting."""
    faulty = {fault.split(":", 1)[0].removeprefix(PREFIX).lower() for fault in faults}
    # A channel that is set up and faulty is told as that, and not as missing.
    channel_faulty = faulty & {"slack_bot_token", "slack_webhook_url", "smtp_host"}
    wrong = {
        "functional_id_apikey": (
            process == "worker" and settings.functional_id_apikey is None,
            "A worker needs it, or it as a file.",
        ),
        "account_id": (
            process == "worker" and settings.account_id is None,
            "A worker needs it.",
        ),
        "armed": (
            settings.armed and not settings.channels and not channel_faulty,
            "Armed, but no report channel is set up: set SLACK_… or SMTP_….",
        ),
        "slack_channel_id": (
            settings.slack_bot_token is not None and settings.slack_channel_id is None,
            "Needed with SLACK_BOT_TOKEN.",
        ),
        "slack_webhook_url": (
            bool(settings.slack_bot_token and settings.slack_webhook_url),
            "Set it or SLACK_BOT_TOKEN, not both.",
        ),
        "mail_from": (
            settings.smtp_host is not None and settings.mail_from is None,
            "Needed with SMTP_HOST.",
        ),
        "mail_to": (
            settings.smtp_host is not None and not settings.mail_to,
            "Needed with SMTP_HOST.",
        ),
        "smtp_user": (
            settings.smtp_password is not None and settings.smtp_user is None,
            "Needed with SMTP_PASSWORD.",
        ),
        "smtp_password": (
            settings.smtp_user is not None and settings.smtp_password is None,
            "Needed with SMTP_USER.",
        ),
        "smtp_security": (
            settings.smtp_security == "none"
            and settings.smtp_password is not None
            and settings.smtp_host not in LOOPBACK,
            "A password is sent only over starttls or tls.",
        ),
    }
    return [
        f"{PREFIX}{name.upper()}: {sentence}"
        for name, (bad, sentence) in wrong.items()
        if bad and name not in faulty
    ]

"""What is wrong with a setting only in the light of another, or of the process."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from config.parsers import LOOPBACK
from config.server_address import has_tls
from config.signing_in import amiss as signing_in_amiss
from config.sources import HrSettings, SourceSettings
from config.variables import PREFIX

if TYPE_CHECKING:
    from config.settings import Settings

Rule = tuple[str, bool, str]
"""Which setting is told, whether it is wrong, and the sentence."""

_CHANNELS: Final = {"slack_bot_token", "slack_webhook_url", "smtp_host"}


def amiss_together(
    settings: "Settings", process: str, faulty: Collection[str]
) -> list[str]:
    """Find what does not go together.

    Args:
        settings: What could be read of them.
        process: Who reads them.
        faulty: The settings whose fault is told already: none is told as missing too.
    """
    rules = (
        *_certificates(settings),
        *_accounts(settings),
        *_keys(settings, process, faulty),
        *_channels(settings, faulty),
        *(_rooms(settings, faulty) if process != "local" else ()),
        *_mail(settings),
        *_sources(settings, process),
        *signing_in_amiss(settings, process, faulty),
    )
    return [
        f"{PREFIX}{name.upper()}: {sentence}"
        for name, is_wrong, sentence in rules
        if is_wrong and name not in faulty
    ]


def _certificates(settings: "Settings") -> Iterator[Rule]:
    # A file that is used for nothing is an address that was meant to be another.
    broker_url = settings.broker_url or settings.store_url
    yield (
        "store_ca_file",
        settings.store_ca_file is not None and not has_tls(settings.store_url),
        "Needs a STORE_URL that begins with rediss://.",
    )
    yield (
        "broker_ca_file",
        settings.broker_ca_file is not None and not has_tls(broker_url),
        "Needs a BROKER_URL that begins with rediss:// or amqps://.",
    )


def _accounts(settings: "Settings") -> Iterator[Rule]:
    one = settings.account_id, settings.functional_id_apikey, settings.reader_apikey
    yield (
        "accounts_file",
        bool(settings.accounts_file) and any(one),
        "Set it or ACCOUNT_ID, FUNCTIONAL_ID_APIKEY and READER_APIKEY, not both.",
    )


def _keys(
    settings: "Settings", process: str, faulty: Collection[str]
) -> Iterator[Rule]:
    is_worker = process == "worker"
    if is_worker and settings.armed:
        for index, account in enumerate(settings.accounts_file):
            yield (
                "accounts_file",
                account.armed and not account.functional_ids,
                f"account[{index}]: Needs a functional_id to be written to; or set"
                " armed = false in it.",
            )
    if settings.accounts_file or "accounts_file" in faulty:
        return
    reads = bool(settings.reader_apikey) or "reader_apikey" in faulty
    writes = bool(settings.functional_id_apikey) or "functional_id_apikey" in faulty
    yield (
        "account_id",
        is_worker and settings.account_id is None,
        "A worker needs it, or ACCOUNTS_FILE.",
    )
    yield (
        "functional_id_apikey",
        is_worker and not (writes or reads),
        "A worker needs it, or it as a file; READER_APIKEY is enough to look.",
    )
    yield (
        "functional_id_apikey",
        is_worker and settings.armed and reads and not writes,
        "An armed worker needs it, or it as a file: READER_APIKEY only looks.",
    )
    yield (
        "reader_apikey",
        process == "local" and not (writes or reads),
        "Needed with --local, or it as a file; or ACCOUNTS_FILE.",
    )


def _channels(settings: "Settings", faulty: Collection[str]) -> Iterator[Rule]:
    yield (
        "armed",
        # A channel that is set up and faulty is told as that, and not as missing.
        settings.armed and not settings.channels and not _CHANNELS & set(faulty),
        "Armed, but no report channel is set up: set SLACK_… or SMTP_….",
    )
    yield (
        "slack_channel_id",
        settings.slack_bot_token is not None and settings.slack_channel_id is None,
        "Needed with SLACK_BOT_TOKEN.",
    )
    yield (
        "slack_webhook_url",
        bool(settings.slack_bot_token and settings.slack_webhook_url),
        "Set it or SLACK_BOT_TOKEN, not both.",
    )


def _rooms(settings: "Settings", faulty: Collection[str]) -> Iterator[Rule]:
    """Find the accounts whose own channel or mailbox cannot be reached as set up."""
    # What is set up and faulty is told as that, and not as missing.
    has_bot = settings.slack_bot_token is not None or "slack_bot_token" in faulty
    has_mail = settings.smtp_host is not None or "smtp_host" in faulty
    for index, account in enumerate(settings.accounts_file):
        room = account.slack_channel_id
        here = f"account[{index}]"
        yield (
            "accounts_file",
            room is not None and not has_bot,
            f"{here}.slack_channel_id: Needs SLACK_BOT_TOKEN with SLACK_CHANNEL_ID: a"
            " webhook posts into one channel.",
        )
        yield (
            "accounts_file",
            room is not None and room == settings.slack_channel_id,
            f"{here}.slack_channel_id: The same as SLACK_CHANNEL_ID, which is told"
            " everything already.",
        )
        yield (
            "accounts_file",
            bool(account.mail_to) and not has_mail,
            f"{here}.mail_to: Needs SMTP_HOST, MAIL_FROM and MAIL_TO.",
        )
        both = sorted(set(account.mail_to) & set(settings.mail_to))
        yield (
            "accounts_file",
            bool(both),
            f"{here}.mail_to: An address in it is one of MAIL_TO, which is told"
            " everything already.",
        )


def _mail(settings: "Settings") -> Iterator[Rule]:
    has_server = settings.smtp_host is not None
    has_user = settings.smtp_user is not None
    has_password = settings.smtp_password is not None
    in_the_clear = (
        settings.smtp_security == "none" and settings.smtp_host not in LOOPBACK
    )
    yield (
        "mail_from",
        has_server and settings.mail_from is None,
        "Needed with SMTP_HOST.",
    )
    yield "mail_to", has_server and not settings.mail_to, "Needed with SMTP_HOST."
    yield "smtp_user", has_password and not has_user, "Needed with SMTP_PASSWORD."
    yield "smtp_password", has_user and not has_password, "Needed with SMTP_USER."
    yield (
        "smtp_security",
        in_the_clear and has_password,
        "A password is sent only over starttls or tls.",
    )


# What a source needs besides its secret.
_NEEDED: Final = {
    "entra_graph": ("tenant_id", "subscription_ids", "client_id"),
    "entra_workflow": ("workflows",),
    "ssf": ("issuer", "audience", "jwks_url"),
    "bamboohr": ("timezone",),
    "hibob": ("timezone", "api_url"),
    "personio": ("timezone", "api_url"),
    "gusto": ("timezone", "api_url"),
}
# What its look-ups need, which workers make.
_NEEDED_TO_LOOK_UP: Final = {
    "entra_graph": ("client_secret",),
    "hibob": ("api_token",),
    "personio": ("api_token",),
    "gusto": ("api_token",),
}
# Whose API takes two words for a token.
_PAIRS: Final = ("hibob", "personio")


def _sources(settings: "Settings", process: str) -> Iterator[Rule]:
    for source, mine in settings.sources:
        looks_up = _NEEDED_TO_LOOK_UP.get(source, ()) if process == "worker" else ()
        for name in (*_NEEDED.get(source, ()), *looks_up):
            yield (
                f"source_{source}_{name}",
                mine.is_on and not getattr(mine, name),
                f"Needed with SOURCE_{source.upper()}_SECRET.",
            )
        yield from _look_ups(source, mine, process)
    yield from _verify(settings, process)


def _verify(settings: "Settings", process: str) -> Iterator[Rule]:
    # IBM Verify is asked back only where its address is set.
    verify = settings.sources.ibm_verify
    asks = verify.is_on and bool(verify.api_url)
    for name in ("client_id", *(("client_secret",) if process == "worker" else ())):
        yield (
            f"source_ibm_verify_{name}",
            asks and not getattr(verify, name),
            "Needed with SOURCE_IBM_VERIFY_API_URL.",
        )


def _look_ups(source: str, mine: SourceSettings, process: str) -> Iterator[Rule]:
    if not isinstance(mine, HrSettings) or process != "worker":
        return
    name = f"source_{source}_api_token"
    yield (
        name,
        source == "bamboohr" and bool(mine.api_url) and mine.api_token is None,
        "Needed with SOURCE_BAMBOOHR_API_URL.",
    )
    is_pair = mine.api_token is not None and ":" in mine.api_token.reveal()
    yield (
        name,
        source in _PAIRS and mine.api_token is not None and not is_pair,
        "Give both words, as id:token.",
    )

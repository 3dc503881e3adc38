"""What the front door checks of its own set-up, from its settings alone. Pure.

What sources said, and whether workers answer, stands in ``checkup.py``.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from config.settings import LOOPBACK, Settings
from workers.offboarding.health import Check, Verdict
from workers.offboarding.words import counted

_TOKEN: Final = "offboard token create NAME"  # noqa: S105 - a command, no token
# What can be read on the way, and what cannot.
_BARE: Final = {"redis": "rediss", "amqp": "amqps"}


def own_checks(settings: Settings) -> tuple[Check, ...]:
    """Say what the settings of the front door lack, or leave open."""
    return (
        *_armed(settings),
        _channels(settings),
        _public_url(settings),
        _tokens(settings),
        *_approvers(settings),
        _identities(settings),
        *_encrypted(settings),
        *_metrics(settings),
        *_accepted(settings),
    )


def setting_checks(faults: Sequence[str]) -> Iterator[Check]:
    """Say why the settings in force are not those in the files, if they are not."""
    if faults:
        text = f"What the files of the settings say is not in force here: {faults[0]}"
        more = f" And {len(faults) - 1} more." if faults[1:] else ""
        mend = "What was read before holds. Mend the file: it is read again at once."
        yield Check("settings_files", Verdict.FAILED, text + more, mend)


def _armed(settings: Settings) -> Iterator[Check]:
    what = "armed"
    if not settings.armed:
        text = "The service is not armed: every case is a dry run; nothing is reset."
        mend = "When the dry runs are as you want them: OFFBOARD_ARMED=1 everywhere."
        yield Check(what, Verdict.WARNING, text, mend)
        return
    text = "The service is armed: it resets keys in every account that is."
    yield Check(what, Verdict.OK, text)
    for one in settings.rules:
        if not one.armed:
            text = "This account is held back: it is planned, and never written to."
            mend = "When it shall be written to: armed = true in the accounts file."
            yield Check(what, Verdict.WARNING, text, mend, account_id=one.id)


def _channels(settings: Settings) -> Check:
    what, channels = "report_channels", settings.channels
    if channels:
        text = f"Reports go to: {', '.join(channels)}."
        return Check(what, Verdict.OK, text)
    text = "No report channel is set up: nobody is told how a case ends."
    mend = (
        "Set OFFBOARD_SLACK_BOT_TOKEN and OFFBOARD_SLACK_CHANNEL_ID, or "
        "OFFBOARD_SMTP_HOST, OFFBOARD_MAIL_FROM and OFFBOARD_MAIL_TO."
    )
    return Check(what, Verdict.WARNING, text, mend)


def _public_url(settings: Settings) -> Check:
    what, url = "public_url", settings.public_url
    if url is None:
        text = "OFFBOARD_PUBLIC_URL is not set: reports have no link to their case."
        mend = "Set it to the address by which people open the pages, in every process."
        return Check(what, Verdict.WARNING, text, mend)
    if not url.startswith("https://") and urlsplit(url).hostname not in LOOPBACK:
        text = "Reports link to an address without TLS: tokens are typed there."
        mend = "Serve the pages by https, and set OFFBOARD_PUBLIC_URL to that."
        return Check(what, Verdict.WARNING, text, mend)
    return Check(what, Verdict.OK, f"Reports link to {url}.")


def _tokens(settings: Settings) -> Check:
    what, roles = "api_tokens", [one.role for one in settings.api_tokens]
    mend = "Make one, put its entry into OFFBOARD_API_TOKENS, and restart it:"
    if "approver" not in roles:
        text = "No token has the role approver: a case that is held can never go on."
        return Check(what, Verdict.FAILED, text, mend, f"{_TOKEN} approver")
    people = {one.person for one in settings.api_tokens if one.role != "viewer"}
    if len(people) < 2:
        text = (
            "All tokens that may do something are one person's, and nobody approves "
            "what they asked for themselves."
        )
        return Check(what, Verdict.WARNING, text, mend, f"{_TOKEN} operator")
    text = f"{counted(len(roles), 'token')}, one of an approver at least."
    return Check(what, Verdict.OK, text)


def _approvers(settings: Settings) -> Iterator[Check]:
    """Find approvers of accounts whom nobody can be here, by token or sign-in."""
    what, known = "account_approvers", _people_who_approve(settings)
    for one in settings.rules:
        missing = [
            each for each in one.approvers if known and each.casefold() not in known
        ]
        if not missing:
            continue
        are = "is" if len(missing) == 1 else "are"
        text = (
            f"{', '.join(missing)} {are} to decide about this account, and no token, "
            "sign-in or Slack user with the role approver is theirs."
        )
        mend = (
            "Write the name as it stands behind the token in OFFBOARD_API_TOKENS "
            "(name:role:sha256hex:person), in OFFBOARD_AUTH_USERS or in "
            "OFFBOARD_SLACK_USERS, or give that person the role."
        )
        alone = len(missing) == len(one.approvers)
        verdict = Verdict.FAILED if alone else Verdict.WARNING
        yield Check(what, verdict, text, mend, account_id=one.id)


def _people_who_approve(settings: Settings) -> frozenset[str]:
    """Return everybody who can be an approver; empty where that cannot be known.

    Whom a provider puts into a group that gives the role nobody here knows.
    """
    is_signed_in = settings.auth_mode != "token"
    if is_signed_in and any(one.role == "approver" for one in settings.auth_roles):
        return frozenset()
    found = [one.person for one in settings.api_tokens if one.role == "approver"]
    found += [one.person for one in settings.slack_users if one.role == "approver"]
    if is_signed_in:
        found += [one.name for one in settings.auth_users if one.role == "approver"]
    return frozenset(one.casefold() for one in found)


def _identities(settings: Settings) -> Check:
    what, people = "identity_map", settings.identity_map_file
    if people:
        text = f"It names {counted(len(people), 'person', 'people')}."
        return Check(what, Verdict.OK, text)
    text = "None is set: people are found by exact e-mail or IAM ID."
    return Check(what, Verdict.OK, text)


def _metrics(settings: Settings) -> Iterator[Check]:
    """Say where whoever reaches the web may read the metrics."""
    if settings.metrics_token or settings.host in LOOPBACK:
        return
    text = "GET /metrics is open to whoever reaches the web: they name accounts, "
    text += "functional IDs and sources, and tell how many leave."
    mend = "Set OFFBOARD_METRICS_TOKEN_FILE, and give the same file to what scrapes."
    yield Check("metrics_token", Verdict.WARNING, text, mend)


def _accepted(settings: Settings) -> Iterator[Check]:
    """Name the override, so that nobody forgets what was accepted with it."""
    if settings.store_unsafe:
        text = "OFFBOARD_STORE_UNSAFE is 1: it was accepted that the store may lose "
        text += "departures that were acknowledged."
        mend = "See that the sources send again; or take a store that flushes every "
        mend += "write, and take the setting out."
        yield Check("store_unsafe", Verdict.WARNING, text, mend)


def _encrypted(settings: Settings) -> Iterator[Check]:
    """Name the ways on which what is sent can be read by whoever stands beside."""
    for name, address in (
        ("OFFBOARD_STORE_URL", settings.store_url),
        ("OFFBOARD_BROKER_URL", settings.broker_url or ""),
    ):
        parts = urlsplit(address)
        if parts.scheme in _BARE and parts.hostname not in LOOPBACK:
            text = f"{name} has no TLS: names, mail addresses and its password go over "
            text += "the network as they are."
            mend = f"Use {_BARE[parts.scheme]}:// in {name}, or see that the network "
            mend += "is private."
            yield Check("tls", Verdict.WARNING, text, mend)
    is_bare = settings.smtp_security == "none" and settings.smtp_host not in LOOPBACK
    if settings.smtp_host and is_bare:
        text = "Mail leaves without TLS: OFFBOARD_SMTP_SECURITY is none."
        mend = "Set it to starttls or tls."
        yield Check("tls", Verdict.WARNING, text, mend)

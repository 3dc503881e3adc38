"""Whether IBM Cloud's hosts can be reached, and whether each key is taken by IAM."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import requests

from config.accounts import AccountSettings
from config.settings import Settings
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import OffboardingError, PermanentError
from workers.offboarding.health import Check, Verdict
from workers.offboarding.reasons import REASONS

_TIMEOUT_SECONDS: Final = (3.05, 5)


def reach_checks(settings: Settings) -> Iterator[Callable[[], Check]]:
    """Return what is to be tried: each host once, then each key."""
    hosts: dict[str, list[str]] = {}
    for name in ("iam", "containers", "user_management", "resource_manager"):
        address = getattr(settings, f"{name}_url")
        hosts.setdefault(address, []).append(f"OFFBOARD_{name.upper()}_URL")
    for address, names in hosts.items():
        yield partial(_host, address, names)
    for account in settings.accounts:
        yield from _keys(account, settings.iam_url)


def _host(address: str, names: list[str]) -> Check:
    """Ask for nothing in particular: any answer, a refusal too, has reached it."""
    what, named = "host", " and ".join(names)
    try:
        answer = requests.get(
            address, timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True
        )
        answer.close()
    except requests.exceptions.SSLError:
        text = f"{address} has a certificate that is not trusted here."
        mend = f"See that {named} names the host as its certificate does."
        return Check(what, Verdict.FAILED, text, mend)
    except requests.RequestException as error:
        slow = isinstance(error, requests.Timeout)
        why = "does not answer in time" if slow else "cannot be connected to"
        mend = (
            f"See that {named} is right, and that this machine may go there (DNS, "
            "proxy, firewall)."
        )
        return Check(what, Verdict.FAILED, f"{address} {why}.", mend)
    return Check(what, Verdict.OK, f"{address} answers.")


def _keys(account: AccountSettings, iam_url: str) -> Iterator[Callable[[], Check]]:
    named = [(one.name, one.apikey) for one in account.functional_ids]
    if account.reader is not None:
        named.append(("the reader", account.reader))
    for name, apikey in named:
        tokens = Tokens(apikey, iam_url, account.id)
        yield partial(_key, name, tokens, account.id)


def _key(name: str, tokens: Tokens, account_id: str) -> Check:
    what, of = "api_key", account_id or None
    try:
        owner = tokens.claims().as_owner()
    except PermanentError as error:
        told = REASONS[error.reason]
        text = f"The key of {name}: {error}. {told.sentence}"
        mend = f"Who mends it: {told.who}."
        return Check(what, Verdict.FAILED, text, mend, told.command, of)
    except OffboardingError as error:
        text = f"Whether IAM takes the key of {name} could not be seen: {error}."
        mend = "See the lines about the hosts, and ask again."
        return Check(what, Verdict.UNPROVEN, text, mend, None, of)
    text = f"IAM takes the key of {name}: it is {owner.name or owner.id}'s."
    return Check(what, Verdict.OK, text, account_id=of)

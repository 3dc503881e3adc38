"""Whose token a call carries, and into which account it leads.

Knows no routes; each service brings its own shape for a refusal.
"""

import time
from collections.abc import Callable, Sequence

from flask import g, request

from simulator import tokens
from simulator.account import Account
from simulator.errors import FarSideError
from simulator.rights import Rights


def this_account(
    accounts: Sequence[Account], refusal: Callable[[int, str], FarSideError]
) -> Account:
    """Find the account of the call's token, and wait out the account's latency.

    Leaves the token's claims in ``g.claims``.

    Raises:
        FarSideError: 401 when the token is missing, not ours, or expired.
    """
    claims = tokens.read(request.headers.get("Authorization"))
    account = next(
        (a for a in accounts if claims and a.account_id == claims.account_id), None
    )
    if claims is None or account is None:
        raise refusal(401, "A token is needed.")
    if claims.expires_at <= account.clock():
        raise refusal(401, "Token expired")
    g.claims = claims
    admit(account)
    return account


def rights_of_caller() -> Rights:
    """Answer what the call's token may see, as its policies are now."""
    account: Account = g.account
    return Rights(account.policies(g.claims.iam_id), account.custom_roles())


def admit(account: Account) -> None:
    """Wait as long as a round trip to the account takes."""
    if account.latency_seconds > 0:
        time.sleep(account.latency_seconds)

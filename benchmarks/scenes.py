"""Accounts to measure on: so many targets, clusters and owners, all of them regular."""

import time
from dataclasses import dataclass
from typing import Final

from simulator.account import Account
from simulator.policies import account_reader, key_owner

LEAVER: Final = "IBMid-550000DANA"
LEAVER_EMAIL: Final = "dana.lee@example.com"
COLLEAGUE: Final = "IBMid-550000RBIN"
COLLEAGUE_EMAIL: Final = "robin.park@example.com"
FUNCTIONAL_ID: Final = "IBMid-6600001FID"
# With what it logs in to the first account.
FUNCTIONAL_KEY: Final = "simulated-apikey-of-account-1"
_REGIONS: Final = ("us-south", "us-east", "eu-de", "eu-gb", "jp-tok")
# The most an accounts file may say; IBM Cloud raises the usual 20 when it is asked to.
_KEYS: Final = 10_000
# One that needs nothing after a reset. Where a list shows none the cluster is asked.
_ADDONS: Final = ("static-route",)
_AGE_SECONDS: Final = 30 * 86_400.0


@dataclass(frozen=True)
class Scene:
    """What the accounts are made of.

    Attributes:
        accounts: How many accounts.
        targets: How many targets the leaver has, in each account.
        others: How many targets a colleague has, in each account.
        clusters: How many clusters each account has, spread over all its targets.
        latency_seconds: Added to every call.
        lag_seconds: Passes before a reset shows.
        people: How many users each account has besides.
    """

    accounts: int = 1
    targets: int = 100
    others: int = 0
    clusters: int = 1000
    latency_seconds: float = 0.0
    lag_seconds: float = 0.0
    people: int = 0


def accounts_of(scene: Scene) -> list[Account]:
    """Make the accounts of a scene."""
    return [_account(scene, number) for number in range(scene.accounts)]


def _account(scene: Scene, number: int) -> Account:
    # What is there has been there for long: no key was made since a survey.
    account = Account(
        f"{number + 1:032x}", name=f"account-{number + 1}", clock=_long_ago
    )
    account.latency_seconds = scene.latency_seconds
    account.replication_lag_seconds = scene.lag_seconds
    _add_people(account, scene, number)
    many = scene.targets + scene.others
    places = [(_REGIONS[at % len(_REGIONS)], _group(at)) for at in range(many)]
    for at, (region, group_id) in enumerate(places):
        if group_id not in {one.group_id for one in account.groups()}:
            account.add_group(group_id, f"team-{at // len(_REGIONS) + 1}")
        owner = LEAVER if at < scene.targets else COLLEAGUE
        account.set_owner(region, group_id, owner)
    for at in range(scene.clusters):
        region, group_id = places[at % many]
        one_id = f"c{number:03d}{at:016d}"
        account.add_cluster(
            one_id, f"app-{at}", region=region, group_id=group_id, addons=_ADDONS
        )
    account.clock = time.time
    return account


def _long_ago() -> float:
    return time.time() - _AGE_SECONDS


def _add_people(account: Account, scene: Scene, number: int) -> None:
    account.add_person(LEAVER, LEAVER_EMAIL, name="Dana Lee")
    account.add_person(COLLEAGUE, COLLEAGUE_EMAIL, name="Robin Park")
    account.add_person(FUNCTIONAL_ID, "iks-functional-1@example.com", name="IKS")
    account.add_login_key(FUNCTIONAL_ID, f"simulated-apikey-of-account-{number + 1}")
    account.set_policies(FUNCTIONAL_ID, [*key_owner(), *account_reader()])
    account.add_functional_id(FUNCTIONAL_ID, "iks-functional-1")
    account.key_limits[FUNCTIONAL_ID] = _KEYS
    for one in range(scene.people):
        account.add_person(f"IBMid-77{one:08d}", f"person{one}@example.com")


def _group(at: int) -> str:
    # Like no account's id, or a key's description would name two things alike.
    return f"a{at // len(_REGIONS) + 1:031x}"

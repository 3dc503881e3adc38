"""A larger scene: two accounts, in which reading goes wrong in most ways it can.

Nobody here exists; every address is at example.com.
"""

import time
from collections.abc import Callable

from simulator.account import Account
from simulator.policies import account_reader, key_owner
from simulator.records import Provider
from simulator.scenario import (
    COLLEAGUE_EMAIL,
    COLLEAGUE_IAM_ID,
    LEAVER_EMAIL,
    LEAVER_IAM_ID,
)

PRODUCTION_ID = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
STAGING_ID = "8e2bb4c5d6e70f819203a4b5c6d7e8f9"

AMERICAS_IAM_ID = "IBMid-6600001FID"
WORLD_IAM_ID = "IBMid-6600002FID"
STAGING_IAM_ID = "IBMid-6600003FID"
READER_IAM_ID = "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
PIPELINE_IAM_ID = "iam-ServiceId-77778888-1111-2222-3333-444455556666"
FORMER_IAM_ID = "IBMid-550000GONE"
READERS_GROUP_ID = "AccessGroupId-cluster-readers"

DEFAULT, PAYMENTS, PLATFORM, DATA = (
    "9a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "5c49eabcf5e85881a37e2d100a33b3df",
    "7d3e9f0a1b2c4d5e8f6a7b8c9d0e1f2a",
    "1f2e3d4c5b6a79880716253443526170",
)
STAGING_DEFAULT, STAGING_PLATFORM = (
    "c0ffee00c0ffee00c0ffee00c0ffee00",
    "0ddba11e0ddba11e0ddba11e0ddba11e",
)

# region as lists show it, group, what each cluster runs on
_Place = tuple[str, str, tuple[Provider, ...]]
_PRODUCTION: tuple[_Place, ...] = (
    ("us-south", PAYMENTS, ("vpc-gen2", "vpc-gen2", "classic")),
    ("us-south", PLATFORM, ("vpc-gen2", "vpc-gen2")),
    ("us-east", PAYMENTS, ("vpc-gen2", "vpc-gen2")),
    ("us-east", DEFAULT, ("vpc-gen2",)),
    ("eu-de", PAYMENTS, ("vpc-gen2",)),
    ("eu-central", PAYMENTS, ("classic",)),
    ("eu-de", PLATFORM, ("vpc-gen2", "vpc-gen2", "vpc-gen2")),
    ("eu-de", DATA, ("satellite",)),
    ("eu-gb", DATA, ("vpc-gen2", "vpc-gen2")),
    ("jp-tok", DATA, ("vpc-gen2",)),
    ("au-syd", DATA, ("vpc-gen2",)),
    ("us-south", DATA, ("vpc-gen2",)),
)
_STAGING: tuple[_Place, ...] = (
    ("us-south", STAGING_DEFAULT, ("vpc-gen2", "vpc-gen2")),
    ("us-south", STAGING_PLATFORM, ("vpc-gen2",)),
    ("eu-de", STAGING_PLATFORM, ("vpc-gen2",)),
)


def two_accounts(clock: Callable[[], float] = time.time) -> list[Account]:
    """Make *production* and *staging*; Dana Lee and Robin Park are in both.

    In production Dana Lee owns six targets. One has clusters under an older region
    name too, one has a cluster that is being deleted and no other (us-south/data), one
    has a key and no cluster (eu-gb/platform). A person who left owns jp-tok/data, a
    service ID eu-de/data, nobody au-syd/data. Classic credentials of hers are stored
    for us-south/payments. The reader sees everything, through an access group; two
    functional IDs share the regions. In staging the functional ID reads, and Dana Lee
    owns us-south/default. The functional IDs have the policies IBM Cloud documents;
    jp-tok/data is broken from the start, nothing else is.
    """
    return [_production(clock), _staging(clock)]


def _production(clock: Callable[[], float]) -> Account:
    account = Account(PRODUCTION_ID, name="production", clock=clock)
    for group_id, name in (
        (DEFAULT, "default"),
        (PAYMENTS, "payments"),
        (PLATFORM, "platform"),
        (DATA, "data"),
    ):
        account.add_group(group_id, name, default=group_id == DEFAULT)
    _add_members(account)
    _add_functional_id(
        account, AMERICAS_IAM_ID, "iks-americas", regions=("us-south", "us-east")
    )
    _add_functional_id(account, WORLD_IAM_ID, "iks-world")
    account.add_person(FORMER_IAM_ID, "former.member@example.com", name="Former Member")
    account.add_service_id(PIPELINE_IAM_ID, "pipeline")
    _add_reader(account)
    _add_clusters(account, "p", _PRODUCTION)
    _add_owners_in_production(account)
    account.remove_person(FORMER_IAM_ID)
    return account


def _staging(clock: Callable[[], float]) -> Account:
    account = Account(STAGING_ID, name="staging", clock=clock)
    account.add_group(STAGING_DEFAULT, "default", default=True)
    account.add_group(STAGING_PLATFORM, "platform")
    _add_members(account)
    _add_functional_id(account, STAGING_IAM_ID, "iks-staging")
    account.set_policies(STAGING_IAM_ID, [*key_owner(), *account_reader()])
    _add_clusters(account, "s", _STAGING)
    account.set_owner("us-south", STAGING_DEFAULT, LEAVER_IAM_ID)
    account.set_owner("us-south", STAGING_PLATFORM, COLLEAGUE_IAM_ID)
    account.set_owner("eu-de", STAGING_PLATFORM, STAGING_IAM_ID)
    return account


def _add_members(account: Account) -> None:
    account.add_person(LEAVER_IAM_ID, LEAVER_EMAIL, name="Dana Lee")
    account.add_person(COLLEAGUE_IAM_ID, COLLEAGUE_EMAIL, name="Robin Park")


def _add_functional_id(
    account: Account, iam_id: str, name: str, regions: tuple[str, ...] = ()
) -> None:
    account.add_person(iam_id, f"{name}@example.com", name=name)
    account.add_login_key(iam_id, f"simulated-apikey-of-{name}")
    account.set_policies(iam_id, key_owner())
    account.add_functional_id(iam_id, name, regions=regions)


def _add_reader(account: Account) -> None:
    account.add_service_id(READER_IAM_ID, "offboard-reader")
    account.add_login_key(READER_IAM_ID, "simulated-apikey-of-offboard-reader")
    account.reader = READER_IAM_ID
    account.add_access_group(
        READERS_GROUP_ID,
        "cluster-readers",
        members=[READER_IAM_ID],
        policies=account_reader(),
    )


def _add_clusters(account: Account, letter: str, places: tuple[_Place, ...]) -> None:
    number = 0
    for region, group_id, providers in places:
        group = account.group(group_id)
        for place, provider in enumerate(providers, 1):
            number += 1
            account.add_cluster(
                f"c{letter}{number:018d}",
                f"{group.name if group else ''}-{region}-{place}",
                region=region,
                group_id=group_id,
                provider=provider,
            )


def _add_owners_in_production(account: Account) -> None:
    for region, group_id in (
        ("us-south", PAYMENTS),
        ("us-south", PLATFORM),
        ("us-south", DATA),
        ("us-east", PAYMENTS),
        ("eu-de", PAYMENTS),
        ("eu-gb", PLATFORM),
    ):
        account.set_owner(region, group_id, LEAVER_IAM_ID)
    account.set_owner("eu-de", PLATFORM, COLLEAGUE_IAM_ID)
    account.set_owner("eu-gb", DATA, COLLEAGUE_IAM_ID)
    account.set_owner("us-east", DEFAULT, AMERICAS_IAM_ID)
    account.set_owner("jp-tok", DATA, FORMER_IAM_ID)
    account.set_owner("eu-de", DATA, PIPELINE_IAM_ID)
    dying = next(c for c in account.clusters() if c.name == "data-us-south-1")
    account.set_cluster_state(dying.cluster_id, "deleting")
    account.set_classic_credential("us-south", PAYMENTS, f"1234567_{LEAVER_EMAIL}")

"""The demo's account: who is in it, what they own, and the made-up keys to it.

Nobody here exists; every address is at example.com.
"""

import time
from collections.abc import Callable

from simulator.account import Account

FUNCTIONAL_ID_APIKEY = "simulated-apikey-of-iks-functional-1"
LEAVER_APIKEY = "simulated-apikey-of-dana-lee"
COLLEAGUE_APIKEY = "simulated-apikey-of-robin-park"

LEAVER_IAM_ID = "IBMid-550000DANA"
LEAVER_EMAIL = "dana.lee@example.com"
COLLEAGUE_IAM_ID = "IBMid-550000RBIN"
COLLEAGUE_EMAIL = "robin.park@example.com"
FUNCTIONAL_ID_IAM_ID = "IBMid-6600001FID"
FUNCTIONAL_ID_EMAIL = "iks-functional-1@example.com"

DEFAULT_GROUP_ID = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
PAYMENTS_GROUP_ID = "5c49eabcf5e85881a37e2d100a33b3df"
PLATFORM_GROUP_ID = "7d3e9f0a1b2c4d5e8f6a7b8c9d0e1f2a"


def demo_account(clock: Callable[[], float] = time.time) -> Account:
    """Make the account.

    Dana Lee owns three targets with five clusters: us-south/payments,
    us-south/platform and eu-de/payments. Robin Park owns eu-de/platform, the
    functional ID us-east/default, with one cluster each.
    """
    account = Account(clock=clock)
    account.add_group(DEFAULT_GROUP_ID, "default", default=True)
    account.add_group(PAYMENTS_GROUP_ID, "payments")
    account.add_group(PLATFORM_GROUP_ID, "platform")
    _add_people(account)
    _add_clusters_of_the_leaver(account)
    _add_other_clusters(account)
    _add_owners(account)
    return account


def _add_people(account: Account) -> None:
    account.add_person(LEAVER_IAM_ID, LEAVER_EMAIL, name="Dana Lee")
    account.add_person(COLLEAGUE_IAM_ID, COLLEAGUE_EMAIL, name="Robin Park")
    account.add_person(FUNCTIONAL_ID_IAM_ID, FUNCTIONAL_ID_EMAIL, name="IKS Functional")
    account.add_login_key(LEAVER_IAM_ID, LEAVER_APIKEY)
    account.add_login_key(COLLEAGUE_IAM_ID, COLLEAGUE_APIKEY)
    account.add_login_key(FUNCTIONAL_ID_IAM_ID, FUNCTIONAL_ID_APIKEY)


def _add_clusters_of_the_leaver(account: Account) -> None:
    account.add_cluster(
        "cq1pay00south00001",
        "payments-prod",
        region="us-south",
        group_id=PAYMENTS_GROUP_ID,
        type="openshift",
        addons=("vpc-block-csi-driver", "cluster-autoscaler"),
        workers=9,
    )
    account.add_cluster(
        "bq1pay00south00002",
        "payments-batch",
        region="us-south",
        group_id=PAYMENTS_GROUP_ID,
        provider="classic",
    )
    account.add_cluster(
        "cq1plt00south00003",
        "platform-tools",
        region="us-south",
        group_id=PLATFORM_GROUP_ID,
        addons=("vpc-block-csi-driver",),
    )
    account.add_cluster(
        "cq1pay00eude000004",
        "payments-eu",
        region="eu-de",
        group_id=PAYMENTS_GROUP_ID,
        addons=("vpc-block-csi-driver",),
        workers=6,
    )
    account.add_cluster(
        "cr1pay00eude000005",
        "payments-edge",
        region="eu-de",
        group_id=PAYMENTS_GROUP_ID,
        provider="satellite",
        type="openshift",
    )


def _add_other_clusters(account: Account) -> None:
    account.add_cluster(
        "cq1plt00eude000006",
        "platform-eu",
        region="eu-de",
        group_id=PLATFORM_GROUP_ID,
    )
    account.add_cluster(
        "cq1def00east000007",
        "sandbox",
        region="us-east",
        group_id=DEFAULT_GROUP_ID,
    )


def _add_owners(account: Account) -> None:
    account.set_owner("us-south", PAYMENTS_GROUP_ID, LEAVER_IAM_ID)
    account.set_owner("us-south", PLATFORM_GROUP_ID, LEAVER_IAM_ID)
    account.set_owner("eu-de", PAYMENTS_GROUP_ID, LEAVER_IAM_ID)
    account.set_owner("eu-de", PLATFORM_GROUP_ID, COLLEAGUE_IAM_ID)
    account.set_owner("us-east", DEFAULT_GROUP_ID, FUNCTIONAL_ID_IAM_ID)

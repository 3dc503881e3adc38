"""The demo's account: who is in it, what they own, and the made-up keys to it.

Nobody here exists; every address is at example.com.
"""

import time
from collections.abc import Callable

from simulator.account import Account
from simulator.policies import account_reader, key_owner

FUNCTIONAL_ID_APIKEY = "simulated-apikey-of-iks-functional-1"
LEAVER_APIKEY = "simulated-apikey-of-dana-lee"
COLLEAGUE_APIKEY = "simulated-apikey-of-robin-park"

LEAVER_IAM_ID = "IBMid-550000DANA"
LEAVER_EMAIL = "dana.lee@example.com"
COLLEAGUE_IAM_ID = "IBMid-550000RBIN"
COLLEAGUE_EMAIL = "robin.park@example.com"
FUNCTIONAL_ID_IAM_ID = "IBMid-6600001FID"
FUNCTIONAL_ID_EMAIL = "iks-functional-1@example.com"

BILLING_FUNCTIONAL_ID_APIKEY = "simulated-apikey-of-iks-billing"
BILLING_FUNCTIONAL_ID_IAM_ID = "IBMid-6600004FID"
BILLING_OWNER_IAM_ID = "IBMid-550000PRYA"
BILLING_OWNER_EMAIL = "priya.nair@example.com"
LONDON_OWNER_IAM_ID = "IBMid-550000KAIT"
LONDON_OWNER_EMAIL = "kai.ito@example.com"

DEFAULT_GROUP_ID = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
PAYMENTS_GROUP_ID = "5c49eabcf5e85881a37e2d100a33b3df"
PLATFORM_GROUP_ID = "7d3e9f0a1b2c4d5e8f6a7b8c9d0e1f2a"
BILLING_GROUP_ID = "4b6c8d0e2f1a3b5c7d9e0f1a2b3c4d5e"


def demo_account(clock: Callable[[], float] = time.time) -> Account:
    """Make the account of the demo: that of ``departure_account``, and two places more.

    Priya Nair owns us-south/billing with one cluster. It is kept for the functional ID
    *iks-billing* by the accounts file, which lacks a role on VPC infrastructure: it
    must not take over there. Kai Ito owns eu-gb/payments and eu-gb/platform, with one
    cluster and with two: they wait to be adopted.
    """
    account = departure_account(clock)
    account.add_group(BILLING_GROUP_ID, "billing")
    account.add_person(BILLING_OWNER_IAM_ID, BILLING_OWNER_EMAIL, name="Priya Nair")
    account.add_person(LONDON_OWNER_IAM_ID, LONDON_OWNER_EMAIL, name="Kai Ito")
    _add_functional_ids(account)
    _add_clusters_of_billing_and_london(account)
    account.set_owner("us-south", BILLING_GROUP_ID, BILLING_OWNER_IAM_ID)
    account.set_owner("eu-gb", PAYMENTS_GROUP_ID, LONDON_OWNER_IAM_ID)
    account.set_owner("eu-gb", PLATFORM_GROUP_ID, LONDON_OWNER_IAM_ID)
    return account


def departure_account(clock: Callable[[], float] = time.time) -> Account:
    """Make the smallest account in which a departure can be played.

    Dana Lee owns three targets with five clusters: us-south/payments,
    us-south/platform and eu-de/payments. Robin Park owns eu-de/platform, the
    functional ID us-east/default, with one cluster each. The functional ID, which also
    reads, has the policies IBM Cloud documents for both.
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
    account.set_policies(FUNCTIONAL_ID_IAM_ID, [*key_owner(), *account_reader()])


def _add_functional_ids(account: Account) -> None:
    account.add_functional_id(FUNCTIONAL_ID_IAM_ID, "iks-functional-1")
    billing = BILLING_FUNCTIONAL_ID_IAM_ID
    account.add_person(billing, "iks-billing@example.com", name="IKS Billing")
    account.add_login_key(billing, BILLING_FUNCTIONAL_ID_APIKEY)
    account.set_policies(billing, key_owner(BILLING_GROUP_ID, but=("is",)))
    account.add_functional_id(billing, "iks-billing", group_ids=[BILLING_GROUP_ID])


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


def _add_clusters_of_billing_and_london(account: Account) -> None:
    account.add_cluster(
        "cq1bil00south00008",
        "billing-prod",
        region="us-south",
        group_id=BILLING_GROUP_ID,
        addons=("vpc-block-csi-driver",),
    )
    account.add_cluster(
        "cq1pay00eugb000009",
        "payments-gb",
        region="eu-gb",
        group_id=PAYMENTS_GROUP_ID,
        addons=("vpc-block-csi-driver",),
    )
    account.add_cluster(
        "cq1plt00eugb000010",
        "platform-gb",
        region="eu-gb",
        group_id=PLATFORM_GROUP_ID,
    )
    account.add_cluster(
        "cq1plt00eugb000011",
        "platform-gb-tools",
        region="eu-gb",
        group_id=PLATFORM_GROUP_ID,
    )


def _add_owners(account: Account) -> None:
    account.set_owner("us-south", PAYMENTS_GROUP_ID, LEAVER_IAM_ID)
    account.set_owner("us-south", PLATFORM_GROUP_ID, LEAVER_IAM_ID)
    account.set_owner("eu-de", PAYMENTS_GROUP_ID, LEAVER_IAM_ID)
    account.set_owner("eu-de", PLATFORM_GROUP_ID, COLLEAGUE_IAM_ID)
    account.set_owner("us-east", DEFAULT_GROUP_ID, FUNCTIONAL_ID_IAM_ID)

"""One account, its keys and its targets, as the tests of this room begin with them."""

from collections.abc import Callable
from typing import Any

from config.accounts import AccountSettings, FunctionalIdSettings
from config.settings import Secret, Settings
from simulator import Account
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    OwnerKind,
    ResourceGroup,
    Target,
)

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
SANDBOX = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
FUNCTIONAL = "IBMid-6600001FID"
READER = "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
LEAVER = "IBMid-550000ABCD"
FUNCTIONAL_KEY = "functional-key-for-tests-0000000000000000001"
READER_KEY = "reader-key-for-tests-000000000000000000000002"
STEWARD = KeyOwner(
    FUNCTIONAL, "Cluster Steward", "steward@example.com", OwnerKind.FUNCTIONAL_ID
)


def a_target(*cluster_ids: str, region: str = "us-south", group: str = PROD) -> Target:
    clusters = tuple(Cluster(one, one, "vpc-gen2") for one in cluster_ids)
    return Target(ACCOUNT, region, ResourceGroup(group, "prod"), clusters)


def a_functional_id(
    name: str = "functional-id", key: str = FUNCTIONAL_KEY, **rule: Any
) -> FunctionalIdSettings:
    return FunctionalIdSettings(name, Secret(key), **rule)


def an_account(
    *functional_ids: FunctionalIdSettings,
    reader: str | None = None,
    account_id: str = ACCOUNT,
) -> AccountSettings:
    ours = functional_ids or (a_functional_id(),)
    return AccountSettings(account_id, ours, Secret(reader) if reader else None)


def settings_for(url: str) -> Settings:
    return Settings(
        iam_url=url,
        containers_url=f"{url}/global",
        user_management_url=url,
        resource_manager_url=url,
    )


class Replaced(Secret):
    """A key that somebody replaces after it was looked at so often, and does away."""

    __slots__ = ("_after", "_looks", "_then", "_with_it")

    def __init__(
        self,
        first: str,
        then: str,
        *,
        after: int,
        with_it: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(first)
        self._then, self._after, self._looks = then, after, 0
        self._with_it = with_it

    def reveal(self) -> str:
        self._looks += 1
        if self._looks == self._after + 1:
            self._with_it()
        return super().reveal() if self._looks <= self._after else self._then


def delete_login(scene: Account, iam_id: str) -> None:
    """Delete in IAM the first key with which an identity gets tokens."""
    mine = [one for one in scene.api_keys() if one.iam_id == iam_id]
    scene.delete_key(next(one.key_id for one in mine if one.target is None))

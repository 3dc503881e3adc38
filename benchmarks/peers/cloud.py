"""The few calls to IBM Cloud that a script for this needs, and nothing around them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import requests
from requests.adapters import HTTPAdapter

# The documented wait until a new key is known everywhere.
WAIT_SECONDS: Final = 10.0
_LISTS: Final = ("vpc", "classic", "satellite")
_TIMEOUT: Final = (3.05, 30)


@dataclass(frozen=True)
class Place:
    """A region and resource group, and a cluster to see its key owner through."""

    region: str
    group_id: str
    cluster_id: str


class Cloud:
    """IBM Cloud as the functional ID sees it; everything is asked with its key."""

    def __init__(self, iam_url: str, containers_url: str, api_key: str) -> None:
        self._iam_url, self._url, self._api_key = iam_url, containers_url, api_key
        self._session = requests.Session()
        # As many threads as a worker may have share it.
        self._session.mount("http", HTTPAdapter(pool_maxsize=100))

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Make one of what a script finds in its environment, and log in."""
        cloud = cls(
            environ["OFFBOARD_IAM_URL"],
            environ["OFFBOARD_CONTAINERS_URL"],
            environ["PEER_APIKEY"],
        )
        cloud.log_in()
        return cloud

    def log_in(self) -> None:
        """Get a token; it lives an hour."""
        grant = "urn:ibm:params:oauth:grant-type:apikey"
        answer = self._session.post(
            f"{self._iam_url}/identity/token",
            data={"grant_type": grant, "apikey": self._api_key},
            timeout=_TIMEOUT,
        )
        answer.raise_for_status()
        token = answer.json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def places(self) -> list[Place]:
        """List all clusters, and give one cluster for each region and group."""
        found: dict[tuple[str, str], Place] = {}
        for kind in _LISTS:
            url = f"{self._url}/v2/{kind}/getClusters"
            answer = self._session.get(url, timeout=_TIMEOUT)
            answer.raise_for_status()
            for one in answer.json():
                key = (one["region"], one["resourceGroup"])
                found.setdefault(key, Place(*key, one["id"]))
        return list(found.values())

    def owner(self, place: Place) -> str:
        """Read whose the key of a region and group is."""
        url = f"{self._url}/v1/logging/{place.cluster_id}/clusterkeyowner"
        answer = self._session.get(url, timeout=_TIMEOUT)
        answer.raise_for_status()
        return str(answer.json().get("id", ""))

    def reset(self, place: Place) -> None:
        """Give a region and group a new key: the functional ID's, who asks."""
        headers = {
            "X-Region": place.region,
            "X-Auth-Resource-Group": place.group_id,
        }
        url = f"{self._url}/v1/keys"
        answer = self._session.post(url, headers=headers, timeout=_TIMEOUT)
        answer.raise_for_status()


def tell(text: str) -> None:
    """Post a message to the channel."""
    requests.post(
        f"{os.environ['OFFBOARD_SLACK_API_URL']}chat.postMessage",
        json={"channel": os.environ["OFFBOARD_SLACK_CHANNEL_ID"], "text": text},
        headers={"Authorization": f"Bearer {os.environ['OFFBOARD_SLACK_BOT_TOKEN']}"},
        timeout=_TIMEOUT,
    ).raise_for_status()

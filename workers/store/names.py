"""Names learned from sources: their own id of a person → an e-mail or IAM ID.

A deleted person cannot be looked up any more, so what was heard of them before is all
there is. One hash a source.
"""

from collections.abc import Mapping, Sequence

import redis

from workers.store.connection import PREFIX, faults


class KnownNames:
    """What each source's ids of people stand for."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def of(self, source: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the e-mail or IAM ID of each of *ids* that is known."""
        if not ids:
            return {}
        with faults():
            found = self._client.hmget(f"{PREFIX}names:{source}", list(ids))
        pairs = zip(ids, found, strict=True)
        return {one: str(name) for one, name in pairs if name is not None}

    def learn(self, source: str, names: Mapping[str, str]) -> None:
        """Keep e-mails or IAM IDs by the source's own ids."""
        if names:
            with faults():
                self._client.hset(
                    f"{PREFIX}names:{source}",
                    items=[part for pair in names.items() for part in pair],
                )

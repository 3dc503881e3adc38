"""The way to the broker, as Celery's library has it, with one thing spared.

It makes a client anew for each of the three or four commands that a message needs, and
making one takes longer than its command. Nothing of what is sent changes. (The types
that the library has elsewhere leave that method out.)
"""

from typing import Any, Final

from kombu import transport
from kombu.transport import redis

_OURS: Final = f"{__name__}:Transport"


class Channel(redis.Channel):
    """A channel that keeps its client for as long as its pool of connections."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: ANN401 - as the base class has it
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[misc]
        # After a fault the channel has another pool. Threads share clients safely.
        kept = self._kept
        if kept is None or kept.connection_pool is not self.pool:
            kept = self._kept = super()._create_client()  # type: ignore[misc]
        return kept


class Transport(redis.Transport):
    """Redis as the broker, on such channels."""

    Channel = Channel


def prefer_ours() -> None:
    """Have addresses of Redis mean this transport; the socket's have no other way."""
    transport.TRANSPORT_ALIASES.update(redis=_OURS, rediss=_OURS)

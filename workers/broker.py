"""The way to the broker: Redis or RabbitMQ, and what differs between the two.

To Redis it is as Celery's library has it, with one thing spared. The library makes a
client anew for each of the three or four commands that a message needs, and making one
takes longer than its command. Nothing of what is sent changes. (The types that the
library has elsewhere leave that method out.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from kombu import exceptions as kombu
from kombu import transport
from kombu.transport import redis
from redis import RedisError

from workers.tls import told_to_celery, without_ca

# What sending may end with: what the library makes of a fault, and what it lets through
# as it is. RabbitMQ refuses a login as a channel's fault.
FAULTS: Final = (
    kombu.KombuError,
    kombu.ConnectionError,
    kombu.ChannelError,
    RedisError,
    OSError,
)

_OURS: Final = f"{__name__}:Transport"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is particular to one kind of broker.

    Attributes:
        first: The priority of what workers take before all else.
        last: The priority of what may stay behind.
        settings: What Celery has to be told for it.
    """

    first: int
    last: int
    settings: Mapping[str, Any]


# A list for each priority, of which it has ten; the lowest number goes first.
_REDIS: Final = Kind(
    first=0,
    last=9,
    settings={
        "broker_transport_options": {
            # Longer than any task, so that none runs twice at once for want of
            # patience.
            "visibility_timeout": 600,
            # The defaults look for lost messages only about every 100 s.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "health_check_interval": 25,
            "socket_connect_timeout": 2,
            "socket_timeout": 10,
            "socket_keepalive": True,
        }
    },
)

# The highest number goes first. It gives out again at once what a lost worker had.
_RABBITMQ: Final = Kind(
    first=1,
    last=0,
    settings={
        # A queue has as many priorities as it was made with, and each costs it memory.
        "task_queue_max_priority": 1,
        "broker_connection_timeout": 2,
    },
)


def kind_of(broker_url: str) -> Kind:
    """Tell what is particular to the broker at that address."""
    return _RABBITMQ if urlsplit(broker_url).scheme in ("amqp", "amqps") else _REDIS


def settings_for(broker_url: str) -> dict[str, Any]:
    """Return what Celery has to be told for the broker at that address."""
    address, ca_file = without_ca(broker_url)
    scheme = urlsplit(address).scheme
    settings = dict(kind_of(address).settings)
    if scheme in ("rediss", "amqps"):
        settings["broker_use_ssl"] = told_to_celery(scheme, ca_file)
    return settings


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

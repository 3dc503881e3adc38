"""How a source is played without its vendor: a request, signed as the vendor would."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to a running service: the path is below its address.

    ``{id}`` in it stands for the ``id`` of the last answer that had one.
    """

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be played: about whom (an e-mail or an IAM ID), when, with what.

    ``sender_id`` is the sender's own id of the person, where it tells by one; without
    it one is made up that no real person has.
    """

    user: str
    at: datetime
    settings: Settings
    signing_key: str | None = None
    sender_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing a source may tell.

    ``kind`` is its word for it; ``leads_to`` says in a few words what comes of it;
    ``make`` makes the requests, in their order.
    """

    kind: str
    leads_to: str
    make: Callable[[Asked], tuple[Outgoing, ...]]

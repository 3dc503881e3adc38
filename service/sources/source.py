"""What a source is: who sent it proven, taken apart, each part read. It opens no case.

A new sender is a file here with one subclass, and a line in ``SOURCES``.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from config.settings import Settings
from workers.offboarding.heard import SourceEvent

JSON: Final = "application/json"
LARGE_BYTES: Final = 1024 * 1024
KEY_LIMIT: Final = 255


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of a sender, as it came.

    Attributes:
        method: ``POST``, or another that the protocol asks for.
        headers: By lower-case name.
        query: The query's parameters; of a repeated one the first.
        raw: The body's bytes; never parsed and written again before they are proven.
        path_secret: What the path ends with; None where it does not.
        at: Our clock, aware UTC.
        media_type: Of the body, without its parameters, lower-case; empty if none.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    at: datetime
    path_secret: str | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One element of an authentic delivery: what is kept if it cannot be read.

    Attributes:
        key: The event's key, ``<source>:<native key>``; the same in a repeat. Where the
            element has none, ``key_of`` makes one of its content.
        body: The element, as JSON; with all that reading it needs.
    """

    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a protocol wants answered."""

    status: int
    body: bytes = b""
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Source(ABC):
    """A system that tells us that somebody leaves.

    Class attributes:
        name: In its path, in its settings and in event keys.
        methods: What its path takes besides POST.
        media_types: Of bodies; anything else is 415. ``*`` as the subtype fits all.
        limit_bytes: The largest body.
        takes_path_secret: Whether its sender may put the secret last in the path.
        is_strict: Whether an event that says nothing we can act on is answered with
            422, since its sender reads our answers; it is kept in quarantine anyway.
    """

    name: ClassVar[str]
    methods: ClassVar[frozenset[str]] = frozenset()
    media_types: ClassVar[tuple[str, ...]] = (JSON,)
    limit_bytes: ClassVar[int] = LARGE_BYTES
    takes_path_secret: ClassVar[bool] = False
    is_strict: ClassVar[bool] = False

    def greet(self, delivery: Delivery, settings: Settings) -> Reply | None:
        """Answer a handshake of the protocol, which is no event; None: it is none.

        Asked first, before type and sender are checked: a handshake that carries its
        sender's secret has it checked here.

        Raises:
            NotAuthenticError: It should carry the secret and does not.
            MalformedError: It is a handshake, and not a well-formed one.
        """
        return None

    @abstractmethod
    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Prove who sent it, then take it apart; what is not for us is left out.

        Raises:
            NotAuthenticError: Not proven, for whatever reason.
            MalformedError: Authentic, and not of the protocol's form as a whole.
        """

    @abstractmethod
    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read one part; the same again when it is replayed, days later.

        Raises:
            UnreadableError: It says nothing that can be acted on: to quarantine.
            ValidationError: The same, of a source that is strict; names the fields.
        """

    def accepted(self, case_ids: Sequence[str]) -> Reply | None:
        """Answer a delivery that is stored; None: 202 with the cases' ids."""
        return None

    def refused(self, error: Exception) -> Reply | None:
        """Answer an error in the protocol's own form; None: as problem+json."""
        return None

"""One file a sender: a signed payload in, an event out. None of them opens a case.

A new sender is a file here and a line in ``SOURCES``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

from config.settings import Settings
from service.sources.standard import Standard
from workers.offboarding.model import Event


class Source(Protocol):
    """A system that tells us that somebody leaves."""

    @property
    def name(self) -> str:
        """Return its name in the path, in its settings and in event keys."""

    def is_on(self, settings: Settings) -> bool:
        """Tell whether the settings hold what it needs; without, it does not exist."""

    def read(
        self,
        request_headers: Mapping[str, str],
        raw: bytes,
        settings: Settings,
        now: datetime,
    ) -> Event:
        """Prove who sent *raw*, then read it.

        Args:
            request_headers: By lower-case name.
            raw: The body as it came.
            settings: Where the source's secrets are.
            now: Our clock, aware UTC.

        Raises:
            NotAuthenticError: Not proven, for whatever reason.
            MalformedError: Authentic, and not the JSON it has to be.
            ValidationError: Authentic and JSON, and it says nothing we can act on.
        """


_ALL: Final[tuple[Source, ...]] = (Standard(),)

SOURCES: Final[dict[str, Source]] = {source.name: source for source in _ALL}

"""Reads what SCIM clients told and nobody could act on, when it is replayed.

The client got its success and never repeats it. It is a source by its shape alone, for
the replay from quarantine: it is not in ``SOURCES``, and nothing is delivered to it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from config.settings import Settings
from service.errors import NotAuthenticError
from service.sources.source import Delivery, Part, Source
from workers.desk.scim_users import SOURCE, heard_again
from workers.offboarding.heard import SourceEvent


class KeptScim(Source):
    """Events of SCIM users, as they lie in quarantine."""

    name: ClassVar[str] = SOURCE

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Take nothing in: SCIM has its own way in, ``service/scim/door.py``."""
        raise NotAuthenticError("path")

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read an event back; see the base."""
        return heard_again(part.body)

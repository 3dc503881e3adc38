"""The generic body with a bearer token: for whatever can POST and not sign.

A sender that can set no header puts the token last in the path. The body carries its
own ``id``.
"""

from collections.abc import Sequence
from datetime import datetime

from config.settings import Settings
from service.bodies import LIMIT_BYTES
from service.sources.own_id import part_of, read_with_id
from service.sources.proof import demand_bearer
from service.sources.source import Delivery, Part, Source
from workers.offboarding.heard import Authn, SourceEvent


class Bearer(Source):
    """The source ``bearer``."""

    name = "bearer"
    limit_bytes = LIMIT_BYTES
    takes_path_secret = True
    is_strict = True

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Compare the token; the body's own id is the key."""
        demand_bearer(delivery, settings.sources.bearer.secret, in_path=True)
        return [part_of(self.name, delivery.raw)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read the generic body."""
        return read_with_id(part, source=self.name, now=now, authn=Authn.BEARER)

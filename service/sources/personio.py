"""Personio's webhooks, version 2: that something changed about a person, by id alone.

No signature of theirs is known, so a secret in the path (or a bearer token) lets them
in, and nothing is believed before the API says the same: a forged event is harmless.
Where the ids stand inside ``payload`` is inferred and not confirmed against a live
account, so the places are a setting.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from config.settings import Settings
from service.bodies import strict_json
from service.sources.content import digest_of
from service.sources.proof import demand_bearer, key_of
from service.sources.source import Delivery, Part, Source
from workers.offboarding.heard import Hint, SourceEvent, Unreadable, UnreadableError
from workers.offboarding.model import Ignored
from workers.offboarding.values import first_at, id_in, moment_in

_ABOUT_EMPLOYMENTS: Final = frozenset(
    {
        "employment.terminated",
        "employment.deleted",
        "employment.updated",
        "employment.started",
        "employment.created",
    }
)
_ABOUT_PEOPLE: Final = frozenset({"person.deleted"})
# What the vendor's JSON schema of the envelope requires.
_REQUIRED: Final = {
    "company_id": str,
    "occurred_at": str,
    "event_name": str,
    "payload": Mapping,
}


class Personio(Source):
    """The source ``personio``."""

    name = "personio"
    takes_path_secret = True

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Check the secret; a delivery is one event, known again by its content."""
        demand_bearer(delivery, settings.sources.personio.secret, in_path=True)
        body = strict_json(delivery.raw)
        return [Part(key_of(self.name, digest_of(_content(body))), body)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Say whom to look up; what came of them, only the API tells."""
        body = part.body
        _check_envelope(body)
        event_name = body["event_name"]
        if event_name not in _ABOUT_EMPLOYMENTS | _ABOUT_PEOPLE:
            return Ignored("not_for_us")
        paths = list(settings.sources.personio.person_paths)
        # Of an event about a person, id is the person's; else it is an employment's.
        paths += ["id"] if event_name in _ABOUT_PEOPLE else []
        subject = id_in(first_at(body["payload"], paths))
        if subject is None:
            raise _nobody()
        occurred_at = moment_in(body["occurred_at"])
        return Hint(self.name, part.key, event_name, subject, occurred_at)


def _content(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what makes an event this one: what it tells, without how it is sent."""
    return {name: body.get(name) for name in _REQUIRED}


def _check_envelope(body: Mapping[str, Any]) -> None:
    wrong = [
        name for name, kind in _REQUIRED.items() if not isinstance(body.get(name), kind)
    ]
    if wrong:
        text = f"The envelope has no usable {', '.join(wrong)}."
        raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)


def _nobody() -> UnreadableError:
    text = (
        "The event names no person where OFFBOARD_SOURCE_PERSONIO_PERSON_PATHS says."
        " Set it to where this account has them, then replay it."
    )
    return UnreadableError(Unreadable.NO_PERSON, text)

"""How Personio is played: an event that names ids alone, let in by a bearer token."""

from collections.abc import Callable
from typing import Final

from service.sources.samples.hr import (
    as_json,
    employee_id,
    made_up_uuid,
    nested,
    zulu,
)
from service.sources.samples.sample import Asked, Outgoing, Sample


def _event(name: str) -> Callable[[Asked], tuple[Outgoing, ...]]:
    def make(asked: Asked) -> tuple[Outgoing, ...]:
        mine = asked.settings.sources.personio
        person = nested(mine.person_paths[0], employee_id(asked))
        body = {
            "company_id": "4711",
            "event_name": name,
            "occurred_at": zulu(asked.at),
            "payload": {**person, "employment_id": made_up_uuid(asked.user)},
        }
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {mine.secret[0].reveal()}",
        }
        return (Outgoing("/events/personio", as_json(body), headers),)

    return make


SAMPLES: Final[tuple[Sample, ...]] = (
    Sample("terminate", "a look-up", _event("employment.terminated")),
    Sample("update", "a look-up", _event("employment.updated")),
    Sample("delete", "a look-up", _event("person.deleted")),
    Sample("start", "a look-up", _event("employment.started")),
    Sample("rename", "nothing", _event("person.updated")),
)

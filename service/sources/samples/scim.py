"""Plays a SCIM client: a user is created, then changed as Okta and Entra change them.

The id of a user is the service's own, so it is not known when a sample is made: where a
path has ``{id}``, whoever sends it puts the ``id`` of the last answer's body there that
had one. Each play creates a user of its own, who has the person's e-mail; those who end
inactive are deleted, which tells nothing.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from service.sources.samples.sample import Asked, Outgoing, Sample

_USERS: Final = "/scim/v2/Users"
_ONE: Final = "/scim/v2/Users/{id}"
_CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

_Step = Callable[[Asked], Outgoing]


def _sent(
    asked: Asked, method: str, path: str, body: dict[str, Any] | None = None
) -> Outgoing:
    secret = asked.settings.sources.scim.secret[0].reveal()
    headers = {
        "Authorization": f"Bearer {secret}",
        "Content-Type": "application/scim+json",
    }
    raw = b"" if body is None else json.dumps(body).encode()
    return Outgoing(path, raw, headers, method=method)


def _user(asked: Asked, *, active: bool) -> dict[str, Any]:
    about = f"{asked.user} {asked.at.isoformat()}"
    name = f"played-{sha256(about.encode()).hexdigest()[:16]}"
    emails = [{"primary": True, "type": "work", "value": asked.user}]
    return {
        "schemas": [_CORE],
        "userName": name,
        # Who is not named by an e-mail can only be found by the identity map.
        "externalId": name if "@" in asked.user else asked.user,
        "emails": emails if "@" in asked.user else [],
        "active": active,
    }


def _create(asked: Asked) -> Outgoing:
    return _sent(asked, "POST", _USERS, _user(asked, active=True))


def _by_put(asked: Asked) -> Outgoing:
    return _sent(asked, "PUT", _ONE, _user(asked, active=False))


def _by_patch(value: object, path: str | None = "active") -> _Step:
    def patch(asked: Asked) -> Outgoing:
        operation = (
            {"op": "Replace", "path": path, "value": value}
            if path
            else {"op": "replace", "value": {"active": value}}
        )
        body = {"schemas": [_PATCH], "Operations": [operation]}
        return _sent(asked, "PATCH", _ONE, body)

    return patch


def _delete(asked: Asked) -> Outgoing:
    return _sent(asked, "DELETE", _ONE)


def _in_turn(*steps: _Step) -> Callable[[Asked], tuple[Outgoing, ...]]:
    return lambda asked: tuple(step(asked) for step in steps)


_off: Final = _by_patch("False")

SAMPLES: Final[tuple[Sample, ...]] = (
    Sample(
        "deactivate",
        "a departure, now (as Entra does)",
        _in_turn(_create, _off, _delete),
    ),
    Sample(
        "deactivate-okta",
        "a departure, now (as an Okta app made in the wizard does)",
        _in_turn(_create, _by_put, _delete),
    ),
    Sample(
        "deactivate-okta-patch",
        "a departure, now (as an Okta app of the catalogue does)",
        _in_turn(_create, _by_patch(False, path=None), _delete),
    ),
    Sample("delete", "a departure, now", _in_turn(_create, _delete)),
    Sample(
        "reactivate",
        "a departure, now, and it is taken back at once",
        _in_turn(_create, _off, _by_patch("True")),
    ),
    Sample("create", "nothing", _in_turn(_create)),
)

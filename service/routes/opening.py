"""How a case is opened, whichever way it came, and the key that names it once."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import structlog
from flask import request
from marshmallow import ValidationError

from service.agent import USER_AGENT
from service.auth import caller
from service.context import here
from service.words import Whole
from workers.desk import Opened
from workers.offboarding.model import AdoptionAsked, Departure

_KEY_PATTERN: Final = "^[\\x20-\\x7e]{1,255}$"
IDEMPOTENCY_KEY: Final = {
    "Idempotency-Key": {
        "type": "string",
        "pattern": _KEY_PATTERN,
        "description": "The same key again within a day is the same request.",
    }
}
_key = Whole(_KEY_PATTERN, error="Give 1 to 255 printable ASCII characters.")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def open_case(
    departure: Departure, *, idempotency: tuple[str, str] | None = None
) -> Opened:
    """Open the case of *departure*, or find the one that is open already."""
    opened = here().desk.open(departure, idempotency=idempotency)
    log.info(
        "departure.opened", case_id=opened.case.id, opened_as=str(opened.opened_as)
    )
    return opened


def open_adoption(
    asked: AdoptionAsked, *, idempotency: tuple[str, str] | None = None
) -> Opened:
    """Open the case of an adoption."""
    opened = here().desk.adopt(asked, idempotency=idempotency)
    log.info("adoption.opened", case_id=opened.case.id, opened_as=str(opened.opened_as))
    return opened


def idempotency_of(path: str, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Bind the caller's key to its token and path, and say the body in one digest.

    Both are hashed: a key may hold anything, a path holds the person.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    try:
        _key(key)
    except ValidationError as error:
        raise ValidationError({"Idempotency-Key": error.messages}) from error
    return bound_to(key, path, body)


def bound_to(key: str, path: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Bind *key* to the caller and to *path*, and say the body in one digest."""
    canonical = json.dumps(body, sort_keys=True, default=str)
    bound = f"{caller().name}:{path}:{key}"
    return _digest(bound), _digest(canonical)


def asked_by() -> str:
    """Say by what the caller asks: ``cli`` where the command line does, else ``api``.

    Nothing but what is counted and shown goes by that.
    """
    return "cli" if request.headers.get("User-Agent") == USER_AGENT else "api"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

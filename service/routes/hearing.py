"""What was heard from a source, acted on part by part; none of them is ever lost."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from flask import g
from marshmallow import ValidationError

from service.context import here
from service.counting import ACCEPTED, DUPLICATE, IGNORED, QUARANTINED, heard_as
from service.errors import field_paths
from service.sources.content import digest_of
from service.sources.proof import key_of
from service.sources.source import Part, Source
from workers.offboarding.errors import ConflictError
from workers.offboarding.heard import (
    Heard,
    Hint,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def take(source: Source, parts: Sequence[Part]) -> list[str]:
    """Act on each part of an authentic delivery; return the ids of the cases.

    A part that cannot be read goes to quarantine, and the others go on.

    Raises:
        ValidationError: Of a strict source: its sender is told, too.
        ConflictError: An event's id came with another person.
        StoreAwayError: Not all is stored; a repeat of the delivery does no harm.
    """
    context = here()
    found: list[str] = []
    is_counted = False
    for number, part in enumerate(parts, start=1):
        # The last part counts the delivery in the step that acts on it.
        at = context.clock() if number == len(parts) else None
        try:
            event = source.read(part, context.settings, context.clock())
            case_id = act_on(event, part, delivered_at=at)
        except UnreadableError as error:
            quarantine(source.name, part, error)
        except ValidationError as error:
            quarantine(source.name, part, as_unreadable(error))
            raise
        except ConflictError as error:
            # In a batch the others would be lost with it.
            if source.is_strict and len(parts) == 1:
                raise
            reused = UnreadableError(Unreadable.KEY_REUSED, str(error))
            quarantine(source.name, _by_content(source.name, part), reused)
        else:
            found += [case_id] if case_id else []
            is_counted = at is not None and isinstance(event, Heard)
    if not is_counted:
        context.desk.note_delivery(source.name, context.clock())
    return list(dict.fromkeys(found))


def _by_content(source: str, part: Part) -> Part:
    """Give a part a key of its own: the one it brought is another person's event.

    Under that it would go when the other is repeated, and a third would be taken for
    its repeat.
    """
    return Part(key_of(source, "reused", digest_of([part.key, part.body])), part.body)


def act_on(
    event: SourceEvent, part: Part, *, delivered_at: datetime | None = None
) -> str | None:
    """Do what an event asks for; return the id of its case, if it has one.

    Args:
        event: The event.
        part: What it was read from.
        delivered_at: When its delivery came, if one that is heard counts it.

    Raises:
        UnreadableError: It names nobody we can know, or two people.
    """
    desk = here().desk
    match event:
        case Heard():
            found = desk.hear_as(
                event,
                request_id=g.request_id,
                delivery_sha256=g.get("delivery_sha256"),
                delivered_at=delivered_at,
            )
            known = DUPLICATE if found.is_repeat else ACCEPTED
            heard_as(IGNORED if found.is_ignored else known)
            return found.case_id
        case Hint():
            desk.await_look_up(event, part.body)
            heard_as(ACCEPTED)
            log.info("event.to_be_looked_up", native_type=event.native_type)
        case Ignored(why):
            heard_as(IGNORED)
            log.info("event.ignored", reason=why)
    return None


def quarantine(source: str, part: Part, error: UnreadableError) -> None:
    """Keep a part that cannot be acted on; people are told by a worker."""
    kept_id = here().desk.quarantine(source, part.key, part.body, error)
    heard_as(QUARANTINED)
    log.warning("event.quarantined", reason=error.reason, quarantine_id=kept_id)


def as_unreadable(error: ValidationError) -> UnreadableError:
    """Say of fields that cannot be used what quarantine keeps: their names alone."""
    paths = ", ".join(sorted(field_paths(error.messages)))
    text = f"Some fields cannot be used: {paths}."
    return UnreadableError(Unreadable.UNKNOWN_SHAPE, text)

"""What a source told, in one form for all of them, and what follows from it. Pure.

A source's own file turns its payload into one of these; the rules that hold for every
source (who is meant, what triggers, what cancels) are here and nowhere else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from workers.offboarding.model import Departure, Ignored, Leaver, SamePerson, Withdrawal


class HeardKind(StrEnum):
    """What happened to the person, whatever the sender calls it."""

    DISABLED = "disabled"
    DELETED = "deleted"
    TERMINATED = "terminated"
    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    CANCELLED = "cancelled"


class Precision(StrEnum):
    """How exactly ``effective_at`` was said."""

    INSTANT = "instant"
    DATE = "date"


class Authn(StrEnum):
    """How the sender was proven."""

    HMAC = "hmac"
    ED25519 = "ed25519"
    JWS = "jws"
    STATIC_HEADER = "static_header"
    BEARER = "bearer"
    LOOKUP = "none_verified_by_lookup"


DEPARTURES: Final = frozenset(
    {HeardKind.DISABLED, HeardKind.DELETED, HeardKind.TERMINATED}
)
RETURNS: Final = frozenset({HeardKind.REACTIVATED, HeardKind.CANCELLED})


class Unreadable(StrEnum):
    """Why an authentic delivery, or a part of it, cannot be acted on."""

    NO_PERSON = "no_person"
    UNKNOWN_PERSON = "unknown_person"
    TWO_PEOPLE = "two_people"
    BAD_TIME = "bad_time"
    TOO_FAR_AHEAD = "too_far_ahead"
    UNKNOWN_SHAPE = "unknown_shape"
    TRUNCATED = "truncated"
    SENDER_STOPS = "sender_stops"
    KEY_REUSED = "key_reused"
    CASE_DAMAGED = "case_damaged"
    LOOK_UP_FAILED = "look_up_failed"
    LOOK_UP_NOT_SET_UP = "look_up_not_set_up"


class UnreadableError(Exception):
    """An authentic event says nothing that can be acted on; it goes to quarantine.

    Attributes:
        reason: Why, by name.
        text: The same in a sentence that holds no word of the sender's.
    """

    def __init__(self, reason: Unreadable, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class Names:
    """All names by which one event calls one person.

    Attributes:
        emails: Whole, lower-cased.
        iam_ids: Exactly as they came.
        ids: The source's own ids of the person, exactly as they came and without the
            source's name: ``00u1``. No two people ever have the same.
        numbers: Further ids that the source keeps for others, such as an employee
            number: what is another's id there may stand in them. They are looked for in
            the identity map, and nothing is learned of them.
    """

    emails: tuple[str, ...] = ()
    iam_ids: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """One event about one person, as every source tells it.

    Attributes:
        source: The name of the source.
        event_key: ``<source>:<native key>``, at most 255 characters; a repeat has the
            same.
        native_type: The sender's own word for it.
        kind: Ours.
        names: The subject's, never the actor's.
        occurred_at: When it happened at the source, aware UTC; None if it did not say.
        effective_at: When the person leaves, aware UTC; None for now.
        precision: Whether that was a moment or a bare date.
        reason: Free text for people, cleaned.
        gone_from: The account id, where the event itself proves that IBM Cloud has
            removed the person from it.
        authn: How the sender was proven.
    """

    source: str
    event_key: str
    native_type: str
    kind: HeardKind
    names: Names
    occurred_at: datetime | None = None
    effective_at: datetime | None = None
    precision: Precision = Precision.INSTANT
    reason: str | None = None
    gone_from: str | None = None
    authn: Authn | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """An event that says that something changed, and not what: to be looked up.

    Attributes:
        source: The name of the source, whose directory is asked.
        event_key: As in ``Heard``; what the look-up finds goes by the same key.
        native_type: The sender's own word for it.
        subject: The source's own id of what changed.
        occurred_at: When it happened at the source; None if it did not say.
        more: What the look-up needs besides, in the source's own words.
    """

    source: str
    event_key: str
    native_type: str
    subject: str
    occurred_at: datetime | None = None
    more: Mapping[str, str] = field(default_factory=dict)


SourceEvent = Heard | Hint | Ignored
"""What a source's file makes of one element of a delivery."""


def understood(
    heard: Heard,
    *,
    same_people: Iterable[SamePerson] = (),
    known: Mapping[str, str] | None = None,
    request_id: str | None = None,
) -> Departure | Withdrawal | Ignored:
    """Tell what an event means for cases: a departure, the end of one, or nothing.

    Args:
        heard: The event.
        same_people: The identity map; an id of it fits bare or as ``<source>:<id>``.
        known: E-mails or IAM IDs learned before, by the source's own id.
        request_id: Of the request that brought it.

    Raises:
        UnreadableError: ``two_people``, ``no_person`` or ``unknown_person``.
    """
    if heard.kind is HeardKind.SUSPENDED:
        return Ignored("suspended")
    leaver, aliases = _person(heard, tuple(same_people), known or {})
    if heard.kind in RETURNS:
        return Withdrawal(
            source=heard.source,
            leaver=leaver,
            event_key=heard.event_key,
            request_id=request_id,
            aliases=aliases,
            occurred_at=heard.occurred_at,
        )
    return Departure(
        source=heard.source,
        leaver=leaver,
        event_key=heard.event_key,
        effective_at=heard.effective_at,
        reason=heard.reason,
        request_id=request_id,
        aliases=aliases,
        occurred_at=heard.occurred_at,
        gone_from=heard.gone_from,
        authn=heard.authn,
    )


def _person(
    heard: Heard, people: tuple[SamePerson, ...], known: Mapping[str, str]
) -> tuple[Leaver, tuple[str, ...]]:
    """Find who is meant, and their further e-mails."""
    names = heard.names
    bare = {*names.ids, *names.numbers}
    ids = bare | {f"{heard.source}:{one}" for one in bare}
    # What people put into the map outranks what was learned, and mends it.
    is_mapped = any(ids & set(one.ids) for one in people)
    learned = [] if is_mapped else [known[one] for one in names.ids if one in known]
    emails = [*names.emails, *(one.lower() for one in learned if "@" in one)]
    iam_ids = {*names.iam_ids, *(one for one in learned if "@" not in one)}
    entries = [
        one
        for one in people
        if ids & set(one.ids) or set(emails) & set(one.emails) or one.iam_id in iam_ids
    ]
    iam_ids |= {one.iam_id for one in entries if one.iam_id}
    if len(iam_ids) > 1 or len(entries) > 1:
        text = "The event names more than one person: nothing was done for any."
        raise UnreadableError(Unreadable.TWO_PEOPLE, text)
    emails += [each for one in entries for each in one.emails]
    emails = list(dict.fromkeys(emails))
    if not emails and not iam_ids:
        raise _nobody(names)
    first = emails[0] if emails else None
    return Leaver(email=first, iam_id=next(iter(iam_ids), None)), tuple(emails[1:])


def _nobody(names: Names) -> UnreadableError:
    if not names.ids and not names.numbers:
        text = "The event names nobody by an e-mail, an IAM ID or an id of its own."
        return UnreadableError(Unreadable.NO_PERSON, text)
    text = (
        "The event names the person only by an id of the sender's, which the log has"
        " (person.unknown). Put it beside their e-mail or IAM ID into"
        " OFFBOARD_IDENTITY_MAP_FILE, then replay it."
    )
    return UnreadableError(Unreadable.UNKNOWN_PERSON, text)

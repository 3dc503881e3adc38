"""What a look-up found, as the event it stands for. Knows no API."""

from collections.abc import Mapping
from datetime import datetime

from workers.offboarding.employment import Employment, Leaves, what_follows
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Hint,
    Names,
    Precision,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored


def found(
    hint: Hint,
    kind: HeardKind,
    names: Names,
    *,
    authn: Authn,
    effective_at: datetime | None = None,
    precision: Precision = Precision.INSTANT,
) -> Heard:
    """Return what *hint* stands for."""
    return Heard(
        source=hint.source,
        event_key=hint.event_key,
        native_type=hint.native_type,
        kind=kind,
        names=names,
        occurred_at=hint.occurred_at,
        effective_at=effective_at,
        precision=precision,
        authn=authn,
    )


def by_standing(
    hint: Hint,
    names: Names,
    employment: Employment,
    *,
    zone: str,
    now: datetime,
    authn: Authn,
    says_left: bool = False,
) -> Heard | Ignored:
    """Tell what follows from how somebody stands now.

    Who works there and has no date leaves nothing to wait for, so what this source made
    before is taken back; taking back nothing does no harm.

    Args:
        hint: The event.
        names: The person's, as they were read.
        employment: How they stand.
        zone: Of bare dates.
        now: Our clock.
        authn: How the event was proven.
        says_left: Whether the event itself says that they left.

    Raises:
        UnreadableError: As ``what_follows``; or the event says that they left, and the
            API that they did not.
    """
    standing = what_follows(employment, zone, now)
    if isinstance(standing, Leaves):
        return found(
            hint,
            HeardKind.TERMINATED,
            names,
            authn=authn,
            effective_at=standing.effective_at,
            precision=standing.precision,
        )
    if says_left:
        raise contradicted(hint)
    return found(hint, HeardKind.CANCELLED, names, authn=authn)


def gone(hint: Hint, authn: Authn) -> Heard:
    """Return that the record is deleted: by its id alone, nothing else can be read."""
    return found(hint, HeardKind.DELETED, Names(ids=(hint.subject,)), authn=authn)


def contradicted(hint: Hint) -> UnreadableError:
    """Say that event and API do not agree: a person has to look."""
    text = (
        f"The event says that the person left, and the API of {hint.source} that they"
        " work there and no date is set. See which holds, then replay or drop it."
    )
    return UnreadableError(Unreadable.LOOK_UP_FAILED, text)


def record_in(answer: object, source: str) -> Mapping[str, object]:
    """Return the record an API answered.

    Raises:
        UnreadableError: It answered something else.
    """
    if not isinstance(answer, Mapping):
        text = f"The API of {source} answered in a form that is not known here."
        raise UnreadableError(Unreadable.LOOK_UP_FAILED, text)
    return answer


def nameless(source: str) -> UnreadableError:
    """Say that the record showed no e-mail."""
    text = (
        f"The API of {source} showed no work e-mail of the person. Give the token the"
        " right to read it, or put the id into OFFBOARD_IDENTITY_MAP_FILE, then replay."
    )
    return UnreadableError(Unreadable.LOOK_UP_FAILED, text)

"""One Activity Tracker event of user management: who was removed, from which account.

Source: IBM Cloud docs, "Activity tracking events for account management". Each removal
is told twice: pending first, then how it ended.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from config.settings import Settings
from service.sources.members import emails_in, text_at
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Names,
    SourceEvent,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.times import moment_of

_KINDS: Final = {
    "user-management.user.delete": HeardKind.DELETED,
    "user-management.user.invite": HeardKind.REACTIVATED,
}
# A realm and an id of it. Service IDs and trusted profiles are of the realm ``iam``,
# and no people.
_IAM_ID: Final = re.compile(r"(?!iam-)[A-Za-z][A-Za-z0-9]*-[A-Za-z0-9._-]{1,128}")
_SCOPE: Final = 6
_ACCOUNT: Final = re.compile(r"a/([0-9A-Za-z]{1,64})")


def native_key(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what makes the event this one; empty where it says too little."""
    action, outcome = text_at(event, "action"), text_at(event, "outcome")
    correlation_id = text_at(event, "correlationId")
    name = text_at(event, "target", "name")
    if correlation_id:
        # Should several removals share one, each is an event of its own. Of a name
        # comes a digest: keys are shown, and a name may be an e-mail.
        whom = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
        return correlation_id, action, outcome, whom
    more = (
        text_at(event, "eventTime"),
        text_at(event, "target", "id"),
        name,
    )
    if not all(more):
        return ()
    text = ":".join((*more, action, outcome))
    return "sha256", hashlib.sha256(text.encode()).hexdigest()


def read_event(
    event: Mapping[str, Any], key: str, authn: Authn, settings: Settings
) -> SourceEvent:
    """Read one event; its ``target`` is the person, its ``initiator`` never.

    Raises:
        UnreadableError: It names nobody, no account, no outcome or no real time.
    """
    action = text_at(event, "action")
    kind = _KINDS.get(action)
    if kind is None:
        return Ignored("another_action")
    outcome = text_at(event, "outcome")
    if not outcome:
        raise _odd("The event does not say how it ended.")
    if outcome != "success":
        return Ignored("no_success")
    account_id = _account_of(event)
    if settings.account_ids and account_id not in settings.account_ids:
        return Ignored("another_account")
    happened = event.get("eventTime")
    return Heard(
        source="ibm_activity",
        event_key=key,
        native_type=action,
        kind=kind,
        names=_names(text_at(event, "target", "name")),
        occurred_at=None if happened is None else moment_of(happened),
        # IBM Cloud itself says that the person is gone: it is an emergency.
        gone_from=account_id if kind is HeardKind.DELETED else None,
        authn=authn,
    )


def _account_of(event: Mapping[str, Any]) -> str:
    """Return the account id that the target's CRN, or else the log's, is scoped to."""
    for crn in (text_at(event, "target", "id"), text_at(event, "logSourceCRN")):
        parts = crn.split(":")
        found = _ACCOUNT.fullmatch(parts[_SCOPE]) if len(parts) > _SCOPE else None
        if found:
            return found[1]
    raise _odd("The event does not say from which account the person was removed.")


def _names(name: str) -> Names:
    if _IAM_ID.fullmatch(name):
        return Names(iam_ids=(name,))
    emails = emails_in(name)
    if not emails:
        text = "The event names nobody by an IAM ID or an e-mail."
        raise UnreadableError(Unreadable.NO_PERSON, text)
    return Names(emails=emails)


def _odd(text: str) -> UnreadableError:
    return UnreadableError(Unreadable.UNKNOWN_SHAPE, text)

"""Finds the Activity Tracker event in what Event Notifications delivers.

Two shapes: an alert of Cloud Logs, which carries a log line as its example, and the
body of the webhook template in docs/sources/ibm_activity.md. That the line stands in
``log_example`` as Activity Tracker wrote it is inferred; not confirmed against a live
instance.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from service.bodies import strict_json
from service.errors import MalformedError
from service.sources.members import object_at, text_at
from workers.offboarding.heard import Unreadable, UnreadableError
from workers.offboarding.model import Ignored

_ALERT: Final = "com.ibm.cloud.logs."
_OURS: Final = "user-management.user."
_TRIGGERED: Final = "triggered"


def is_generic(body: Mapping[str, Any]) -> bool:
    """Tell whether *body* is a generic one, as the template makes it."""
    return text_at(body, "type").startswith("user.")


def event_in_template(body: Mapping[str, Any]) -> Mapping[str, Any] | Ignored | None:
    """Put the event together again; None where the body is generic and no more.

    Raises:
        UnreadableError: ``truncated``.
    """
    data = object_at(body, "data")
    if "action" not in data and "outcome" not in data:
        return None
    if text_at(data, "status") not in ("", _TRIGGERED):
        return Ignored("not_triggered")
    # Empty where the alert's example was no object that the template could look into.
    if text_at(data, "truncated") == "true" or not text_at(data, "action"):
        raise _truncated()
    subjects = data.get("subjects")
    first = subjects[0] if isinstance(subjects, list) and len(subjects) == 1 else {}
    subject = object_at({"it": first}, "it")
    return {
        "action": data.get("action"),
        "outcome": data.get("outcome"),
        "correlationId": data.get("correlation_id"),
        "eventTime": body.get("timestamp") or None,
        "target": {
            "id": data.get("target_id"),
            "name": subject.get("iam_id") or subject.get("email"),
        },
    }


def event_in_alert(body: Mapping[str, Any]) -> Mapping[str, Any] | Ignored:
    """Return the log line that an alert shows, or why there is none for us.

    Raises:
        UnreadableError: ``truncated``, or ``unknown_shape``.
    """
    data = object_at(body, "data")
    is_alert = text_at(body, "type").startswith(_ALERT) or "log_example" in data
    if not is_alert:
        return Ignored("not_an_alert")
    if text_at(data, "status") != _TRIGGERED:
        return Ignored("not_triggered")
    line = data.get("log_example")
    if data.get("log_example_truncated") in (True, "true") or not line:
        raise _truncated()
    return _line(line)


def _line(line: object) -> Mapping[str, Any] | Ignored:
    event = _parsed(line) if isinstance(line, str) else line
    if isinstance(event, dict) and text_at(event, "action"):
        return event
    if _OURS not in json.dumps(line):
        return Ignored("not_an_activity_event")
    text = (
        "The alert shows a log line about a user, and not in the form that Activity"
        " Tracker writes. Look it up in Cloud Logs; the next survey finds who is gone."
    )
    raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)


def _parsed(text: str) -> object:
    try:
        return strict_json(text.encode())
    except MalformedError:
        return None


def _truncated() -> UnreadableError:
    text = (
        "The alert shows no whole log line, so it does not say whom it is about. Search"
        " Cloud Logs for user-management.user.delete at that time; the next survey"
        " finds who is gone."
    )
    return UnreadableError(Unreadable.TRUNCATED, text)

"""Plays IBM Cloud's removal events, as alerts of Cloud Logs and as the template."""

import json
from collections.abc import Callable
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from jwt.api_jws import PyJWS

from service.sources.samples.sample import Asked, Outgoing, Sample

_PATH: Final = "/events/ibm_activity"
_DELETE: Final = "user-management.user.delete"
_INVITE: Final = "user-management.user.invite"
_ANY_ACCOUNT: Final = "0123456789abcdef0123456789abcdef"
_Body = dict[str, Any]
_Make = Callable[[Asked], tuple[Outgoing, ...]]


def _crn(asked: Asked, service: str, region: str) -> str:
    account_id = next(iter(asked.settings.account_ids), _ANY_ACCOUNT)
    return f"crn:v1:bluemix:public:{service}:{region}:a/{account_id}:::"


def _event(asked: Asked, action: str, outcome: str) -> _Body:
    moment = asked.at.isoformat(timespec="milliseconds").replace("+00:00", "+0000")
    return {
        "action": action,
        "outcome": outcome,
        # A removal's pending event and its last one share it.
        "correlationId": str(uuid5(NAMESPACE_URL, f"{asked.user} {action} {moment}")),
        "eventTime": moment,
        "initiator": {"id": "IBMid-5500ADMIN1", "name": "it.admin@example.com"},
        "target": {
            "id": _crn(asked, "user-management", "global"),
            "typeURI": "user-management/user",
            "name": asked.user,
        },
        "observer": {"name": "ActivityTracker"},
    }


def _alert(asked: Asked, data: _Body) -> _Body:
    source = _crn(asked, "logs", "eu-de")
    return {
        "id": str(uuid5(NAMESPACE_URL, json.dumps([data, asked.at.isoformat()]))),
        "source": source,
        "specversion": "1.0",
        "type": "com.ibm.cloud.logs.StandardImmediateAlertEvent:AlertTriggered",
        "time": asked.at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "ibmensourceid": source,
        "data": {"alert_definition": {"name": "user-delete"}, **data},
    }


def _alerted(action: str, outcome: str, *, is_truncated: bool = False) -> _Make:
    def make(asked: Asked) -> tuple[Outgoing, ...]:
        line = {} if is_truncated else _event(asked, action, outcome)
        data = {
            "status": "triggered",
            "log_example": line,
            "log_example_truncated": is_truncated,
        }
        return _sent(asked, _alert(asked, data))

    return make


def _from_template(asked: Asked) -> tuple[Outgoing, ...]:
    event = _event(asked, _DELETE, "success")
    data = {
        "kind": "deleted",
        "subjects": [{"format": "iam_id", "iam_id": asked.user}],
        "action": event["action"],
        "outcome": event["outcome"],
        "correlation_id": event["correlationId"],
        "target_id": event["target"]["id"],
        "status": "triggered",
        "truncated": "false",
    }
    body = {
        "id": event["correlationId"],
        "type": "user.departed",
        "timestamp": event["eventTime"],
        "data": data,
    }
    return _sent(asked, body)


def _test(asked: Asked) -> tuple[Outgoing, ...]:
    body = _alert(asked, {}) | {"type": "com.ibm.cloud.event-notifications.test:played"}
    return _sent(asked, body)


def _sent(asked: Asked, body: _Body) -> tuple[Outgoing, ...]:
    mine = asked.settings.sources.ibm_activity
    raw = json.dumps(body).encode()
    if mine.public_key and asked.signing_key:
        token = PyJWS().encode(raw, asked.signing_key, algorithm="RS256")
        raw = json.dumps({"data": token}).encode()
    headers = {
        "Authorization": f"Bearer {mine.secret[0].reveal()}",
        "Content-Type": "application/json",
    }
    return (Outgoing(_PATH, raw, headers),)


SAMPLES: Final = (
    Sample("delete", "a departure, now: an emergency", _alerted(_DELETE, "success")),
    Sample("template", "a departure, now: an emergency", _from_template),
    Sample("pending", "nothing", _alerted(_DELETE, "pending")),
    Sample("failure", "nothing", _alerted(_DELETE, "failure")),
    Sample("invite", "what it told is taken back", _alerted(_INVITE, "success")),
    Sample("truncated", "quarantine", _alerted(_DELETE, "success", is_truncated=True)),
    Sample("test", "nothing", _test),
)

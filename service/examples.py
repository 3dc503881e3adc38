"""The examples of the OpenAPI document, and the fragments they stand in."""

from typing import Any, Final

from marshmallow import Schema

CASE_ID: Final = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"

OFFBOARD: Final = {
    "reason": "resignation",
    "effective_at": "2026-03-31T17:00:00+02:00",
    "dry_run": True,
    "resource_groups": ["payments"],
    "regions": ["us-south"],
}

EVENT: Final = {
    "type": "user.departed",
    "timestamp": "2026-02-16T10:00:00Z",
    "data": {
        "kind": "terminated",
        "effective_at": "2026-03-31T17:00:00+02:00",
        "subjects": [{"format": "email", "email": "dana.lee@example.com"}],
        "reason": "resignation",
    },
}

# Not required: the same three are taken under svix- names.
WEBHOOK_HEADERS: Final = {
    "webhook-id": {
        "type": "string",
        "pattern": "^[!-\\-/-~]{1,256}$",
        "description": "Names the event; the same id again is the same event.",
    },
    "webhook-timestamp": {
        "type": "string",
        "pattern": "^[0-9]{1,12}$",
        "description": "Seconds since 1970; at most five minutes from our clock.",
    },
    "webhook-signature": {
        "type": "string",
        "description": "v1,base64(HMAC-SHA256(key, id.timestamp.body)); several are "
        "put apart by blanks. The key is the base64 behind whsec_, decoded.",
    },
}

DECISION: Final = {"plan_hash": "sha256:5f1d7a84db00"}

ADOPTION: Final = {
    "account_id": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
    "regions": ["us-south"],
    "resource_groups": ["payments"],
    "from": "dana.lee@example.com",
    "functional_id": "iks-functional-1",
    "dry_run": True,
    "reason": "nobody's departure shall matter",
}

BLIND_SPOT_PLACE: Final = {
    "account_id": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
    "region": "us-south",
    "resource_group": "9f6b0a3e",
}
ACCEPT: Final = {**BLIND_SPOT_PLACE, "reason": "the cluster is being made", "days": 7}
BLIND_SPOT: Final = {
    **BLIND_SPOT_PLACE,
    "reason": "the cluster is being made",
    "accepted_by": "ops-lead",
    "accepted_at": "2026-02-16T10:02:11.000Z",
    "until": "2026-02-23T10:02:11.000Z",
}

PAUSE: Final = {"account_id": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"}
PAUSED: Final = {"paused": {"all": True, "accounts": []}}

READY: Final = {
    "status": "ok",
    "checks": {"store": "ok", "sweep": "ok", "restored": "ok", "worker": "ok"},
}
NOT_READY: Final = {
    "status": "failed",
    "checks": {"store": "failed", "sweep": "warn"},
}

CASE: Final[dict[str, Any]] = {
    "id": CASE_ID,
    "kind": "departure",
    "status": "settled",
    "result": "safe",
    "dry_run": False,
    "leaver": {
        "email": "dana.lee@example.com",
        "iam_id": "IBMid-550000ABCD",
        "name": "Dana Lee",
    },
    "opened_by": {
        "source": "standard",
        "event_key": "standard:msg_1",
        "actor": None,
    },
    "scope": None,
    "joined_to": None,
    "received_at": "2026-02-16T10:02:11.000Z",
    "effective_at": "2026-02-16T10:02:11.000Z",
    "settled_at": "2026-02-16T10:02:23.400Z",
    "owner_safe_seconds": 12.4,
    "fully_safe_seconds": None,
    "plan": {
        "hash": "sha256:5f1d7a84db00",
        "made_at": "2026-02-16T10:02:12.100Z",
        "refused": [],
        "approved_by": None,
    },
    "warnings": [],
    "targets": [],
    "reports": [
        {
            "channel": "slack",
            "kind": "final",
            "state": "sent",
            "at": "2026-02-16T10:02:24.000Z",
            "account_id": None,
        }
    ],
}


def media(description: str, schema: object, example: object) -> dict[str, Any]:
    """Return an OpenAPI answer of one JSON body."""
    content = {"schema": schema, "example": example}
    return {"description": description, "content": {"application/json": content}}


def lines(description: str) -> dict[str, Any]:
    """Return an OpenAPI answer of JSON lines."""
    content = {"schema": {"type": "string"}}
    return {"description": description, "content": {"application/jsonl": content}}


def lines_or_zip(description: str) -> dict[str, Any]:
    """Return an OpenAPI answer of JSON lines, or of a zip file for people."""
    found = lines(description)
    found["content"]["application/zip"] = {
        "schema": {"type": "string", "format": "binary"}
    }
    return found


def plain(description: str, example: object = None) -> dict[str, Any]:
    """Return an OpenAPI answer of some JSON object."""
    return media(description, {"type": "object"}, example or {})


def bare_case(description: str) -> dict[str, Any]:
    """Return the answer that is a case."""
    return media(description, "Case", CASE)


def case_in_envelope(description: str) -> dict[str, Any]:
    """Return the answer that holds a case."""
    return media(description, _object(case=_A_CASE), {"case": CASE})


def opened_case(description: str) -> dict[str, Any]:
    """Return the answer that holds a case, where it is, and what became of the asking.

    A client that asked for a new case can see that it joined an open one.
    """
    ways = {"type": "string", "enum": ["new", "joined", "repeated"]}
    headers = {
        "Location": {
            "description": "The case's own address.",
            "schema": {"type": "string"},
        },
        "Offboard-Opened-As": {
            "description": "Whether the case is new, or was open before.",
            "schema": ways,
        },
    }
    return case_in_envelope(description) | {"headers": headers}


def case_list(description: str) -> dict[str, Any]:
    """Return the answer that is a page of cases."""
    page = _object(
        cases={"type": "array", "items": _A_CASE}, next={"type": ["string", "null"]}
    )
    return media(description, page, {"cases": [CASE], "next": None})


def accepted_blind_spot(description: str) -> dict[str, Any]:
    """Return the answer that holds a blind spot."""
    shown = _object(blind_spot={"$ref": "#/components/schemas/BlindSpot"})
    return media(description, shown, {"blind_spot": BLIND_SPOT})


def optional_body(schema: type[Schema], example: object) -> dict[str, Any]:
    """Return a request body that may be left out."""
    return _body(schema, example) | {"required": False}


def required_body(schema: type[Schema], example: object) -> dict[str, Any]:
    """Return a request body that must be there."""
    return _body(schema, example) | {"required": True}


_A_CASE: Final = {"$ref": "#/components/schemas/Case"}


def _body(schema: type[Schema], example: object) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema, "example": example}}}


def _object(**properties: object) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
    }

"""The examples of exposure, the gate and the doctor in the OpenAPI document."""

from typing import Any, Final

_TARGET: Final[dict[str, Any]] = {
    "account_id": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
    "region": "us-south",
    "resource_group": {"id": "9f6b0a3e", "name": "payments"},
    "clusters": [{"id": "c1", "name": "payments-prod", "provider": "vpc-gen2"}],
    "owner": {
        "id": "IBMid-550000ABCD",
        "name": "Dana Lee",
        "email": "dana.lee@example.com",
        "kind": "person",
    },
    "reading": "owner",
    "reason": None,
    "checked_at": "2026-02-16T10:02:11.000Z",
}

EXPOSURE: Final[dict[str, Any]] = {
    "targets": [_TARGET],
    "people": [{"owner": _TARGET["owner"], "targets": 1, "clusters": 1, "left": False}],
    "departures_from_outage": 1,
    "unread": 0,
    "checked_at": "2026-02-16T10:02:11.000Z",
    "functional_ids": [
        {
            "account_id": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
            "id": "IBMid-660000FID1",
            "name": "iks-functional-1",
            "keys": 18,
            "key_limit": 20,
            "free": 2,
            "owns": 12,
            "would_take": 1,
            "free_after": 1,
            "weak": [
                {
                    "reason": "few_key_slots",
                    "text": "iks-functional-1 (iks@example.com) has 18 of 20 API "
                    "keys, and each reset takes one: 2 left.",
                }
            ],
        }
    ],
    "accounts": [
        {
            "account_id": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
            "name": "production",
            "armed": True,
            "surveyed_at": "2026-02-16T10:02:11.000Z",
            "complete": True,
            "reason": None,
            "targets": 13,
            "people_owned": 1,
            "departures_from_outage": 1,
            "unread": 0,
        }
    ],
}

GATE: Final[dict[str, Any]] = {
    "user": "dana.lee@example.com",
    "safe": False,
    "reasons": [
        {
            "reason": "owns_targets",
            "text": "1 cluster API key is theirs; offboard them first.",
        }
    ],
    "targets": [_TARGET],
    "checked_at": "2026-02-16T10:02:11.000Z",
}

DOCTOR: Final[dict[str, Any]] = {
    "checks": [
        {
            "what": "key_list",
            "account_id": "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
            "verdict": "unproven",
            "text": "It is not proven that the reader sees everybody's API keys.",
            "mend": "Give the reader Administrator on IAM Identity.",
            "command": "ibmcloud iam user-policy-create READER --roles Administrator"
            " --service-name iam-identity",
        }
    ]
}

NOT_SEEN: Final[dict[str, Any]] = {
    "Offboard-Not-Seen": {
        "description": "Reasons, comma-separated, why this may not be everything.",
        "schema": {"type": "string"},
    }
}

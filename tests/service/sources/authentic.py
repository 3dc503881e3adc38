"""Deliveries that prove their sender, for the sources that carry the generic body."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

from fake_desk import SECRET

from config.settings import Secret
from config.sources import (
    CloudeventsSettings,
    EntraWorkflowSettings,
    HubSettings,
    Sources,
    SourceSettings,
    StandardSettings,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
WORKFLOW = "8a7c3b1d-1b8e-4a2e-b8a1-7f0d9f2b5c05"
LEAVER = (
    FIXTURES / "entra_workflow" / "entra-lifecycle-workflow-leaver.json"
).read_bytes()
DANA = {"subjects": [{"format": "email", "email": "dana.lee@example.com"}]}

SOURCES = Sources(
    standard=StandardSettings(secret=(Secret(SECRET),)),
    bearer=SourceSettings(secret=(Secret("bearer-new-1"), Secret("bearer-old-1"))),
    hub=HubSettings(secret=(Secret("hub-demo-secret"), Secret("hub-old-secret"))),
    cloudevents=CloudeventsSettings(
        secret=(Secret("cloud-new-01"), Secret("cloud-old-01")),
        origins=("hr.example.com", "Events.example.com"),
    ),
    entra_workflow=EntraWorkflowSettings(
        secret=(Secret("entra-new-01"), Secret("entra-old-01")),
        workflows=("11111111-0000-4000-8000-000000000000", WORKFLOW.upper()),
    ),
)


def standard(raw, id="e-1"):
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{id}.1771236131.".encode() + raw
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": "1771236131",
        "webhook-signature": f"v1,{signature.decode()}",
    }


def bearer(raw, proof="bearer-new-1"):
    return {"Content-Type": "application/json", "Authorization": f"Bearer {proof}"}


def hub(raw, key="hub-demo-secret"):
    digest = hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={digest}",
    }


def cloudevents(raw, type_="application/cloudevents+json", proof="cloud-new-01"):
    return {"Content-Type": type_, "Authorization": f"Bearer {proof}"}


def entra_workflow(raw, proof="entra-new-01"):
    return {"Content-Type": "application/json", "Authorization": f"Bearer {proof}"}


HEADERS = {
    "standard": standard,
    "bearer": bearer,
    "hub": hub,
    "cloudevents": cloudevents,
    "entra_workflow": entra_workflow,
}


def generic(**over):
    return {"id": "e-1", "type": "user.departed", "data": DANA, **over}


def cloud_event(**over):
    event = {"specversion": "1.0", "source": "/hr", **generic(), **over}
    return {name: value for name, value in event.items() if value is not None}


GOOD = {
    "standard": json.dumps(generic()).encode(),
    "bearer": json.dumps(generic()).encode(),
    "hub": json.dumps(generic()).encode(),
    "cloudevents": json.dumps(cloud_event()).encode(),
    "entra_workflow": LEAVER,
}

"""The source ``entra_workflow``, played as the forwarding Logic App."""

import json
from typing import Final

from service.sources.samples.generic import fresh_id, text_of
from service.sources.samples.sample import Asked, Outgoing, Sample

_TENANT: Final = "11111111-2222-4333-8444-555555555555"
_TASK: Final = "d7b6a5f0-52c2-4f57-8cf3-16d0f4b3a903"


def _leaver(asked: Asked) -> tuple[Outgoing, ...]:
    if "@" not in asked.user:
        raise ValueError("--user: Give an e-mail, since Entra knows no IAM ID.")
    mine = asked.settings.sources.entra_workflow
    result = fresh_id(asked, "leaver")
    workflow = mine.workflows[0]
    data = {
        "subject": {
            "id": fresh_id(asked, "subject"),
            "userPrincipalName": asked.user,
            "email": asked.user,
            "displayName": "Played",
            "manager": {"email": "manager@example.com"},
        },
        "task": {"id": _TASK, "displayName": "Tell offboard"},
        "taskProcessingResult": {"id": result, "createdDateTime": text_of(asked.at)},
        "workflow": {
            "id": workflow,
            "displayName": "Leaver",
            "workflowVersion": 1,
        },
        "callbackUriPath": (
            f"/identityGovernance/lifecycleWorkflows/workflows/{workflow}/tasks/{_TASK}"
            f"/taskProcessingResults/{result}/resume"
        ),
    }
    body = {
        "data": data,
        "source": f"/tenants/{_TENANT}/lifecycleWorkflows",
        "type": "microsoft.graph.lifecycleEvent",
    }
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {mine.secret[0].reveal()}",
    }
    return (Outgoing("/events/entra_workflow", json.dumps(body).encode(), headers),)


SAMPLES: Final = (Sample("leaver", "a departure, now", _leaver),)

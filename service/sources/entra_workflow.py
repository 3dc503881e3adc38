"""Microsoft Entra's lifecycle workflows, forwarded by a Logic App with a bearer token.

Entra itself calls a Logic App only, with a token bound to that; so the customer's own
forwards the body as it came. What it says happens now: it has no date.

A workflow may be a joiner's too. One that is not listed as a leaver's is refused, and
not kept: it is no departure, and whoever set it up is told by the refusal. The values
of ``source`` and ``type`` are not documented, so they are not looked at.

Source: Microsoft Learn, "Lifecycle workflow extensibility". Names of members are
documented; that the subject's ``email`` may be missing is inferred, not confirmed
against a live tenant.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from config.settings import Settings
from service.bodies import strict_json
from service.sources.proof import demand_bearer, key_of
from service.sources.source import Delivery, Part, Source
from service.words import email_of
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


class EntraWorkflow(Source):
    """The source ``entra_workflow``."""

    name = "entra_workflow"
    takes_path_secret = True

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Compare the token; the id of the task's result is the key.

        Raises:
            ValidationError: The workflow is not one of the leavers'.
        """
        demand_bearer(delivery, settings.sources.entra_workflow.secret, in_path=True)
        body = strict_json(delivery.raw)
        workflow = _text(body, "workflow", "id")
        if workflow is not None and not _is_listed(workflow, settings):
            fault = "This workflow is not in OFFBOARD_SOURCE_ENTRA_WORKFLOW_WORKFLOWS."
            raise ValidationError({"data": {"workflow": {"id": [fault]}}})
        result = _text(body, "taskProcessingResult", "id")
        if result is None:
            digest = hashlib.sha256(delivery.raw).hexdigest()
            return [Part(key_of(self.name, "sha256", digest), body)]
        return [Part(key_of(self.name, result), body)]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Read whom the workflow ran for: the subject, never the manager."""
        workflow = _text(part.body, "workflow", "id")
        if workflow is None:
            text = "data.workflow.id is missing: whether somebody leaves is not said."
            raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
        if not _is_listed(workflow, settings):
            return Ignored("no_leaver_workflow")
        native_type = part.body.get("type")
        return Heard(
            source=self.name,
            event_key=part.key,
            native_type=native_type if isinstance(native_type, str) else "leaver",
            kind=HeardKind.TERMINATED,
            names=_names(part.body),
            occurred_at=_occurred_at(part.body),
            authn=Authn.BEARER,
        )


def _is_listed(workflow: str, settings: Settings) -> bool:
    listed = settings.sources.entra_workflow.workflows
    return workflow.lower() in {one.lower() for one in listed}


def _text(body: Mapping[str, Any], name: str, inner: str) -> str | None:
    """Return ``data.<name>.<inner>`` where it is a text, and not an empty one."""
    data = body.get("data")
    member = data.get(name) if isinstance(data, dict) else None
    found = member.get(inner) if isinstance(member, dict) else None
    return found.strip() or None if isinstance(found, str) else None


def _names(body: Mapping[str, Any]) -> Names:
    given = (
        _email(_text(body, "subject", one)) for one in ("email", "userPrincipalName")
    )
    emails = tuple(dict.fromkeys(one for one in given if one is not None))
    own = _text(body, "subject", "id")
    return Names(emails=emails, ids=(own,) if own else ())


def _email(text: str | None) -> str | None:
    """Read an e-mail; a principal name that is none names nobody to IBM Cloud."""
    try:
        return email_of(text) if text is not None else None
    except ValidationError:
        return None


def _occurred_at(body: Mapping[str, Any]) -> datetime | None:
    try:
        return moment_of(_text(body, "taskProcessingResult", "createdDateTime"))
    except UnreadableError:
        return None

"""Every source turned on at once, and for each a delivery that proves its sender."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path

import jwt

from config.settings import Secret
from config.sources import (
    BamboohrSettings,
    CloudeventsSettings,
    EntraGraphSettings,
    EntraWorkflowSettings,
    GustoSettings,
    HibobSettings,
    HubSettings,
    OktaSettings,
    PersonioSettings,
    Sources,
    SourceSettings,
    SsfSettings,
    StandardSettings,
)

FIXTURES = Path(__file__).parent / "fixtures"
WHSEC = "whsec_ZGVtby1zZWNyZXQtZm9yLWRvY3Mtb25seS0wMDAwMDAx"
TENANT = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION = "aaaaaaaa-2222-4333-8444-555555555555"
WORKFLOW = "8a7c3b1d-1b8e-4a2e-b8a1-7f0d9f2b5c05"
ISSUER = "https://idp.example.com/"
AUDIENCE = "https://offboard.example.com/ssf"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
JSON = "application/json"
SMALL = {"standard", "hub", "cloudevents", "bearer"}
PATH_SECRET = {
    "bearer",
    "cloudevents",
    "entra_graph",
    "entra_workflow",
    "personio",
    "gusto",
}
# Who takes more than one event a delivery, and where the list stands in it.
BATCHES = ("okta", "entra_graph", "cloudevents", "bamboohr")


def secret_of(source):
    return WHSEC if source == "standard" else f"secret-of-{source}-1"


def sources(jwks_url="https://idp.example.com/jwks.json"):
    def with_secret(kind, name, **more):
        return kind(secret=(Secret(secret_of(name)),), **more)

    hr = {"timezone": "Europe/Berlin"}
    return Sources(
        standard=with_secret(StandardSettings, "standard"),
        bearer=with_secret(SourceSettings, "bearer"),
        okta=with_secret(OktaSettings, "okta"),
        scim=with_secret(SourceSettings, "scim"),
        entra_graph=with_secret(
            EntraGraphSettings,
            "entra_graph",
            tenant_id=TENANT,
            subscription_ids=(SUBSCRIPTION,),
        ),
        ibm_activity=with_secret(Sources().ibm_activity.__class__, "ibm_activity"),
        ssf=with_secret(
            SsfSettings, "ssf", issuer=ISSUER, audience=AUDIENCE, jwks_url=jwks_url
        ),
        hub=with_secret(HubSettings, "hub"),
        cloudevents=with_secret(
            CloudeventsSettings, "cloudevents", origins=("hr.example.com",)
        ),
        entra_workflow=with_secret(
            EntraWorkflowSettings, "entra_workflow", workflows=(WORKFLOW,)
        ),
        ibm_verify=with_secret(Sources().ibm_verify.__class__, "ibm_verify"),
        bamboohr=with_secret(BamboohrSettings, "bamboohr", **hr),
        hibob=with_secret(HibobSettings, "hibob", **hr),
        personio=with_secret(PersonioSettings, "personio", **hr),
        gusto=with_secret(GustoSettings, "gusto", **hr),
    )


@dataclass(frozen=True)
class Doors:
    """Signs for each source; ``key`` is the private key of ssf's transmitter."""

    now: object
    key: object = None

    @property
    def stamp(self):
        return str(int(self.now.timestamp()))

    def deliver(self, source, body):
        """Return path, headers and bytes of a delivery with this body."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = getattr(self, f"_{source}", self._bearer)(source, raw)
        if source == "ssf":
            raw = self._token(raw)
        return f"/events/{source}", {"Content-Type": JSON, **headers}, raw

    def _bearer(self, source, raw):
        return {"Authorization": f"Bearer {secret_of(source)}"}

    def _standard(self, source, raw):
        key = base64.b64decode(WHSEC.removeprefix("whsec_"))
        id_ = hashlib.sha256(raw).hexdigest()
        signed = f"{id_}.{self.stamp}.".encode() + raw
        text = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        return {
            "webhook-id": id_,
            "webhook-timestamp": self.stamp,
            "webhook-signature": f"v1,{text.decode()}",
        }

    def _okta(self, source, raw):
        return {"Authorization": secret_of(source)}

    def _hub(self, source, raw):
        digest = hmac.new(secret_of(source).encode(), raw, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature-256": f"sha256={digest}"}

    def _cloudevents(self, source, raw):
        form = "cloudevents-batch" if raw.lstrip()[:1] == b"[" else "cloudevents"
        return self._bearer(source, raw) | {"Content-Type": f"application/{form}+json"}

    def _entra_graph(self, source, raw):
        return {}

    def _ssf(self, source, raw):
        return {
            "Authorization": secret_of(source),
            "Content-Type": "application/secevent+jwt",
        }

    def _bamboohr(self, source, raw):
        signed = raw + self.stamp.encode()
        key = secret_of(source).encode()
        return {
            "X-BambooHR-Timestamp": self.stamp,
            "X-BambooHR-Signature": hmac.new(key, signed, hashlib.sha256).hexdigest(),
        }

    def _hibob(self, source, raw):
        key = secret_of(source).encode()
        text = base64.b64encode(hmac.new(key, raw, hashlib.sha512).digest())
        return {"Bob-Signature": text.decode()}

    def _gusto(self, source, raw):
        key = secret_of(source).encode()
        return {"X-Gusto-Signature": hmac.new(key, raw, hashlib.sha256).hexdigest()}

    def _token(self, raw):
        header = {"typ": "secevent+jwt", "kid": "k1"}
        made = jwt.PyJWS().encode(raw, self.key, algorithm="RS256", headers=header)
        return made.encode()


DANA = {"format": "email", "email": "dana.lee@example.com"}


def _generic(n):
    return {
        "id": f"e-{n}",
        "type": "user.departed",
        "timestamp": "2026-02-16T10:00:00Z",
        "data": {
            "kind": "terminated",
            "effective_at": "2026-03-31T17:00:00+02:00",
            "subjects": [dict(DANA), {"format": "opaque", "id": "E-157"}],
            "reason": "resignation",
        },
    }


def sample(source, n=1):  # noqa: C901, PLR0911, PLR0912 - one a source
    """Return what *source* tells of Dana, as JSON."""
    match source:
        case "standard" | "bearer" | "hub":
            return _generic(n)
        case "cloudevents":
            return {"specversion": "1.0", "source": "/hr", **_generic(n)}
        case "okta":
            return {"eventId": "e-1", "data": {"events": [element(source, n)]}}
        case "entra_graph":
            return {"value": [element(source, n)]}
        case "bamboohr":
            return {"employees": [element(source, n)], "fields": {}}
        case "ibm_activity":
            return {
                "id": f"n-{n}",
                "source": "crn:v1:bluemix:public:event-notifications:eu-de:a/acct1::",
                "specversion": "1.0",
                "type": "com.ibm.cloud.logs.alert:triggered",
                "data": {
                    "status": "triggered",
                    "log_example": {
                        "action": "user-management.user.delete",
                        "outcome": "success",
                        "correlationId": f"c-{n}",
                        "eventTime": "2026-02-16T10:00:00.00+0000",
                        "initiator": {"id": "IBMid-660000ADMIN", "name": "x@x.com"},
                        "target": {
                            "id": "crn:v1:bluemix:public:user-management::a/acct1::u:x",
                            "name": "IBMid-550000DANA",
                        },
                    },
                },
            }
        case "ssf":
            return {
                "iss": ISSUER,
                "jti": f"j-{n}",
                "iat": 1771236000,
                "aud": AUDIENCE,
                "sub_id": dict(DANA),
                "events": {f"{RISC}account-disabled": {"reason": "hijacking"}},
            }
        case "entra_workflow":
            path = FIXTURES / "entra_workflow" / "entra-lifecycle-workflow-leaver.json"
            body = json.loads(path.read_text())
            body["data"]["taskProcessingResult"]["id"] = f"t-{n}"
            return body
        case "ibm_verify":
            path = FIXTURES / "ibm_verify" / "ibm-verify-user-deleted.json"
            return json.loads(path.read_text()) | {"id": f"v-{n}"}
        case "hibob":
            return {
                "companyId": 1,
                "type": "employee.left",
                "triggeredBy": "boss@example.com",
                "triggeredAt": f"2026-02-16T10:00:00.{n:06d}Z",
                "version": "v2",
                "data": {"employeeId": "7", "email": "dana.lee@example.com"},
            }
        case "personio":
            return {
                "company_id": "1",
                "event_name": "employment.terminated",
                "occurred_at": "2026-02-16T10:00:00Z",
                "payload": {"id": f"{n}", "person": {"id": "7"}},
                "meta": {"event_id": "1"},
            }
        case "gusto":
            return {
                "uuid": f"g-{n}",
                "event_type": "employee.terminated",
                "resource_type": "Company",
                "resource_uuid": "c-1",
                "entity_type": "Employee",
                "entity_uuid": "u-7",
                "timestamp": 1771236000,
            }
    raise KeyError(source)


def element(source, n=1):
    """Return one element of a delivery that may have several."""
    match source:
        case "okta":
            return {
                "uuid": f"u-{n}",
                "published": "2026-02-16T10:00:00.120Z",
                "eventType": "user.lifecycle.deactivate",
                "outcome": {"result": "SUCCESS"},
                "actor": {"type": "User", "id": "00uADMIN", "alternateId": "x@x.com"},
                "target": [
                    {
                        "type": "User",
                        "id": "00u1",
                        "alternateId": "dana.lee@example.com",
                    }
                ],
            }
        case "entra_graph":
            return {
                "id": f"n-{n}",
                "subscriptionId": SUBSCRIPTION,
                "clientState": secret_of(source),
                "changeType": "updated",
                "tenantId": TENANT,
                "resource": "Users/o-1",
                "resourceData": {
                    "@odata.type": "#Microsoft.Graph.User",
                    "id": "o-1",
                    "sequenceNumber": n,
                },
            }
        case "bamboohr":
            return {
                "id": f"{n}",
                "action": "Updated",
                "timestamp": "2026-02-16T10:00:00+00:00",
                "changedFields": ["status"],
                "fields": {
                    "status": {"value": "Inactive"},
                    "workEmail": {"value": "dana.lee@example.com"},
                    "terminationDate": {"value": "2026-02-10"},
                },
            }
        case "cloudevents":
            return sample(source, n)
    raise KeyError(source)


NAMES = tuple(name for name, _ in sources() if name != "scim")

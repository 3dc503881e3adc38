"""The errors the far side answers, as exceptions that know their body.

Knows nothing of Flask. Codes, statuses and key sets are those of published bodies
(see tests/fixtures/published-ibm); the wording is ours. Where no public body names a
code, ours has none: every field of the Kubernetes Service's error is optional.
The status and type of E0051, and the statuses of BXNIM0407E, BXNIM0408E and BXNIM0151E
as an answer of IAM itself, are inferred, not confirmed against a live account.
"""

import uuid

Json = dict[str, object]

# code -> HTTP status, type, description, recoveryCLI (None: published without)
_PUBLISHED: dict[str, tuple[int, str, str, str | None]] = {
    "G0004": (
        404,
        "General",
        "No cluster of this id or name can be seen in this account.",
        "List what you can see: 'ibmcloud ks cluster ls'.",
    ),
    "A0006": (
        404,
        "Authentication",
        "The cluster cannot be found in the resource group that was given.",
        "List what you can see: 'ibmcloud ks cluster ls'.",
    ),
    "A03e9b": (400, "Authentication", "IAM refused to create an API key.", None),
    "A0656": (
        403,
        "Authentication",
        "The caller may not create an API key in this resource group.",
        "Ask for the Operator role on the IAM Identity service.",
    ),
    "P0005": (
        401,
        "Authorization",
        "The stored cluster API key could not be exchanged for a token.",
        "Wait, and try once more.",
    ),
    "E0058": (
        401,
        "Authentication",
        "The account named in X-Auth-Resource-Account is not that of the token.",
        None,
    ),
    "E0051": (404, "General", "The user credentials could not be found.", None),
    "G3917": (400, "Cluster", "The operation is not for this cluster provider.", None),
}
# code -> HTTP status, message
_PUBLISHED_BY_IAM: dict[str, tuple[int, str]] = {
    "BXNIM0415E": (400, "Provided API key could not be found."),
    "BXNIM0407E": (400, "Provided token is invalid."),
    "BXNIM0408E": (400, "Provided refresh token is expired."),
    "BXNIM0151E": (422, "The limit of API keys of this identity is reached."),
}
CODES = (*_PUBLISHED, *_PUBLISHED_BY_IAM)


class FarSideError(Exception):
    """An answer other than success: an HTTP status and a JSON body."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"HTTP {status}: {body}")
        self.status = status
        self.body = body


def published(code: str) -> FarSideError:
    """Make the error of this code, shaped as it was published.

    Raises:
        KeyError: No published answer has this code.
    """
    if code in _PUBLISHED_BY_IAM:
        return iam(*_PUBLISHED_BY_IAM[code], code)
    status, kind, description, recovery = _PUBLISHED[code]
    incident = str(uuid.uuid4())
    # Not every id is a UUID: A0006 came with one twice, G3917 with a ray and a place.
    incidents = {"A0006": f"{incident},{incident}", "G3917": f"{incident[-16:]}-IAD"}
    body: Json = {
        "incidentID": incidents.get(code, incident),
        "code": code,
        "description": description,
        "type": kind,
    }
    if recovery is not None:
        body["recoveryCLI"] = recovery
    return FarSideError(status, body)


def containers(status: int, description: str) -> FarSideError:
    """Make a Kubernetes Service error without a code.

    Status and wording are inferred, not confirmed against a live account.
    """
    kind = "Authentication" if status in {401, 403} else "General"
    body: Json = {
        "incidentID": str(uuid.uuid4()),
        "description": description,
        "type": kind,
    }
    return FarSideError(status, body)


def platform(status: int, message: str) -> FarSideError:
    """Make an error of User Management or the Resource Manager.

    The shape is the Resource Controller's published 401; that the others share it is
    inferred, not confirmed against a live account.
    """
    body: Json = {
        "message": message,
        "code": status,
        "global_transaction_id": str(uuid.uuid4()),
    }
    return FarSideError(status, body)


def access(status: int, code: str, message: str) -> FarSideError:
    """Make an error of the policy or access group service, as IBM's SDK models it."""
    body: Json = {
        "trace": uuid.uuid4().hex,
        "errors": [{"code": code, "message": message}],
        "status_code": status,
    }
    return FarSideError(status, body)


def iam(status: int, message: str, code: str | None = None) -> FarSideError:
    """Make an error of the IAM token or identity service, shaped as BXNIM0415E was.

    That the identity calls share the token call's shape is inferred, not confirmed
    against a live account.
    """
    context: Json = {
        "requestId": uuid.uuid4().hex,
        "requestType": "incoming.Identity_Token",
        "userAgent": "",
        "url": "https://iam.cloud.ibm.com",
        "instanceId": "simulator",
        "threadId": "1",
        "host": "simulator",
        "startTime": "01.01.2026 00:00:00:000 GMT",
        "endTime": "01.01.2026 00:00:00:000 GMT",
        "elapsedTime": "0",
        "locale": "en_US",
        "clusterName": "simulator",
    }
    body: Json = {"context": context, "errorMessage": message}
    if code is not None:
        body["errorCode"] = code
    return FarSideError(status, body)

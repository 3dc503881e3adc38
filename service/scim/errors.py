"""Errors in SCIM's own form (RFC 7644 section 3.12): what they say is written by us.

The library's own sentences quote what was sent, so only their keyword is passed on.
"""

from typing import Final

import structlog
from flask import Response, current_app
from pydantic import ValidationError
from scim2_models import Error, SCIMException
from werkzeug.exceptions import HTTPException

from service.errors import RETRY_AFTER_SECONDS, MalformedError, NotAuthenticError
from workers.desk.scim_users import NameTakenError, NoSuchUserError
from workers.offboarding.errors import StoreAwayError

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MEDIA_TYPE: Final = "application/scim+json"
# What only a path or a filter brings about, whatever it stood in.
_DETAILS: Final = {
    "invalidSyntax": "The body is not a well-formed message of this kind.",
    "invalidValue": (
        "A value does not fit its attribute, or a needed one is missing. active takes"
        " true or false, and nothing else."
    ),
    "invalidPath": "The path of an operation cannot be used here.",
    "invalidFilter": (
        "A filter compares userName, externalId, id or emails.value by eq with a text,"
        " joined by and; nothing else."
    ),
    "mutability": "The attribute cannot be changed, or cannot be taken away.",
    "noTarget": "The operation names nothing that it could be done to.",
    "uniqueness": "Another user has this userName.",
}
_SENTENCES: Final = {
    400: "The request is not well-formed.",
    401: "Send the token of this connection as Authorization: Bearer.",
    404: "There is nothing here.",
    405: "This path does not take that method; Allow names those it takes.",
    411: "Send the body with a Content-Length.",
    413: "The request is too large.",
    415: "Send the body as application/scim+json.",
    429: "Too many requests that proved nobody came from your address.",
    500: "Something went wrong here. The log has it by the request's id.",
    501: "This is not served here.",
    503: "The store cannot be used at the moment; nothing was taken in. Send it again.",
}


class ScimError(Exception):
    """A request that cannot be done, by SCIM's keyword for why: always a 400."""

    def __init__(self, scim_type: str) -> None:
        super().__init__(scim_type)
        self.scim_type = scim_type


# Status, SCIM's keyword, and the word it is counted by.
_KNOWN: Final[dict[type[Exception], tuple[int, str | None, str]]] = {
    MalformedError: (400, "invalidSyntax", "json"),
    NameTakenError: (409, "uniqueness", "uniqueness"),
    NoSuchUserError: (404, None, "unknown_user"),
}


def answer_to(error: Exception) -> tuple[Response, str]:
    """Turn any error into its answer, and the word it is counted by."""
    if type(error) in _KNOWN:
        status, known, cause = _KNOWN[type(error)]
        return failure(status, known), cause
    match error:
        case ScimError() | ValidationError() | SCIMException():
            keyword = _keyword(error)
            return failure(400, keyword), keyword
        case NotAuthenticError(cause=cause):
            return failure(401, headers={"WWW-Authenticate": "Bearer"}), cause
        case HTTPException():
            return _of_http(error), str(error.code)
        case _:
            return _of_ours(error)


def failure(
    status: int, scim_type: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """Make the answer of an error."""
    detail = _DETAILS.get(scim_type or "") or _SENTENCES.get(status, "Refused.")
    body = Error(status=status, scim_type=scim_type, detail=detail).model_dump()
    return Response(
        current_app.json.dumps(body),
        status=status,
        headers=headers,
        mimetype=MEDIA_TYPE,
    )


def _of_ours(error: Exception) -> tuple[Response, str]:
    if isinstance(error, StoreAwayError):
        log.warning("store.missed", detail=str(error))
        retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return failure(503, headers=retry), "store_away"
    # As in service/errors.py: the caller gets the request's id, the log the traceback.
    log.error("request.failed", exc_info=error)
    return failure(500), "bug"


def _of_http(error: HTTPException) -> Response:
    # Allow, where there is one; its content type is HTML's.
    kept = {
        name: value
        for name, value in error.get_headers()
        if name.lower() != "content-type"
    }
    return failure(error.code or 500, headers=kept)


def _keyword(error: ScimError | ValidationError | SCIMException) -> str:
    if isinstance(error, ScimError):
        return error.scim_type
    if isinstance(error, SCIMException):
        found = error.scim_type
    else:
        found = Error.from_validation_errors(error)[0].scim_type or ""
    # A filter here can only stand in a path: that of a query is read elsewhere.
    found = {"invalidFilter": "invalidPath"}.get(found, found)
    return found if found in _DETAILS else "invalidValue"

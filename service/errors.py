"""Our errors become HTTP answers here, and nowhere else: problem+json, always.

What an answer says is written by us: never a stack, never what was sent.
"""

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import structlog
from flask import Flask, Response, current_app, g
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from workers.offboarding.errors import (
    CaseDamagedError,
    ConflictError,
    NoSuchCaseError,
    NoSuchDeliveryError,
    NoSuchFollowUpError,
    NoSuchNoticeError,
    NotSealedError,
    StoreAwayError,
    TooSoonError,
)

RETRY_AFTER_SECONDS: Final = 5
_MOST_FIELDS: Final = 50
_LONGEST_NAME: Final = 200
_MOST_SENTENCES: Final = 5

log: structlog.stdlib.BoundLogger = structlog.get_logger()


# Ours, since the framework's own sentences speak of browsers and spelling.
_SENTENCES: Final = {
    400: "The request is not well-formed.",
    404: "There is nothing here.",
    405: "This path does not take that method; Allow names those it takes.",
    411: "Send the body with a Content-Length.",
    413: "The request is too large.",
    415: "Send the body as application/json.",
}


class NotAuthenticError(Exception):
    """The sender is not proven to be who it says. Why stays with us.

    Attributes:
        cause: What did not fit, in one word for the log: ``header``, ``timestamp``,
            ``signature``.
        code: The protocol's own word for it, where it has one that senders are told.
        challenge: What ``WWW-Authenticate`` answers, where the protocol has one.
    """

    def __init__(
        self, cause: str, *, code: str | None = None, challenge: str | None = None
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.code = code
        self.challenge = challenge


class KeysAwayError(Exception):
    """The public keys that would prove a sender cannot be had: it proves nothing.

    Attributes:
        retry_after_seconds: When it is worth sending again.
    """

    cause: Final = "keys_away"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(self.cause)
        self.retry_after_seconds = retry_after_seconds


class MalformedError(Exception):
    """The body is not the strict JSON object it has to be.

    Attributes:
        cause: What is wrong with it, in one word for the log.
    """

    def __init__(self, cause: str = "json") -> None:
        super().__init__(cause)
        self.cause = cause


class TooManyError(Exception):
    """Somebody asks more often than they may.

    Attributes:
        retry_after_seconds: When they may ask again.
    """

    def __init__(self, text: str, retry_after_seconds: int) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds


def answer_errors(app: Flask) -> None:
    """Register the answers; call it after everything that registers its own."""
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(NotAuthenticError, _not_authentic)
    app.register_error_handler(KeysAwayError, _keys_away)
    app.register_error_handler(MalformedError, _malformed)
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(NoSuchCaseError, _no_such_case)
    app.register_error_handler(NoSuchFollowUpError, _no_such_follow_up)
    app.register_error_handler(NoSuchDeliveryError, _no_such_delivery)
    app.register_error_handler(NoSuchNoticeError, _no_such_notice)
    app.register_error_handler(TooSoonError, _too_soon)
    app.register_error_handler(TooManyError, too_many)
    app.register_error_handler(CaseDamagedError, _case_damaged)
    app.register_error_handler(ConflictError, _conflict)
    app.register_error_handler(StoreAwayError, _store_away)
    app.register_error_handler(NotSealedError, _not_sealed)
    app.register_error_handler(Exception, _bug)


def field_paths(messages: Any, path: str = "") -> dict[str, list[str]]:  # noqa: ANN401 - marshmallow nests lists and dicts as deep as the schema
    """Flatten marshmallow's messages to ``{"data.subjects.0.email": ["…"]}``.

    What is wrong with an object as a whole stands under the object's own path, with
    the body as a whole under ``body``.
    """
    if not isinstance(messages, dict):
        several = messages if isinstance(messages, list) else [messages]
        return {path or "body": [str(one) for one in several]}
    found: dict[str, list[str]] = {}
    for name, inner in messages.items():
        here = path if name == "_schema" else f"{path}.{name}".lstrip(".")
        for each, sentences in field_paths(inner, here).items():
            found.setdefault(each, []).extend(sentences)
    return found


def _problem(
    status: int,
    detail: str,
    *,
    slug: str | None = None,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    title = _title(slug) if slug else HTTP_STATUS_CODES[status]
    body = {
        "type": f"/problems/{slug}" if slug else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": g.get("request_id"),
        **more,
    }
    return Response(
        current_app.json.dumps(body),
        status=status,
        headers=headers,
        mimetype="application/problem+json",
    )


def _title(slug: str) -> str:
    said = slug.replace("-", " ").capitalize()
    return said.replace("follow up", "follow-up")


def _of_http(error: HTTPException) -> Response:
    # get_headers() carries Allow and WWW-Authenticate; its content type is HTML's.
    kept = {
        name: value
        for name, value in error.get_headers()
        if name.lower() != "content-type"
    }
    status = error.code or 500
    return _problem(status, _sentence(error, status), headers=kept)


def _sentence(error: HTTPException, status: int) -> str:
    said = error.description
    if said and said != type(error).description and status != 400:
        return said
    return _SENTENCES.get(status, f"{HTTP_STATUS_CODES.get(status, 'Refused')}.")


def _not_authentic(error: NotAuthenticError) -> Response:
    headers = {"WWW-Authenticate": error.challenge} if error.challenge else None
    return _problem(401, "The sender could not be authenticated.", headers=headers)


def _keys_away(error: KeysAwayError) -> Response:
    return _problem(
        503,
        "The keys that prove the sender cannot be had at the moment; nothing was taken"
        " in. Send it again.",
        slug="keys-away",
        headers={"Retry-After": str(error.retry_after_seconds)},
    )


def _malformed(_: MalformedError) -> Response:
    return _problem(
        400,
        "The body must be one JSON object in UTF-8, without repeated keys, NaN or"
        " Infinity.",
    )


def _invalid(error: ValidationError) -> Response:
    return _problem(
        422,
        "Some fields cannot be used; errors names them.",
        slug="invalid-fields",
        errors=_some_of(field_paths(error.messages)),
    )


def _some_of(errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Bound what is said of one body, whose fields' names are its sender's own."""
    some = islice(errors.items(), _MOST_FIELDS)
    return {name[:_LONGEST_NAME]: said[:_MOST_SENTENCES] for name, said in some}


def _no_such_case(_: NoSuchCaseError) -> Response:
    return _problem(404, "There is no such case.", slug="no-such-case")


def _no_such_follow_up(error: NoSuchFollowUpError) -> Response:
    detail = str(error) or "The case has no follow-up of this number."
    return _problem(404, detail, slug="no-such-follow-up")


def _no_such_delivery(_: NoSuchDeliveryError) -> Response:
    return _problem(
        404, "No delivery in quarantine has this id.", slug="no-such-delivery"
    )


def _no_such_notice(error: NoSuchNoticeError) -> Response:
    return _problem(404, str(error), slug="no-such-notice")


def _too_soon(error: TooSoonError) -> Response:
    seconds = math.ceil(error.retry_after_seconds)
    headers = {"Retry-After": str(max(seconds, 1))}
    return _problem(429, str(error), slug="too-soon", headers=headers)


def too_many(error: TooManyError) -> Response:
    """Answer somebody who asks too often."""
    headers = {"Retry-After": str(error.retry_after_seconds)}
    return _problem(429, str(error), slug="too-many-requests", headers=headers)


def _case_damaged(error: CaseDamagedError) -> Response:
    return _problem(500, str(error), slug="case-damaged")


def _conflict(error: ConflictError) -> Response:
    slug = error.reason.replace("_", "-")
    return _problem(409, str(error), slug=slug, reason=error.reason)


def _store_away(error: StoreAwayError) -> Response:
    log.warning("store.missed", detail=str(error))
    return _problem(
        503,
        "The store cannot be used at the moment; nothing was taken in. Send it again.",
        slug="store-away",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def _not_sealed(_: NotSealedError) -> Response:
    return _problem(
        503,
        "Nothing of it is sealed yet: workers do that within seconds, so see that one"
        " runs, and ask again.",
        slug="not-sealed",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def _bug(error: Exception) -> Response:
    # The one place that meets what nobody foresaw: the caller gets the request's id,
    # the log gets the traceback under the same id.
    log.error("request.failed", exc_info=error)
    return _problem(500, "Something went wrong here. The log has it by request_id.")

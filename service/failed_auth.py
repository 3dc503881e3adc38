"""Failed authentications are counted here: each answer of 401, whoever gave it.

It is looked at after the answer is known and never before, so that what is authentic
passes, however many failed from the same address.
"""

from typing import Final

import structlog
from flask import Flask, Response, request

from service.errors import TooManyError, too_many
from service.limiting import count_failure
from service.pages.frame import error_page

_SCIM: Final = "scim"

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def limit_failures(app: Flask) -> None:
    """Have failures counted; call it last, so that every answer passes it first."""
    app.after_request(_limited)


def _limited(response: Response) -> Response:
    if response.status_code != 401:
        return response
    error = count_failure()
    if error is None:
        return response
    log.warning("auth.limited")
    return _in_its_form(response, error)


def _in_its_form(response: Response, error: TooManyError) -> Response:
    """Say it as the answer would have been said: a page, SCIM's form, or a problem."""
    if request.blueprint == _SCIM:
        # Here and not above: it brings a library along that nobody else needs.
        from service.scim.errors import failure

        return failure(429, headers={"Retry-After": str(error.retry_after_seconds)})
    problem = too_many(error)
    return error_page(problem) if response.mimetype == "text/html" else problem

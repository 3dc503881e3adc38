"""What a form asks, in the words of the API: the same bodies, the same faults."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from flask import make_response, redirect, request
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from service.errors import field_paths
from service.routes.opening import bound_to
from workers.offboarding.errors import ConflictError

# As a browser sends a day and a time of day: in the zone that the form names, UTC.
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_LISTS: Final = ("regions", "resource_groups")


class Form(Protocol):
    """Shows a form again, with what could not be used of it."""

    def __call__(
        self, *, faults: Mapping[str, Any] | None = None, fault: str | None = None
    ) -> str:
        """Return the page; *faults* stand at their fields, *fault* over all."""


def done_or_shown(do: Callable[[], str], form: Form) -> Response:
    """Do what a form asks, and lead to where *do* says.

    What cannot be used is said in the form, at its field where it has one.
    """
    try:
        way = do()
    except ValidationError as error:
        return make_response(form(faults=faults_of(error)), 422)
    except ConflictError as error:
        return make_response(form(fault=str(error)), 409)
    return redirect(way, 303)


def body_of(*names: str) -> dict[str, Any]:
    """Return what the form says under *names*, as a body of the API says it.

    What was left blank is left out. Which part of an account is meant, and whether it
    is a dry run, every form may say.
    """
    given = {name: request.form.get(name, "").strip() for name in names}
    body: dict[str, Any] = {name: text for name, text in given.items() if text}
    for name in _LISTS:
        parts = [each for one in request.form.getlist(name) for each in one.split(",")]
        several = [one.strip() for one in parts if one.strip()]
        if several:
            body[name] = several
    at = body.get("effective_at", "")
    if _LOCAL.fullmatch(at):
        body["effective_at"] = f"{at}:00Z"
    return body | {"dry_run": "dry_run" in request.form}


def faults_of(error: ValidationError) -> dict[str, list[str]]:
    """Return what is wrong by the field of the form; of a list its field is meant."""
    found: dict[str, list[str]] = {}
    for path, sentences in field_paths(error.messages).items():
        found.setdefault(path.partition(".")[0], []).extend(sentences)
    return found


def new_key() -> str:
    """Return what tells one form from every other: to send it twice is to ask once."""
    return secrets.token_hex(8)


def key_of_form(path: str, body: dict[str, Any]) -> tuple[str, str] | None:
    """Return the key of the form that was sent, bound to its person and to *path*."""
    key = request.form.get("once", "")
    is_ours = key.isascii() and key.isalnum() and len(key) <= 32
    return bound_to(key, path, body) if is_ours else None

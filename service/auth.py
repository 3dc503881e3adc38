"""Callers' tokens and their roles. It keeps no token, only compares digests.

What a source signs is checked in that source's own file, beside its other rules.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, Literal

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from config.settings import ROLES, Token
from service.context import here
from service.limiting import count_request

Role = Literal["public", "viewer", "operator", "approver"]

PUBLIC: Final = "public"


def demand(role: Role) -> None:
    """Let the request go on only if its caller has *role*, or one above it.

    Roles grow: an operator may do what a viewer may, an approver what both may.

    Raises:
        Unauthorized: No token, or one we do not know: the same answer for both.
        Forbidden: A known token whose role is too small.
        TooManyError: A known token that asks too often.
    """
    if role == PUBLIC:
        return
    token = token_of(
        request.headers.get("Authorization", ""), here().settings.api_tokens
    )
    if token is None:
        raise Unauthorized(
            "Send a token that is known here as Authorization: Bearer.",
            www_authenticate=WWWAuthenticate("bearer"),
        )
    count_request(token.name)
    if ROLES.index(token.role) < ROLES.index(role):
        raise Forbidden(f"This needs the role {role}.")
    g.token = token


def caller() -> Token:
    """Return the token that `demand` let in."""
    token: Token = g.token
    return token


def token_of(authorization: str, tokens: Sequence[Token]) -> Token | None:
    """Find the token an ``Authorization`` value carries, or None.

    Every entry is compared, in constant time, so that the time taken tells nothing.
    """
    scheme, _, text = authorization.partition(" ")
    digest = hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()
    known = [one for one in tokens if hmac.compare_digest(one.sha256, digest)]
    return known[0] if known and scheme.lower() == "bearer" else None

"""What proves a sender by a shared secret, in constant time. Knows no source."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any

from config.settings import Secret
from service.errors import NotAuthenticError
from service.sources.source import KEY_LIMIT, Delivery


def demand_bearer(
    delivery: Delivery, secrets: Sequence[Secret], *, in_path: bool = False
) -> None:
    """Let a delivery through that carries one of *secrets* as its bearer token.

    Args:
        delivery: The request.
        secrets: Those that hold now.
        in_path: Whether the secret may stand last in the path instead.

    Raises:
        NotAuthenticError: ``header``, or ``path`` where it stands there and is wrong.
    """
    if in_path and delivery.path_secret is not None:
        demand_one_of(delivery.path_secret, secrets, cause="path")
        return
    scheme, _, text = delivery.headers.get("authorization", "").partition(" ")
    demand_one_of(
        text.strip() if scheme.lower() == "bearer" else "",
        secrets,
        cause="header",
        challenge="Bearer",
    )


def demand_one_of(
    given: str, secrets: Sequence[Secret], *, cause: str, challenge: str | None = None
) -> None:
    """Let *given* through if it is one of *secrets*; every one is compared.

    Raises:
        NotAuthenticError: With *cause* and *challenge*.
    """
    raw = given.encode("utf-8", "replace")
    same = [hmac.compare_digest(raw, one.reveal().encode()) for one in secrets]
    if not any(same):
        raise NotAuthenticError(cause, challenge=challenge)


def demand_signature(
    given: bytes, secrets: Sequence[Secret], sign: Callable[[bytes], bytes]
) -> None:
    """Let through what one of *secrets* signed: *sign* makes a signature of a key.

    Raises:
        NotAuthenticError: ``signature``.
    """
    expected = [sign(one.reveal().encode()) for one in secrets]
    same = [hmac.compare_digest(given, one) for one in expected]
    if not any(same):
        raise NotAuthenticError("signature")


def key_of(source: str, *native: Any) -> str:  # noqa: ANN401 - whatever the sender's key is made of
    """Make an event's key of the sender's own, or of a digest where that is too long.

    Nothing native, or an empty part of it, is the caller's to prevent: give the
    element's text then, so that a repeat has the same key.
    """
    text = ":".join(str(one) for one in native)
    key = f"{source}:{text}"
    if len(key) <= KEY_LIMIT and text.isascii() and text.isprintable():
        return key
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return f"{source}:sha256:{digest}"

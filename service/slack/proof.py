"""What proves that Slack sent a request: a signature over the very bytes it sent.

The SDK's own check raises on a junk timestamp, on a signature that is not ASCII and on
a body that is not UTF-8, so that anybody could have a request of theirs end in a 500.

Source: Slack, "Verifying requests from Slack".
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from config.settings import Secret
from service.errors import NotAuthenticError

SIGNATURE: Final = "X-Slack-Signature"
TIMESTAMP: Final = "X-Slack-Request-Timestamp"
_WINDOW_SECONDS: Final = 300
_DIGITS: Final = re.compile(r"[0-9]{1,12}")


def demand_slack(
    raw: bytes, given: str, at: str, secrets: Sequence[Secret], now: datetime
) -> None:
    """Let a request through that Slack signed lately.

    Args:
        raw: The body as it came.
        given: The header ``X-Slack-Signature``.
        at: The header ``X-Slack-Request-Timestamp``.
        secrets: Those that hold now.
        now: The time here.

    Raises:
        NotAuthenticError: ``header``, ``timestamp`` or ``signature``.
    """
    if not given or not _DIGITS.fullmatch(at):
        raise NotAuthenticError("header")
    if abs(now.timestamp() - int(at)) > _WINDOW_SECONDS:
        raise NotAuthenticError("timestamp")
    shown = given.encode("utf-8", "replace")
    same = [
        hmac.compare_digest(shown, sign(one.reveal(), at, raw).encode())
        for one in secrets
    ]
    if not any(same):
        raise NotAuthenticError("signature")


def sign(secret: str, at: str, raw: bytes) -> str:
    """Return the signature of *raw*, sent at the Unix time *at*."""
    signed = b"v0:" + at.encode() + b":" + raw
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()

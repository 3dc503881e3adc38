"""What IBM Verify's answers mean: again, never, or a user."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from workers.directories.wire import Answer
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.values import KELVIN

_ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
_EMAIL: Final = re.compile(r"[^\s@,;<>()\"]{1,64}@[^\s@,;<>()\"]{1,253}")
_TOKEN: Final = re.compile(r"[!-~]+")
_LONGEST_LIFE_SECONDS: Final = 86_400


def demand_answer(answer: Answer, doing: str) -> None:
    """Let a 200 through.

    Raises:
        TransientError: 429 and 5xx, with the wait that was asked for.
        PermanentError: Anything else; a redirect is not followed.
    """
    status = answer.status
    text = f"{doing}: IBM Verify answers {status}."
    if status == 429 or status >= 500:
        raise TransientError(text, retry_after_seconds=answer.retry_after_seconds)
    if status == 401:
        raise PermanentError(text, reason=Reason.BAD_KEY)
    if status == 403:
        raise PermanentError(text, reason=Reason.NO_ROLE)
    if status != 200:
        raise PermanentError(text, reason=Reason.UNEXPECTED_ANSWER)


def is_not_found(answer: Answer) -> bool:
    """Tell whether the tenant says that it has no such user.

    Only in SCIM's own words: a wrong address answers 404 too, for everybody.
    """
    if answer.status != 404:
        return False
    schemas = _json(answer).get("schemas")
    return isinstance(schemas, list) and _ERROR in schemas


def body_of(answer: Answer, doing: str) -> Mapping[str, Any]:
    """Return the answer's object; TransientError where it holds none."""
    body = _json(answer)
    if not body:
        text = f"{doing}: the answer is no JSON object."
        raise TransientError(text, reason=Reason.UNEXPECTED_ANSWER)
    return body


def token_of(answer: Answer, doing: str) -> tuple[str, float]:
    """Return a token and its seconds, 0 if it does not say; TransientError if none."""
    body = body_of(answer, doing)
    token, lasts = body.get("access_token"), body.get("expires_in")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        text = f"{doing}: the answer holds no token."
        raise TransientError(text, reason=Reason.UNEXPECTED_ANSWER)
    return token, min(lasts, _LONGEST_LIFE_SECONDS) if isinstance(lasts, int) else 0


def emails_of(user: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the user's e-mails, lower-cased, the login first if it is one."""
    listed = user.get("emails")
    several = listed if isinstance(listed, list) else []
    values = [one.get("value") for one in several if isinstance(one, dict)]
    texts = [one for one in (user.get("userName"), *values) if isinstance(one, str)]
    lowered = [one.strip().lower() for one in texts if KELVIN not in one]
    return tuple(dict.fromkeys(one for one in lowered if _EMAIL.fullmatch(one)))


def _json(answer: Answer) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}

"""Asks an IBM Verify tenant whether a user is still active, by SCIM.

The paths are those of IBM Verify's API documentation; that a deleted user answers 404
with SCIM's error body is inferred, and not confirmed against a live tenant.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from config.secret import Secret
from config.settings import Settings
from workers.directories.verify_answers import (
    body_of,
    demand_answer,
    emails_of,
    is_not_found,
    token_of,
)
from workers.directories.wire import Answer, exchange
from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Hint,
    Names,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored

_TOKEN: Final = "/v1.0/endpoint/default/token"  # noqa: S105 - a path
_DOING_TOKEN: Final = "Getting a token"  # noqa: S105 - a sentence
_USERS: Final = "/v2.0/Users/"
# Dots alone would be a way up in a path.
_ID: Final = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,128}")
_EARLY_SECONDS: Final = 60


def open_directory(settings: Settings) -> "IbmVerifyDirectory | None":
    """Return the directory of the tenant; None where none is set up."""
    mine = settings.sources.ibm_verify
    if not (mine.api_url and mine.client_id and mine.client_secret):
        return None
    return IbmVerifyDirectory(mine.api_url, mine.client_id, mine.client_secret)


@dataclass(slots=True)
class IbmVerifyDirectory:
    """One tenant, read with one API client; keeps its token while it holds."""

    api_url: str
    client_id: str
    client_secret: Secret
    monotonic: Callable[[], float] = time.monotonic
    _token: str = field(default="", repr=False)
    _until: float = 0.0

    def look_up(self, hint: Hint) -> Heard | Ignored:
        """Read the user whom *hint* names.

        Returns:
            Disabled, with their e-mails, where the user is not active; deleted, with
            their id alone, where there is no such user; ``Ignored`` where they are.

        Raises:
            TransientError: Timeout, 429, 5xx, an odd answer.
            PermanentError: The API client is refused, or may not read users.
            UnreadableError: The hint names no user, or the answer does not say.
        """
        if not _ID.fullmatch(hint.subject):
            text = "The event's targetid is no id of a user."
            raise UnreadableError(Unreadable.NO_PERSON, text)
        answer = self._read(_USERS + quote(hint.subject, safe=""))
        if is_not_found(answer):
            return _heard(hint, HeardKind.DELETED)
        demand_answer(answer, "Reading the user")
        user = body_of(answer, "Reading the user")
        if user.get("id") != hint.subject or not isinstance(user.get("active"), bool):
            text = "IBM Verify does not say whether the user is active."
            raise UnreadableError(Unreadable.UNKNOWN_SHAPE, text)
        if user["active"]:
            return Ignored("still_active")
        return _heard(hint, HeardKind.DISABLED, emails_of(user))

    def _read(self, path: str) -> Answer:
        answer = self._get(path)
        if answer.status == 401:
            # The kept token may have been revoked; a fresh one tells.
            self._token = ""
            answer = self._get(path)
        return answer

    def _get(self, path: str) -> Answer:
        headers = {
            "Accept": "application/scim+json, application/json",
            "Authorization": f"Bearer {self._bearer()}",
        }
        return self._send("GET", path, headers)

    def _bearer(self) -> str:
        if self._token and self.monotonic() < self._until:
            return self._token
        self._token, lasts = self._new_token()
        self._until = self.monotonic() + lasts - _EARLY_SECONDS
        return self._token

    def _new_token(self) -> tuple[str, float]:
        """Return a token, and for how many seconds it holds."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret.reveal(),
        }
        answer = self._send("POST", _TOKEN, {"Accept": "application/json"}, form)
        if answer.status in (400, 401):
            text = f"{_DOING_TOKEN}: IBM Verify refuses the API client."
            raise PermanentError(text, reason=Reason.BAD_KEY)
        demand_answer(answer, _DOING_TOKEN)
        return token_of(answer, _DOING_TOKEN)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        url = self.api_url + path
        return exchange("IBM Verify", method, url, headers=headers, data=form)


def _heard(hint: Hint, kind: HeardKind, emails: tuple[str, ...] = ()) -> Heard:
    return Heard(
        source=hint.source,
        event_key=hint.event_key,
        native_type=hint.native_type,
        kind=kind,
        names=Names(emails=emails, ids=(hint.subject,)),
        occurred_at=hint.occurred_at,
        authn=Authn.LOOKUP,
    )

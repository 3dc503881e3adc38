"""Asks Personio how a person and their employments stand: the event alone says nothing.

Source: Personio API v2, /v2/auth/token (client credentials), /v2/persons/{id} and
/v2/persons/{id}/employments. Not confirmed against a live account: which members an
employment has when no termination is set, and when a right is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from requests.auth import AuthBase

from config.settings import Secret, Settings
from config.sources import PersonioSettings
from workers.directories.calls import Bearer, Calls, Clock, not_found, segment, utc_now
from workers.directories.findings import by_standing, found, gone, nameless, record_in
from workers.offboarding.employment import Employment, date_in
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
from workers.offboarding.values import at, email_in

_DELETIONS: Final = frozenset({"person.deleted", "employment.deleted"})
_LEFT: Final = "INACTIVE"
# Shown wherever more than id and status may be read.
_PROOF_OF_SIGHT: Final = "employment_start_date"


@dataclass(frozen=True, slots=True)
class PersonioDirectory:
    """The people of one Personio account."""

    calls: Calls
    token: Secret
    mine: PersonioSettings
    clock: Clock

    def look_up(self, hint: Hint) -> Heard | Ignored:
        """Read whether the person is still there, and whether they leave."""
        auth = self._auth()
        path = f"/v2/persons/{segment(hint.subject)}"
        answer = self.calls.get(path, auth)
        if answer is None:
            if hint.native_type in _DELETIONS:
                return gone(hint, Authn.LOOKUP)
            raise not_found(hint.source)
        email = email_in(record_in(answer, hint.source).get("email"))
        if email is None:
            raise nameless(hint.source)
        names = Names((email,), ids=(hint.subject,))
        employments = _listed(self.calls.get(f"{path}/employments", auth), hint)
        if not employments:
            return _without(hint, names)
        return by_standing(
            hint,
            names,
            _latest([self._employment(one) for one in employments]),
            zone=self.mine.timezone or "UTC",
            now=self.clock(),
            authn=Authn.LOOKUP,
            says_left=hint.native_type == "employment.terminated",
        )

    def _auth(self) -> AuthBase:
        client_id, _, secret = self.token.reveal().partition(":")
        answer = self.calls.post(
            "/v2/auth/token",
            None,
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": secret,
            },
        )
        token = at(answer, "access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            text = "The API of personio gave no token: see OFFBOARD_SOURCE_PERSONIO_…."
            raise PermanentError(text, reason=Reason.BAD_KEY)
        return Bearer(token)

    def _employment(self, one: Mapping[str, Any]) -> Employment:
        days = [date_in(at(one, path)) for path in self.mine.date_paths]
        shown = any(path.partition(".")[0] in one for path in self.mine.date_paths)
        status = one.get("status")
        return Employment(
            has_left=status == _LEFT if isinstance(status, str) else None,
            last_day=min((day for day in days if day), default=None),
            shows_last_day=shown or _PROOF_OF_SIGHT in one,
        )


def _latest(employments: list[Employment]) -> Employment:
    """Return the one that counts: of several, whichever goes on longest."""

    def lasts(one: Employment) -> tuple[bool, bool, str]:
        return (not one.has_left, one.last_day is None, one.last_day or "")

    return max(employments, key=lasts)


def _without(hint: Hint, names: Names) -> Heard:
    """Tell of somebody who has no employment: gone, where one was just deleted."""
    if hint.native_type in _DELETIONS:
        return found(hint, HeardKind.DELETED, names, authn=Authn.LOOKUP)
    text = "The API of personio shows no employment of the person."
    raise UnreadableError(Unreadable.LOOK_UP_FAILED, text)


def _listed(answer: object, hint: Hint) -> list[Mapping[str, Any]]:
    """Return the employments, on their first page: nobody has fifty."""
    if answer is None:
        return []
    listed = record_in(answer, hint.source).get("_data")
    if not isinstance(listed, list):
        text = "The API of personio answered a list in a form that is not known here."
        raise UnreadableError(Unreadable.LOOK_UP_FAILED, text)
    return [record_in(one, hint.source) for one in listed]


def open_directory(
    settings: Settings, clock: Clock = utc_now
) -> PersonioDirectory | None:
    """Open the directory; None where it is not set up."""
    mine = settings.sources.personio
    if mine.api_url is None or mine.api_token is None:
        return None
    return PersonioDirectory(
        Calls("personio", mine.api_url), mine.api_token, mine, clock
    )

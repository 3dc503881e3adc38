"""Asks HiBob who an employee is; that they left, its signed event says itself.

Source: HiBob API, POST /v1/people/{identifier}; HTTP basic with id and token of a
service user. It leaves out in silence what the service user may not read. Not confirmed
against a live account: the words of ``lifecycleStatus``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from requests.auth import HTTPBasicAuth

from config.settings import Secret, Settings
from workers.directories.calls import Calls, Clock, not_found, segment, utc_now
from workers.directories.findings import contradicted, found, nameless, record_in
from workers.offboarding.employment import date_in
from workers.offboarding.heard import Authn, Heard, HeardKind, Hint, Names
from workers.offboarding.model import Ignored
from workers.offboarding.values import at, email_in

_EMAIL: Final = "root.email"
_LIFECYCLE: Final = "internal.lifecycleStatus"
_DATE: Final = "internal.terminationDate"
_RETURNS: Final = frozenset({"employee.joined", "employee.activated"})
# Garden leave counts as left, as it does for employee.left; any other leave does not.
_LEFT: Final = frozenset({"terminated", "gardenleave"})
_EMPLOYED: Final = frozenset({"employed", "hired"})


@dataclass(frozen=True, slots=True)
class HibobDirectory:
    """The people of one HiBob account."""

    calls: Calls
    token: Secret

    def look_up(self, hint: Hint) -> Heard | Ignored:
        """Read the e-mail, and whether the event can still be true."""
        user, _, password = self.token.reveal().partition(":")
        answer = self.calls.post(
            f"/v1/people/{segment(hint.subject)}",
            HTTPBasicAuth(user, password),
            json={"fields": [_EMAIL, _LIFECYCLE, _DATE]},
        )
        if answer is None:
            raise not_found(hint.source)
        record = record_in(answer, hint.source)
        email = email_in(_field(record, _EMAIL) or record.get("email"))
        if email is None:
            raise nameless(hint.source)
        names = Names((email,), ids=(hint.subject,))
        lifecycle = _plain(_field(record, _LIFECYCLE))
        if hint.native_type in _RETURNS:
            if lifecycle in _LEFT:
                return Ignored("has_left")
            return found(hint, HeardKind.REACTIVATED, names, authn=Authn.HMAC)
        is_undated = date_in(_field(record, _DATE)) is None
        if (
            hint.native_type == "employee.left"
            and lifecycle in _EMPLOYED
            and is_undated
        ):
            raise contradicted(hint)
        return found(hint, HeardKind.TERMINATED, names, authn=Authn.HMAC)


def _field(record: Mapping[str, object], field: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Read a field, which is answered nested, or with slashes for full stops."""
    slashed = record.get("/" + field.replace(".", "/"))
    if isinstance(slashed, Mapping):
        return slashed.get("value")
    return slashed if slashed is not None else at(record, field)


def _plain(value: object) -> str:
    return "".join(one for one in str(value or "").lower() if one.isalpha())


def open_directory(settings: Settings, clock: Clock = utc_now) -> HibobDirectory | None:
    """Open the directory; None where it is not set up."""
    mine = settings.sources.hibob
    if mine.api_url is None or mine.api_token is None:
        return None
    return HibobDirectory(Calls("hibob", mine.api_url), mine.api_token)

"""Asks Gusto how an employee stands: its event has neither a name nor a date.

Source: Gusto API, GET /v1/employees/{uuid} and GET /v1/employees/{uuid}/terminations;
bearer token. Not confirmed against a live account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from config.settings import Secret, Settings
from workers.directories.calls import Bearer, Calls, Clock, not_found, segment, utc_now
from workers.directories.findings import by_standing, found, gone, nameless, record_in
from workers.offboarding.employment import Employment, date_in
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
from workers.offboarding.values import email_in

_EFFECTIVE: Final = frozenset(
    {"employee.termination_effective", "employee.terminated_effective"}
)
_REHIRES: Final = frozenset({"employee.rehired", "employee.rehire_effective"})


@dataclass(frozen=True, slots=True)
class GustoDirectory:
    """The employees of the companies that one Gusto token may read."""

    calls: Calls
    token: Secret
    zone: str
    clock: Clock

    def look_up(self, hint: Hint) -> Heard | Ignored:
        """Read whether the employee is still there, and whether they leave."""
        auth = Bearer(self.token.reveal())
        path = f"/v1/employees/{segment(hint.subject)}"
        answer = self.calls.get(path, auth)
        if answer is None:
            if hint.native_type == "employee.deleted":
                return gone(hint, Authn.LOOKUP)
            raise not_found(hint.source)
        if hint.native_type == "employee.deleted":
            return Ignored("still_there")
        record = record_in(answer, hint.source)
        names = _names(record, hint)
        if hint.native_type in _REHIRES:
            # A rehire to come leaves the old end in place, and is no departure.
            if record.get("terminated") is True:
                return Ignored("rehire_to_come")
            return found(hint, HeardKind.REACTIVATED, names, authn=Authn.LOOKUP)
        terminations = self.calls.get(f"{path}/terminations", auth)
        return by_standing(
            hint,
            names,
            _employment(record, terminations),
            zone=self.zone,
            now=self.clock(),
            authn=Authn.LOOKUP,
            says_left=hint.native_type in _EFFECTIVE,
        )


def _names(record: Mapping[str, object], hint: Hint) -> Names:
    """Return the person's names; the private e-mail only where there is no other."""
    email = email_in(record.get("work_email")) or email_in(record.get("email"))
    if email is None:
        raise nameless(hint.source)
    return Names((email,), ids=(hint.subject,))


def _employment(record: Mapping[str, object], terminations: object) -> Employment:
    """Say how they stand: the latest end counts, earlier ones are of earlier times."""
    if not isinstance(terminations, list):
        text = "The API of gusto showed no terminations: see the rights of its token."
        raise UnreadableError(Unreadable.LOOK_UP_FAILED, text)
    days = [
        date_in(one.get("effective_date"))
        for one in terminations
        if isinstance(one, Mapping)
    ]
    terminated = record.get("terminated")
    return Employment(
        has_left=terminated if isinstance(terminated, bool) else None,
        last_day=max((day for day in days if day), default=None),
    )


def open_directory(settings: Settings, clock: Clock = utc_now) -> GustoDirectory | None:
    """Open the directory; None where it is not set up."""
    mine = settings.sources.gusto
    if mine.api_url is None or mine.api_token is None:
        return None
    zone = mine.timezone or "UTC"
    return GustoDirectory(Calls("gusto", mine.api_url), mine.api_token, zone, clock)

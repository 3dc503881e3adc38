"""Asks BambooHR how an employee stands.

Source: BambooHR API, GET /v1/employees/{id}?fields=…; HTTP basic with the API key as
the user name. It leaves out in silence what the key may not read. Not confirmed against
a live account: that an empty date comes as null, empty or 0000-00-00.
"""

from dataclasses import dataclass

from requests.auth import HTTPBasicAuth

from config.settings import Secret, Settings
from config.sources import BamboohrSettings
from workers.directories.calls import Calls, Clock, not_found, segment, utc_now
from workers.directories.findings import by_standing, nameless, record_in
from workers.offboarding.employment import Employment, date_in
from workers.offboarding.heard import Authn, Heard, Hint, Names
from workers.offboarding.model import Ignored
from workers.offboarding.values import email_in, id_in, told


@dataclass(frozen=True, slots=True)
class BamboohrDirectory:
    """The employees of one BambooHR account."""

    calls: Calls
    token: Secret
    mine: BamboohrSettings
    clock: Clock

    def look_up(self, hint: Hint) -> Heard | Ignored:
        """Read whether the employee leaves, and when."""
        mine = self.mine
        fields = [mine.email_field, mine.number_field, *mine.status_fields]
        answer = self.calls.get(
            f"/v1/employees/{segment(hint.subject)}",
            HTTPBasicAuth(self.token.reveal(), "x"),
            fields=",".join([*fields, mine.date_field]),
            onlyCurrent="false",
        )
        if answer is None:
            raise not_found(hint.source)
        record = record_in(answer, hint.source)
        email = email_in(record.get(mine.email_field))
        if email is None:
            raise nameless(hint.source)
        number = id_in(record.get(mine.number_field))
        statuses = [
            str(record[one]).strip().casefold()
            for one in mine.status_fields
            if record.get(one)
        ]
        left = {one.casefold() for one in mine.left_statuses}
        employment = Employment(
            has_left=any(one in left for one in statuses) if statuses else None,
            last_day=date_in(record.get(mine.date_field)),
            shows_last_day=mine.date_field in record,
        )
        return by_standing(
            hint,
            Names((email,), ids=(hint.subject,), numbers=told(number)),
            employment,
            zone=mine.timezone or "UTC",
            now=self.clock(),
            authn=Authn.HMAC,
        )


def open_directory(
    settings: Settings, clock: Clock = utc_now
) -> BamboohrDirectory | None:
    """Open the directory; None where it is not set up."""
    mine = settings.sources.bamboohr
    if mine.api_url is None or mine.api_token is None:
        return None
    return BamboohrDirectory(
        Calls("bamboohr", mine.api_url), mine.api_token, mine, clock
    )

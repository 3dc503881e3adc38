"""Everything that can be checked or shown of all accounts now, through their ports."""

import time
from collections.abc import Collection
from datetime import datetime
from typing import Final

from workers.offboarding.checkup import checks_of
from workers.offboarding.discovery import at_once, look_at
from workers.offboarding.excess import shared_ids
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.forecast import Forecast, forecast
from workers.offboarding.health import Check
from workers.offboarding.pool_checks import checks_of_functional_ids
from workers.offboarding.ports import Cloud
from workers.offboarding.survey import surveyed
from workers.offboarding.view import View
from workers.offboarding.watching import watched, with_functional_ids

# So that what this look asked for first is young enough when it is used again.
_HAND_OVER_SECONDS: Final = 0.5
_Looked = list[tuple[View, Forecast]]


def check_all(clouds: Collection[Cloud]) -> tuple[Check, ...]:
    """Check what the keys of all accounts can do, and their functional IDs."""
    looked = _look(clouds)
    return tuple(
        check
        for view, ahead in looked
        for check in (
            *checks_of(view),
            *checks_of_functional_ids(
                view.account_id, ahead, _elsewhere(looked, view.account_id)
            ),
        )
    )


def index_now(clouds: Collection[Cloud], at: datetime) -> list[AccountIndex]:
    """Read every account as a first survey would, for where there is no index.

    Args:
        clouds: The accounts.
        at: When the look began.
    """
    looked = _look(clouds)
    indexes = []
    for view, ahead in looked:
        before = AccountIndex(view.account_id)
        judged = watched(
            view.account_id,
            ahead,
            before,
            at,
            elsewhere=_elsewhere(looked, view.account_id),
        )
        index = surveyed(view, before, at, ()).index
        indexes.append(with_functional_ids(index, ahead, judged, before))
    return indexes


def _look(clouds: Collection[Cloud]) -> _Looked:
    def look(cloud: Cloud) -> tuple[View, Forecast]:
        began = time.monotonic()
        view = look_at(cloud, None)
        # Asked by people, who may have mended something a moment ago: nothing counts
        # that was answered before they asked.
        lasted = time.monotonic() - began
        return view, forecast(cloud, view, max_age_seconds=lasted + _HAND_OVER_SECONDS)

    return at_once(look, clouds)


def _elsewhere(looked: _Looked, account_id: str) -> dict[str, list[str]]:
    """Name the other accounts that use the same functional IDs, as just seen."""
    ids = {
        view.account_id: [one.identity.id for one in ahead.standings]
        for view, ahead in looked
    }
    return {
        iam_id: [one for one in found if one != account_id]
        for iam_id, found in shared_ids(ids).items()
        if account_id in found
    }

"""Everything that can be checked or shown of all accounts now, through their ports."""

import time
from collections.abc import Collection
from datetime import datetime
from typing import Final

from workers.offboarding.checkup import checks_of
from workers.offboarding.discovery import at_once, in_time, look_at
from workers.offboarding.excess import shared_ids
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.forecast import Forecast, forecast
from workers.offboarding.health import Check, Verdict
from workers.offboarding.pool_checks import checks_of_functional_ids
from workers.offboarding.ports import Cloud
from workers.offboarding.survey import surveyed
from workers.offboarding.view import View
from workers.offboarding.watching import watched, with_functional_ids

# So that what this look asked for first is young enough when it is used again.
_HAND_OVER_SECONDS: Final = 0.5
# Well below what whoever asked waits for.
_PATIENCE_SECONDS: Final = 8.0
_Looked = list[tuple[View, Forecast]]


def check_all(clouds: Collection[Cloud]) -> tuple[Check, ...]:
    """Check what the keys of all accounts can do, and their functional IDs.

    An account that is silent keeps the others waiting for a moment only, and is named.
    """
    answers = in_time(
        _look_at, [(one, one) for one in clouds], _silent, patience=_PATIENCE_SECONDS
    )
    looked = [one for one in answers if not isinstance(one, Check)]
    return tuple(
        check
        for view, ahead in looked
        for check in (
            *checks_of(view),
            *checks_of_functional_ids(
                view.account_id, ahead, _elsewhere(looked, view.account_id)
            ),
        )
    ) + tuple(one for one in answers if isinstance(one, Check))


def _silent(cloud: Cloud) -> tuple[View, Forecast] | Check:
    return Check(
        "account",
        Verdict.UNPROVEN,
        f"It did not answer within {_PATIENCE_SECONDS:.0f} seconds, so it was not "
        "checked. The other accounts do not wait for it.",
        "Ask again in a minute. If it stays so, see that its hosts can be reached, and "
        "IBM Cloud's status page.",
        account_id=cloud.account_id,
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
    return at_once(_seen, clouds)


def _look_at(cloud: Cloud) -> tuple[View, Forecast] | Check:
    return _seen(cloud)


def _seen(cloud: Cloud) -> tuple[View, Forecast]:
    began = time.monotonic()
    view = look_at(cloud, None)
    # Asked by people, who may have mended something a moment ago: nothing counts that
    # was answered before they asked.
    lasted = time.monotonic() - began
    return view, forecast(cloud, view, max_age_seconds=lasted + _HAND_OVER_SECONDS)


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

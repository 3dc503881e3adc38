"""The clients of every account, kept while the settings that they are made of hold.

So a change of one account costs no other its tokens, its pace and what it remembers.
"""

from collections.abc import Iterable

from config.accounts import AccountSettings
from config.changes import same_clients
from config.settings import Settings
from workers.ibmcloud.account import IbmAccount, open_cloud
from workers.offboarding.ports import Budget


class OpenedAccounts:
    """Makes clients where there are none yet. One thread at a time changes it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._kept: dict[AccountSettings, tuple[IbmAccount, IbmAccount]] = {}

    def of(self, account: AccountSettings, settings: Settings) -> IbmAccount:
        """Return what reads an account for cases."""
        return self._pair(account, settings)[0]

    def surveying(self, account: AccountSettings, settings: Settings) -> IbmAccount:
        """Return what reads an account for surveys, with the same tokens."""
        return self._pair(account, settings)[1]

    def keep_only(self, accounts: Iterable[AccountSettings]) -> None:
        """Let go of the clients of all others."""
        wanted = {same_clients(one) for one in accounts}
        self._kept = {one: kept for one, kept in self._kept.items() if one in wanted}

    def _pair(
        self, account: AccountSettings, settings: Settings
    ) -> tuple[IbmAccount, IbmAccount]:
        key = same_clients(account)
        if key not in self._kept:
            reading = open_cloud(account, settings, budget=self._budget)
            surveying = open_cloud(
                account,
                settings,
                budget=self._budget,
                is_survey=True,
                holds=reading.holds,
            )
            self._kept[key] = (reading, surveying)
        return self._kept[key]

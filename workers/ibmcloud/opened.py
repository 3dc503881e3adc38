"""The clients of every account, kept while the settings that they are made of hold.

So a change of one account costs no other its tokens, its pace and what it remembers.
"""

from collections.abc import Callable, Iterable
from functools import partial

from config.accounts import AccountSettings
from config.changes import same_clients
from config.settings import Settings
from workers.ibmcloud.account import IbmAccount, open_cloud
from workers.ibmcloud.apart import Apart
from workers.offboarding.ports import Budget
from workers.offboarding.tally import Tally


class OpenedAccounts:
    """Makes clients where there are none yet. One thread at a time changes it."""

    def __init__(
        self, budget_of: Callable[[str], Budget], tally: Tally | None = None
    ) -> None:
        # Shared by all accounts of this process.
        self.apart = Apart()
        self._budget_of = budget_of
        self._tally = tally
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
            budget = self._budget_of(account.id)
            as_cloud = partial(
                open_cloud,
                account,
                settings,
                budget=budget,
                tally=self._tally,
                apart=self.apart,
            )
            reading = as_cloud()
            surveying = as_cloud(is_survey=True, holds=reading.holds)
            self._kept[key] = (reading, surveying)
        return self._kept[key]

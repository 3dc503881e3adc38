"""What is counted of the calls to IBM Cloud; it neither makes nor slows any."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from ibm_cloud_sdk_core import ApiException
from requests import exceptions as http

from config.settings import Settings
from workers.offboarding.metrics import BUDGET_GRANTED, IBM_REQUESTS, IBM_SECONDS
from workers.offboarding.tally import Tally

IAM: Final = "iam"
TIMEOUT: Final = "timeout"
UNREACHABLE: Final = "unreachable"
# Where one address stands for several, as a proxy's may: whose the path is.
_PATHS: Final = (
    ("/v2/accounts", "user_management"),
    ("/v2/resource_", "resource_manager"),
)

_T = TypeVar("_T")


class Meter:
    """Counts the calls of one account.

    Args:
        tally: What the process counts in.
        account_id: The account that is asked about; empty where it is not known.
        addresses: The address of each API, by the name it is counted by.
    """

    def __init__(
        self,
        tally: Tally | None = None,
        account_id: str = "",
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        self._tally = Tally() if tally is None else tally
        self._account_id = account_id
        self._addresses = dict(addresses or {})

    def granted(self, calls: int) -> None:
        """Count slots of the budget that were given."""
        self._tally.add(BUDGET_GRANTED, self._account_id, by=calls)

    def asked(self, method: str, url: str, ask: Callable[[], _T]) -> _T:
        """Make a call by *ask*, and count how it went; what it raises comes through."""
        began = time.monotonic()
        try:
            answer = ask()
        except http.Timeout:
            self._note(method, url, TIMEOUT, began)
            raise
        except http.RequestException:
            self._note(method, url, UNREACHABLE, began)
            raise
        except ApiException as error:
            self._note(method, url, str(error.status_code or UNREACHABLE), began)
            raise
        self._note(method, url, _status_of(answer), began)
        return answer

    def _note(self, method: str, url: str, code: str, began: float) -> None:
        api = self._api_of(url)
        self._tally.add(IBM_REQUESTS, api, method, code)
        self._tally.observe(IBM_SECONDS, time.monotonic() - began, api, method)

    def _api_of(self, url: str) -> str:
        fitting = {
            name: address
            for name, address in self._addresses.items()
            if url.startswith(address)
        }
        longest = max(map(len, fitting.values()), default=0)
        found = [name for name, one in fitting.items() if len(one) == longest]
        if len(found) == 1:
            return found[0]
        path = urlsplit(url).path
        return next((name for start, name in _PATHS if path.startswith(start)), IAM)


def _status_of(answer: Any) -> str:  # noqa: ANN401 - a response, or a token's body
    # What has no status of its own came with a 200, or the SDK had raised.
    return str(getattr(answer, "status_code", 200))


def meter_for(account_id: str, settings: Settings, tally: Tally | None) -> Meter:
    """Make what counts the calls of an account, at the addresses of the settings."""
    return Meter(
        tally,
        account_id,
        {
            IAM: settings.iam_url,
            "containers": settings.containers_url,
            "user_management": settings.user_management_url,
            "resource_manager": settings.resource_manager_url,
        },
    )

"""What the front door can check of store and broker itself, with no worker's help."""

from collections.abc import Callable

from workers.app import Sender
from workers.offboarding.health import Check, Verdict
from workers.store.condition import Condition


class Conditions:
    """The store's and the broker's, as the front door reaches them."""

    def __init__(
        self,
        store: Condition,
        sender: Sender,
        of_format: Callable[[], tuple[Check, ...]] = tuple,
    ) -> None:
        self._store = store
        self._sender = sender
        self._of_format = of_format

    def conditions(self) -> tuple[Check, ...]:
        """Check store and broker; it changes nothing. StoreAwayError."""
        return (*self._store.checks(), *self._of_format(), self._broker())

    def _broker(self) -> Check:
        fault = self._sender.fault()
        if fault is None:
            return Check("broker", Verdict.OK, "It answers.")
        text = f"It cannot be reached ({fault}), so workers get work late, or none."
        mend = "See that OFFBOARD_BROKER_URL is its address, and that it runs."
        return Check("broker", Verdict.FAILED, text, mend)

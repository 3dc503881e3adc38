"""What the front door can check of store and broker itself, with no worker's help."""

from workers.app import Sender
from workers.offboarding.health import Check, Verdict
from workers.store.condition import Condition


class Conditions:
    """The store's and the broker's, as the front door reaches them."""

    def __init__(self, store: Condition, sender: Sender) -> None:
        self._store = store
        self._sender = sender

    def conditions(self) -> tuple[Check, ...]:
        """Check store and broker; it changes nothing. StoreAwayError."""
        return (*self._store.checks(), self._broker())

    def _broker(self) -> Check:
        fault = self._sender.fault()
        if fault is None:
            return Check("broker", Verdict.OK, "It answers.")
        text = f"It cannot be reached ({fault}), so workers get work late, or none."
        mend = "See that OFFBOARD_BROKER_URL is its address, and that it runs."
        return Check("broker", Verdict.FAILED, text, mend)

"""What sources told and nobody could act on yet: looked up, or kept in quarantine."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workers.offboarding.heard import Hint, UnreadableError


class Intake:
    """Deliveries that wait. Every method raises StoreAwayError."""

    def await_look_up(self, hint: Hint, body: Mapping[str, Any]) -> str:
        """Store an event whose look-up a worker is to make; return its id.

        A repeat, by the hint's event key, is the same one.
        """
        raise NotImplementedError

    def quarantine(
        self, source: str, key: str, body: Mapping[str, Any], error: UnreadableError
    ) -> str:
        """Keep a part that cannot be acted on, encrypted; return its id.

        A repeat, by its key, is the same one.
        """
        raise NotImplementedError

    def note_delivery(self, source: str, at: datetime) -> None:
        """Write down that a source spoke; best effort, raises nothing."""
        raise NotImplementedError

    def note_refusal(self, source: str, cause: str, at: datetime) -> None:
        """Write down that a delivery was refused, and why; best effort."""
        raise NotImplementedError

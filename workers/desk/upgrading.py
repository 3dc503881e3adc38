"""Changing the format of the store: who lives with which version, on, and back."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workers.offboarding.errors import OffboardingError
from workers.offboarding.health import Check, Verdict
from workers.store.formats import FORMAT, OLDEST
from workers.store.versions import Process, Versions

# Longer than a call that was sent before the change may still be on its way.
_ON_ITS_WAY_SECONDS: Final = 1.0


class UpgradeRefusedError(OffboardingError):
    """The format stays as it is; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upgrade is.

    Attributes:
        stored: The format that is written now.
        newest: The format that this version writes once it is finished.
        oldest: The oldest that it reads.
        processes: Who is connected to the store; None where the server hides it.
    """

    stored: int
    newest: int
    oldest: int
    processes: tuple[Process, ...] | None

    @property
    def older(self) -> tuple[Process, ...]:
        """Return who cannot read what this version writes once it is finished."""
        return tuple(one for one in self.processes or () if one.newest < self.newest)


class Upgrading:
    """The upgrade of one store; every method raises StoreAwayError."""

    def __init__(
        self, versions: Versions, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._versions = versions
        self._pause = pause

    def standing(self) -> Standing:
        """Tell how far it is; StoreFormatError where this version is out of it."""
        stored = self._versions.begin()
        return Standing(stored, FORMAT, OLDEST, self._versions.processes())

    def finish(self, *, is_sure: bool = False) -> Standing:
        """Have the newest format written from now on.

        Args:
            is_sure: A person says that no older version runs, where that cannot be
                seen, or is seen otherwise.

        Raises:
            UpgradeRefusedError: An older version runs, or may.
        """
        now = self.standing()
        if now.stored == FORMAT:
            return now
        if not is_sure:
            _refuse_older(now)
        self._versions.change(now.stored, FORMAT)
        return self.standing()

    def back(self) -> int:
        """Have the format before written again; return how many records changed.

        Raises:
            UpgradeRefusedError: There is something that the version before could not
                read; nothing changed.
        """
        now = self.standing()
        if now.stored == OLDEST:
            raise UpgradeRefusedError(
                f"The store is in format {OLDEST} already: start the version before."
            )
        self._refuse_unreadable()
        self._versions.change(now.stored, now.stored - 1)
        self._pause(_ON_ITS_WAY_SECONDS)
        try:
            self._refuse_unreadable()
        except UpgradeRefusedError:
            self._versions.change(now.stored - 1, now.stored)
            raise
        return self._versions.unmark()

    def _refuse_unreadable(self) -> None:
        found = self._versions.unreadable()
        if found:
            what = ", ".join(f"{many} with {name}" for name, many in found.items())
            raise UpgradeRefusedError(
                f"The version before cannot read these records: {what}. The format "
                "stays. What is left is a backup of before: docs/backup.md."
            )

    def checks(self) -> tuple[Check, ...]:
        """Say whether an upgrade is left to be finished."""
        stored = self._versions.stored()
        if stored == FORMAT:
            text = f"It is in format {FORMAT}, which this version writes."
            return (Check("store_format", Verdict.OK, text),)
        text = (
            f"It is in format {stored}, so that the version before can read it too; "
            f"this version would write {FORMAT}."
        )
        mend = "Once no older version runs, and none is to come back:"
        command = "offboard upgrade finish"
        return (Check("store_format", Verdict.WARNING, text, mend, command),)


def _refuse_older(now: Standing) -> None:
    if now.processes is None:
        raise UpgradeRefusedError(
            "The server does not say who is connected (CLIENT LIST is not allowed "
            "there). See that no older version runs, then add --sure."
        )
    if now.older:
        them = ", ".join(f"{one.kind or 'unnamed'} at {one.where}" for one in now.older)
        raise UpgradeRefusedError(
            f"An older version is connected, or what may be one: {them}. End it first; "
            "if it is something else, add --sure."
        )

"""How a notice fares, as the service shows it, read back into values."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.commands.answers import read_as


@dataclass(frozen=True, slots=True)
class ShownChannel:
    """How one channel fares; ``state`` may be a word newer than this command."""

    channel: str
    state: str
    tries: int = 0
    detail: str = ""
    mend: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class ShownNotice:
    """A notice, a channel each."""

    id: str
    channels: tuple[ShownChannel, ...]


def notice_of(body: Mapping[str, object]) -> ShownNotice:
    """Read a notice; CallError if it is none."""
    return read_as(body, ShownNotice)

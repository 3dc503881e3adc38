"""What can go wrong with a call to the service, as one error. It loads nothing."""

from enum import StrEnum


class Fault(StrEnum):
    """What kind of thing went wrong with a call."""

    UNREACHABLE = "unreachable"
    NOT_OURS = "not_ours"
    BAD_ADDRESS = "bad_address"
    DENIED = "denied"
    INVALID = "invalid"
    REFUSED = "refused"
    NO_CHANNEL = "no_channel"
    OURS = "ours"


class CallError(Exception):
    """A call that brought no answer to work with.

    Attributes:
        fault: What kind of thing went wrong.
        lines: What to tell a person, one line each; may hold text from the far side.
    """

    def __init__(self, fault: Fault, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.fault = fault
        self.lines = lines

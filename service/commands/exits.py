"""The exit codes, and which fault leads to which. It loads next to nothing."""

from enum import IntEnum
from typing import Final

from service.call_error import Fault


class Exit(IntEnum):
    """The exit codes of the operator's guide."""

    GOOD = 0
    OURS = 1
    USAGE = 2
    ATTENTION = 3
    HELD = 4
    SETTINGS = 5
    UNREACHABLE = 6
    WAITED = 7
    INTERRUPTED = 130


OF_FAULT: Final = {
    Fault.UNREACHABLE: Exit.UNREACHABLE,
    Fault.NOT_OURS: Exit.UNREACHABLE,
    Fault.BAD_ADDRESS: Exit.SETTINGS,
    Fault.DENIED: Exit.SETTINGS,
    Fault.INVALID: Exit.USAGE,
    Fault.REFUSED: Exit.HELD,
    Fault.NO_CHANNEL: Exit.SETTINGS,
    Fault.OURS: Exit.OURS,
}

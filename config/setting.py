"""How a setting is declared: what it may be, what it means, who may read it."""

from collections.abc import Callable
from dataclasses import field
from typing import Any

Parser = Callable[[str], Any]


def setting(
    default: Any,  # noqa: ANN401 - each field names its own type
    parse: Parser,
    meaning: str,
    *,
    secret: bool = False,
    rotates: bool = False,
    only: str | None = None,
) -> Any:  # noqa: ANN401 - as dataclasses.field itself
    """Declare a setting.

    Args:
        default: What holds where it is not set.
        parse: Makes the value of its text, or raises ValidationError.
        meaning: One line for those who set it.
        secret: Whether it may come as a file, and is never shown.
        rotates: Whether that file may be replaced while the process runs.
        only: The one process that may read it.
    """
    facts = {
        "parse": parse,
        "meaning": meaning,
        "secret": secret,
        "rotates": rotates,
        "only": only,
    }
    return field(default=default, metadata=facts, repr=not secret)

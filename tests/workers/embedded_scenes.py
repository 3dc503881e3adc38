"""When the folder of an embedded store is free again."""

from workers.embedded import EmbeddedError, locked


def is_free(place):
    """Tell whether no server has the folder; its last thread lets go of the lock."""
    try:
        locked(place).close()
    except EmbeddedError:
        return False
    return True

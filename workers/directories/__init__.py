"""Where events are looked up that do not say what happened: one file a source.

Each file offers ``open_directory(settings)``, which returns None where its source is
not set up to be asked. It knows no case and no store; whoever calls it decides what
follows. A look-up is never made within a sender's request: only workers come here.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

from config.settings import Settings
from workers.offboarding.ports import Directory

# A file by the source whose events it looks up.
ROOMS: Final = {
    "entra_graph": "graph",
    "ibm_verify": "ibm_verify",
    "bamboohr": "bamboohr",
    "hibob": "hibob",
    "personio": "personio",
    "gusto": "gusto",
}


def open_directories(settings: Settings) -> dict[str, Directory]:
    """Open every directory that is set up, by the name of its source."""
    found: dict[str, Directory] = {}
    for source, room in ROOMS.items():
        name = f"{__name__}.{room}"
        if find_spec(name) is None:
            continue
        directory: Directory | None = import_module(name).open_directory(settings)
        if directory is not None:
            found[source] = directory
    return found

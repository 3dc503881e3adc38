"""How the command line calls itself, so that the service can count what it asks for."""

from typing import Final

USER_AGENT: Final = "offboard-cli"

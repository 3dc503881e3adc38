"""A sign-in that was begun: what its answer is known by. It needs no library."""

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Begun:
    """Three texts that nobody can guess; the browser keeps them until it is back.

    ``state`` ties the answer to the browser, ``nonce`` the ID token to the answer, and
    ``verifier`` the code to us.
    """

    state: str
    nonce: str
    verifier: str


def begin() -> Begun:
    """Make what a new sign-in is known by."""
    return Begun(*(secrets.token_urlsafe(32) for _ in range(3)))

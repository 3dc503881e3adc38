"""Whose signatures count: public keys as people give them."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from workers.offboarding.evidence import fingerprint_of

_PUBLIC: Final = re.compile(r"[0-9a-f]{64}")
_GIVE: Final = (
    "Give a public key of 64 hex digits, a fingerprint as reports name it, or a file"
    " with one on each line."
)
_FINGERPRINT: Final = re.compile(r"ed25519:[0-9a-f]{32}")


def trusted_keys(given: Iterable[str]) -> frozenset[str]:
    """Return the fingerprints of the keys that were given, or end with a fault."""
    return frozenset(one for each in given for one in _keys(each.strip()))


def _keys(text: str) -> Iterator[str]:
    found = _fingerprint(text)
    if found is not None:
        yield found
        return
    lines = _read(text).split("\n")
    kept = [one.strip() for one in lines if one.strip() and one.strip()[0] != "#"]
    if not kept:
        raise click.UsageError(f"{text}: There is no key in it.")
    for line in kept:
        found = _fingerprint(line)
        if found is None:
            raise click.UsageError(f"{text}: A line of it is no public key.")
        yield found


def _fingerprint(text: str) -> str | None:
    lowered = text.lower()
    if _PUBLIC.fullmatch(lowered):
        return fingerprint_of(lowered)
    return lowered if _FINGERPRINT.fullmatch(lowered) else None


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise click.UsageError(f"--public-key: There is no file {name}. {_GIVE}") from (
            error
        )
    except OSError as error:
        raise click.UsageError(f"--public-key: {name}: {error.strerror}.") from error
    except ValueError as error:
        raise click.UsageError(f"--public-key: {_GIVE}") from error

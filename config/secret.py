"""Texts that nothing shows by accident: given once, or kept in a file that may change.

What a file turns out to hold is taken out of the logs before anybody has it.
"""

import json
from pathlib import Path
from typing import Final

import structlog

from config.log import learn

_log: Final = structlog.get_logger(__name__)


class Secret:
    """A text that no log, message or traceback shows by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; call it only where it leaves for its addressee."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


class SecretFileError(Exception):
    """The file of a secret cannot be used; the message ends a sentence about it."""


class FileSecret(Secret):
    """A secret in a file that may be replaced at any time, as a rotation does.

    Each ``reveal`` reads the file: that costs less than the smallest call it is for,
    and its time and size would not tell two quick changes apart. While the file is
    away, empty or unreadable, the last good text holds. Equal is the same file,
    whatever it holds by now.
    """

    __slots__ = ("_is_lost", "_path")

    def __init__(self, path: Path) -> None:
        super().__init__("")
        self._path = path
        self._is_lost = False

    @property
    def path(self) -> Path:
        """Return where the file is."""
        return self._path

    def check(self) -> None:
        """Read the file, so that there is a text to fall back on.

        Raises:
            SecretFileError: It cannot be read, or is empty.
        """
        self._take(text_in(self._path))

    def reveal(self) -> str:
        """Return what the file holds now; empty where it never held anything."""
        try:
            self._take(text_in(self._path))
        except SecretFileError as error:
            self._lose(str(error))
        return self._text

    def _take(self, text: str) -> None:
        text = _apikey_in(text)
        if text != self._text:
            learn(text)
            if self._text:
                _log.info("secret_file.changed", file=str(self._path))
            self._text = text
        self._is_lost = False

    def _lose(self, why: str) -> None:
        # Once, and not at each call until it is back.
        if not self._is_lost:
            _log.warning("secret_file.lost", file=str(self._path), why=why)
        self._is_lost = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileSecret) and self._path == other._path

    def __hash__(self) -> int:
        return hash(self._path)


def _apikey_in(text: str) -> str:
    """Take the key out of the JSON that ``ibmcloud iam api-key-create`` writes."""
    if not text.startswith("{"):
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    key = found.get("apikey") if isinstance(found, dict) else None
    return key.strip() if isinstance(key, str) else text


def text_in(path: Path) -> str:
    """Read the secret in a file, without the blanks and newlines around it.

    Raises:
        SecretFileError: ``cannot be read`` and why, or ``is empty``.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    # ValueError: not UTF-8, or a path that no file can have.
    except OSError as error:
        raise SecretFileError(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise SecretFileError("cannot be read: it is no text") from None
    # A secret that was not written yet must not switch off what it is for, unseen.
    if not text:
        raise SecretFileError("is empty")
    return text

"""What somebody typed after `/offboard`, taken apart: a word, a person, options.

Slack and keyboards change what is typed: addresses become links, two dashes become a
long one, and three characters are escaped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import ValidationError

from service.schemas import OffboardBody
from service.words import leaver_of
from workers.offboarding.model import Leaver

_MAIL: Final = re.compile(r"<mailto:([^|<>\s]+)(?:\|[^<>]*)?>")
_LONG_DASH: Final = re.compile(r"(?<!\S)[\u2013\u2014]+(?=[a-z])")
_OPTIONS: Final = {"--region": "regions", "--group": "resource_groups"}


class TypedError(Exception):
    """What was typed cannot be used; the message says what to type instead."""


@dataclass(frozen=True, slots=True)
class Run:
    """What `/offboard run` was asked: who leaves, how far, and whether to reset."""

    leaver: Leaver
    is_apply: bool = False
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def body(self) -> dict[str, Any]:
        """Return the options as the API has them."""
        return dict(self.options)


def words_of(text: str) -> list[str]:
    """Take a text apart into its words, as they were typed."""
    plain = _LONG_DASH.sub("--", _MAIL.sub(r"\1", text))
    return [_unescaped(word) for word in plain.split()]


def _unescaped(word: str) -> str:
    return word.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def leaver_in(words: list[str], usage: str) -> Leaver:
    """Read the one person that is named; TypedError."""
    if len(words) != 1:
        raise TypedError(f"Give one person: {usage}")
    return _leaver(words[0])


def _leaver(word: str) -> Leaver:
    if word.startswith(("<@", "@")):
        raise TypedError(
            "Slack's names are not known here. Give an e-mail or an IAM ID."
        )
    try:
        return leaver_of(word)
    except ValidationError as error:
        raise TypedError(" ".join(map(str, error.messages))) from error


def run_of(words: list[str]) -> Run:
    """Read who leaves and the options; TypedError."""
    people = list[str]()
    asked: dict[str, list[str]] = {}
    is_apply = False
    left = iter(words)
    for word in left:
        if word == "--apply":
            is_apply = True
        elif word in _OPTIONS:
            asked.setdefault(_OPTIONS[word], []).append(_next(left, word))
        elif word.startswith("-"):
            raise TypedError("The options are --apply, --region R and --group G.")
        else:
            people.append(word)
    leaver = leaver_in(people, "/offboard run USER [--apply]")
    return Run(leaver, is_apply, _checked(asked))


def _next(left: Iterator[str], word: str) -> str:
    value = next(left, "")
    if not value or value.startswith("-"):
        raise TypedError(f"Say which, after {word}.")
    return value


def _fields(error: ValidationError) -> list[str]:
    return list(error.messages) if isinstance(error.messages, dict) else []


def _checked(asked: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    """Have the options checked as the API does."""
    try:
        OffboardBody().load(asked)
    except ValidationError as error:
        named = {"regions": "--region", "resource_groups": "--group"}
        wrong = [named.get(str(one), str(one)) for one in _fields(error)]
        raise TypedError(f"This cannot be used: {', '.join(wrong)}.") from error
    return tuple((name, tuple(values)) for name, values in sorted(asked.items()))

"""OFFBOARD_ACCOUNTS_FILE: several accounts, each with its functional IDs and reader.

The file names where keys are and holds none, so every process may read it. The files
it names are read by ``check_keys``, and again whenever a key is revealed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from marshmallow import ValidationError, fields
from marshmallow.validate import Regexp

from config import parsers
from config.accounts import (
    KEY_LIMIT,
    AccountSettings,
    FunctionalIdRule,
    FunctionalIdSettings,
)
from config.secret import FileSecret, Secret, SecretFileError
from config.toml_file import (
    Fault,
    Strict,
    entries_of,
    line,
    lines,
    load,
    tables,
    twice,
    whole_number,
)

_REGION: Final = Regexp(
    r"[a-z]+(-[a-z0-9]+)*\Z", error="Give a region's name, such as us-south."
)
# Not its name: a channel can be called anew, and two may be called alike in time.
_CHANNEL: Final = Regexp(
    r"[CG][A-Z0-9]{2,20}\Z", error="Give a channel's id, such as C0123ABCD."
)


def _address(text: str) -> None:
    try:
        parsers.email(text)
    except ValidationError:
        raise ValidationError("Each entry must be an e-mail address.") from None


def _person(text: str) -> None:
    if not parsers.is_word(text) or "," in text:
        raise ValidationError("Each entry must be a person, without blanks.")


def _refuse(_key: object) -> None:
    raise ValidationError("No key belongs here; put it in a file, set apikey_file.")


class _KeyFile(Strict):
    apikey_file = line(needed=True)
    # Known only to be refused with the way out.
    apikey = fields.Raw(validate=_refuse)


class _FunctionalId(_KeyFile):
    name = line(needed=True)
    regions = lines(_REGION)
    resource_groups = lines()
    key_limit = whole_number(1, 10000)


class _Account(Strict):
    id = line(parsers.account_id, needed=True)
    name = line()
    armed = fields.Boolean(
        truthy={True}, falsy={False}, error_messages={"invalid": "Give true or false."}
    )
    reader = fields.Nested(_KeyFile)
    functional_id = tables(_FunctionalId, "[[account.functional_id]]")
    slack_channel_id = line(_CHANNEL)
    mail_to = lines(_address)
    approvers = lines(_person)


class _File(Strict):
    account = tables(_Account, "[[account]]", needed=True)


def _faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    yield from twice(raw, "account", "id")
    for index, account in entries_of(raw, "account"):
        here = f"account[{index}]"
        if not account.keys() & {"functional_id", "reader"}:
            yield here, "Needs a functional_id or a reader."
        for path, sentence in twice(account, "functional_id", "name"):
            yield f"{here}.{path}", sentence
        for name in ("mail_to", "approvers"):
            for number in _repeated(account.get(name)):
                yield f"{here}.{name}[{number}]", "Stands there before."


def _repeated(entries: object) -> Iterator[int]:
    """Return the places of texts that stand in a list before, in any letters."""
    seen: set[str] = set()
    for number, text in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(text, str) and text.casefold() in seen:
            yield number
        seen.add(str(text).casefold())


def read_accounts(raw: str) -> tuple[AccountSettings, ...]:
    """Read the file whose path is *raw*; the keys it names are not read yet.

    Raises:
        ValidationError: With every fault by its path.
    """
    path = Path(raw)
    loaded = load(path, _File(), _faults)
    return tuple(_account(path.parent, entry) for entry in loaded["account"])


def _account(folder: Path, entry: dict[str, Any]) -> AccountSettings:
    reader = entry.get("reader")
    return AccountSettings(
        entry["id"],
        tuple(_functional_id(folder, one) for one in entry.get("functional_id", ())),
        _key(folder, reader) if reader else None,
        entry.get("name", ""),
        entry.get("armed", True),
        tuple(_rule(one) for one in entry.get("functional_id", ())),
        entry.get("slack_channel_id"),
        tuple(entry.get("mail_to", ())),
        tuple(entry.get("approvers", ())),
    )


def _rule(entry: dict[str, Any]) -> FunctionalIdRule:
    return FunctionalIdRule(
        entry["name"],
        tuple(entry.get("regions", ())),
        tuple(entry.get("resource_groups", ())),
    )


def _functional_id(folder: Path, entry: dict[str, Any]) -> FunctionalIdSettings:
    return FunctionalIdSettings(
        entry["name"],
        _key(folder, entry),
        tuple(entry.get("regions", ())),
        tuple(entry.get("resource_groups", ())),
        entry.get("key_limit", KEY_LIMIT),
    )


def _key(folder: Path, entry: dict[str, Any]) -> Secret:
    return FileSecret(folder / entry["apikey_file"])


def check_keys(found: tuple[AccountSettings, ...]) -> None:
    """Read every key file once.

    An account whose files cannot be used degrades alone, and says so when it is read.

    Raises:
        ValidationError: Every account has such a file; each by its path in the TOML.
    """
    faults = faults_of_keys(found)
    faulty = {path.partition(".")[0] for path in faults}
    if found and len(faulty) == len(found):
        raise ValidationError({path: [fault] for path, fault in faults.items()})


def faults_of_keys(found: tuple[AccountSettings, ...]) -> dict[str, str]:
    """Read every key file; tell which cannot be used, by its path in the TOML."""
    faults: dict[str, str] = {}
    for path, account, key in _keys(found):
        try:
            if isinstance(key, FileSecret):
                key.check()
        except SecretFileError as error:
            faults[path] = f"The file named by its apikey_file {error} ({account})."
    return faults


def _keys(
    found: tuple[AccountSettings, ...],
) -> Iterator[tuple[str, str, Secret | None]]:
    for index, account in enumerate(found):
        name = f"account {account.name or account.id}"
        yield f"account[{index}].reader", name, account.reader
        for number, one in enumerate(account.functional_ids):
            yield f"account[{index}].functional_id[{number}]", name, one.apikey


def without_keys(found: tuple[AccountSettings, ...]) -> tuple[AccountSettings, ...]:
    """Return the accounts as a process knows them that holds no keys.

    Names, rules, rooms and approvers stay: they say who is to own what, who is told
    and who decides, and lead to no key.
    """
    return tuple(replace(one, functional_ids=(), reader=None) for one in found)

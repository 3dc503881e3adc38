"""An accounts file as the service reads it, and the key files beside it.

Knows nothing of the service: the form is the one its documentation gives.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from simulator.account import Account
from simulator.records import Steward
from simulator.scenario import FUNCTIONAL_ID_APIKEY

FILE_NAME = "accounts.toml"


def write_accounts(accounts: Sequence[Account], file: Path) -> Path:
    """Write the file, and a file for each key beside it that its owner alone reads.

    Who takes over is whom ``add_functional_id`` named; else whose key
    ``service_key`` answers, and nobody where no key gives tokens.

    Raises:
        ValueError: Somebody named has no key that gives tokens.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [line for account in accounts for line in _lines(account, file.parent)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def service_key(account: Account) -> str | None:
    """Answer the key of the functional ID when nobody is named.

    The demo's where the account has it, else the first that gives tokens.
    """
    keys = account.login_keys()
    if FUNCTIONAL_ID_APIKEY in keys:
        return FUNCTIONAL_ID_APIKEY
    return keys[0] if keys else None


def _lines(account: Account, folder: Path) -> Iterator[str]:
    yield "[[account]]"
    yield f"id = {_quoted(account.account_id)}"
    if account.account_name:
        yield f"name = {_quoted(account.account_name)}"
    if account.reader is not None:
        key_file = _key_file(
            account, folder, "reader", _key_of(account, account.reader)
        )
        yield f"reader = {{ apikey_file = {_quoted(key_file)} }}"
    yield ""
    for steward, raw_key in _stewards(account):
        yield "[[account.functional_id]]"
        yield f"name = {_quoted(steward.name)}"
        key_file = _key_file(account, folder, steward.name, raw_key)
        yield f"apikey_file = {_quoted(key_file)}"
        if steward.regions:
            yield f"regions = {json.dumps(steward.regions)}"
        if steward.group_ids:
            yield f"resource_groups = {json.dumps(steward.group_ids)}"
        raised = account.key_limits.get(steward.iam_id)
        if raised is not None:
            yield f"key_limit = {raised}"
        yield ""


def _stewards(account: Account) -> list[tuple[Steward, str]]:
    if account.functional_ids:
        return [(one, _key_of(account, one.iam_id)) for one in account.functional_ids]
    raw_key = service_key(account)
    identity = account.login(raw_key) if raw_key else None
    if raw_key is None or identity is None:
        return []
    return [(Steward(identity.iam_id, "iks-functional-1"), raw_key)]


def _key_of(account: Account, iam_id: str) -> str:
    raw_key = account.login_key(iam_id)
    if raw_key is None:
        raise ValueError(f"{iam_id} has no login key: give it one with add_login_key")
    return raw_key


def _key_file(account: Account, folder: Path, name: str, raw_key: str) -> str:
    file = folder / f"{account.account_id}-{name}.apikey"
    file.touch(mode=0o600)
    file.write_text(raw_key, encoding="utf-8")
    return str(file.resolve())


def _quoted(text: str) -> str:
    # A JSON string is a TOML string.
    return json.dumps(text)

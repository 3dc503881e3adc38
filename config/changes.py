"""How two settings of one process differ, by names and never by values."""

from dataclasses import fields
from typing import Final

from config.accounts import AccountSettings
from config.settings import Settings

_PREFIX: Final = "OFFBOARD_"


def changed_settings(before: Settings, after: Settings) -> list[str]:
    """Name the settings that differ, as their variables are named."""
    found = [
        f"{_PREFIX}{each.name.upper()}"
        for each in fields(after)
        if each.name != "sources"
        and getattr(before, each.name) != getattr(after, each.name)
    ]
    for name, source in after.sources:
        old = before.sources.of(name)
        found += [
            f"{_PREFIX}SOURCE_{name.upper()}_{each.name.upper()}"
            for each in fields(source)
            if getattr(old, each.name) != getattr(source, each.name)
        ]
    return found


def account_changes(before: Settings, after: Settings) -> dict[str, list[str]]:
    """Name the accounts that came, went or changed, by their ids."""
    old = {one.id: one for one in before.accounts_file}
    new = {one.id: one for one in after.accounts_file}
    both = sorted(old.keys() & new.keys())
    return _there(
        accounts_added=sorted(new.keys() - old.keys()),
        accounts_removed=sorted(old.keys() - new.keys()),
        accounts_changed=[one for one in both if old[one] != new[one]],
    )


def token_changes(before: Settings, after: Settings) -> dict[str, list[str]]:
    """Name the callers whose tokens came, went or got another role."""
    old = {(one.name, one.sha256): one for one in before.api_tokens}
    new = {(one.name, one.sha256): one for one in after.api_tokens}
    both = sorted(old.keys() & new.keys())
    return _there(
        callers_added=sorted(name for name, _ in new.keys() - old.keys()),
        callers_removed=sorted(name for name, _ in old.keys() - new.keys()),
        callers_changed=[one[0] for one in both if old[one] != new[one]],
    )


def same_clients(one: AccountSettings) -> AccountSettings:
    """Return what of an account its clients depend on: not its name, nor arming."""
    return AccountSettings(one.id, one.functional_ids, one.reader)


def _there(**named: list[str]) -> dict[str, list[str]]:
    return {name: found for name, found in named.items() if found}

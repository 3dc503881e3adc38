"""`offboard permissions`: which roles the identities of an account need.

It asks nobody: what it knows is the accounts file, without the keys that it names.
"""

import sys
from collections.abc import Sequence

import click

from config.accounts import AccountSettings
from service.commands.opening import end_with_faults, read_settings
from service.commands.screen import write_json
from workers.offboarding.advice import cleaned
from workers.offboarding.permission_texts import as_body, as_commands, as_terraform
from workers.offboarding.permissions import Permissions, Taker
from workers.offboarding.permissions import permissions as needed


@click.command(short_help="Print the roles that the identities need.")
@click.option(
    "--account", "wanted", required=True, metavar="A", help="The account's id or name."
)
@click.option(
    "--format",
    "how",
    type=click.Choice(["ibmcloud", "terraform", "json"]),
    default="ibmcloud",
    show_default=True,
    help="How the grants are written to stdout.",
)
@click.option(
    "--service-id",
    "service_ids",
    multiple=True,
    metavar="NAME",
    help="A functional ID, as the accounts file names it, that is a service ID and no "
    "user. May be repeated.",
)
def permissions(*, wanted: str, how: str, service_ids: tuple[str, ...]) -> None:
    """Print the roles that reading needs, and those each functional ID needs to act.

    Needs no service and changes nothing: it reads OFFBOARD_ACCOUNTS_FILE, or
    OFFBOARD_ACCOUNT_ID.
    """
    account = _account(read_settings("command").rules, wanted)
    found = _needed(account, service_ids)
    if how == "json":
        write_json(as_body(found))
    else:
        write = as_terraform if how == "terraform" else as_commands
        sys.stdout.write(write(found))


def _account(accounts: Sequence[AccountSettings], wanted: str) -> AccountSettings:
    if not accounts:
        end_with_faults(
            "OFFBOARD_ACCOUNTS_FILE: Set it, or OFFBOARD_ACCOUNT_ID: the roles depend "
            "on what functional IDs are to own."
        )
    found = [one for one in accounts if one.id == wanted]
    found = found or [one for one in accounts if one.name and one.name == wanted]
    if len(found) == 1:
        return found[0]
    known = ", ".join(_shown(one) for one in accounts)
    why = "Several accounts are called so" if found else "No such account is set up"
    raise click.BadParameter(f"{why}; there are: {known}.", param_hint="--account")


def _needed(account: AccountSettings, service_ids: Sequence[str]) -> Permissions:
    names = [one.name for one in account.rules]
    unknown = sorted(set(service_ids) - set(names))
    if unknown:
        known = ", ".join(cleaned(one) for one in names) or "none"
        raise click.BadParameter(
            f"No functional ID of this account is called {cleaned(unknown[0])}; there "
            f"are: {known}.",
            param_hint="--service-id",
        )
    takers = [
        Taker(one.name, one.resource_groups, one.name in service_ids)
        for one in account.rules
    ]
    return needed(account.id, account.name, takers)


def _shown(account: AccountSettings) -> str:
    if account.name:
        return f"{cleaned(account.name)} ({cleaned(account.id)})"
    return cleaned(account.id)

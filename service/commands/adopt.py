"""`offboard adopt`: take keys over before anybody leaves; a dry run unless --apply."""

import sys
from dataclasses import dataclass

import click

from service.client import Body, Client
from service.commands.errand import NO_TERMINAL, Errand
from service.commands.frame import examples
from service.commands.opening import open_client, output_option
from service.commands.screen import can_ask, progress_screen
from service.commands.to_do import options
from service.commands.waiting import DEADLINE_SECONDS


@dataclass(frozen=True, slots=True)
class _Request:
    """An adoption as it is asked for."""

    account: str
    owner: str | None
    functional_id: str | None
    reason: str | None
    regions: tuple[str, ...]
    groups: tuple[str, ...]
    deadline_seconds: float

    def send(self, client: Client, *, dry_run: bool) -> tuple[Body, bool]:
        """Open the case of the adoption."""
        said = {
            "from": self.owner,
            "functional_id": self.functional_id,
            "reason": self.reason,
            "regions": list(self.regions),
            "resource_groups": list(self.groups),
        }
        given = {name: value for name, value in said.items() if value}
        body = {"account_id": self.account, "dry_run": dry_run, **given}
        return client.adopt(body)

    @property
    def agreed_by(self) -> str:
        """Return the owner, as typed; the account where everybody is meant."""
        return (self.owner or self.account).strip()

    @property
    def again(self) -> str:
        """Return the options that a dry run's case does not hold."""
        return options(to=self.functional_id, reason=self.reason)

    @property
    def is_for_a_day(self) -> bool:
        """Tell that an adoption begins now."""
        return False


def _named(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    # An empty variable of a script must not come to mean everybody.
    if text is not None and not text.strip():
        raise click.BadParameter("Give one, or leave it out.")
    return text


@click.command(
    short_help="Take keys over before anybody leaves: a dry run, or --apply.",
    epilog=examples(
        "offboard adopt --account ACCOUNT",
        "offboard adopt --account ACCOUNT --from dana.lee@example.com --apply",
    ),
)
@click.option("--account", required=True, help="The account's id.")
@click.option(
    "--region", "regions", multiple=True, help="Only this region; repeatable."
)
@click.option(
    "--group", "groups", multiple=True, help="Only this resource group; repeatable."
)
@click.option(
    "--from",
    "owner",
    callback=_named,
    help="Only what this owner has: an e-mail or an IAM ID, of a functional ID too.",
)
@click.option(
    "--to",
    "functional_id",
    callback=_named,
    help="Which functional ID takes over: its name in the accounts file or its IAM ID.",
)
@click.option("--apply", "is_apply", is_flag=True, help="Reset; else a dry run.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask before applying.")
@click.option("--reason", help="Why, for the reports.")
@click.option("--wait/--no-wait", "is_waiting", default=True, help="Wait for the end.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=DEADLINE_SECONDS,
    show_default=True,
    help="How many seconds to wait.",
)
@output_option
def adopt(
    *,
    account: str,
    regions: tuple[str, ...],
    groups: tuple[str, ...],
    owner: str | None,
    functional_id: str | None,
    is_apply: bool,
    is_sure: bool,
    reason: str | None,
    is_waiting: bool,
    timeout: float,
    output: str,
) -> None:
    """Move the keys that people own to a functional ID before anybody leaves.

    A dry run unless --apply. Without --from the keys of all people are meant. Needs
    the role approver.

    Ends with 0 clean, safe or planned with everything seen, 3 attention or something
    not seen, 4 held or refused, 7 waited too long.
    """
    if is_apply and not is_sure and not can_ask():
        raise click.UsageError(NO_TERMINAL)
    request = _Request(account, owner, functional_id, reason, regions, groups, timeout)
    with open_client() as client:
        errand = Errand(client, request, progress_screen())
        if is_apply and not is_sure:
            errand.confirm(output)
        sys.exit(errand.carry_out(output, is_apply=is_apply, is_waiting=is_waiting))

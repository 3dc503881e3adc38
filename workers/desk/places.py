"""Accounts and targets as people name them; what is not here is told with choices."""

from collections.abc import Sequence
from typing import Final

from config.accounts import AccountSettings
from config.settings import Settings
from workers.offboarding.approvers import AccountApprovers, Approvers
from workers.offboarding.errors import ConflictError
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import Channel, SamePerson
from workers.offboarding.rooms import Rooms

_SHOWN: Final = 20


def refuse_unknown_account(
    account_id: str, accounts: Sequence[AccountSettings]
) -> None:
    """Refuse an account that is not here, where the accounts are known.

    Raises:
        ConflictError: ``no_such_account``, with those there are.
    """
    if not accounts or account_id in {one.id for one in accounts}:
        return
    there = _listed([_called(one.name, one.id) for one in accounts])
    raise ConflictError(
        f"account_id: this service has no account {account_id}; it has: {there}.",
        reason="no_such_account",
    )


def target_in(index: AccountIndex, target_id: str) -> str:
    """Return the id of the target meant, whose group may be given by its name.

    What no survey saw stays as it was given, and so does a name of several groups.
    """
    found = _found(index, target_id)
    return found[0].target.id if len(found) == 1 else target_id


def unread_target(index: AccountIndex, target_id: str) -> str:
    """Return the id of the target meant; refuse one that is not known, or was read.

    An account that was never surveyed has nothing to compare with.

    Raises:
        ConflictError: ``no_such_target``, with those there are; ``target_readable``.
    """
    if index.surveyed_at is None:
        return target_id
    found = _found(index, target_id)
    if len(found) != 1:
        raise ConflictError(
            _choices(index, target_id, several=bool(found)), reason="no_such_target"
        )
    (one,) = found
    if one.reading is ReadingKind.UNREAD:
        return one.target.id
    # The time of the reading; a survey made it where none stands with it.
    at = one.checked_at or index.surveyed_at
    raise ConflictError(
        f"It was read at {at:%Y-%m-%d %H:%M} UTC; there is nothing to accept.",
        reason="target_readable",
    )


def _found(index: AccountIndex, target_id: str) -> list[Holding]:
    """Find by id; by the group's name only where no id is the same."""
    exact = [one for one in index.holdings if one.target.id == target_id]
    _, region, group = target_id.split("/", 2)
    return exact or [
        one for one in _of(index, region) if one.target.resource_group.name == group
    ]


def _of(index: AccountIndex, region: str) -> list[Holding]:
    return [one for one in index.holdings if one.target.region == region]


def _choices(index: AccountIndex, target_id: str, *, several: bool) -> str:
    _, region, group = target_id.split("/", 2)
    groups = [one.target.resource_group for one in _of(index, region)]
    if not groups:
        regions = sorted({one.target.region for one in index.holdings})
        said = f"give one of: {_listed(regions)}" if regions else "it saw none here"
        return f"region: no survey saw a target in {region}; {said}."
    names = _listed([_called(one.name, one.id) for one in groups])
    what = f'no survey saw "{group}" in {region}'
    if several:
        what = f'"{group}" is the name of several in {region}'
    return f"resource_group: {what}; give the id of one of: {names}."


def _called(name: str, id: str) -> str:
    return f"{name} ({id})" if name and name != id else id


def _listed(names: Sequence[str]) -> str:
    left = len(names) - _SHOWN
    more = [f"and {left} more"] if left > 0 else []
    return ", ".join([*names[:_SHOWN], *more])


def approvers_of(settings: Settings) -> Approvers:
    """Return who decides about the accounts that have approvers of their own."""
    return Approvers(
        tuple(
            AccountApprovers(one.id, one.name, one.approvers)
            for one in settings.rules
            if one.approvers
        )
    )


def rooms_of(settings: Settings) -> Rooms:
    """Return the rooms of the accounts that have one, as far as channels are set up."""
    has_bot = settings.slack_bot_token is not None
    has_mail = settings.smtp_host is not None and settings.mail_from is not None
    found: dict[str, tuple[Channel, ...]] = {}
    for one in settings.rules:
        slack = (Channel.SLACK,) if has_bot and one.slack_channel_id else ()
        mail = (Channel.MAIL,) if has_mail and one.mail_to else ()
        if slack or mail:
            found[one.id] = (*slack, *mail)
    return found


def same_people(settings: Settings) -> tuple[SamePerson, ...]:
    """Return the identity map in the domain's words."""
    return tuple(
        SamePerson(one.iam_id, one.emails, one.ids)
        for one in settings.identity_map_file
    )

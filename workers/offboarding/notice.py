"""What the channels are told outside of any case: found by a survey, for a person.

A notice is kept as it was worded, with every foreign text in it marked as a ``Name``,
so that each channel marks off and defuses it as it does in a report. It knows no
channel, no store, and not how something was found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from workers.offboarding.advice import reset_command
from workers.offboarding.exposure import Dependence
from workers.offboarding.model import Channel, KeyOwner, ReportState, Target
from workers.offboarding.notice_words import (
    adoption_command,
    departure_command,
    full_owner,
    hanging,
    id_of,
    lost,
    place_of,
    short_owner,
)
from workers.offboarding.report.phrases import listed, named, time_of
from workers.offboarding.report.value import Item, Line, Report, Section, Severity


class NoticeKind(StrEnum):
    """What a notice tells of."""

    TAKEN_OVER = "taken_over"
    GONE_AT_ONCE = "gone_at_once"
    GONE_FROM_ONE_ACCOUNT = "gone_from_one_account"
    WEAK_FUNCTIONAL_ID = "weak_functional_id"
    SURVEY_FAILING = "survey_failing"
    SURVEY_WORKS = "survey_works"
    QUARANTINED = "quarantined"
    RUNNING_OUT = "running_out"
    SOURCE_SILENT = "source_silent"
    SUBSCRIPTION_LOST = "subscription_lost"
    GRAPH_REFUSES = "graph_refuses"
    BRAKE = "brake"
    STUCK = "stuck"
    RESTORED = "restored"
    CASE_DAMAGED = "case_damaged"
    ARCHIVE = "archive"
    ARCHIVED_BESIDE = "archived_beside"
    TEST = "test"
    DIGEST = "digest"
    CROWD = "crowd"
    CHANNEL_REFUSES = "channel_refuses"
    KEY_TOO_OLD = "key_too_old"


@dataclass(frozen=True, slots=True)
class Notice:
    """One finding in words.

    Attributes:
        id: The same for the same finding, so that it is told once.
        at: When it was found.
        account_id: Empty where it is about no account.
        about: Whom or what it is about, in a few words, for a mail's subject.
        headline: What happened.
        items: Why it matters and what to do, each with its exact command if any.
        parts: In place of these, parts with titles of their own.
        severity: How much it asks of its reader.
    """

    id: str
    kind: NoticeKind
    at: datetime
    account_id: str
    about: Line
    headline: Line
    items: tuple[Item, ...]
    parts: tuple[Section, ...] = ()
    severity: Severity = Severity.ATTENTION


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notice on one channel: how it fared there, as a ``ReportLine`` tells it.

    ``room`` as there.
    """

    channel: Channel
    state: ReportState = ReportState.PENDING
    at: datetime | None = None
    tries: int = 0
    detail: str = ""
    reached: tuple[str, ...] = ()
    lost: int = 0
    room: str = ""


_VERDICTS: Final = {
    NoticeKind.TAKEN_OVER: "A functional ID's key is a person's now",
    NoticeKind.GONE_AT_ONCE: "Several owners gone at once",
    NoticeKind.GONE_FROM_ONE_ACCOUNT: "Gone from one account only",
    NoticeKind.WEAK_FUNCTIONAL_ID: "A functional ID is weak",
    NoticeKind.SURVEY_FAILING: "An account's surveys fail",
    NoticeKind.SURVEY_WORKS: "An account's surveys work again",
    NoticeKind.QUARANTINED: "A source's deliveries cannot be read",
    NoticeKind.RUNNING_OUT: "Deliveries in quarantine run out",
    NoticeKind.SOURCE_SILENT: "A source is silent",
    NoticeKind.SUBSCRIPTION_LOST: "A subscription at Microsoft Graph is gone",
    NoticeKind.GRAPH_REFUSES: "Microsoft Graph refuses us",
    NoticeKind.BRAKE: "The brake is on",
    NoticeKind.STUCK: "A case stands still",
    NoticeKind.RESTORED: "Everything is paused: the store may be an old copy",
    NoticeKind.CASE_DAMAGED: "A case cannot be read",
    NoticeKind.ARCHIVE: "Old cases cannot be archived",
    NoticeKind.ARCHIVED_BESIDE: "A case is in two files of the archive",
    NoticeKind.TEST: "Test",
    NoticeKind.DIGEST: "Daily digest",
    NoticeKind.CROWD: "Many cases at once",
    NoticeKind.CHANNEL_REFUSES: "A channel refuses what it is told",
    NoticeKind.KEY_TOO_OLD: "An API key is too old",
}
# What asks nothing of whoever reads it.
_CALM: Final = (NoticeKind.SURVEY_WORKS, NoticeKind.TEST)
_AS_FUNCTIONAL_ID: Final = (
    "Run it logged in as the functional ID: whoever resets becomes the owner."
)
_LOSS: Final = (
    "IBM Cloud deletes a person's keys when they are removed, and clusters on them can "
    "then no longer order workers, attach storage or scale."
)


def report_of_notice(notice: Notice) -> Report:
    """Put a notice into the form that every channel can show."""
    verdict = _VERDICTS[notice.kind]
    is_test = notice.kind is NoticeKind.TEST
    at = Item((f"{'Tried' if is_test else 'Found'}: {time_of(notice.at)}",))
    # What tells of a day says itself since when.
    is_found = notice.kind not in (NoticeKind.TEST, NoticeKind.DIGEST)
    return Report(
        case_id=None,
        kind=None,
        severity=Severity.NEUTRAL if notice.kind in _CALM else notice.severity,
        verdict=verdict,
        headline=notice.headline,
        subject=(f"[offboard] {verdict}: ", *notice.about),
        parts=notice.parts,
        to_do=notice.items,
        found=(at,) if is_found else (),
        asked=(at,) if is_test else (),
        notice_id=notice.id,
    )


def taken_over(
    target: Target,
    functional_id: KeyOwner,
    owner: KeyOwner,
    *,
    at: datetime,
    read_before_at: datetime,
    account_name: str = "",
) -> Notice:
    """Tell that a person owns what a functional ID owned.

    Args:
        target: Where, with the clusters that use the key.
        functional_id: Who owned the key before.
        owner: The person who owns it now.
        at: When that was seen.
        read_before_at: When the functional ID was last seen to own it. It tells one
            change of hands from a later one of the same two.
        account_name: What people call the account, if it has a name.
    """
    account_id, place = target.account_id, place_of(target)
    return Notice(
        id=id_of(
            NoticeKind.TAKEN_OVER,
            target.id,
            functional_id.id,
            owner.id,
            time_of(read_before_at),
        ),
        kind=NoticeKind.TAKEN_OVER,
        at=at,
        account_id=account_id,
        about=(*place, " by ", short_owner(owner)),
        headline=(
            "in account ",
            named(account_name or account_id),
            ", ",
            *place,
            " belonged to the functional ID ",
            short_owner(functional_id),
            " and belongs to ",
            *full_owner(owner),
            " now.",
        ),
        items=(
            Item(
                (f"When they leave, {lost(target)} Take it over before that:",),
                (),
                adoption_command(target, owner),
            ),
            Item(
                ("Or, where the service is not armed, give it back by hand:",),
                ((_AS_FUNCTIONAL_ID,),),
                reset_command(target),
            ),
        ),
    )


def gone_at_once(
    account_id: str,
    owners: Sequence[Dependence],
    *,
    at: datetime,
    account_name: str = "",
) -> Notice:
    """Tell that *owners* are missing from the user list at once; no case was opened."""
    mine = sorted(owners, key=lambda one: (-one.clusters, -one.targets, one.owner.id))
    people = f"{len(mine)} people"
    account = named(account_name or account_id)
    return Notice(
        id=id_of(
            NoticeKind.GONE_AT_ONCE, account_id, *sorted(one.owner.id for one in mine)
        ),
        kind=NoticeKind.GONE_AT_ONCE,
        at=at,
        account_id=account_id,
        about=(f"{people} in ", account),
        headline=(
            f"{people} who own cluster API keys are not on the user list of account ",
            account,
            " any more. So many at once may be a list that came short, so no case was "
            "opened: a person has to decide.",
        ),
        items=(
            Item(
                ("See whether they are gone:",),
                ((_LOSS,),),
                "ibmcloud account users --output json",
            ),
            *(
                Item(
                    (
                        *full_owner(one.owner),
                        f": {hanging(one.targets, one.clusters)}. If they are gone:",
                    ),
                    (),
                    departure_command(one.owner),
                )
                for one in mine
            ),
        ),
    )


def gone_from_one_account(
    account_id: str,
    owner: KeyOwner,
    targets: Sequence[Target],
    *,
    still_in: Iterable[str],
    at: datetime,
    account_name: str = "",
) -> Notice:
    """Tell that an owner is missing in one account and still there in another.

    Args:
        account_id: The account whose user list misses them.
        owner: Who is missing there.
        targets: What they own there.
        still_in: The accounts, by name or id, whose user lists have them.
        at: When that was seen.
        account_name: What people call the account, if it has a name.
    """
    clusters = sum(len(one.clusters) for one in targets)
    account = named(account_name or account_id)
    elsewhere = sorted(still_in)
    return Notice(
        id=id_of(NoticeKind.GONE_FROM_ONE_ACCOUNT, account_id, owner.id),
        kind=NoticeKind.GONE_FROM_ONE_ACCOUNT,
        at=at,
        account_id=account_id,
        about=(short_owner(owner), ", ", account),
        headline=(
            *full_owner(owner),
            " is not on the user list of account ",
            account,
            " any more, and still on that of ",
            *listed((named(one),) for one in elsewhere),
            ". They may have left that account only, so no case was opened: a person "
            "has to decide.",
        ),
        items=(
            Item(
                (
                    f"{hanging(len(targets), clusters)} in ",
                    account,
                    ". If they leave the company:",
                ),
                ((_LOSS,),),
                departure_command(owner),
            ),
            *(
                Item(
                    ("If they left this account only, take over ", *place_of(one), ":"),
                    ((_AS_FUNCTIONAL_ID,),),
                    reset_command(one),
                )
                for one in targets
            ),
        ),
    )

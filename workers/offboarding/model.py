"""The words of the domain as values: departures, targets, key owners, cases.

Frozen and free of I/O. Times are aware UTC datetimes, identifiers are strings as the
far side gave them. Nothing here knows how a case is stored or shown.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from workers.offboarding.errors import Reason

# Kinds of follow-ups (design, section 5). The first blocks: the leaver's classic
# credential is in force there.
CLASSIC_CREDENTIAL: Final = "classic_credential"
RECREATE_ADDON_PODS: Final = "recreate_addon_pods"
REFRESH_MASTER: Final = "refresh_master"
RETIRE_OLD_KEY: Final = "retire_old_key"


class Step(StrEnum):
    """What is done for a case, in this order."""

    PLAN = "plan"
    RESET = "reset"
    VERIFY = "verify"
    REPORT = "report"
    DELIVER = "deliver"
    REMIND = "remind"
    FORESEE = "foresee"
    AFTERCARE = "aftercare"
    SHOW = "show"


class CaseStatus(StrEnum):
    """Where a case stands (design: section 5)."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    WAITING = "waiting"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class BrakeState(StrEnum):
    """What the brake did with a case that it held, or does."""

    HELD = "held"
    RELEASED = "released"
    REFUSED = "refused"


class CaseResult(StrEnum):
    """How a settled case ended."""

    CLEAN = "clean"
    SAFE = "safe"
    ATTENTION = "attention"
    PLANNED = "planned"


class CaseKind(StrEnum):
    """Why a case exists."""

    DEPARTURE = "departure"
    ADOPTION = "adoption"


class Outcome(StrEnum):
    """How a target ended. None while it is under way."""

    VERIFIED = "verified"
    ALREADY = "already"
    CHANGED_HANDS = "changed_hands"
    FAILED = "failed"
    UNREAD = "unread"
    PLANNED = "planned"


class OwnerKind(StrEnum):
    """What kind of identity owns a key."""

    PERSON = "person"
    FUNCTIONAL_ID = "functional_id"
    SERVICE_ID = "service_id"
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """Where reports go."""

    SLACK = "slack"
    MAIL = "mail"


class ReportKind(StrEnum):
    """What a report tells. ``started`` is kept up to date until the case is over."""

    STARTED = "started"
    HELD = "held"
    CANCELLED = "cancelled"
    FINAL = "final"
    DIGEST = "digest"


class ReportState(StrEnum):
    """How far a report got. ``unknown``: the answer was lost, it may have arrived."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of outstanding work: a step of a case, for one item of it.

    ``item`` is a target's id for reset and verify, a report line's id for deliver,
    empty for plan and report.
    """

    case_id: str
    step: Step
    item: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A reason with its sentence: in ``warnings`` and in ``plan.refused``.

    ``account_id`` is the one account that it is about; empty where it is about none, or
    about more than one.
    """

    reason: Reason
    text: str
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The window through which a target's key owner is seen.

    ``provider`` is IBM's word: ``vpc-gen2``, ``classic`` or ``satellite``. A cluster
    that is not ``readable`` is deleted or being deleted; its target still counts.
    ``addons`` are the names of its add-ons; None where the list did not tell. ``type``
    is IBM's word too, ``kubernetes`` or ``openshift``; empty where it is not known.
    """

    id: str
    name: str
    provider: str
    readable: bool = True
    addons: tuple[str, ...] | None = None
    type: str = ""


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """A resource group by id; the name is for people only."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """A region and a resource group in an account: what one reset acts on."""

    account_id: str
    region: str
    resource_group: ResourceGroup
    clusters: tuple[Cluster, ...] = ()

    @property
    def id(self) -> str:
        """Name the target in keys, logs and the ledger: account/region/group id."""
        return f"{self.account_id}/{self.region}/{self.resource_group.id}"

    @property
    def place(self) -> tuple[str, str]:
        """Return region and resource group id, as a listed key names them."""
        return self.region, self.resource_group.id

    @property
    def readable(self) -> int:
        """Count the clusters that hang on the key: those not deleted or being so."""
        return sum(one.readable for one in self.clusters)


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose identity a cluster API key carries. ``id`` is an IAM ID."""

    id: str
    name: str | None = None
    email: str | None = None
    kind: OwnerKind = OwnerKind.UNKNOWN


@dataclass(frozen=True, slots=True)
class NoOwner:
    """The far side said plainly that the target has no key."""


@dataclass(frozen=True, slots=True)
class Unread:
    """We could not see the owner, which is not the same as "somebody else's"."""

    reason: Reason
    detail: str = ""


Reading = KeyOwner | NoOwner | Unread


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A cluster API key as IAM lists it: whose it is, and for which target.

    ``region`` has today's name. It and ``resource_group_id`` are None where the key
    does not plainly say them. That a key is listed does not prove that it is in use:
    superseded ones stay. ``is_locked`` is True too where it could not be told.
    """

    iam_id: str
    region: str | None = None
    resource_group_id: str | None = None
    created_at: datetime | None = None
    id: str = ""
    is_locked: bool = False
    is_disabled: bool = False

    @property
    def place(self) -> tuple[str, str] | None:
        """Return region and resource group id; None where one of them is not said."""
        if self.region is None or self.resource_group_id is None:
            return None
        return self.region, self.resource_group_id


@dataclass(frozen=True, slots=True)
class KeyList:
    """Every cluster API key that IAM lists for an account, users' and service IDs'.

    ``has_own`` tells whether a key of the identity that asked is among all keys listed,
    those of other names included: without it the list is not whole.
    """

    keys: tuple[ListedKey, ...]
    has_own: bool = True

    def owners_of(self, place: tuple[str, str]) -> frozenset[str]:
        """Return whose keys are listed for a place, superseded ones included."""
        return frozenset(one.iam_id for one in self.keys if one.place == place)


class Right(StrEnum):
    """Whether policies give somebody a right. ``cannot_tell`` is not ``missing``."""

    OK = "ok"
    MISSING = "missing"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Visibility:
    """What the identity that reads may see account-wide, as its policies prove it.

    ``clusters``: every cluster; ``keys``: everybody's API keys; ``users``: the user
    list. ``why`` has a sentence for each that is not ``ok``.
    """

    clusters: Right
    keys: Right
    users: Right
    why: tuple[str, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Tell whether nothing and nobody could be hidden from the reader."""
        return {self.clusters, self.keys, self.users} == {Right.OK}


@dataclass(frozen=True, slots=True)
class Person:
    """One entry of an account's user list. ``user_id`` is the login name.

    ``added_at`` is when they came into the account; None where nobody says so.
    """

    iam_id: str
    email: str | None
    user_id: str | None
    name: str | None
    state: str | None = None
    added_at: datetime | None = None

    @property
    def addresses(self) -> frozenset[str]:
        """Return the e-mail and the login, lower-cased."""
        return frozenset(one.lower() for one in (self.email, self.user_id) if one)


@dataclass(frozen=True, slots=True)
class SamePerson:
    """One entry of the identity map: names that mean one person, e-mails lower-cased.

    ``ids`` are names that other systems know them by.
    """

    iam_id: str | None = None
    emails: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaver:
    """The person who leaves, as far as known: e-mail lower-cased, IAM ID exact."""

    email: str | None = None
    iam_id: str | None = None
    name: str | None = None

    @property
    def refs(self) -> tuple[str, ...]:
        """Return the names under which one person's open case is found."""
        named = (("iam", self.iam_id), ("email", self.email))
        return tuple(f"{kind}:{value}" for kind, value in named if value)

    @property
    def id(self) -> str | None:
        """Name them by as little as does: the IAM ID, the e-mail only without one."""
        return self.iam_id or self.email

    def __str__(self) -> str:
        return self.email or self.iam_id or "unknown"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a case is narrowed to. An empty tuple means no limit on that side."""

    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()

    def covers(self, target: Target) -> bool:
        """Tell whether *target* lies inside; a group may be given by id or by name."""
        group = target.resource_group
        in_region = not self.regions or target.region in self.regions
        in_group = not self.resource_groups or bool(
            {group.id, group.name} & set(self.resource_groups)
        )
        return in_region and in_group


@dataclass(frozen=True, slots=True)
class Departure:
    """What an event, or a person, says: who leaves, when, and who told us.

    ``event_key`` is ``<source>:<the sender's own key>``, None where a person asked.
    ``actor`` is the name of the token that asked, None for events; ``person`` is who is
    behind that token, its name where the settings do not say. ``askers`` are the people
    who asked for a case that became this departure of another. ``aliases`` are further
    e-mails of the leaver; ``occurred_at`` is when it happened at the source, None if
    nobody said; ``gone_from`` is the account from which the event itself proves them
    removed; ``authn`` is how its sender was proven. ``told`` and ``gone_too`` are what
    a case knew that became this departure of another. ``takes_back`` makes it none at
    all: in an open case the words of these sources count no more. ``delivery_sha256``
    is the digest of the body that it came in, as hex, where that is known.
    """

    source: str
    leaver: Leaver
    event_key: str | None = None
    actor: str | None = None
    effective_at: datetime | None = None
    reason: str | None = None
    scope: Scope | None = None
    dry_run: bool = False
    request_id: str | None = None
    person: str | None = None
    askers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    gone_from: str | None = None
    authn: str | None = None
    told: "tuple[Told, ...]" = ()
    gone_too: tuple[str, ...] = ()
    takes_back: tuple[str, ...] = ()
    delivery_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is to be taken over before anybody leaves.

    Attributes:
        account_id: The one account it is about.
        functional_id: The name in the accounts file, or the IAM ID, of who is to take
            over; None leaves it to the rules of the accounts file.
        has_from: Whether one owner was named, who is the case's leaver then; else all
            people's targets are meant. The one named may be a functional ID.
    """

    account_id: str
    functional_id: str | None = None
    has_from: bool = False


@dataclass(frozen=True, slots=True)
class AdoptionAsked:
    """An adoption as somebody asks for it; ``leaver`` is the owner named, if one is.

    ``source`` is ``api``, or ``cli`` where the command line asks.
    """

    adoption: Adoption
    leaver: Leaver = Leaver()
    scope: Scope | None = None
    dry_run: bool = False
    reason: str | None = None
    actor: str | None = None
    person: str | None = None
    request_id: str | None = None
    source: str = "api"


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """A target that cannot be read, accepted as such by an approver for a while."""

    target_id: str
    reason: str
    accepted_by: str
    accepted_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An event that takes a departure back: cancelled, or the person returned.

    ``aliases``, ``occurred_at`` and ``delivery_sha256`` as in ``Departure``.
    """

    source: str
    leaver: Leaver
    event_key: str
    request_id: str | None = None
    aliases: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    delivery_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An authentic event that is not for us. ``why`` goes to the log."""

    why: str


@dataclass(frozen=True, slots=True)
class Care:
    """How far the service itself got with a follow-up.

    Attributes:
        due_at: When it does it, or looks again.
        asked_at: When "about to" was last written, before the call is sent; None again
            once that call is proven to have done nothing.
        tries: Faults in a row, and looks once it is refused.
        is_refused: Whether it is left to a person, and only looked at whether it is
            done.
    """

    due_at: datetime
    asked_at: datetime | None = None
    tries: int = 0
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something a reset leaves to be done. ``kind`` as in the design, section 5.

    ``care`` is None where only a person can do it. A ``recreate_addon_pods`` without
    ``addon`` says that it could not be seen which add-ons the cluster has.
    """

    kind: str
    text: str
    cluster_id: str | None = None
    addon: str | None = None
    done_at: datetime | None = None
    care: Care | None = None

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """Name it within its target: what is left twice is left once."""
        return self.kind, self.cluster_id, self.addon


@dataclass(frozen=True, slots=True)
class Advice:
    """What an outcome means to people: the sentence, who can mend it, the command."""

    text: str
    who: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class CaseTarget:
    """One target of a case, from plan to outcome.

    Attributes:
        owner_before: Who owned the key when the plan was made; None if unread.
        functional_id: Who is to take over, as the token's claims said at the plan.
        intent_at: When "about to reset" was last written, before the call is sent; None
            again once that reset is proven to have done nothing.
        reset_at: When IBM Cloud acknowledged the reset; None if its answer was lost.
        resets: How many resets were sent, the present one included.
        proven_failures: How many of them certainly did nothing.
        disproved: How many of those lost their answer, and were found to have done
            nothing only by the owner and the keys.
        polls: Read-backs since the last intent.
        polled_at: When the last of them that showed nothing began.
        tries: Transient faults in a row, for the growing pause.
        settled_at: When the outcome was written.
        preflight: What preflight said of the functional ID here; None before it ran.
        preflight_at: When that was judged.
        preflight_text: Why it is not ``ok``; it says what is missing.
        mend: The exact command that mends what preflight found.
        blind: Set where an approver accepted that this target cannot be read.
        used_at: When the new key was first seen to have been used: a second proof.
        looks: How often that was looked for.
    """

    target: Target
    owner_before: KeyOwner | None = None
    owner_after: KeyOwner | None = None
    functional_id: KeyOwner | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None
    detail: str = ""
    intent_at: datetime | None = None
    reset_at: datetime | None = None
    settled_at: datetime | None = None
    resets: int = 0
    proven_failures: int = 0
    disproved: int = 0
    polls: int = 0
    polled_at: datetime | None = None
    tries: int = 0
    follow_ups: tuple[FollowUp, ...] = ()
    preflight: Right | None = None
    preflight_at: datetime | None = None
    preflight_text: str = ""
    mend: str | None = None
    blind: BlindSpot | None = None
    used_at: datetime | None = None
    looks: int = 0

    @property
    def is_settled(self) -> bool:
        """Tell whether the target has an outcome."""
        return self.outcome is not None

    @property
    def is_safe(self) -> bool:
        """Tell whether the target was read back under a functional ID."""
        return self.outcome in (Outcome.VERIFIED, Outcome.ALREADY)

    @property
    def taker(self) -> tuple[str, str]:
        """Return account and functional ID: what one reset proves, it proves there."""
        taker = self.functional_id.id if self.functional_id is not None else ""
        return self.target.account_id, taker

    def waits_for(self, canary: "CaseTarget") -> bool:
        """Tell whether this target is reset only after *canary* is verified."""
        is_other = self.target.id != canary.target.id
        is_open = not self.is_settled and self.intent_at is None
        return is_other and is_open and self.taker == canary.taker

    @property
    def was_reset_here(self) -> bool:
        """Tell whether a reset of this case is what put the new owner there."""
        return self.resets > 0 and self.outcome is Outcome.VERIFIED

    @property
    def was_planned(self) -> bool:
        """Tell whether it was ever sure to be the leaver's, with somebody to take over.

        What was only doubted, or had nobody to take it over, has to be planned anew.
        """
        began = self.intent_at is not None or bool(self.resets)
        has_owner = self.owner_before is not None
        return has_owner and (began or self.functional_id is not None)

    @property
    def is_blocked(self) -> bool:
        """Tell whether a classic credential of the leaver is still in force here."""
        return any(
            one.kind == CLASSIC_CREDENTIAL and one.done_at is None
            for one in self.follow_ups
        )

    def ended(
        self,
        outcome: Outcome,
        at: datetime,
        *,
        reason: Reason | None = None,
        detail: str = "",
        owner_after: KeyOwner | None = None,
    ) -> Self:
        """Return the target with its outcome."""
        return replace(
            self,
            outcome=outcome,
            reason=reason,
            detail=detail,
            owner_after=owner_after,
            settled_at=at,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be reset; written once. ``hash`` names exactly this plan.

    ``let_go`` has the ids of targets that an approver let through though preflight
    could not tell: who approved anything else said nothing of that. ``since`` has the
    ids of targets that gave the plan another hash after it was made: canaries that
    failed, and those that preflight could tell of and cannot any more.
    """

    hash: str
    made_at: datetime
    refused: tuple[Note, ...] = ()
    approved_by: str | None = None
    let_go: tuple[str, ...] = ()
    since: tuple[str, ...] = ()

    def holds_unknown(self, one: CaseTarget) -> bool:
        """Tell whether a target waits as preflight cannot tell, in this plan."""
        is_said = any(note.reason is Reason.PREFLIGHT_UNKNOWN for note in self.refused)
        is_unknown = one.preflight is Right.CANNOT_TELL
        return is_said and is_unknown and one.target.id not in self.let_go


@dataclass(frozen=True, slots=True)
class OpenedBy:
    """Who told us of the departure first."""

    source: str
    event_key: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one source said last: when the person leaves, and when it said so.

    ``occurred_at`` is None where the source does not tell when something happened.
    """

    source: str
    effective_at: datetime
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """The message that tells of a case under way, and that its other reports answer.

    Attributes:
        place: Where it stands, by the channel's own id.
        id: Which message it is, by the channel's own id.
        digest: Of what it shows.
        shown_at: When it was posted or last changed.
        told: Ids of the targets that ended badly and were told, in it or below it.
        telling: Ids of those that are being told: written before they are.
        told_at: When that was last done.
        posts: How many messages it took so far: one that is gone is posted anew.
        faults: Changes of it that failed in a row.
        later: Until when the channel asked not to be called for it.
    """

    place: str
    id: str
    digest: str
    shown_at: datetime
    told: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()
    told_at: datetime | None = None
    posts: int = 1
    faults: int = 0
    later: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One report on one channel: its place in the outbox and how it fared.

    ``number`` counts the reports of this kind in this case from 1, so that a retried
    case has a second final report. ``reached`` names the recipients already served,
    ``lost`` counts the tries whose answer was lost and that were followed by another.
    ``root`` is set where a ``started`` report was sent. ``room`` is the account whose
    room is told; empty: the service's own channel.
    """

    channel: Channel
    kind: ReportKind
    number: int = 1
    state: ReportState = ReportState.PENDING
    at: datetime | None = None
    tries: int = 0
    detail: str = ""
    reached: tuple[str, ...] = ()
    lost: int = 0
    root: Root | None = None
    room: str = ""

    @property
    def id(self) -> str:
        """Name the line within its case."""
        return f"{self.channel}:{self.kind}:{self.number}"

    @property
    def is_told_alone(self) -> bool:
        """Tell whether it is a message of its own; a digest tells of many cases."""
        return self.kind is not ReportKind.DIGEST

    @property
    def account_id(self) -> str | None:
        """Return the account whose room is told; None: the service's own channel."""
        return self.room or None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: what was done or seen, when, by whom.

    It is evidence: what is not in it cannot be proven later, and it holds no secret.

    Attributes:
        what: What was done, in the past tense: ``target.reset``.
        actor: Who did it: a person or a token by name, or the source.
        request_id: The far side's id of the call, or the front door's of the request.
        leaver: Whom it is about: an IAM ID, an e-mail where no more is known.
        source: Which source told.
        event_key: By which of its events.
        authn: How the sender of that was proven.
        delivery_sha256: The digest of the body in which that came, as hex.
        owner_before: The IAM ID of who owned the key before.
        owner_after: The IAM ID of who was read back.
        functional_id: The IAM ID of who is to take over.
        plan_hash: The plan that it is about.
        effective_at: From when on the leaver is gone, as an event or a person told it.
        scope: The part of the account that was asked for, in words; None for all of it.
        settle_minutes: Of a settled case: how long clusters are given to follow.
        follow_ups: Of a settled case: how many follow-ups were left to be done.
        place: The target for people: its region, and its resource group by name. Of a
            report the account whose room was told, where it was one.
    """

    at: datetime
    what: str
    step: Step | None = None
    target_id: str | None = None
    actor: str | None = None
    reason: str | None = None
    request_id: str | None = None
    detail: str | None = None
    leaver: str | None = None
    source: str | None = None
    event_key: str | None = None
    authn: str | None = None
    owner_before: str | None = None
    owner_after: str | None = None
    functional_id: str | None = None
    plan_hash: str | None = None
    delivery_sha256: str | None = None
    effective_at: datetime | None = None
    scope: str | None = None
    settle_minutes: int | None = None
    follow_ups: int | None = None
    place: str | None = None


# Why a part of a case waits while the rest of it goes on, or goes on by itself.
_HOLDS_A_PART: Final = frozenset({Reason.PAUSED, Reason.PREFLIGHT_UNKNOWN})


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a scheduled case would do, by what surveys have read; nothing is settled.

    Attributes:
        at: When it was foreseen.
        plan: The plan as it would be; ``refused`` has what would hold it.
        targets: The targets it would reset, judged by preflight; a red one is failed.
        warnings: What could not be foreseen.
    """

    at: datetime
    plan: Plan
    targets: tuple[CaseTarget, ...] = ()
    warnings: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """The durable record of one departure.

    Attributes:
        effective_at: When the person leaves; equals ``received_at`` if nobody said.
        told: What each source said last; the earliest counts.
        named: The leaver as departures named them, before anybody was looked up; an
            IAM ID that only an e-mail led to must not decide between two people.
        aliases: Further e-mails by which joined departures named the leaver.
        is_dry_as_asked: True where a dry run was asked for, False where the service
            was not armed.
        starts_at: When work may begin: ``effective_at`` less the lead time.
        started_at: When work began: the zero of both clocks.
        targets: Those of the leaver and the unread ones, nobody else's.
        blocked: Ids of targets where a classic credential of the leaver is in force, by
            the last look; the report puts it down as their follow-up.
        is_gone: Whether the leaver was on no user list at the last look, and nobody
            can be hidden in any: IBM Cloud has deleted their keys already.
        gone_from: Ids of the accounts from which an event proved the leaver removed.
        empty_in: Ids of the accounts that listed no cluster at the last look.
        ahead: What is foreseen while it is scheduled; None once it begins.
        canaries: Ids of the targets that have to be verified before the others of
            their account and functional ID are reset.
        askers: The people who asked for it, by the names behind their tokens.
        refused_by: Who refused the rest of a plan after its first write.
        stopped: Why every target that is not begun ended after the first write; what
            is out is read back, and not sent again.
        reminded: How often people were reminded of the present hold.
        held_at: Since when the case is held.
        adoption: What is to be taken over; None for a departure.
        brake: Whether the brake holds it, or what became of that; None if it never did.
        brake_by: Who decided that.
        departures: Later departures that joined and are not yet folded in.
        revision: Counts the changes to everything but targets and reports.
    """

    id: str
    leaver: Leaver
    opened_by: OpenedBy
    received_at: datetime
    effective_at: datetime
    starts_at: datetime
    status: CaseStatus
    dry_run: bool
    told: tuple[Told, ...] = ()
    named: Leaver | None = None
    aliases: tuple[str, ...] = ()
    is_dry_as_asked: bool = False
    kind: CaseKind = CaseKind.DEPARTURE
    result: CaseResult | None = None
    scope: Scope | None = None
    joined_to: str | None = None
    reason: str | None = None
    request_id: str | None = None
    started_at: datetime | None = None
    settled_at: datetime | None = None
    plan: Plan | None = None
    tries: int = 0
    reported: int = 0
    warnings: tuple[Note, ...] = ()
    targets: tuple[CaseTarget, ...] = ()
    reports: tuple[ReportLine, ...] = ()
    blocked: tuple[str, ...] = ()
    is_gone: bool = False
    gone_from: tuple[str, ...] = ()
    empty_in: tuple[str, ...] = ()
    ahead: Ahead | None = None
    canaries: tuple[str, ...] = ()
    askers: tuple[str, ...] = ()
    refused_by: str | None = None
    stopped: Note | None = None
    reminded: int = 0
    held_at: datetime | None = None
    adoption: Adoption | None = None
    brake: BrakeState | None = None
    brake_by: str | None = None
    departures: tuple[Departure, ...] = field(default=(), repr=False)
    revision: int = 0

    @property
    def as_named(self) -> Leaver:
        """Return the leaver as departures named them."""
        return self.named or self.leaver

    @property
    def has_dead_keys(self) -> bool:
        """Tell whether IBM Cloud has deleted keys of the leaver already."""
        return self.is_gone or bool(self.gone_from)

    def is_dead_in(self, account_id: str) -> bool:
        """Tell whether the leaver's keys in an account are deleted already."""
        return self.is_gone or account_id in self.gone_from

    @property
    def is_to_come(self) -> bool:
        """Tell whether it was put off to a day and has not begun: confidential."""
        return self.started_at is None and self.starts_at > self.received_at

    @property
    def as_foreseen(self) -> Self:
        """Return a scheduled case with the plan it would have; any other as it is."""
        if self.ahead is None or self.plan is not None:
            return self
        return replace(self, plan=self.ahead.plan, targets=self.ahead.targets).warned(
            *self.ahead.warnings
        )

    @property
    def is_held(self) -> bool:
        """Tell whether a guard stopped the whole plan.

        A pause ends by itself, and where preflight cannot tell, only the targets it is
        about wait.
        """
        refused = self.plan.refused if self.plan is not None else ()
        return any(note.reason not in _HOLDS_A_PART for note in refused)

    @property
    def is_approved(self) -> bool:
        """Tell whether an approver let exactly this plan go."""
        return self.plan is not None and self.plan.approved_by is not None

    def may_be_reset(self, one: CaseTarget) -> bool:
        """Tell whether nothing in the case holds the reset of this target of it back.

        Until a plan says who takes it over it waits for that plan. A target that
        preflight could not judge waits for approval, unless it was let
        through on purpose; the others wait for their canary.
        """
        if self.is_held or self.refused_by is not None or self.stopped is not None:
            return False
        is_unknown = self.plan is not None and self.plan.holds_unknown(one)
        if one.functional_id is None or is_unknown:
            return False
        # Approved after a canary failed: an approver let the others go.
        first = (
            one for one in self.going_first if not (self.is_approved and one.is_settled)
        )
        return not any(one.waits_for(each) for each in first)

    @property
    def going_first(self) -> tuple[CaseTarget, ...]:
        """Return the targets that have to be verified before others are reset."""
        if not self.canaries:
            return ()
        return tuple(one for one in self.targets if one.target.id in self.canaries)

    @property
    def is_confidential(self) -> bool:
        """Tell whether it is a scheduled departure that never started.

        Also one that was cancelled, or that waits, before its work began.
        """
        is_idle = self.status in (CaseStatus.CANCELLED, CaseStatus.WAITING)
        return self.status is CaseStatus.SCHEDULED or (is_idle and self.is_to_come)

    @property
    def was_put_off_unarmed(self) -> bool:
        """Tell whether it awaits its day, and is dry only as the service was then."""
        return self.dry_run and not self.is_dry_as_asked and self.is_to_come

    @property
    def claims(self) -> tuple[str, ...]:
        """Return all names under which later events find the leaver's open case."""
        aliases = (f"email:{one}" for one in self.aliases)
        return tuple(dict.fromkeys((*self.leaver.refs, *aliases)))

    @property
    def refs(self) -> tuple[str, ...]:
        """Return the names under which lists and the gate find the case.

        An adoption is found by everybody whose targets it takes over.
        """
        if self.adoption is None:
            return self.claims
        owners = [one.owner_before for one in self.targets if one.owner_before]
        people = (Leaver(one.email and one.email.lower(), one.id) for one in owners)
        found = (each for one in (self.leaver, *people) for each in one.refs)
        return tuple(dict.fromkeys(found))

    @property
    def is_over(self) -> bool:
        """Tell whether it is settled or cancelled."""
        return self.status in (CaseStatus.SETTLED, CaseStatus.CANCELLED)

    def started_on(self, channel: Channel) -> ReportLine | None:
        """Return the line that tells a channel of the case while it is under way."""
        kind = ReportKind.STARTED
        mine = (one for one in self.reports if one.kind is kind)
        return next((one for one in mine if one.channel is channel), None)

    @property
    def to_show(self) -> tuple[Work, ...]:
        """Return the work that brings its message up to date, where it has one."""
        has_root = any(one.root is not None for one in self.reports)
        return (Work(self.id, Step.SHOW),) if has_root else ()

    def target(self, target_id: str) -> CaseTarget:
        """Return the target of that id; KeyError if the case has none."""
        for mine in self.targets:
            if mine.target.id == target_id:
                return mine
        raise KeyError(target_id)

    def after(self, step: Step, target_id: str = "") -> tuple[Work, ...]:
        """Tell what a finished step leads to: its own successors, never a sibling's.

        Reporting is led to by nobody: it follows when nothing is pending any more,
        which only the store can see.
        """
        if step is Step.REPORT:
            return self._deliveries()
        mine = self.targets if step is Step.PLAN else ()
        if step in (Step.RESET, Step.VERIFY):
            mine = (self.target(target_id),)
        return tuple(
            Work(self.id, Step.VERIFY if one.intent_at else Step.RESET, one.target.id)
            for one in mine
            if not one.is_settled and (one.intent_at or self._goes_on(one))
        )

    def _goes_on(self, one: CaseTarget) -> bool:
        """Tell whether a target that is not begun has work: its reset, or its end."""
        return self.stopped is not None or self.may_be_reset(one)

    def _deliveries(self) -> tuple[Work, ...]:
        return tuple(
            Work(self.id, Step.DELIVER, line.id)
            for line in self.reports
            if line.state is ReportState.PENDING and line.is_told_alone
        )

    def unarmed(self) -> Self:
        """Return the case as the dry run it is on a service that is not armed."""
        text = "The service is not armed: nothing was changed."
        return replace(self, dry_run=True).warned(Note(Reason.NOT_ARMED, text))

    def warned(self, *notes: Note) -> Self:
        """Return the case with these warnings, each reason and text at most once."""
        return replace(self, warnings=tuple(dict.fromkeys((*self.warnings, *notes))))

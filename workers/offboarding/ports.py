"""What the workflow needs from outside, as small protocols. Knows no adapter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from workers.offboarding.exposure import AccountIndex
from workers.offboarding.heard import Heard, Hint
from workers.offboarding.model import (
    BlindSpot,
    Case,
    CaseTarget,
    Cluster,
    Entry,
    Ignored,
    KeyList,
    KeyOwner,
    ListedKey,
    Note,
    Person,
    Reading,
    ReportKind,
    ReportLine,
    Target,
    Unread,
    Visibility,
    Work,
)
from workers.offboarding.notice import Notice, NoticeLine
from workers.offboarding.standing import Standing


class Clock(Protocol):
    """The time, aware UTC."""

    def __call__(self) -> datetime:
        """Return now."""


@dataclass(frozen=True, slots=True)
class Grant:
    """An answer of the budget: slots under ``ticket``, or how long to wait for them.

    With ``is_alone`` the account that asked is the only one that has to wait.
    """

    ticket: str = ""
    wait_seconds: float = 0.0
    is_alone: bool = False

    @property
    def is_given(self) -> bool:
        """Tell whether the slots were given."""
        return bool(self.ticket)


class Budget(Protocol):
    """The calls to IBM Cloud in any ten seconds, shared by all workers."""

    def take(self, calls: int = 1, *, is_survey: bool = False) -> Grant:
        """Take *calls* slots at once, or none and be told how long to wait.

        A survey gets a quarter at most, and nothing while other work waits.
        """

    def sent(self, ticket: str) -> None:
        """Count the slots of *ticket* from now on, when their calls are really sent."""

    def back_off(self, seconds: float) -> None:
        """Give nobody a slot for so long: IBM Cloud asked for it."""

    def back_off_alone(self, seconds: float) -> None:
        """Give the account that this budget is of no slot for so long, and no other."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Every target seen in one account, and what could not be seen.

    ``unseen`` has one note a list that failed or came back short: a shorter list is not
    "owns nothing". ``is_final`` is False where listing again may help. ``group_names``
    has the resource groups' names by id, of groups without clusters too.
    ``second_look`` gives all of it anew with what a slower list says is missing.
    """

    targets: tuple[Target, ...]
    unseen: tuple[Note, ...] = ()
    is_final: bool = True
    group_names: Mapping[str, str] = field(default_factory=dict)
    second_look: "Callable[[], Discovery] | None" = field(
        default=None, repr=False, compare=False
    )

    def checked(self) -> "Discovery":
        """Return it after the second look, if there is one; waits for that.

        It began with the lists, and owners can be read meanwhile.
        """
        return self if self.second_look is None else self.second_look()


class Cloud(Protocol):
    """One account, for reading. Nothing that holds only this can change anything."""

    @property
    def account_id(self) -> str:
        """Return the account's id."""

    def silence_seconds(self) -> float:
        """Tell for how long a call that is under way has had no answer; 0 if none is.

        What waits for its turn waits for nobody's answer.
        """

    def people(self) -> Sequence[Person]:
        """List every user of the account; raises, never returns a part."""

    def targets(self) -> Discovery:
        """Find every target that has a cluster; to be ``checked`` before it counts."""

    def key_owner(self, target: Target) -> Reading:
        """Read who owns the cluster API key of *target*."""

    def cluster_keys(self) -> KeyList:
        """List the account's cluster API keys in IAM; raises, never returns a part."""

    def cluster_keys_since(self, moment: datetime) -> Sequence[ListedKey]:
        """List the cluster API keys made at or after *moment*.

        Raises where that cannot be told. Like ``cluster_keys`` it may be short for who
        may not see everybody's keys.
        """

    def classic_credentials(
        self, targets: Sequence[Target]
    ) -> Mapping[str, str | Unread]:
        """Read the classic user names stored for *targets*, by target id.

        A target without one is left out; one that could not be read is ``Unread``.
        """

    def visibility(self) -> Visibility:
        """Tell from its policies what the identity that reads may see; never raises."""

    def candidates(
        self, target: Target, wanted: str | None = None
    ) -> Sequence[KeyOwner]:
        """Tell who may take *target* over, as their tokens' claims say.

        The functional IDs of the most specific rule, in the file's order; where several
        are left, the one with most free key slots is to be taken. *wanted* is the name
        or the IAM ID of the only one asked for.

        Raises:
            TransientError: Nobody can say now.
            PermanentError: ``no_functional_id``, or why the only key there is refused.
        """

    def standing(
        self, functional_id: KeyOwner, *, max_age_seconds: float = 240
    ) -> Standing:
        """Tell how a functional ID stands: policies, state, key slots.

        What could not be seen is said in the answer and never raised. An answer made
        less than *max_age_seconds* ago is given again; 0 always looks.
        """

    def addons(self, target: Target, cluster: Cluster) -> Sequence[str]:
        """List the names of a cluster's add-ons; raises, never returns a part."""

    def key_used_at(
        self, target: Target, functional_id: KeyOwner, since: datetime
    ) -> datetime | None:
        """Tell when the key made for *target* at or after *since* was last used.

        None where IAM does not say that it was; raises where IAM cannot be asked.
        """

    def identities(self) -> Sequence[KeyOwner]:
        """Return our own identities here, functional IDs and reader: never leavers."""

    def has_new_key(
        self, target: Target, functional_id: KeyOwner, since: datetime
    ) -> bool:
        """Tell whether *functional_id* got a key for *target* at or after *since*."""


class ReadyReset(Protocol):
    """A reset with its token and its slot in the budget in hand; only sending is left.

    ``is_fresh`` is False once either is too old to be used as it is.
    """

    @property
    def is_fresh(self) -> bool:
        """Tell whether it may still be sent as it is."""

    @property
    def identity(self) -> KeyOwner:
        """Return who will own the key, from the token's claims."""

    def send(self) -> str | None:
        """Send the reset once. Return IBM Cloud's request id, if it gave one."""


class Retirement(StrEnum):
    """What is done with superseded keys."""

    OFF = "off"
    DISABLE = "disable"
    DELETE = "delete"


class Resets(Protocol):
    """One account, for writing. Only an armed service has one."""

    def prepare(self, target: Target, functional_id: KeyOwner) -> ReadyReset:
        """Get the token of the *functional_id* that is planned, and assert its claims.

        PermanentError ``wrong_identity`` where it is not one of this account's any more
        or may not own *target*.
        """

    def retire(
        self,
        key: ListedKey,
        functional_id: KeyOwner,
        how: Retirement,
        *,
        last_look: Callable[[], object] | None = None,
    ) -> str | None:
        """Disable or delete a superseded cluster API key, with *functional_id*'s token.

        Returns IBM Cloud's request id, if it gave one. Raises as a reset does.
        *last_look* is called when token and slot are in hand, and nothing but sending
        is left; what it raises comes through, and nothing is sent.
        """

    def refresh_master(
        self,
        target: Target,
        cluster: Cluster,
        functional_id: KeyOwner,
        *,
        last_look: Callable[[], object] | None = None,
    ) -> str | None:
        """Ask for a refresh of a cluster's master, as ``retire`` does its work."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account's ports. ``resets`` is None where nothing may be written."""

    cloud: Cloud
    resets: Resets | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do a piece of work, until the lease ends.

    ``fence`` grows with every claim; the store refuses a write with an older one.
    ``claims`` counts claims that ended without a word, this one included.
    """

    work: Work
    lease: str
    token: str
    fence: int
    claims: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a step has to write, all of it at once or not at all.

    Attributes:
        case: The case, if anything but its targets and reports changed; refused when
            somebody else changed it since it was read.
        targets: Targets as they are now. "About to reset" is refused where the target
            has an intent or an outcome already.
        untouched: Targets that are written only where no intent and no outcome was
            written since they were read, and no reset sent: whoever writes them does
            not hold them.
        reports: Report lines as they are now.
        entries: What the ledger gains.
        wrote: True for "about to reset": from here on the case cannot be cancelled.
        folded: How many of the joined departures the case now holds.
        after: Work that follows, due at once.
        after_at: When it is due, where that is later.
    """

    case: Case | None = None
    targets: tuple[CaseTarget, ...] = ()
    untouched: tuple[CaseTarget, ...] = ()
    reports: tuple[ReportLine, ...] = ()
    entries: tuple[Entry, ...] = ()
    wrote: bool = False
    folded: int = 0
    after: tuple[Work, ...] = ()
    after_at: datetime | None = None


class Cases(Protocol):
    """Where cases live."""

    def load(self, case_id: str) -> Case:
        """Read a case; NoSuchCaseError."""

    def load_part(self, case_id: str, target_id: str = "") -> Case:
        """Read a case with one of its targets and those that go first before it.

        Without *target_id* no target is read; of one that goes first itself all are,
        since the others wait for it. NoSuchCaseError.
        """

    def adopt(self, case: Case) -> str | None:
        """Take the leaver's names for *case*, unless an open case is theirs already.

        Two open cases that prove to be one person: the later gives way, unless it has
        written already. Returns the id of the case that *case* has to join, or None.
        A later one that gives way is told, and finds it out when it plans.
        """


class Works(Protocol):
    """Work under a lease. Each call writes all of its change, or nothing.

    Raises LeaseLostError, CaseChangedError, CaseCancelledError or StoreAwayError.
    """

    def record(self, claim: Claim, change: Change) -> None:
        """Write *change* and keep the work.

        Raises:
            UnderWayError: It is "about to reset", and another case has a reset of the
                target out that is not read back yet.
        """

    def finish(self, claim: Claim, change: Change) -> tuple[Work, ...]:
        """Write *change*, end the work and return what is now to be sent."""

    def again(self, claim: Claim, change: Change, at: datetime) -> tuple[Work, ...]:
        """Write *change*, have the same work come back at *at*; return what to send."""

    def own_up(self, case: Case, change: Change) -> None:
        """Write what a worker did and may not put down any more: it lost its lease.

        Needs no claim, so it writes no target: warnings of *case*, entries, reports and
        the work that delivers them.
        """


class Lags(Protocol):
    """How long resets take to show, by account."""

    def usual(self, account_id: str) -> float | None:
        """Tell how long the last one took, in seconds; None where nobody knows."""

    def enlist(self, account_id: str) -> tuple[float | None, bool]:
        """Tell that, and whether a reset is one of the few that look earlier."""

    def note(self, account_id: str, seconds: float) -> None:
        """Write down how long a reset took to show, from its answer."""


class Switches(Protocol):
    """What people and workers tell each other beside cases."""

    def is_paused(self, account_id: str) -> bool:
        """Tell whether resets are paused, for all or for this account."""

    def is_restored(self) -> bool:
        """Tell whether all waits since the store is, or may be, an old copy."""

    def is_protected(self, refs: Sequence[str]) -> bool:
        """Tell whether one of these names is one of our own identities'."""

    def protect(self, identities: Sequence[KeyOwner]) -> None:
        """Publish our own identities, so that the front door can turn them away."""


class OwnerIndex(Protocol):
    """What surveys have read: who owned what, and who was in each account."""

    def of(self, account_id: str) -> AccountIndex:
        """Read what is known of one account; an empty index where nothing is."""

    def people(self, account_id: str, names: Sequence[str]) -> tuple[Person, ...]:
        """Find who had one of these e-mails, logins or IAM IDs at the last survey."""

    def note(self, target: Target, owner: KeyOwner, at: datetime) -> None:
        """Take in a reading that was made outside of a survey."""


class BlindSpots(Protocol):
    """Targets that cannot be read, accepted as such by an approver."""

    def among(self, target_ids: Sequence[str]) -> Mapping[str, BlindSpot]:
        """Return those of *target_ids* that are accepted now, by target id."""


class Directory(Protocol):
    """Where the events of one source are looked up that do not say what happened."""

    def look_up(self, hint: Hint) -> Heard | Ignored:
        """Read what *hint* stands for; what is found goes by the same event key.

        Raises:
            TransientError: Nobody can say now; it is asked again.
            PermanentError: Asking again will not help.
            UnreadableError: It was answered, and cannot be acted on.
        """


class Notifier(Protocol):
    """One channel."""

    def takes(self, kind: ReportKind) -> bool:
        """Tell whether the channel is told reports of this kind.

        ``started`` is for those alone that can change a message.
        """

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Send the report of *line* and return the line as it is now.

        What the channel did is the line's state, never an exception. A ``started``
        line that has its root is brought up to date: what is ``telling`` is told below
        it, else it is changed where it would show something else by now.
        """

    def tell(self, notice: Notice, line: NoticeLine) -> NoticeLine:
        """Send *notice* and return the line as it is now; as ``deliver``."""

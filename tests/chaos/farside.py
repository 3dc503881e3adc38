"""The far side in virtual time: accounts and channels, and what is true there."""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from factories import FID, NOON, OTHER_FID, a_person
from fakes import FakeCloud

from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import (
    KeyOwner,
    ListedKey,
    OwnerKind,
    ReportKind,
    ReportState,
    Root,
)

RIVAL = KeyOwner("IBMid-77", "Rival", "rival@example.com", OwnerKind.PERSON)
LATE = timedelta(seconds=700)
OURS = frozenset({FID.id, OTHER_FID.id})


class SimCloud(FakeCloud):
    """An account that knows since when each owner really owns, and lists their keys."""

    def __init__(self, clock, account_id, people, owners):
        super().__init__(
            clock, deque(maxlen=1), *owners, owners=owners, account_id=account_id
        )
        self.users = [a_person(one) for one in (*people, FID, OTHER_FID)]
        # Since when each owner truly owns, whatever shows meanwhile.
        self.true = {one.id: [(NOON, owner)] for one, owner in owners.items()}
        self.revoked = False

    def _their_keys(self):
        # Whose user is removed, theirs are deleted with it.
        here = {one.iam_id for one in self.users}
        return [
            ListedKey(owner.id, *one.place)
            for one in self.found
            for at, owner in self.true[one.id]
            if isinstance(owner, KeyOwner) and owner.id in here and at <= self.clock()
        ]

    def give(self, target, owner, *, with_key=True, shows=True, lag=None):
        """Give *target* a new owner, as a reset of theirs does."""
        if with_key and owner.id in OURS:
            self.keys[target.id].append(self.clock())
        if shows:
            self.true[target.id].append((self.clock(), owner))
            self.own(target, owner, at=self.clock() + (lag or self.lag))

    def key_owner(self, target):
        """Show the latest owner whose time has come; lag never lets an older win."""
        shown = [one for at, one in self._owners[target.id] if at <= self.clock()]
        return shown[-1]

    def owner_at(self, target, at):
        """Tell who truly owned the key at that time."""
        return [one for since, one in self.true[target.id] if since <= at][-1]


@dataclass(frozen=True)
class Knew:
    """Who sent a reset, for which case, and what they had seen and been told."""

    worker: str
    case_id: str
    saw: str | None
    was_paused: bool


@dataclass(frozen=True)
class Sent:
    """A reset as the far side got it; *owner* is who truly owned the key before."""

    at: datetime
    target_id: str
    caller: str
    took_effect: bool
    owner: str
    knew: Knew


_EFFECTIVE = (
    "lost_after",
    "conflict_409",
    "half_a_json",
    "killed_after",
    "lag_beyond_the_deadline",
)


def reset_there(cloud, target, caller, kind, knew):
    """Have the far side get a reset; return it as it was got, and how it answers."""
    if cloud.revoked:
        kind = "no_role_403"
    is_ok = kind is None or kind in _EFFECTIVE or kind.startswith("another_")
    is_ok = is_ok or kind in ("frozen_past_the_lease", "person_resets_too")
    before = cloud.truth(target)
    if is_ok:
        is_late = kind == "lag_beyond_the_deadline"
        cloud.give(target, caller, lag=LATE if is_late else None)
    elif kind == "not_shown":
        cloud.keys[target.id].append(cloud.clock())
    sent = Sent(cloud.clock(), target.id, caller.id, is_ok, before.id, knew)
    return sent, _answer(kind)


_LOST = (
    "lost_before",
    "lost_after",
    "conflict_409",
    "broken_5xx",
    "half_a_json",
    "lag_beyond_the_deadline",
)


def _answer(kind):
    if kind in _LOST:
        return LostAnswerError(f"Resetting: {kind}.")
    if kind == "limited_429":
        return TransientError("Resetting: 429.", retry_after_seconds=45)
    return refusals().get(kind)


def refusals():
    """Make the errors that the adapter makes of the far side's refusals."""
    return {
        "timeout": TransientError("Asking: no answer."),
        "broken_5xx": TransientError("Asking: 503."),
        "limited_429": TransientError(
            "Asking: 429.", reason=Reason.RATE_LIMITED, retry_after_seconds=20
        ),
        "key_refused_401": PermanentError("Asking: 401.", reason=Reason.BAD_KEY),
        "no_role_403": PermanentError("Asking: 403.", reason=Reason.NO_ROLE),
        "not_found_404": PermanentError("Asking: 404.", reason=Reason.NOT_FOUND),
    }


class SimChannel:
    """A channel; knows what truly arrived. One that ``keeps`` changes its messages."""

    def __init__(self, clock, *, keeps=False):
        self.clock, self.keeps = clock, keeps
        self.arrived, self.failures, self.shows = [], [], {}
        self.notices = []
        self.down_until = NOON

    def takes(self, kind):
        """Tell whether it takes reports of this kind."""
        return self.keeps or kind is not ReportKind.STARTED

    def _keep(self, case, line, kind):
        """Change the message of a case, or say below it what failed."""
        root = line.root
        if kind == "limited_429" or self.clock() < self.down_until:
            raise TransientError("Telling: 429.", retry_after_seconds=30)
        if kind in ("all_refused", "some_refused", "unknown_whether_told"):
            return replace(line, root=replace(root, faults=root.faults + 1))
        if root.telling:
            self.failures += [(case.id, each) for each in root.telling]
            return line
        self.shows[case.id] = case.status, case.result
        return replace(line, root=replace(root, faults=0))

    def deliver(self, case, line, kind):
        """Take a report, or fail as *kind* says."""
        if kind == "channel_down_for_hours":
            self.down_until = self.clock() + timedelta(hours=5)
        if line.root is not None:
            return self._keep(case, line, kind)
        return self._take(case, line, kind)

    def tell(self, notice, line, kind):
        """Take a notice, or fail as *kind* says."""
        if kind == "channel_down_for_hours":
            self.down_until = self.clock() + timedelta(hours=5)
        refused = self._refused(line, kind)
        if refused is not None:
            return refused
        self.notices.append(notice.id)
        unsure = kind == "unknown_whether_told"
        return self._line(line, ReportState.UNKNOWN if unsure else ReportState.SENT)

    def _refused(self, line, kind):
        """Return the line of what did not arrive; None where it does."""
        if self.clock() < self.down_until:
            return self._line(line, ReportState.PENDING)
        if kind == "limited_429":
            raise TransientError("Telling: 429.", retry_after_seconds=30)
        return self._line(line, ReportState.FAILED) if kind == "all_refused" else None

    def _take(self, case, line, kind):
        refused = self._refused(line, kind)
        if refused is not None:
            return refused
        self.arrived.append((case.id, line.id, case.status, case.result))
        if kind == "some_refused":
            pending = self._line(line, ReportState.PENDING)
            return replace(pending, reached=("a@example.com",))
        return self._arrived(case, line, kind)

    def _arrived(self, case, line, kind):
        unsure = kind == "unknown_whether_told"
        line = self._line(line, ReportState.UNKNOWN if unsure else ReportState.SENT)
        if unsure or line.kind is not ReportKind.STARTED:
            return line
        self.shows[case.id] = case.status, case.result
        return replace(line, root=Root("C1", f"{len(self.arrived)}", "", self.clock()))

    def _line(self, line, state):
        return replace(line, state=state, at=self.clock(), tries=line.tries + 1)

"""Sees each call of the store's scripts as the server did it, and what it answered.

What the scripts promise each other is held against a record of its own: who may write
under a lease, what a repeated call may do, and when a report is asked for.
"""

from workers.offboarding.model import CaseStatus
from workers.store.work import LEASE_SECONDS

# Answers of finish.lua that mean that nothing was written.
_REFUSED = ("lost", "cancelled", "changed", "paused", "under_way")
# A call of these takes what is there; one that is repeated takes what is left. A notice
# counts who begins to tell it, and one counted twice is given up a little earlier.
TAKING = ("sweep", "intake take", "intake expire", "notice_due", "notice_begin")


class Witness:
    """What was seen so far of all leases, and what was wrong with it."""

    def __init__(self, world):
        self._world, self.broken = world, []
        self._fences, self._ends, self._scripts = {}, {}, set()

    def sees(self, who, name, asked, said):
        """Judge one call, done by *who*."""
        self._scripts.add(name)
        look = getattr(self, f"_sees_{name}", None)
        if look is not None:
            look(who, asked, said)

    def twice(self, name, do, said):
        """Do a call once more, as a client does that lost the answer; return it."""
        before = self._world.client.kept()
        again = do()
        if name in TAKING:
            return again
        # A plain command may say of a repeat that it is one.
        is_script = name.split()[0] in self._scripts
        if again != said and is_script:
            self.broken.append(f"{name}, asked twice, said {said} and then {again}")
        after = self._world.client.kept()
        changed = [one for one in before | after if before.get(one) != after.get(one)]
        if changed:
            self.broken.append(f"{name}, asked twice, acted twice: {sorted(changed)}")
        return again

    def _now(self):
        return self._world.clock.time()

    def _sees_claim(self, who, asked, said):
        verdict, fence, _, *read = said
        if verdict != "claimed":
            return
        # Of a target's work the store says which lease it is.
        lease = read[0] if read else asked["lease"]
        before = self._fences.get(lease, -1)
        is_held = self._ends.get(lease, 0) > self._now()
        if fence < before or (fence > before and is_held):
            self.broken.append(f"{who} got {lease}, which another held")
        self._fences[lease] = fence
        self._ends[lease] = self._now() + asked["ttl_ms"] / 1000

    def sees_renewed(self, who, claim):
        """Judge that a lease was prolonged."""
        if claim.fence != self._fences[claim.lease]:
            self.broken.append(f"{who} renewed {claim.lease}, which another had")
        self._ends[claim.lease] = self._now() + LEASE_SECONDS

    def _sees_finish(self, who, asked, said):
        lease = asked["lease"]
        if said in _REFUSED:
            return
        if asked["fence"] != self._fences[lease]:
            self.broken.append(f"{who} wrote under {lease}, which another had by then")
        if asked["wrote"] and self._ends[lease] <= self._now():
            self.broken.append(f"{who} was to reset under {lease}, which had run out")
        if asked["mode"] != "keep":
            self._ends[lease] = 0
        if said == "last":
            self._sees_report_asked(asked["case"])

    def _sees_report_asked(self, case_id):
        case = self._world.cases.load(case_id)
        if case.status is CaseStatus.WAITING:
            # What waits for a person is not pending, and comes back when they decide.
            return
        out = [one.target.id for one in case.targets if not one.is_settled]
        if out:
            self.broken.append(f"the report of {case_id} was asked for before {out}")

"""Work on a case that is settled: written under lease and fence, against others."""

from dataclasses import replace

import pytest
from store_scenes import NOW, Room, a_case_target, an_entry, settled

from workers.offboarding.errors import CaseCancelledError, CaseChangedError
from workers.offboarding.model import Care, CaseResult, CaseStatus, FollowUp, Step, Work
from workers.offboarding.ports import Change

OPEN = FollowUp("refresh_master", "Refresh it.", "c1", care=Care(NOW, asked_at=NOW))
CARE = Work("01A", Step.AFTERCARE)


@pytest.fixture
def kept(room):
    """A settled case whose aftercare is due."""
    return keep(room)


def keep(room: Room):
    room.planned(settled(resets=1, follow_ups=(OPEN,)))
    claim = room.claim(Step.REPORT)
    case = replace(
        room.cases.load("01A"),
        status=CaseStatus.SETTLED,
        result=CaseResult.SAFE,
        settled_at=NOW,
    )
    room.works.finish(claim, Change(case=case, after=(CARE,)))
    return room


def test_aftercare_is_due_and_writes_a_target_of_the_settled_case(kept):
    claim = kept.works.claim(CARE)
    case = kept.cases.load("01A")
    done = settled(resets=1, looks=2, follow_ups=(replace(OPEN, done_at=NOW),))

    entries = (an_entry("master.refreshed"),)
    kept.works.record(claim, Change(case=case, targets=(done,), entries=entries))
    kept.works.again(claim, Change(), NOW)

    after = kept.cases.load("01A")
    assert after.targets == (done,)
    assert (after.status, after.result) == (CaseStatus.SETTLED, CaseResult.SAFE)
    assert kept.ledger()[-1] == "master.refreshed"
    assert "01A|aftercare|" in kept.due()


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(kept):
    claim = kept.works.claim(CARE)
    read = kept.cases.load("01A")
    ticked = settled(resets=1, follow_ups=(replace(OPEN, done_at=NOW),))
    said = kept.cases.turn(
        read,
        an_entry("follow_up.done"),
        expected=(CaseStatus.SETTLED,),
        takes=False,
        targets=(ticked,),
    )
    assert said == "ok"

    with pytest.raises(CaseChangedError):
        kept.works.record(
            claim, Change(case=read, targets=(a_case_target(follow_ups=(OPEN,)),))
        )

    assert kept.cases.load("01A").targets == (ticked,)


def test_a_reset_is_refused_for_good_and_the_end_brings_no_second_report(kept):
    claim = kept.works.claim(CARE)

    with pytest.raises(CaseCancelledError):
        kept.works.record(claim, Change(targets=(a_case_target(),), wrote=True))
    following = kept.works.claim(CARE)

    assert kept.works.finish(following, Change()) == ()
    assert kept.due() == []

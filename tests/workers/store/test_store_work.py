"""Work under a lease: one holder at a time, and nothing written by one who lost it."""

import time
from datetime import timedelta

import pytest
from store_scenes import (
    NOW,
    a_case,
    a_case_target,
    a_plan,
    a_target,
    an_entry,
    settled,
)

from workers.ibmcloud.tokens import HTTP_CONFIG
from workers.offboarding.errors import (
    CaseCancelledError,
    CaseChangedError,
    LeaseLostError,
    PausedError,
    Reason,
)
from workers.offboarding.model import (
    CaseStatus,
    Channel,
    ReportKind,
    ReportLine,
    Step,
    Work,
)
from workers.offboarding.ports import Change
from workers.store.work import LEASE_SECONDS

TARGET = a_target().id
SHORT = 0.05

# claim


def test_work_that_was_claimed_is_in_one_hand(room):
    room.open()

    first = room.claim(Step.PLAN)

    assert first.work == Work("01A", Step.PLAN)
    assert first.claims == 1
    assert room.claim(Step.PLAN) is None


def test_work_that_is_not_due_at_all_cannot_be_claimed(room):
    room.open()

    assert room.claim(Step.RESET, TARGET, shared=True) is None
    assert room.claim(Step.PLAN, case_id="01B") is None


def test_work_that_is_done_cannot_be_claimed_again(room):
    room.planned(a_case_target())

    assert room.claim(Step.PLAN) is None
    assert room.due() == [f"01A|reset|{TARGET}"]


def test_work_whose_time_has_not_come_cannot_be_claimed(room):
    later = NOW + timedelta(hours=1)
    room.open(a_case(starts_at=later, status=CaseStatus.SCHEDULED))
    room.make_due()

    assert room.claim(Step.PLAN) is None
    assert room.client.zscore("offboard:due", "01A|plan|") == later.timestamp() * 1000


def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(room):
    room.open()
    first = room.with_leases_of(SHORT).claim(Step.PLAN)
    time.sleep(SHORT * 2)

    second = room.claim(Step.PLAN)

    assert second.fence > first.fence
    assert (first.claims, second.claims) == (1, 2)


def test_busy_work_comes_back_when_the_lease_must_be_over(room):
    room.open()
    room.claim(Step.PLAN)
    ends = room.client.zscore("offboard:due", "01A|plan|")
    room.make_due("01A|plan|")

    assert room.claim(Step.PLAN) is None
    assert room.client.zscore("offboard:due", "01A|plan|") == ends


def test_a_claim_whose_answer_was_lost_is_the_same_claim(room, lossy):
    room.open()

    claim = lossy.claim(Step.PLAN)

    assert claim.claims == 1
    assert room.works.renew(claim)


def test_a_claim_repeated_after_the_work_was_asked_for_anew_still_answers(room):
    room.open()
    script, given = None, None

    class Spy:
        def register_script(self, text):
            nonlocal script
            found = room.client.register_script(text)
            if "Claim a piece of work" in text:
                script = found

                def kept(**asked):
                    nonlocal given
                    given = asked
                    return found(**asked)

                return kept
            return found

    type(room)(Spy()).claim(Step.PLAN)
    room.open(a_case("01B"))

    verdict, fence, claims = script(**given)
    held = int(room.client.hget("offboard:lease:work:01A|plan|", "fence"))
    assert (verdict, fence, claims) == ("claimed", held, 1)


def test_work_of_a_cancelled_case_is_gone(room):
    room.planned(a_case_target())
    room.cancel()

    assert room.claim(Step.RESET, TARGET, shared=True) is None
    assert room.due() == []


def test_a_report_of_a_cancelled_case_is_still_delivered(room):
    line = ReportLine(Channel.SLACK, ReportKind.CANCELLED)
    room.open()
    room.cases.turn(
        a_case(status=CaseStatus.CANCELLED),
        an_entry(),
        expected=(CaseStatus.OPEN,),
        takes=False,
        reports=(line,),
        after=(Work("01A", Step.DELIVER, line.id),),
    )

    claim = room.claim(Step.DELIVER, line.id)
    room.works.finish(claim, Change(reports=(line,), entries=(an_entry("sent"),)))

    assert room.ledger()[-1] == "sent"
    assert room.due() == []


def test_two_cases_never_hold_one_target_at_once(room):
    room.planned(a_case_target())
    other = a_case("01B", leaver=a_case().leaver.__class__(email="kim@example.com"))
    room.planned(a_case_target(), case=other)

    first = room.claim(Step.RESET, TARGET, shared=True)

    assert room.claim(Step.RESET, TARGET, "01B", shared=True) is None
    room.works.finish(first, Change(targets=(settled(),)))
    second = room.claim(Step.RESET, TARGET, "01B", shared=True)
    assert second.fence > first.fence


def test_reset_and_verify_of_one_target_never_overlap(room):
    room.planned(a_case_target())
    verify = Work("01A", Step.VERIFY, TARGET)
    reset = room.claim(Step.RESET, TARGET, shared=True)
    room.works.record(reset, Change(after=(verify,)))

    assert room.works.claim(verify, shared=True) is None
    room.works.finish(reset, Change(after=(verify,)))
    assert room.works.claim(verify, shared=True) is not None


def test_a_dry_run_does_not_hold_the_target_of_an_armed_case(room):
    room.planned(a_case_target(), case=a_case(dry_run=True))
    room.planned(a_case_target(), case=a_case("01B"))
    room.claim(Step.RESET, TARGET, shared=False)

    assert room.claim(Step.RESET, TARGET, "01B", shared=True) is not None


# renew


def test_a_lease_outlives_any_call_made_under_it_even_if_it_is_renewed_late():
    connect_seconds, read_seconds = HTTP_CONFIG["timeout"]

    # It is renewed at a third of its life; a process that is slow misses one or two.
    assert 2 * (connect_seconds + read_seconds) <= LEASE_SECONDS * 2 / 3


def test_a_lease_that_is_ours_is_prolonged(room):
    room.open()
    claim = room.with_leases_of(SHORT).claim(Step.PLAN)

    assert room.works.renew(claim)

    time.sleep(SHORT * 2)
    assert room.claim(Step.PLAN) is None


def test_a_lease_that_ran_out_and_nobody_took_is_still_ours(room):
    room.open()
    claim = room.with_leases_of(SHORT).claim(Step.PLAN)
    time.sleep(SHORT * 2)

    assert room.works.renew(claim)
    assert room.claim(Step.PLAN) is None


def test_a_lease_somebody_took_over_is_lost(room):
    room.open()
    first = room.with_leases_of(SHORT).claim(Step.PLAN)
    time.sleep(SHORT * 2)
    room.claim(Step.PLAN)

    assert not room.works.renew(first)


def test_a_lease_that_was_given_back_is_not_prolonged(room):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.works.finish(claim, Change(targets=(settled(),)))

    assert not room.works.renew(claim)
    assert f"01A|reset|{TARGET}" not in room.due()


# record, again, finish


def test_what_is_recorded_is_kept_and_the_work_as_well(room):
    room.planned(a_case_target())

    claim = room.intend()

    assert room.cases.load("01A").target(TARGET).intent_at == NOW
    assert room.ledger() == ["case.opened", "intended"]
    assert room.works.renew(claim)
    assert f"01A|reset|{TARGET}" in room.due()


@pytest.mark.parametrize("move", ["record", "again", "finish"])
def test_nothing_is_written_with_a_fence_too_old(room, move):
    room.planned(a_case_target())
    old = room.with_leases_of(SHORT).claim(Step.RESET, TARGET, shared=True)
    time.sleep(SHORT * 2)
    room.claim(Step.RESET, TARGET, shared=True)
    at = (NOW,) if move == "again" else ()

    with pytest.raises(LeaseLostError):
        getattr(room.works, move)(
            old, Change(targets=(settled(),), entries=(an_entry(),)), *at
        )

    assert room.cases.load("01A").target(TARGET).outcome is None
    assert room.ledger() == ["case.opened"]
    assert f"01A|reset|{TARGET}" in room.due()


def test_about_to_reset_needs_a_lease_that_has_not_run_out(room):
    room.planned(a_case_target())
    claim = room.with_leases_of(SHORT).claim(Step.RESET, TARGET, shared=True)
    time.sleep(SHORT * 2)

    with pytest.raises(LeaseLostError):
        room.works.record(claim, Change(targets=(a_case_target(),), wrote=True))

    assert room.cancel() == "ok"


def test_an_outcome_is_written_though_the_lease_ran_out_if_nobody_else_began(room):
    room.planned(a_case_target())
    claim = room.with_leases_of(SHORT).claim(Step.RESET, TARGET, shared=True)
    time.sleep(SHORT * 2)

    room.works.finish(claim, Change(targets=(settled(),)))

    assert room.cases.load("01A").target(TARGET).is_settled


def test_nothing_is_written_once_the_work_was_given_back(room):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.works.again(claim, Change(), NOW)

    with pytest.raises(LeaseLostError):
        room.works.finish(claim, Change(targets=(settled(),)))


def test_a_write_whose_answer_was_lost_is_in_the_ledger_once(room, lossy):
    room.planned(a_case_target())

    claim = lossy.intend()
    sent = lossy.works.finish(
        claim, Change(targets=(settled(),), entries=(an_entry("done"),))
    )

    assert sent == (Work("01A", Step.REPORT),)
    assert room.ledger() == ["case.opened", "intended", "done"]


def test_a_wait_whose_answer_was_lost_is_in_the_ledger_once(room, lossy):
    room.planned(a_case_target())
    claim = lossy.claim(Step.RESET, TARGET, shared=True)

    lossy.works.again(claim, Change(entries=(an_entry("delayed"),)), NOW)

    assert room.ledger() == ["case.opened", "delayed"]


def test_work_that_is_to_come_back_is_claimed_then_and_not_before(room):
    room.open()
    claim = room.claim(Step.PLAN)
    soon = NOW + timedelta(hours=1)

    room.works.again(claim, Change(), soon)

    assert room.claim(Step.PLAN) is None
    room.client.hset("offboard:work:01A|plan|", "not_before", 1)
    assert room.claim(Step.PLAN).claims == 1


def test_claims_without_a_word_are_counted_until_one_says_something(room):
    room.open()
    short = room.with_leases_of(SHORT)
    for _ in range(2):
        short.claim(Step.PLAN)
        time.sleep(SHORT * 2)
    third = room.claim(Step.PLAN)

    room.works.again(third, Change(), NOW)

    assert third.claims == 3
    assert room.claim(Step.PLAN).claims == 1


def test_a_case_that_changed_meanwhile_is_not_overwritten(room):
    room.open()
    claim = room.claim(Step.PLAN)
    read = room.cases.load("01A")
    room.open(a_case("01B"), reason="second")

    with pytest.raises(CaseChangedError):
        room.works.finish(claim, Change(case=read, targets=(settled(),), folded=0))

    after = room.cases.load("01A")
    assert after.targets == ()
    assert [one.reason for one in after.departures] == ["second"]
    assert room.works.renew(claim)


def test_only_what_was_folded_leaves_the_joined_departures(room):
    room.open()
    room.open(a_case("01B"), reason="second")
    room.open(a_case("01C"), reason="third")
    read = room.cases.load("01A")
    claim = room.claim(Step.PLAN)

    room.works.finish(claim, Change(case=read, folded=1))

    assert [one.reason for one in room.cases.load("01A").departures] == ["third"]


def test_targets_settle_at_once_without_getting_in_each_others_way(room):
    room.planned(a_case_target("us-south"), a_case_target("eu-de"))
    first = room.claim(Step.RESET, a_target("us-south").id, shared=True)
    second = room.claim(Step.RESET, a_target("eu-de").id, shared=True)

    room.works.finish(first, Change(targets=(settled("us-south"),)))
    room.works.finish(second, Change(targets=(settled("eu-de"),)))

    case = room.cases.load("01A")
    assert [one.is_settled for one in case.targets] == [True, True]


@pytest.mark.parametrize("move", ["record", "again", "finish"])
def test_nothing_is_written_for_a_cancelled_case(room, move):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.cancel()
    at = (NOW,) if move == "again" else ()

    with pytest.raises(CaseCancelledError):
        getattr(room.works, move)(claim, Change(targets=(settled(),)), *at)

    assert room.cases.load("01A").target(TARGET).outcome is None
    assert room.due() == []


def test_a_cancelled_case_gives_its_target_back_at_once(room):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.cancel()
    with pytest.raises(CaseCancelledError):
        room.works.record(claim, Change(wrote=True))
    room.planned(a_case_target(), case=a_case("01B"))

    assert room.claim(Step.RESET, TARGET, "01B", shared=True) is not None


def test_a_cancelled_answer_that_was_lost_is_given_again(room, lossy):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.cancel()

    with pytest.raises(CaseCancelledError):
        lossy.works.record(claim, Change(wrote=True))


@pytest.mark.parametrize("account_id", ["*", "acc1"])
def test_about_to_reset_is_refused_while_resets_are_paused(room, account_id):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.switches.pause(account_id=account_id)

    with pytest.raises(PausedError):
        room.works.record(claim, Change(targets=(a_case_target(),), wrote=True))

    assert room.cancel() == "ok"
    assert room.ledger() == ["case.opened", "case.cancelled"]


def test_about_to_reset_is_not_refused_by_the_pause_of_another_account(room):
    room.planned(a_case_target())
    room.switches.pause(account_id="acc2")

    room.intend()

    assert room.cancel() == "written"


def test_the_pause_holds_nothing_but_about_to_reset(room):
    room.planned(a_case_target())
    claim = room.intend()
    room.switches.pause()

    room.works.finish(claim, Change(targets=(settled(),)))

    assert room.cases.load("01A").target(TARGET).is_settled


def test_a_pause_that_ended_lets_the_same_claim_write(room):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.switches.pause()
    room.switches.pause(paused=False)

    room.works.record(claim, Change(targets=(a_case_target(),), wrote=True))

    assert room.cancel() == "written"


def test_about_to_reset_is_refused_while_a_guard_holds_the_case(room):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    room.open(a_case("01B"))
    room.plan("01A", status=CaseStatus.WAITING, plan=a_plan(Reason.AMBIGUOUS_PERSON))

    with pytest.raises(PausedError):
        room.works.record(claim, Change(targets=(a_case_target(),), wrote=True))

    assert room.cancel() == "ok"


def test_a_case_held_by_the_pause_alone_writes_when_the_pause_is_over(room):
    room.planned(a_case_target(), status=CaseStatus.WAITING, plan=a_plan(Reason.PAUSED))

    room.intend()

    assert room.cancel() == "written"


def test_about_to_reset_is_refused_for_a_case_that_is_settled(room):
    room.planned(settled(), a_case_target("eu-de", outcome=None))
    claim = room.claim(Step.RESET, a_target("eu-de").id, shared=True)
    room.client.zadd("offboard:due", {"01A|report|": 1})
    room.report()

    with pytest.raises(CaseCancelledError):
        room.works.record(claim, Change(wrote=True))


def test_work_that_is_asked_for_anew_while_it_is_done_stays(room):
    room.planned(settled())
    room.report(result="attention")
    room.client.zadd("offboard:due", {"01A|plan|": 1})
    claim = room.claim(Step.PLAN)
    assert room.retry() == "ok"

    sent = room.works.finish(claim, Change())

    assert sent == (Work("01A", Step.PLAN),)
    assert room.due() == ["01A|plan|"]
    assert room.claim(Step.PLAN) is not None


def test_work_that_follows_is_due_and_returned(room):
    room.planned(a_case_target())
    claim = room.claim(Step.RESET, TARGET, shared=True)
    verify = Work("01A", Step.VERIFY, TARGET)

    sent = room.works.finish(claim, Change(after=(verify,)))

    assert sent == (verify,)
    assert room.due() == [f"01A|verify|{TARGET}"]

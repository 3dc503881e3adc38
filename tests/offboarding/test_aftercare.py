"""What the service does for a settled case: proof, masters, superseded keys."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, NOON, OTHER_FID, ROBIN, a_case
from fakes import WorkerDied, a_world

from workers.offboarding.clocks import fully_safe_seconds
from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import (
    BlindSpot,
    CaseResult,
    CaseStatus,
    Cluster,
    ListedKey,
    NoOwner,
    Outcome,
    Step,
    Work,
)
from workers.offboarding.ports import Retirement

CARE = Work("01CASE", Step.AFTERCARE)
DAY = 86_400
REFUSED = PermanentError("403, no role.", reason=Reason.NO_ROLE)
LOST = LostAnswerError("No answer.")


def armed_to(world, **changes):
    world.tools = replace(world.tools, **changes)
    return world


def settled(world):
    """Open a case and stop as soon as it has settled."""
    world.open()
    world.run(until=lambda: world.case().status is CaseStatus.SETTLED)
    return world


def follow_up(world, kind, region="us-south"):
    [one] = [
        each
        for target in world.case().targets
        for each in target.follow_ups
        if each.kind == kind and target.target.region == region
    ]
    return one


def retry(world):
    """Take the case up again as the desk does, and work it off."""
    case = world.case()
    world.store.turn(
        replace(case, status=CaseStatus.OPEN, result=None, settled_at=None),
        replace(world.store.ledger("01CASE")[-1], what="case.retried"),
        expected=(CaseStatus.SETTLED,),
        takes=True,
        dropped=[one.target.id for one in case.targets if not one.is_safe],
    )
    world.run()


def minutes_in(world, *whats):
    """Tell after how many minutes these entries were written."""
    return [
        round((one.at - NOON).total_seconds() / 60)
        for one in world.store.ledger("01CASE")
        if one.what in whats
    ]


# the second proof


def test_a_key_that_was_used_is_a_second_proof_and_is_not_asked_for_again():
    world = a_world(DALLAS)
    used_at = NOON + timedelta(minutes=12)
    world.cloud.faults["key_used_at"].append(used_at)

    case = world.settle()

    assert case.targets[0].used_at == used_at
    assert minutes_in(world, "target.key_used") == [30]
    assert world.journal.count(f"key_used_at {DALLAS.id}") == 1
    assert CARE not in world.store.due


@pytest.mark.parametrize("said", [None, TransientError("timeout"), REFUSED])
def test_a_key_nobody_saw_used_is_looked_for_three_times_and_changes_nothing(said):
    world = a_world(DALLAS)
    world.cloud.faults["key_used_at"].extend([said] * 3)

    case = world.settle()

    assert world.journal.count(f"key_used_at {DALLAS.id}") == 3
    assert minutes_in(world, "target.key_not_seen_used") == [90]
    assert (case.targets[0].used_at, case.result) == (None, CaseResult.SAFE)
    assert case.targets[0].outcome is Outcome.VERIFIED
    assert CARE not in world.store.due


def test_a_fault_waits_for_the_next_look():
    world = a_world(DALLAS)
    used_at = NOON + timedelta(minutes=31)
    world.cloud.faults["key_used_at"].extend([TransientError("timeout"), used_at])

    case = world.settle()

    assert case.targets[0].used_at == used_at
    assert minutes_in(world, "target.key_used") == [45]
    assert "target.key_not_seen_used" not in world.whats()


def test_looks_that_were_missed_while_nothing_ran_are_not_made_up_for():
    world = settled(a_world(DALLAS))
    world.clock.advance(5 * 3600)

    world.run()

    assert world.journal.count(f"key_used_at {DALLAS.id}") == 1
    assert world.whats().count("target.key_not_seen_used") == 1


def test_nobody_looks_before_the_clusters_had_time_to_pick_the_key_up():
    world = settled(a_world(DALLAS))

    world.run(seconds=29 * 60)

    assert f"key_used_at {DALLAS.id}" not in world.journal


# masters


def with_clusters(count, target=DALLAS):
    clusters = tuple(
        Cluster(f"c{n}", f"web-{n}", "vpc-gen2", addons=()) for n in range(1, count + 1)
    )
    return replace(target, clusters=clusters)


def a_refreshing_world(count=1):
    return armed_to(a_world(with_clusters(count)), refreshes_masters=True)


def refreshed(world):
    return [
        (each, round((at - NOON).total_seconds() / 60))
        for each, at in world.resets.refreshed
    ]


def test_masters_are_refreshed_one_at_a_time_two_minutes_apart():
    world = a_refreshing_world(3)

    case = world.settle()

    assert refreshed(world) == [("c1", 0), ("c2", 2), ("c3", 4)]
    assert all(one.done_at for one in case.targets[0].follow_ups)
    assert world.whats().count("master.refreshed") == 3


def test_about_to_refresh_is_on_disk_before_the_call():
    world = a_refreshing_world()
    seen = []
    real = world.resets.refresh_master

    def spying(*asked, **how):
        seen.append(world.whats()[-1])
        return real(*asked, **how)

    world.resets.refresh_master = spying

    world.settle()

    assert seen == ["master.refresh_intended"]


def test_a_refresh_whose_worker_died_before_the_call_is_not_sent_by_another():
    world = a_refreshing_world()

    def die(_, change):
        if [one.what for one in change.entries] == ["master.refresh_intended"]:
            raise WorkerDied

    world.store.after = die
    world.settle()

    assert world.resets.refreshed == []
    one = follow_up(world, "refresh_master")
    assert one.done_at is None
    assert one.text == (
        "The master of cluster web-1 (c1) is left to be refreshed by hand. It was "
        "asked for on 2026-11-23 at 12:00 UTC and no answer came, so it may or may not "
        "have been done, and the service does not ask again. See when the master was "
        "last refreshed. An administrator of Kubernetes Service can do it; it drops "
        "the cluster's connections for moments."
    )


def test_a_refresh_whose_answer_was_lost_is_not_sent_again_and_holds_nobody_up():
    world = a_refreshing_world(2)
    world.resets.refresh_faults.append(LOST)

    world.settle()

    assert world.journal.count("refresh c1") == 1
    # It may well be under way, so that the next one keeps its distance.
    assert refreshed(world) == [("c2", 2)]


def test_a_refused_refresh_says_why_and_is_left_to_a_person():
    world = a_refreshing_world()
    world.resets.refresh_faults.append(REFUSED)

    world.settle()

    one = follow_up(world, "refresh_master")
    assert one.done_at is None
    assert "IBM Cloud refused it: 403, no role." in one.text
    assert world.journal.count("refresh c1") == 1


def test_a_fault_is_tried_again_and_at_some_point_no_more():
    world, sick = a_refreshing_world(), a_refreshing_world()
    world.resets.refresh_faults.extend([TransientError("timeout")] * 3)
    sick.resets.refresh_faults.extend([TransientError("timeout")] * 20)

    world.settle()
    sick.settle()

    assert follow_up(world, "refresh_master").done_at is not None
    assert sick.journal.count("refresh c1") == 8
    assert "It did not succeed: timeout." in follow_up(sick, "refresh_master").text


def test_a_pause_in_the_middle_holds_the_rest_until_it_ends():
    world = a_refreshing_world(2)

    def pause(_, change):
        if "master.refreshed" in [one.what for one in change.entries]:
            world.store.paused.add("acct1")

    world.store.after = pause
    settled(world)
    world.run(seconds=1800)
    during = refreshed(world)
    world.store.paused.clear()
    world.store.after = lambda kind, change: None
    world.run(seconds=600)

    assert during == [("c1", 0)]
    assert [each for each, _ in refreshed(world)] == ["c1", "c2"]


def test_an_account_that_is_not_armed_any_more_is_not_written_in():
    world = a_refreshing_world()
    settled(world)
    account = world.tools.accounts["acct1"]
    unarmed = {"acct1": replace(account, resets=None)}
    armed = world.tools
    armed_to(world, accounts=unarmed)
    world.run(seconds=5 * 3600)
    during = refreshed(world)

    world.tools = armed
    world.run(seconds=2 * 3600)

    assert during == []
    assert [each for each, _ in refreshed(world)] == ["c1"]


@pytest.mark.parametrize("what", ["refreshed", "retired"])
def test_what_began_before_the_settings_changed_writes_nothing_after(what):
    keys = [DANAS, OLD, LIVE]
    world = a_refreshing_world() if what == "refreshed" else a_retiring_world(*keys)
    settled(world)
    in_force = ["these settings"]
    world.tools = replace(world.tools, is_in_force=lambda: bool(in_force))
    world.resets.waiting = in_force.clear
    world.run(seconds=3600, until=lambda: not in_force)

    assert (world.resets.refreshed, world.resets.retired) == ([], [])
    world.resets.waiting = lambda: None
    world.tools = replace(world.tools, is_in_force=lambda: True)
    world.run(seconds=2 * 3600)

    assert bool(world.resets.refreshed or world.resets.retired)


def test_what_a_person_ticked_off_meanwhile_is_not_done_again():
    world = a_refreshing_world(2)
    ticked = []

    def tick(kind, change):
        # A person is faster than the write of "about to", which then does not fit.
        is_about = "master.refresh_intended" in [one.what for one in change.entries]
        if is_about and kind == "record" and not ticked:
            ticked.append(True)
            mine = world.store.stored["01CASE"]
            target = mine.targets[DALLAS.id]
            first, *rest = target.follow_ups
            done = replace(first, done_at=world.clock())
            mine.targets[DALLAS.id] = replace(target, follow_ups=(done, *rest))
            mine.rev += 1

    world.store.before = tick

    world.settle()

    assert [each for each, _ in refreshed(world)] == ["c2"]
    assert all(one.done_at for one in world.case().targets[0].follow_ups)


def test_what_a_person_ticks_off_during_the_call_stays_ticked():
    world = a_refreshing_world(2)
    real = world.resets.refresh_master

    def tick_the_other(*asked, **how):
        mine = world.store.stored["01CASE"]
        target = mine.targets[DALLAS.id]
        first, second = target.follow_ups
        done = replace(second, done_at=NOON)
        mine.targets[DALLAS.id] = replace(target, follow_ups=(first, done))
        mine.rev += 1
        return real(*asked, **how)

    world.resets.refresh_master = tick_the_other

    world.settle()

    assert [each for each, _ in refreshed(world)] == ["c1"]
    assert all(one.done_at for one in world.case().targets[0].follow_ups)


# superseded keys


def key(name, owner, minutes, target=DALLAS, **changes):
    at = NOON + timedelta(minutes=minutes)
    return replace(ListedKey(owner.id, *target.place, at, id=name), **changes)


DANAS, OLD, LIVE = key("danas", DANA, -900), key("old", FID, -300), key("live", FID, 0)


def a_retiring_world(*keys, how=Retirement.DELETE, targets=(DALLAS,), **changes):
    world = armed_to(a_world(*targets, **changes), retirement=how)
    world.cloud.listed = list(keys)
    real = world.resets.retire

    def retire(one, functional_id, means, **how):
        said = real(one, functional_id, means, **how)
        world.cloud.listed.remove(one)
        if means is Retirement.DISABLE:
            world.cloud.listed.append(replace(one, is_disabled=True))
        return said

    world.resets.retire = retire
    return world


def retired(world):
    return [each for each, _, _ in world.resets.retired]


def test_superseded_keys_are_retired_by_the_owner_once_the_clusters_have_settled_in():
    world = a_retiring_world(DANAS, OLD, LIVE)

    case = world.settle()

    assert world.resets.retired == [
        ("danas", Retirement.DELETE, FID.id),
        ("old", Retirement.DELETE, FID.id),
    ]
    assert minutes_in(world, "key.retired") == [30, 30]
    assert follow_up(world, "retire_old_key").done_at is not None
    fully_safe = fully_safe_seconds(case, timedelta(minutes=30), world.clock())
    assert fully_safe == pytest.approx(1800, abs=5)


def test_off_means_that_nothing_is_retired_or_spoken_of():
    world = a_retiring_world(DANAS, OLD, LIVE, how=Retirement.OFF)

    case = world.settle()

    assert retired(world) == []
    assert case.targets[0].follow_ups == ()


def test_a_key_that_is_disabled_already_is_done_where_disabling_was_asked_for():
    world = a_retiring_world(
        replace(DANAS, is_disabled=True), OLD, LIVE, how=Retirement.DISABLE
    )

    world.settle()

    assert retired(world) == ["old"]
    assert follow_up(world, "retire_old_key").done_at is not None


def test_where_there_is_nothing_superseded_it_is_done():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.cloud.listed = [LIVE]

    world.run()

    assert retired(world) == []
    assert follow_up(world, "retire_old_key").done_at is not None


def test_a_key_that_is_listed_after_it_was_retired_is_not_called_gone():
    world = a_retiring_world(DANAS, LIVE)
    # As where 404 says that the functional ID may not see the key of somebody else.
    world.resets.retire = lambda one, functional_id, means, **how: None

    world.settle()

    one = follow_up(world, "retire_old_key")
    assert one.done_at is None
    assert "IAM's list still shows a key that it said it had retired." in one.text


def test_a_list_that_is_late_shows_in_the_end_that_the_key_is_gone():
    world = a_retiring_world(DANAS, LIVE)
    retire = world.resets.retire

    def late(one, functional_id, means, **how):
        said = retire(one, functional_id, means, **how)
        if len(retired(world)) == 1:
            world.cloud.listed.append(one)
        return said

    world.resets.retire = late

    world.settle()

    assert follow_up(world, "retire_old_key").done_at is not None


def test_nothing_is_retired_while_another_target_of_the_case_is_not_safe():
    elsewhere = key("danas-too", DANA, -900, FRANKFURT)
    world = a_retiring_world(DANAS, OLD, LIVE, elsewhere, targets=(DALLAS, FRANKFURT))
    world.resets.script[FRANKFURT.id].append("refused")
    before = world.settle()
    during, care = retired(world), CARE in world.store.due

    retry(world)

    assert (before.result, during, care) == (CaseResult.ATTENTION, [], False)
    assert world.case().result is CaseResult.SAFE
    # No list shows the new key of Frankfurt, so that the old one there stays.
    assert retired(world) == ["danas", "old"]
    assert follow_up(world, "retire_old_key", "eu-de").done_at is None


def test_nothing_is_retired_where_a_target_is_only_accepted_as_a_blind_spot():
    elsewhere = key("danas-too", DANA, -900, FRANKFURT)
    world = settled(
        a_retiring_world(DANAS, OLD, LIVE, elsewhere, targets=(DALLAS, FRANKFURT))
    )
    mine = world.store.stored["01CASE"].targets
    spot = BlindSpot(FRANKFURT.id, "old", "robin", NOON, NOON)
    blind = replace(mine[FRANKFURT.id], outcome=Outcome.UNREAD, blind=spot)
    mine[FRANKFURT.id] = blind

    world.run()

    assert world.case().result is CaseResult.SAFE
    assert retired(world) == []
    assert "blind spot" in follow_up(world, "retire_old_key").text


@pytest.mark.parametrize("keys", [(DANAS, OLD, LIVE), (LIVE, OLD, DANAS)])
def test_the_key_in_use_stays_whatever_the_order_of_the_list(keys):
    world = a_retiring_world(*keys)

    world.settle()

    assert sorted(retired(world)) == ["danas", "old"]
    assert [one.id for one in world.cloud.listed] == ["live"]


@pytest.mark.parametrize("owner", [ROBIN, DANA])
def test_nothing_is_touched_where_somebody_else_owns_it_by_now(owner):
    world = settled(a_retiring_world(DANAS, OLD, LIVE))
    world.cloud.own(DALLAS, owner, at=world.clock() + timedelta(minutes=10))

    world.run()

    assert retired(world) == []
    one = follow_up(world, "retire_old_key")
    assert one.done_at is None
    assert f"The key in use is {owner.id}'s by now, so nothing was touched." in one.text


def test_another_functional_id_that_owns_it_now_retires_with_its_own_token():
    newer = key("newer", OTHER_FID, 10)
    world = settled(a_retiring_world(DANAS, OLD, LIVE, newer))
    world.cloud.own(DALLAS, OTHER_FID, at=world.clock() + timedelta(minutes=10))

    world.run()

    assert world.resets.retired == [("danas", Retirement.DELETE, OTHER_FID.id)]


@pytest.mark.parametrize("said", [NoOwner(), TransientError("timeout")])
def test_an_owner_that_cannot_be_read_is_waited_for(said):
    world = settled(a_retiring_world(DANAS, LIVE))
    world.cloud.faults["key_owner", DALLAS.id].append(said)

    world.run()

    assert retired(world) == ["danas"]
    assert world.whats().count("key.retirement_delayed") == 1


def test_a_list_that_is_not_whole_retires_nothing_until_it_is():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.cloud.has_own_key = False
    world.run(seconds=2400)
    during = retired(world)
    world.cloud.has_own_key = True
    world.run()

    assert (during, retired(world)) == ([], ["danas"])


def test_a_list_that_fails_again_and_again_leaves_it_to_a_person():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.cloud.faults["cluster_keys"].extend([TransientError("timeout")] * 50)

    world.run(seconds=DAY)

    assert retired(world) == []
    one = follow_up(world, "retire_old_key")
    assert (one.done_at, one.care.is_refused) == (None, True)


def test_a_reset_made_meanwhile_gives_the_clusters_their_time_again():
    fresh = key("fresh", FID, 25)
    world = a_retiring_world(DANAS, LIVE, fresh)

    world.settle()

    assert retired(world) == ["danas"]
    assert minutes_in(world, "key.retired") == [55]
    # Whoever made the newer one may have failed halfway.
    assert "Key live was made about when the reset was, or later" in (
        follow_up(world, "retire_old_key").text
    )


@pytest.mark.parametrize("year", [2027, 9999])
def test_a_key_that_is_made_in_years_to_come_is_not_waited_for_in_silence(year):
    odd = replace(LIVE, created_at=datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC))
    world = a_retiring_world(DANAS, odd)

    world.settle()

    assert retired(world) == []
    assert "does not plainly show the key that is in use" in (
        follow_up(world, "retire_old_key").text
    )


def test_a_locked_key_is_left_and_so_the_follow_up_stays_open():
    world = a_retiring_world(replace(DANAS, is_locked=True), OLD, LIVE)

    world.settle()

    assert retired(world) == ["old"]
    one = follow_up(world, "retire_old_key")
    assert one.done_at is None
    assert "Key danas is locked, or it could not be told that it is not." in one.text


def test_a_refused_retirement_names_who_can_and_the_command():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.resets.retire_faults.append(REFUSED)

    world.run(seconds=3 * DAY)

    one = follow_up(world, "retire_old_key")
    assert one.done_at is None
    assert "403, no role." in one.text
    assert "`ibmcloud iam api-key-delete danas`" in one.text
    assert world.journal.count(f"delete danas by {FID.id}") == 1


def test_a_refused_key_that_goes_with_the_person_is_seen_to_be_gone():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.resets.retire_faults.append(REFUSED)
    world.run(seconds=DAY)
    world.cloud.listed = [LIVE]

    world.run(seconds=2 * DAY)

    assert follow_up(world, "retire_old_key").done_at is not None
    assert CARE not in world.store.due


def test_what_stays_with_a_person_is_not_looked_at_for_ever():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.resets.retire_faults.append(REFUSED)

    world.run(seconds=60 * DAY)

    assert CARE not in world.store.due
    assert world.journal.count("cluster_keys") == 1 + 31
    assert world.whats().count("key.retirement_left") == 1


def test_what_was_said_first_of_keys_left_to_a_person_stays():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.resets.retire_faults.append(REFUSED)
    world.run(seconds=DAY)
    world.cloud.faults["cluster_keys"].append(TransientError("timeout"))
    world.run(seconds=DAY)
    world.cloud.listed = [DANAS]
    world.run(seconds=2 * DAY)
    world.cloud.own(DALLAS, ROBIN, at=world.clock())
    world.run(seconds=2 * DAY)

    assert "403, no role." in follow_up(world, "retire_old_key").text
    assert world.whats().count("key.retirement_left") == 1
    assert retired(world) == []


def test_a_lost_answer_is_looked_into_before_anything_else():
    did, did_not = (
        settled(a_retiring_world(DANAS, LIVE)),
        settled(a_retiring_world(DANAS, LIVE)),
    )
    for world in (did, did_not):
        world.resets.retire_faults.append(LOST)
        world.run(seconds=1800)
    did.cloud.listed.remove(DANAS)

    did.run()
    did_not.run()

    # What was done is not sent again; what the list still shows is, by its id.
    assert did.journal.count(f"delete danas by {FID.id}") == 1
    assert did_not.journal.count(f"delete danas by {FID.id}") == 2
    for world in (did, did_not):
        assert follow_up(world, "retire_old_key").done_at is not None
        asked = [
            one for one in world.journal if "danas" in one or one == "cluster_keys"
        ]
        assert asked[-1] != asked[-2]


def test_a_worker_that_died_before_the_call_is_made_up_for():
    world = a_retiring_world(DANAS, LIVE)
    deaths = []

    def die(_, change):
        if "key.retirement_intended" in [one.what for one in change.entries]:
            deaths.append(1)
            if len(deaths) == 1:
                raise WorkerDied

    world.store.after = die
    world.settle()

    assert retired(world) == ["danas"]
    assert follow_up(world, "retire_old_key").done_at is not None


def test_a_worker_that_died_after_the_call_leaves_nothing_to_be_sent_again():
    world = a_retiring_world(DANAS, LIVE)
    deaths = []

    def die(_, change):
        if "key.retired" in [one.what for one in change.entries] and not deaths:
            deaths.append(1)
            raise WorkerDied

    world.store.before = die
    world.settle()

    assert world.journal.count(f"delete danas by {FID.id}") == 1
    assert follow_up(world, "retire_old_key").done_at is not None


def test_a_pause_between_two_keys_holds_the_second():
    world = a_retiring_world(DANAS, OLD, LIVE)

    def pause(_, change):
        if "key.retired" in [one.what for one in change.entries]:
            world.store.paused.add("*")

    world.store.after = pause
    settled(world)
    world.run(seconds=3600)
    during = retired(world)
    world.store.after = lambda kind, change: None
    world.store.paused.clear()
    world.run()

    assert (during, retired(world)) == (["danas"], ["danas", "old"])


def test_a_pause_that_comes_while_it_waits_for_its_turn_holds_a_retirement():
    world = settled(a_retiring_world(DANAS, LIVE))
    world.resets.waiting = lambda: world.store.paused.add("*")
    world.run(seconds=3600)
    during = retired(world)
    world.resets.waiting = lambda: None
    world.store.paused.clear()
    world.run()

    assert (during, retired(world)) == ([], ["danas"])
    assert follow_up(world, "retire_old_key").done_at is not None


def test_a_pause_that_comes_while_it_waits_for_its_turn_holds_a_refresh():
    world = a_refreshing_world(1)
    world.resets.waiting = lambda: world.store.paused.add("*")
    world.open()
    world.run(seconds=3600)
    during = refreshed(world)
    world.resets.waiting = lambda: None
    world.store.paused.clear()
    world.run()

    assert during == []
    assert [each for each, _ in refreshed(world)] == ["c1"]
    assert "master.refresh_left" not in world.whats()


def test_about_to_retire_is_on_disk_before_each_call():
    world = a_retiring_world(DANAS, OLD, LIVE)
    seen = []
    real = world.resets.retire

    def spying(*asked, **how):
        last = world.store.ledger("01CASE")[-1]
        seen.append((last.what, last.detail))
        return real(*asked, **how)

    world.resets.retire = spying

    world.settle()

    assert seen == [
        ("key.retirement_intended", "delete danas of IBMid-1"),
        ("key.retirement_intended", "delete old of IBMid-9"),
    ]


# the step itself


def test_a_dry_run_is_never_looked_after():
    world = a_retiring_world(DANAS, OLD, LIVE)

    world.settle(a_case(dry_run=True))

    assert retired(world) == []
    assert "key_used_at" not in " ".join(world.journal)


def test_a_cancelled_case_is_looked_after_no_more():
    world = settled(a_retiring_world(DANAS, OLD, LIVE))
    mine = world.store.stored["01CASE"]
    mine.head = replace(mine.head, status=CaseStatus.CANCELLED)

    world.run()

    assert retired(world) == []
    assert CARE not in world.store.due


def test_aftercare_that_kills_its_workers_is_given_up_and_says_so():
    world = armed_to(
        a_retiring_world(DANAS, LIVE, targets=(with_clusters(1),)),
        refreshes_masters=True,
    )

    def die(*_, **__):
        raise WorkerDied

    world.resets.refresh_master = die
    world.cloud.key_used_at = die
    world.settle()

    assert CARE not in world.store.due
    assert "case.aftercare_given_up" in world.whats()
    one = follow_up(world, "retire_old_key")
    assert one.done_at is None
    assert "The service gave it up" in one.text
    assert [one for one, _, _ in world.slack.got] == ["slack:final:1", "slack:final:2"]
    assert world.case().result is CaseResult.SAFE


def test_no_setting_of_aftercare_makes_a_settled_case_open_or_its_report_again():
    world = armed_to(
        a_retiring_world(DANAS, LIVE, targets=(with_clusters(2),)),
        refreshes_masters=True,
    )

    case = world.settle()

    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.SAFE)
    assert len(world.slack.got) == 1
    assert world.whats().count("case.settled") == 1

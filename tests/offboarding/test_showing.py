"""A case under way has one message on a channel that can change it, and it is true."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from factories import DALLAS, FRANKFURT, NOON, ROBIN, TOKYO, a_case
from fakes import WorkerDied, a_world
from test_deciding import a_desk

from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import (
    CaseStatus,
    Channel,
    ReportKind,
    ReportState,
    Step,
    Unread,
    Work,
)


def a_kept_world(*targets, **changes):
    world = a_world(*targets, **changes)
    world.slack.keeps = True
    return world


def told(world):
    return [line for line, _, _ in world.slack.got]


def root(world):
    return world.case().started_on(Channel.SLACK).root


def test_a_case_is_told_of_when_its_plan_is_made_and_again_when_it_ends():
    world = a_kept_world(DALLAS, lag=30)

    world.settle()

    assert told(world) == ["slack:started:1", "slack:final:1"]
    assert [line.id for line in world.case().reports] == [
        "slack:started:1",
        "slack:final:1",
        "mail:final:1",
    ]


def test_its_line_is_written_with_the_plan_and_not_after_it():
    world = a_kept_world(DALLAS)
    written = []
    world.store.after = lambda kind, change: written.append(change)
    world.open()

    world.run(until=lambda: written)

    [line] = written[0].reports
    assert line.kind is ReportKind.STARTED
    assert Work("01CASE", Step.DELIVER, line.id) in written[0].after
    assert written[0].case.plan is not None


def test_a_plan_from_the_index_tells_of_it_once():
    world = a_kept_world(DALLAS, lag=30)
    world.survey()

    world.settle()

    assert told(world) == ["slack:started:1", "slack:final:1"]


@pytest.mark.parametrize(
    "changes", [{"dry_run": True}, {}], ids=["a dry run", "nothing of theirs"]
)
def test_a_case_that_changes_nothing_has_no_message_of_its_own(changes):
    world = a_kept_world(DALLAS, owners={} if changes else {DALLAS: ROBIN})

    world.settle(a_case(**changes))

    assert told(world) == ["slack:final:1"]


def test_a_channel_that_cannot_change_a_message_gets_none():
    world = a_world(DALLAS)

    world.settle()

    assert [line.id for line in world.case().reports] == [
        "slack:final:1",
        "mail:final:1",
    ]


def test_a_target_that_could_not_be_read_is_enough_for_a_message():
    world = a_kept_world(DALLAS, owners={DALLAS: Unread(Reason.NO_ROLE)})
    world.cloud.listed = None

    world.settle()

    assert told(world)[0] == "slack:started:1"


def test_the_message_follows_the_case_and_ends_with_it():
    world = a_kept_world(DALLAS, FRANKFURT, lag=30)
    world.resets.script[FRANKFURT.id].append("limited")

    world.settle()

    shown = [what for _, what in world.slack.shown]
    assert shown[0] == "open us-south:verified"
    assert shown[-1] == "settled eu-de:verified us-south:verified"
    assert not any(work.step is Step.SHOW for work in world.store.due)


def test_the_message_is_changed_at_most_every_three_seconds():
    world = a_kept_world(DALLAS, FRANKFURT, TOKYO, lag=4)

    world.settle()

    times = [at for at, what in world.slack.shown if what.startswith("open")]
    gaps = [late - early for early, late in pairwise(times)]
    assert all(gap >= timedelta(seconds=3) for gap in gaps)


def looks(world, seconds):
    before = world.store.journal.count("again")
    world.run(seconds=seconds)
    return world.store.journal.count("again") - before


def test_a_case_that_waits_is_looked_at_once_a_minute_and_later_rarely():
    world = a_kept_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.open()
    world.run(seconds=60)

    in_ten_minutes = looks(world, 600)
    world.run(seconds=7200)
    in_ten_minutes_later = looks(world, 600)

    assert world.case().status is CaseStatus.WAITING
    assert 8 <= in_ten_minutes <= 11
    assert in_ten_minutes_later <= 3


def test_what_holds_the_case_is_an_answer_to_its_message():
    world = a_kept_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.open()

    world.run(seconds=60)

    assert told(world) == ["slack:started:1", "slack:held:1"]


def test_a_report_waits_a_moment_for_the_message_that_it_answers():
    world = a_kept_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.open()
    world.run(until=lambda: world.case().plan is not None)
    held = Work("01CASE", Step.DELIVER, "slack:held:1")
    begun = Work("01CASE", Step.DELIVER, "slack:started:1")
    # The message has its turn later than what is to answer it.
    world.store.due[begun] = world.clock() + timedelta(seconds=8)
    world.store.waits[begun] = world.store.due[begun]
    assert held in world.store.due

    world.run(seconds=60)

    assert told(world) == ["slack:started:1", "slack:held:1"]


def test_a_message_that_nobody_sends_holds_no_report_back_for_long():
    world = a_kept_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.open()
    begun = Work("01CASE", Step.DELIVER, "slack:started:1")
    world.run(until=lambda: begun in world.store.due)
    del world.store.due[begun]

    world.run(seconds=590)
    early = told(world)
    world.run(seconds=30)

    assert early == []
    assert told(world) == ["slack:held:1"]


def test_a_message_that_failed_once_holds_no_report_back():
    world = a_kept_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.slack.script.append(TransientError("429", retry_after_seconds=300))
    world.open()

    world.run(seconds=60)

    assert told(world) == ["slack:started:1", "slack:held:1"]
    assert world.case().started_on(Channel.SLACK).state is ReportState.PENDING


def test_a_case_that_is_over_before_it_was_told_has_no_message_then():
    world = a_kept_world(DALLAS)
    world.slack.script.append(TransientError("429", retry_after_seconds=300))

    world.settle()

    line = world.case().started_on(Channel.SLACK)
    assert told(world) == ["slack:started:1", "slack:final:1"]
    assert (line.state, line.detail) == (
        ReportState.FAILED,
        "The case was over before this was told.",
    )
    assert "report.failed" not in {one.what for one in world.store.ledger("01CASE")}


def test_a_message_whose_answer_was_lost_is_sent_once_more_and_no_third_time():
    world = a_kept_world(DALLAS, lag=200)
    world.slack.script.extend([ReportState.UNKNOWN] * 3 + [ReportState.SENT] * 9)

    world.settle()

    assert told(world)[:2] == ["slack:started:1", "slack:started:1"]
    assert told(world).count("slack:started:1") == 2
    assert world.case().started_on(Channel.SLACK).state is ReportState.UNKNOWN


def test_a_message_that_kills_its_workers_is_sent_twice_at_most():
    world = a_kept_world(DALLAS, lag=280)
    world.slack.script.extend([WorkerDied()] * 9)

    world.settle()

    assert told(world).count("slack:started:1") <= 2


# what fails meanwhile


def a_failing_world(*first, **changes):
    """Have Frankfurt fail after a while, and Dallas take longer."""
    world = a_kept_world(DALLAS, FRANKFURT, TOKYO, lag=100, **changes)
    for target in first or (FRANKFURT,):
        world.resets.script[target.id].extend(["limited", "refused"])
    return world


def test_what_fails_while_others_are_under_way_is_told_at_once_and_once():
    world = a_failing_world()

    world.settle()

    assert world.slack.failures == [(FRANKFURT.id,)]
    assert [
        one.detail for one in world.store.ledger("01CASE") if "failures" in one.what
    ] == [FRANKFURT.id]


def test_what_fails_at_one_time_is_told_together():
    world = a_failing_world(FRANKFURT, TOKYO)

    world.settle()

    assert [set(one) for one in world.slack.failures] == [{FRANKFURT.id, TOKYO.id}]


def test_what_fails_last_is_told_by_the_end_alone():
    world = a_kept_world(DALLAS)
    world.resets.script[DALLAS.id].append("refused")

    world.settle()

    assert world.slack.failures == []


def test_what_was_unread_when_the_message_was_sent_is_in_it_and_not_told_again():
    world = a_failing_world(owners={TOKYO: Unread(Reason.NO_ROLE)})

    world.settle()

    assert world.slack.failures == [(FRANKFURT.id,)]


def test_a_canary_that_fails_is_told_by_what_holds_the_case():
    world = a_kept_world(DALLAS, FRANKFURT, TOKYO)
    world.tools = replace(world.tools, canary=True)
    for target in (DALLAS, FRANKFURT, TOKYO):
        world.resets.script[target.id].extend(["limited", "refused"])
    world.open()

    world.run(seconds=600)

    assert world.case().status is CaseStatus.WAITING
    assert told(world) == ["slack:started:1", "slack:held:1"]
    assert world.slack.failures == []


def test_a_failure_is_told_no_second_time_by_a_worker_that_died_over_it():
    world = a_failing_world()
    world.slack.changes.extend([None] * 2)
    tell = world.slack.deliver

    def dies(case, line):
        answer = tell(case, line)
        if line.root is not None and line.root.telling:
            raise WorkerDied
        return answer

    world.slack.deliver = dies

    world.settle()

    assert world.slack.failures == [(FRANKFURT.id,)]
    assert root(world).told == (FRANKFURT.id,)


def test_a_failure_that_certainly_was_not_told_is_told_later():
    world = a_failing_world()
    tell = world.slack.deliver
    tried = []

    def refuses_first(case, line):
        if line.root is not None and line.root.telling and not tried:
            tried.append(world.clock())
            raise TransientError("429", retry_after_seconds=20)
        return tell(case, line)

    world.slack.deliver = refuses_first

    world.settle()

    assert len(tried) == 1
    assert world.slack.failures == [(FRANKFURT.id,)]


# what goes wrong with the message


def test_a_change_that_fails_is_tried_again_with_growing_pauses():
    world = a_kept_world(DALLAS, lag=100)
    world.slack.changes.extend(["fails"] * 4)

    world.settle()

    assert [what for _, what in world.slack.shown][-1] == "settled us-south:verified"
    assert root(world).faults == 0


def test_an_end_that_cannot_be_shown_is_given_up_and_everything_else_is_told():
    world = a_kept_world(DALLAS, lag=5)
    world.slack.changes.extend(["fails"] * 1000)

    world.settle()

    assert told(world) == ["slack:started:1", "slack:final:1"]
    assert not any(work.step is Step.SHOW for work in world.store.due)
    assert 15 <= root(world).faults <= 20


def test_a_wait_that_a_channel_asks_for_is_kept_between_changes():
    world = a_kept_world(DALLAS, lag=5)
    world.slack.changes.append(TransientError("429", retry_after_seconds=200))

    world.settle()

    assert world.slack.shown[0][0] >= NOON + timedelta(seconds=200)


def test_an_old_copy_of_the_store_changes_no_message():
    world = a_kept_world(DALLAS, lag=30)
    world.open()
    world.run(until=lambda: told(world) and root(world))
    world.store.restored = True
    world.run(seconds=300)
    while_restored = list(world.slack.shown)
    world.store.restored = False

    world.run()

    assert world.case().status is CaseStatus.SETTLED
    assert while_restored == []
    assert [what for _, what in world.slack.shown] == ["settled us-south:verified"]


def test_a_case_that_is_cancelled_says_so_in_its_message():
    world = a_kept_world(DALLAS, FRANKFURT)
    world.tools = replace(world.tools, max_targets=1)
    world.open()
    world.run(seconds=7200)

    a_desk(world).cancel("01CASE", actor="op")
    cancelled_at = world.clock()
    world.run()

    at, what = world.slack.shown[-1]
    assert what == "cancelled"
    assert at - cancelled_at < timedelta(seconds=30)


def test_a_retried_case_goes_on_in_the_same_message():
    world = a_kept_world(DALLAS, lag=5)
    world.resets.script[DALLAS.id].append("refused")
    case = world.settle()

    a_desk(world).retry(case.id, actor="op")
    world.run()

    assert told(world) == ["slack:started:1", "slack:final:1", "slack:final:2"]
    assert world.slack.shown[-1][1] == "settled us-south:verified"


def test_a_channel_that_was_taken_away_ends_the_message():
    world = a_kept_world(DALLAS, lag=100)
    world.open()
    world.run(until=lambda: told(world) and root(world))
    world.tools.notifiers.pop(Channel.SLACK)

    world.run()

    assert not any(work.step is Step.SHOW for work in world.store.due)

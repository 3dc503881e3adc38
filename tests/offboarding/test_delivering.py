"""Reports go their own way: no channel holds another, or an outcome, back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, DANA, FRANKFURT, NOON, ROBIN, TOKYO, a_case
from fakes import WorkerDied, a_world
from test_deciding import a_desk

from workers.offboarding.errors import ConflictError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    OpenedBy,
    Outcome,
    ReportState,
    Unread,
)
from workers.offboarding.quiet import ReportClean


def states(world):
    return {one.id: one.state for one in world.case().reports}


def test_a_dead_channel_holds_neither_the_other_nor_the_outcome():
    world = a_world(DALLAS)
    world.slack.script.extend([TransientError("503")] * 1000)

    world.open()
    world.run(seconds=60)

    assert world.case().result is CaseResult.SAFE
    assert states(world) == {
        "slack:final:1": ReportState.PENDING,
        "mail:final:1": ReportState.SENT,
    }


def test_a_channel_that_is_dead_for_a_day_counts_as_failed():
    world = a_world(DALLAS)
    world.slack.script.extend([TransientError("503")] * 1000)

    case = world.settle()

    assert states(world)["slack:final:1"] is ReportState.FAILED
    assert len(world.slack.got) == 300
    assert case.result is CaseResult.SAFE


def test_a_channel_that_comes_back_after_hours_is_told():
    world = a_world(DALLAS)
    world.slack.script.extend([TransientError("503")] * 60)

    world.settle()

    assert states(world)["slack:final:1"] is ReportState.SENT


def test_a_wait_a_channel_asks_for_is_kept():
    world = a_world(DALLAS)
    world.slack.script.append(TransientError("429", retry_after_seconds=100))

    world.settle()

    line = next(one for one in world.case().reports if one.channel == "slack")
    assert line.at == world.case().settled_at + timedelta(seconds=100)


def test_an_unknown_delivery_is_tried_over_hours_and_not_for_ever():
    world = a_world(DALLAS)
    world.slack.script.extend([ReportState.UNKNOWN] * 9)

    world.settle()

    assert states(world)["slack:final:1"] is ReportState.UNKNOWN
    assert len(world.slack.got) == 6
    line = next(one for one in world.case().reports if one.channel == "slack")
    since = line.at - world.case().settled_at
    assert timedelta(hours=8) < since < timedelta(hours=9)


def test_a_channel_that_was_away_for_long_and_then_loses_an_answer_is_told_again():
    world = a_world(DALLAS)
    world.slack.script.extend([TransientError("503")] * 60)
    world.slack.script.append(ReportState.UNKNOWN)

    world.settle()

    assert states(world)["slack:final:1"] is ReportState.SENT
    assert len(world.slack.got) == 62


def test_an_unknown_delivery_that_arrives_the_second_time_is_sent():
    world = a_world(DALLAS)
    world.slack.script.append(ReportState.UNKNOWN)

    world.settle()

    assert states(world)["slack:final:1"] is ReportState.SENT


def test_mail_that_reached_some_goes_on_from_there():
    world = a_world(DALLAS)
    reached = ("a@example.com",)
    world.mail.script.append({"state": ReportState.PENDING, "reached": reached})

    world.settle()

    line = next(one for one in world.case().reports if one.channel == "mail")
    assert (line.state, line.reached, line.tries) == (ReportState.SENT, reached, 2)


def test_a_channel_that_kills_its_workers_is_given_up():
    world = a_world(DALLAS)
    world.slack.script.extend([WorkerDied()] * 100)

    world.settle()

    assert states(world)["slack:final:1"] is ReportState.FAILED
    assert len(world.slack.got) == 5


def test_a_bug_in_a_channel_is_not_taken_for_a_channel_that_is_gone():
    world = a_world(DALLAS)
    world.slack.script.append(KeyError("bug"))
    world.open()

    with pytest.raises(KeyError):
        world.run()


def test_a_channel_that_was_taken_away_is_told_nothing_and_says_so():
    world = a_world(DALLAS)
    world.open()
    world.run(until=lambda: world.case().status is CaseStatus.SETTLED)
    world.tools.notifiers.clear()

    world.run()

    assert set(states(world).values()) == {ReportState.FAILED}


def test_a_retry_looks_again_at_what_failed_and_reports_a_second_time():
    world = a_world(DALLAS, FRANKFURT, TOKYO, owners={TOKYO: Unread(Reason.NO_ROLE)})
    world.resets.script[DALLAS.id].append("refused")
    case = world.settle()
    world.cloud.own(TOKYO, ROBIN)

    a_desk(world).retry(case.id, actor="op")
    world.run()

    assert case.result is CaseResult.ATTENTION
    assert world.case().result is CaseResult.SAFE
    sent = [world.resets.sent(one) for one in (DALLAS, FRANKFURT, TOKYO)]
    assert sent == [2, 1, 0]
    assert [line for line, _, _ in world.slack.got] == [
        "slack:final:1",
        "slack:final:2",
    ]


def test_a_retry_whose_user_list_is_slow_still_ends():
    world = a_world(DALLAS)
    world.resets.script[DALLAS.id].append("refused")
    case = world.settle()
    world.cloud.faults["people"].extend([TransientError("timeout")] * 3)

    a_desk(world).retry(case.id, actor="op")
    world.run()

    assert world.case().result is CaseResult.SAFE


def test_a_cancel_before_the_first_write_sends_nothing():
    world = a_world(DALLAS)
    world.store.paused.add("*")
    world.open()
    world.run(seconds=60)

    a_desk(world).cancel("01CASE", actor="op")
    world.store.paused.clear()
    world.run()

    assert world.case().status is CaseStatus.CANCELLED
    assert world.resets.sends == []
    assert world.cloud.truth(DALLAS) == DANA
    assert [line for line, _, _ in world.slack.got] == [
        "slack:held:1",
        "slack:cancelled:1",
    ]


def test_a_cancel_after_the_first_write_is_refused():
    world = a_world(DALLAS, lag=30)
    world.open()
    world.run(until=lambda: world.resets.sends)

    with pytest.raises(ConflictError):
        a_desk(world).cancel("01CASE", actor="op")
    world.run()

    assert world.outcomes() == {"us-south": (Outcome.VERIFIED, None)}


def test_a_report_is_filled_in_only_when_every_target_has_an_outcome():
    world = a_world(DALLAS, FRANKFURT, lag=30)
    world.open()

    world.run(until=lambda: world.slack.got)

    assert all(one.is_settled for one in world.case().targets)
    assert world.case().settled_at >= NOON + timedelta(seconds=35)


def test_a_retry_sees_that_a_classic_credential_was_replaced():
    world = a_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = "1234567_dana.lee@example.com"
    case = world.settle()
    world.cloud.credentials[DALLAS.id] = "1234567_ops@example.com"

    a_desk(world).retry(case.id, actor="op")
    world.run()

    assert case.result is CaseResult.ATTENTION
    assert world.case().result is CaseResult.SAFE
    assert world.case().targets[0].follow_ups[0].done_at is not None
    assert len(world.resets.sends) == 1


def test_a_retry_does_not_take_an_unread_classic_credential_for_a_replaced_one():
    world = a_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = "1234567_dana.lee@example.com"
    case = world.settle()
    world.cloud.credentials[DALLAS.id] = Unread(Reason.NO_ROLE, "403")

    a_desk(world).retry(case.id, actor="op")
    world.run()

    assert world.case().result is CaseResult.ATTENTION
    assert world.case().targets[0].follow_ups[0].done_at is None


def test_a_credential_that_was_unread_and_proves_to_be_theirs_is_told_at_the_retry():
    world = a_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = Unread(Reason.NO_ROLE, "403")
    case = world.settle()
    world.cloud.credentials[DALLAS.id] = "1234567_dana.lee@example.com"

    a_desk(world).retry(case.id, actor="op")
    world.run()

    assert world.case().result is CaseResult.ATTENTION
    assert [one.kind for one in world.case().targets[0].follow_ups] == [
        "classic_credential"
    ]


@pytest.mark.parametrize(
    ("how", "lines"),
    [
        ("each", {"slack:final:1": "sent", "mail:final:1": "sent"}),
        ("digest", {"slack:digest:1": "pending", "mail:digest:1": "pending"}),
        ("never", {}),
    ],
)
def test_what_found_nothing_is_told_as_the_setting_says(how, lines):
    world = a_world(owners={})
    world.tools = replace(world.tools, report_clean=ReportClean(how))

    case = world.settle()

    assert case.result is CaseResult.CLEAN
    assert states(world) == lines
    assert len(world.slack.got) == (1 if how == "each" else 0)


@pytest.mark.parametrize("how", ["digest", "never"])
def test_what_found_nothing_is_told_at_once_to_who_asked(how):
    world = a_world(owners={})
    world.tools = replace(world.tools, report_clean=ReportClean(how))

    world.open(a_case(opened_by=OpenedBy("api", None, "robin")))
    world.run()

    assert states(world) == {"slack:final:1": "sent", "mail:final:1": "sent"}


@pytest.mark.parametrize("how", ["digest", "never"])
def test_what_could_not_be_seen_waits_for_no_digest(how):
    world = a_world(DALLAS, FRANKFURT, owners={DALLAS: Unread(Reason.NO_ROLE)})
    world.tools = replace(world.tools, report_clean=ReportClean(how))

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert states(world) == {"slack:final:1": "sent", "mail:final:1": "sent"}


@pytest.mark.parametrize("how", ["digest", "never"])
def test_a_dry_run_of_a_service_that_is_not_armed_counts_alike(how):
    world = a_world(owners={}, armed=False)
    world.tools = replace(world.tools, report_clean=ReportClean(how))

    case = world.settle()

    assert case.result is CaseResult.PLANNED
    assert [str(one.kind) for one in case.reports if one.kind == "final"] == []

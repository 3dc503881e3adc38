"""The judge of all tests of faults: each rule broken by hand, once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    OTHER_FID,
    ROBIN,
    a_case,
    a_case_target,
)
from fakes import a_world

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    BlindSpot,
    CaseKind,
    CaseResult,
    CaseStatus,
    Entry,
    FollowUp,
    Leaver,
    Note,
    Outcome,
)
from workers.offboarding.rules import (
    Record,
    SentReset,
    broken_by,
    broken_in,
    unfinished,
)

SECOND = timedelta(seconds=1)


def wrote(what, at=0, **more):
    """Make an entry about Dallas, so many seconds after noon."""
    mine = DALLAS.id if what.startswith("target.") else None
    return Entry(NOON + at * SECOND, what, **{"target_id": mine, **more})


OPENED = wrote("case.opened_open", detail="standard:msg_1")
PLANNED = wrote("case.planned", 1)
INTENT = wrote("target.reset_intended", 5, detail=FID.id)
REFUSED = wrote("target.reset_refused", 6)
RESET = wrote("target.reset", 6, request_id="req-far")
VERIFIED = wrote("target.verified", 9)
SETTLED = wrote("case.settled", 10)
TOLD = wrote("report.sent", 11, target_id="slack:final:1")
DIGESTED = replace(TOLD, target_id="slack:digest:1")
RETRIED = wrote("case.retried", 20)
LEDGER = (OPENED, PLANNED, INTENT, RESET, VERIFIED, SETTLED, TOLD)

MINE = a_case_target(
    outcome=Outcome.VERIFIED,
    owner_after=FID,
    resets=1,
    intent_at=NOON + 5 * SECOND,
    settled_at=NOON + 9 * SECOND,
)
SENT = SentReset(NOON + 5 * SECOND, DALLAS.id, FID.id, True, "req-far")


def a_record(*ledger, target=MINE, **changes):
    """Make a departure that ended safe, but for what is changed."""
    sound = {
        "leaver": Leaver(DANA.email, DANA.id),
        "status": CaseStatus.SETTLED,
        "result": CaseResult.SAFE,
    }
    return Record(a_case(target, **{**sound, **changes}), ledger or LEDGER)


def with_target(**changes):
    return a_record(target=replace(MINE, **changes))


def rules(broken):
    return {one.rule for one in broken}


def test_a_sound_departure_breaks_no_rule():
    assert broken_by([a_record()], [SENT], ["standard:msg_1"]) == ()


def test_a_reset_sent_again_after_a_proven_failure_breaks_no_rule():
    again = replace(INTENT, at=NOON + 7 * SECOND)
    ledger = (OPENED, PLANNED, INTENT, REFUSED, again, RESET, VERIFIED, SETTLED, TOLD)
    record = a_record(*ledger, target=replace(MINE, resets=2, proven_failures=1))
    sent = [replace(SENT, took_effect=False), replace(SENT, at=NOON + 7 * SECOND)]

    assert broken_by([record], sent) == ()


def test_a_retry_that_gives_to_another_what_was_refused_breaks_no_rule():
    by_other = replace(INTENT, detail=OTHER_FID.id)
    began = (OPENED, PLANNED, by_other, REFUSED, wrote("target.failed", 7), SETTLED)
    target = a_case_target(resets=1, proven_failures=1)
    now = {"status": CaseStatus.OPEN, "result": None}

    assert broken_in(a_record(*began, RETRIED, PLANNED, target=target, **now)) == ()


def test_a_retry_that_finds_it_taken_over_breaks_no_rule():
    by_other = replace(INTENT, detail=OTHER_FID.id)
    failed = wrote("target.failed", 7, reason=Reason.OWNER_NOT_SHOWN)
    began = (OPENED, PLANNED, by_other, RESET, failed, SETTLED, RETRIED, PLANNED)
    found = replace(MINE, outcome=Outcome.ALREADY, intent_at=None)

    assert broken_in(a_record(*began, wrote("target.already", 25), target=found)) == ()


def test_a_retried_case_that_is_reported_twice_breaks_no_rule():
    twice = (RETRIED, PLANNED, SETTLED, replace(TOLD, target_id="slack:final:2"))

    assert broken_in(a_record(*LEDGER, *twice)) == ()


@pytest.mark.parametrize(
    ("how", "record", "rule"),
    [
        ("a dry run that sent", a_record(dry_run=True), 9),
        ("three resets", with_target(resets=3, proven_failures=1), 6),
        ("repeated twice", with_target(resets=3, proven_failures=2, disproved=2), 6),
        ("somebody else's", with_target(owner_before=ROBIN), 3),
        ("of no known owner", with_target(owner_before=None), 3),
        ("a functional ID", with_target(owner_before=OTHER_FID), 4),
        ("to themselves", with_target(functional_id=DANA), 4),
        ("not read back", with_target(owner_after=None), 5),
        ("read back wrong", with_target(owner_after=OTHER_FID), 5),
        ("already a person's", with_target(outcome="already", owner_after=ROBIN), 5),
        ("safe with a failure", with_target(outcome=Outcome.FAILED), 5),
        ("safe with an unread", with_target(outcome=Outcome.UNREAD), 7),
        (
            "safe with a credential in force",
            with_target(follow_ups=(FollowUp("classic_credential", "In force."),)),
            5,
        ),
        ("no outcome", with_target(outcome=None), 5),
        ("no result", a_record(result=None), 5),
        ("planned though armed", a_record(result=CaseResult.PLANNED), 9),
        ("clean with a target", a_record(result=CaseResult.CLEAN), 5),
        (
            "safe though a list was short",
            a_record(warnings=(Note(Reason.LIST_SHORT, ""),)),
            7,
        ),
        (
            "without a group",
            with_target(
                target=replace(
                    DALLAS, resource_group=replace(DALLAS.resource_group, id="")
                )
            ),
            12,
        ),
    ],
)
def test_a_case_that_breaks_a_rule_is_found_by_its_number(how, record, rule):
    assert rule in rules(broken_in(record)), how


@pytest.mark.parametrize(
    ("how", "ledger", "rule"),
    [
        ("never planned", (OPENED, INTENT, VERIFIED, SETTLED), 3),
        ("two intents at once", (OPENED, PLANNED, INTENT, INTENT, VERIFIED), 2),
        ("two and no failure", (PLANNED, INTENT, VERIFIED, RETRIED, INTENT), 6),
        ("more than it counts", (PLANNED, INTENT, REFUSED, INTENT, VERIFIED), 6),
        ("verified by nobody", (OPENED, PLANNED, INTENT, RESET, SETTLED), 5),
        ("settled too early", (PLANNED, INTENT, SETTLED, VERIFIED), 5),
        ("told too early", (PLANNED, INTENT, VERIFIED, TOLD, SETTLED), 5),
        ("in a digest too early", (PLANNED, INTENT, VERIFIED, DIGESTED, SETTLED), 5),
        ("settled twice", (*LEDGER, SETTLED), 8),
        ("cancelled after the end", (*LEDGER, wrote("case.cancelled", 12)), 8),
        (
            "by another than named",
            (PLANNED, replace(INTENT, detail=OTHER_FID.id), VERIFIED, SETTLED),
            12,
        ),
        *(
            (f"after {what}", (PLANNED, wrote(what, 2), INTENT, VERIFIED), 1)
            for what in (
                "case.stopped",
                "case.refused",
                "case.cancelled",
                "case.joined",
            )
        ),
        (
            "while held",
            (
                PLANNED,
                wrote("case.held", 2, reason=Reason.TOO_MANY_TARGETS),
                INTENT,
                VERIFIED,
            ),
            1,
        ),
        (
            "where preflight could not tell",
            (PLANNED, wrote("target.held", 2), INTENT, VERIFIED),
            1,
        ),
    ],
)
def test_a_ledger_that_breaks_a_rule_is_found_by_its_number(how, ledger, rule):
    assert rule in rules(broken_in(a_record(*ledger))), how


def test_a_dry_run_is_found_by_its_record_and_by_its_ledger():
    planned = {"dry_run": True, "result": CaseResult.PLANNED}
    clean = replace(MINE, outcome=Outcome.PLANNED, owner_after=None, intent_at=None)
    by_case = a_record(PLANNED, SETTLED, target=clean, **planned)
    by_ledger = a_record(
        PLANNED, INTENT, SETTLED, target=replace(clean, resets=0), **planned
    )

    assert "a dry run has a reset of it" in [one.what for one in broken_in(by_case)]
    assert "a dry run was about to reset it" in [
        one.what for one in broken_in(by_ledger)
    ]


def test_a_failure_that_the_ledger_does_not_prove_is_none():
    failed = wrote("target.failed", 7)
    again = replace(INTENT, at=NOON + 21 * SECOND)
    ledger = (PLANNED, INTENT, failed, SETTLED, RETRIED, again, VERIFIED, SETTLED)
    record = a_record(*ledger, target=replace(MINE, resets=2, proven_failures=1))

    assert [(one.rule, one.what) for one in broken_in(record)] == [
        (6, "2 intents with 0 resets proven undone")
    ]


@pytest.mark.parametrize(
    ("held", "let_go"),
    [
        (wrote("case.held", 2, reason=Reason.CANARY_FAILED), "case.approved"),
        (wrote("case.held", 2, reason=Reason.BRAKE), "case.released"),
        (wrote("target.held", 2), "case.approved"),
        (wrote("case.held", 2, reason=Reason.PAUSED), "case.resumed"),
    ],
)
def test_what_was_let_go_may_be_reset(held, let_go):
    ledger = (OPENED, PLANNED, held, wrote(let_go, 3), *LEDGER[2:])

    assert broken_in(a_record(*ledger)) == ()


def test_a_refused_plan_stays_refused_though_it_is_planned_again():
    ledger = (PLANNED, wrote("case.refused", 2), replace(PLANNED, at=NOON + 3 * SECOND))

    assert 1 in rules(broken_in(a_record(*ledger, INTENT, VERIFIED, SETTLED)))


def test_an_accepted_blind_spot_leaves_the_result_as_it_is():
    spot = BlindSpot(FRANKFURT.id, "old", "robin", NOON, NOON + timedelta(days=1))
    blind = a_case_target(FRANKFURT, outcome=Outcome.UNREAD, blind=spot)
    record = a_record()
    both = replace(record.case, targets=(MINE, blind))

    assert broken_in(replace(record, case=both)) == ()


def test_an_adoption_may_take_over_from_a_functional_id():
    record = a_record(kind=CaseKind.ADOPTION, target=replace(MINE, owner_before=ROBIN))

    assert broken_in(record) == ()


def test_a_reset_without_any_intent_is_found():
    record = a_record(OPENED, PLANNED, target=replace(MINE, resets=0))

    found = broken_by([record], [SENT])

    assert (1, DALLAS.id) in {(one.rule, one.target_id) for one in found}


def test_a_reset_before_its_intent_is_found():
    early = replace(SENT, at=NOON + 4 * SECOND)

    assert rules(broken_by([a_record()], [early])) == {1}
    assert broken_by([a_record()], [early], skew=2 * SECOND) == ()


def test_a_second_reset_within_one_intent_is_found():
    second = replace(SENT, at=NOON + 6 * SECOND, request_id=None)

    assert rules(broken_by([a_record()], [SENT, second])) == {2, 6}


def test_a_reset_that_took_effect_and_counts_as_undone_is_found():
    disproved = wrote("target.reset_disproved", 8)
    again = replace(INTENT, at=NOON + 8 * SECOND)
    ledger = (OPENED, PLANNED, INTENT, disproved, again, VERIFIED, SETTLED)
    record = a_record(*ledger, target=replace(MINE, resets=2, proven_failures=1))
    sent = [SENT, replace(SENT, at=NOON + 8 * SECOND, request_id=None)]

    assert rules(broken_by([record], sent)) == {6}


def test_what_a_person_resets_beside_us_is_none_of_ours():
    by_robin = SentReset(NOON, DALLAS.id, ROBIN.id, True)

    assert broken_by([a_record()], [SENT, by_robin]) == ()


def test_a_functional_id_that_no_case_names_is_watched_where_it_is_known():
    stray = SentReset(NOON, FRANKFURT.id, OTHER_FID.id, True)

    assert rules(broken_by([a_record()], [SENT, stray], ours=[OTHER_FID.id])) == {1}


def test_a_reset_that_names_no_region_is_found():
    nowhere = replace(SENT, target_id="acct1//payments-id")

    assert rules(broken_by([a_record()], [nowhere])) == {1, 12}


@pytest.mark.parametrize(
    "got", [replace(SENT, caller=ROBIN.id), replace(SENT, target_id=FRANKFURT.id)]
)
def test_a_reset_that_the_far_side_got_otherwise_is_found(got):
    assert 12 in rules(broken_by([a_record()], [got]))


def test_two_cases_with_one_target_out_at_once_are_found():
    record = a_record()
    ledger = (PLANNED, replace(INTENT, at=NOON + 7 * SECOND), VERIFIED, SETTLED)
    other = Record(replace(record.case, id="02CASE"), ledger)

    found = [one for one in broken_by([record, other], []) if one.rule == 2]

    assert [(one.case_id, one.target_id) for one in found] == [("02CASE", DALLAS.id)]


def test_two_cases_that_reset_one_target_after_each_other_break_no_rule():
    record = a_record()
    later = tuple(replace(one, at=one.at + 60 * SECOND) for one in LEDGER)
    later = tuple(replace(one, request_id=None) for one in later)
    other = Record(replace(record.case, id="02CASE"), later)
    again = replace(SENT, at=NOON + 65 * SECOND, request_id=None)

    assert broken_by([record, other], [SENT, again]) == ()


def test_an_event_that_is_in_no_case_is_found():
    found = broken_by([a_record()], [SENT], ["standard:msg_1", "standard:msg_2"])

    assert [(one.rule, one.case_id) for one in found] == [(8, "")]
    assert "standard:msg_2" in found[0].what


def test_an_event_that_joined_a_case_is_in_it():
    joined = wrote("departure.joined", 2, detail="okta:evt_2")
    record = a_record(OPENED, PLANNED, joined, *LEDGER[2:])

    assert broken_by([record], [SENT], ["okta:evt_2"]) == ()


def test_a_case_left_open_at_the_end_is_found():
    assert rules(unfinished([a_record(status=CaseStatus.OPEN)])) == {8}
    assert unfinished([a_record(), a_record(status=CaseStatus.WAITING)]) == ()


@pytest.mark.parametrize("how", ["ok", "lost_before", "lost_after", "nothing"])
def test_the_road_itself_keeps_the_rules_however_a_reset_ends(how):
    world = a_world(DALLAS)
    world.resets.script[DALLAS.id].append(how)
    case = world.settle()
    record = Record(case, tuple(world.store.ledger(case.id)))
    sent = [SentReset(at, each, FID.id, False) for each, at in world.resets.sends]

    assert broken_by([record], sent) == ()
    assert unfinished([record]) == ()


def test_a_reset_that_was_acknowledged_and_did_nothing_is_called_so_in_the_ledger():
    world = a_world(DALLAS)
    world.resets.script[DALLAS.id].append("nothing")

    world.settle()

    assert world.whats().count("target.reset_disproved") == 1


def test_an_extra_reset_found_after_the_report_is_reported_once_more():
    extra = wrote("target.extra_reset", 12)
    again = wrote("report.sent", 13, target_id="slack:final:2")

    assert broken_in(a_record(*LEDGER, extra, again)) == ()
    assert rules(broken_in(a_record(*LEDGER, again))) == {5}

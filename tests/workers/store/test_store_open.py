"""Taking a departure in: once, whoever repeats it, never into a case that is over."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store_scenes import (
    DANA,
    DANA_BY_ID,
    DANA_KNOWN,
    KIM,
    NOW,
    a_case,
    a_case_target,
    settled,
)

from workers.offboarding.errors import NoSuchCaseError
from workers.offboarding.model import (
    CaseStatus,
    Leaver,
    OpenedBy,
    Scope,
    Step,
)
from workers.store.cases import Along, Taken
from workers.store.intake import name_of

BY_HAND = OpenedBy("api", None, "helpdesk")


def test_a_new_departure_is_a_case_with_a_plan_due(room):
    case = a_case(scope=Scope(("us-south",)), reason="left")

    taken = room.open(case)

    assert taken == Taken("new", "01A")
    assert room.cases.load("01A") == case
    assert room.ledger() == ["case.opened"]
    assert room.due() == ["01A|plan|"]
    assert room.cases.open_case_of(DANA.refs) == "01A"


def test_there_is_no_case_that_nobody_opened(room):
    with pytest.raises(NoSuchCaseError):
        room.cases.load("01A")

    assert room.cases.load_all(["01A"]) == []
    assert room.cases.ledger("01A") == []


def test_a_case_keeps_any_text_as_it_came(room):
    awkward = 'a "quoted" \\ line\nwith \x00, \u2028, é and 🔑 {"id": null} %s'
    case = a_case(reason=awkward, leaver=replace(DANA, name=awkward))

    room.open(case)

    assert room.cases.load("01A") == case


def test_an_event_told_twice_is_one_case(room):
    case = a_case()

    first = room.open(case)
    again = room.open(replace(case, id="01B"))

    assert (first.verdict, again) == ("new", Taken("repeated", "01A"))
    assert room.ledger() == ["case.opened"]
    assert room.cases.load_all(["01B"]) == []


def test_an_event_is_remembered_when_its_case_is_over(room):
    case = a_case()
    room.open(case)
    room.cancel()

    assert room.open(replace(case, id="01B")) == Taken("repeated", "01A")


def test_an_event_that_joined_is_remembered_with_the_case_it_joined(room):
    room.open()
    second = a_case("01B")
    room.open(second)

    again = room.open(replace(second, id="01C"))

    assert again == Taken("repeated", "01A")
    assert room.ledger() == ["case.opened", "departure.joined"]


def test_a_repeated_idempotency_key_with_the_same_body_is_the_same_case(room):
    room.open(a_case(opened_by=BY_HAND), idempotency=("k1", "d1"))

    again = room.open(a_case("01B", opened_by=BY_HAND), idempotency=("k1", "d1"))

    assert again == Taken("repeated", "01A")
    assert room.ledger() == ["case.opened"]


def test_a_repeated_idempotency_key_with_another_body_is_a_conflict(room):
    room.open(a_case(opened_by=BY_HAND), idempotency=("k1", "d1"))

    again = room.open(
        a_case("01B", opened_by=BY_HAND, leaver=KIM), idempotency=("k1", "d2")
    )

    assert again == Taken("conflict", "01A")
    assert room.cases.load_all(["01B"]) == []
    assert room.cases.open_case_of(KIM.refs) is None


def test_an_idempotency_key_is_forgotten_after_a_day(room):
    room.open(a_case(opened_by=BY_HAND), idempotency=("k1", "d1"))
    left = room.client.ttl("offboard:idem:k1")
    room.client.delete("offboard:idem:k1")

    again = room.open(
        a_case("01B", opened_by=BY_HAND, leaver=KIM), idempotency=("k1", "d2")
    )

    assert 86_390 < left <= 86_400
    assert again == Taken("new", "01B")


def test_an_idempotency_key_leads_to_the_case_its_departure_joined(room):
    room.open()
    joining = a_case("01B", opened_by=BY_HAND)
    room.open(joining, idempotency=("k1", "d1"))

    again = room.open(replace(joining, id="01C"), idempotency=("k1", "d1"))

    assert again == Taken("repeated", "01A")
    assert room.ledger() == ["case.opened", "departure.joined"]


@pytest.mark.parametrize("known_as", [DANA, DANA_BY_ID, DANA_KNOWN])
def test_a_later_departure_of_the_same_leaver_joins(room, known_as):
    room.open(a_case(leaver=DANA_KNOWN))
    before = room.cases.load("01A")

    taken = room.open(a_case("01B", leaver=known_as), reason="second")

    after = room.cases.load("01A")
    assert taken == Taken("joined", "01A")
    assert [one.reason for one in after.departures] == ["second"]
    assert [one.leaver for one in after.departures] == [known_as]
    assert after.revision == before.revision + 1
    assert room.cases.load_all(["01B"]) == []


def test_a_departure_of_somebody_else_does_not_join(room):
    room.open()

    assert room.open(a_case("01B", leaver=KIM)) == Taken("new", "01B")


def test_an_address_is_not_an_iam_id(room):
    room.open(a_case(leaver=Leaver(email="same@example.com")))

    taken = room.open(a_case("01B", leaver=Leaver(iam_id="same@example.com")))

    assert taken == Taken("new", "01B")


def test_a_departure_that_joins_has_a_scheduled_case_planned_at_once(room):
    later = NOW + timedelta(days=9)
    room.open(a_case(status=CaseStatus.SCHEDULED, effective_at=later, starts_at=later))
    early = room.claim(Step.PLAN)

    room.open(a_case("01B"))

    assert early is None
    assert room.claim(Step.PLAN) is not None


def test_a_dry_run_joins_nothing(room):
    room.open()

    taken = room.open(a_case("01B", dry_run=True))

    assert taken == Taken("new", "01B")
    assert room.cases.load("01A").departures == ()
    assert room.cases.open_case_of(DANA.refs) == "01A"


def test_a_dry_run_blocks_nothing(room):
    room.open(a_case(dry_run=True))

    assert room.open(a_case("01B")) == Taken("new", "01B")
    assert room.open(a_case("01C")) == Taken("joined", "01B")


def test_the_end_of_a_dry_run_leaves_the_armed_case_its_name(room):
    room.open(a_case(dry_run=True))
    room.open(a_case("01B"))

    room.cancel("01A")

    assert room.cases.open_case_of(DANA.refs) == "01B"


def test_after_a_case_settled_a_departure_opens_a_new_one(room):
    room.planned(settled())
    room.report()

    assert room.open(a_case("01B")) == Taken("new", "01B")


def test_after_a_case_was_cancelled_a_departure_opens_a_new_one(room):
    room.open()
    room.cancel()

    assert room.open(a_case("01B")) == Taken("new", "01B")


def test_a_case_that_is_over_has_given_up_every_name_it_took(room):
    room.open()
    known = replace(room.cases.load("01A"), leaver=DANA_KNOWN)
    room.cases.adopt(known)

    room.cancel()

    assert room.open(a_case("01B", leaver=DANA_BY_ID)) == Taken("new", "01B")


def test_a_new_case_whose_answer_was_lost_is_there_once(room, lossy):
    taken = lossy.open()

    assert taken == Taken("new", "01A")
    assert room.ledger() == ["case.opened"]


@pytest.mark.parametrize("event_key", ["standard:2", None])
def test_a_departure_that_joined_and_whose_answer_was_lost_joined_once(
    room, lossy, event_key
):
    room.open()

    taken = lossy.open(a_case("01B", opened_by=OpenedBy("api", event_key, "ann")))

    assert taken == Taken("joined", "01A")
    assert len(room.cases.load("01A").departures) == 1
    assert room.ledger() == ["case.opened", "departure.joined"]


def test_a_departure_joins_a_case_whose_targets_are_under_way(room):
    room.planned(a_case_target())

    assert room.open(a_case("01B")) == Taken("joined", "01A")
    assert room.claim(Step.PLAN) is not None


@pytest.mark.parametrize(
    "again",
    [
        Leaver("dana.lee@example.com", "IBMid-1"),
        Leaver("dana@new.example.com", "IBMid-1"),
        Leaver(iam_id="IBMid-1"),
    ],
)
def test_a_repeat_that_is_known_by_other_names_by_now_is_a_repeat(room, again):
    first = Leaver("dana.lee@example.com", "IBMid-1")
    event = OpenedBy("standard", "standard:1")
    room.open(a_case(leaver=first, opened_by=event))

    repeat = room.open(a_case("01B", leaver=again, opened_by=event))

    assert repeat == Taken("repeated", "01A")


@pytest.mark.parametrize(
    "other", [Leaver("dana.lee@example.com", "IBMid-2"), Leaver("kim.roe@example.com")]
)
def test_another_person_under_the_same_key_is_no_repeat(room, other):
    first = Leaver("dana.lee@example.com", "IBMid-1")
    event = OpenedBy("standard", "standard:1")
    room.open(a_case(leaver=first, opened_by=event))

    taken = room.open(a_case("01B", leaver=other, opened_by=event))

    assert taken == Taken("another", "01A")


ALONG = Along(
    kept=name_of("okta:1"),
    learned={"00u1": "dana.lee@example.com", "E-157": "dana.lee@example.com"},
    heard_at=NOW,
    delivered_at=NOW,
)
TOLD = OpenedBy("okta", "okta:1")


def noted(client):
    """What the store has noted of the source and its people."""
    names = client.hgetall("offboard:names:okta")
    heard = client.zrange("offboard:names:okta:heard", 0, -1)
    delivered = client.hget("offboard:source:okta", "delivered")
    return names, set(heard), delivered


def test_what_goes_along_is_noted_where_the_event_is_taken_in(any_client, room):
    room.open(a_case(opened_by=TOLD), along=ALONG)

    names, heard, delivered = noted(any_client)
    assert names == ALONG.learned
    assert heard == {"00u1", "E-157"}
    assert delivered == "1"
    at = any_client.hget("offboard:source:okta", "last_delivered_at")
    assert int(at) == NOW.timestamp() * 1000


def test_a_delivery_whose_answer_was_lost_counts_once(any_client, lossy):
    taken = lossy.open(a_case(opened_by=TOLD), along=ALONG)

    assert taken.verdict == "new"
    assert noted(any_client)[2] == "1"


def test_a_repeat_and_a_joined_event_count_as_deliveries(any_client, room):
    room.open(a_case("01A", opened_by=TOLD), along=ALONG)
    room.open(a_case("01B", opened_by=TOLD), along=ALONG)
    joined = room.open(a_case("01C", opened_by=OpenedBy("okta", "okta:2")), along=ALONG)

    assert joined == Taken("joined", "01A")
    assert noted(any_client)[2] == "3"


def test_nothing_is_learned_of_an_event_whose_id_is_anothers(any_client, room):
    room.open(a_case("01A", opened_by=TOLD))

    taken = room.open(a_case("01B", opened_by=TOLD, leaver=KIM), along=ALONG)

    assert taken.verdict == "another"
    assert noted(any_client) == ({}, set(), None)


def test_what_was_kept_of_an_event_is_found_by_whatever_takes_it_in(any_client, room):
    any_client.hset("offboard:deliveries:names", ALONG.kept, "01KEPT")

    first = room.open(a_case("01A", opened_by=TOLD), along=ALONG)
    again = room.open(a_case("01B", opened_by=TOLD), along=ALONG)
    other = replace(ALONG, kept=name_of("okta:2"))
    unkept = room.open(a_case("01C", opened_by=OpenedBy("okta", "okta:2")), along=other)

    assert first == Taken("new", "01A", "01KEPT")
    assert again == Taken("repeated", "01A", "01KEPT")
    assert unkept == Taken("joined", "01A")

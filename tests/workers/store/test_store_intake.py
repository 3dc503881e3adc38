"""Deliveries that wait: found again, sealed, each by itself, none twice, none lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_scenes import AnswersGetLost

from config.settings import Secret
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heard import Hint, Unreadable
from workers.offboarding.intake import Kept, KeptBody, KeptState, Kind, RunningOut
from workers.store.connection import connect
from workers.store.intake import Deliveries, LookUp

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
SECRET_KEY = Secret("k" * 32)
BODY = {"user": {"mail": "dana.lee@example.com", "name": "Dana Lee"}, "n": [1, None]}
HINT = Hint(
    "hibob",
    "hibob:ev-dana",
    "employee.left",
    "E-157-dana",
    occurred_at=NOW,
    more={"email": "dana.lee@example.com"},
)


@pytest.fixture
def deliveries(any_client):
    return Deliveries(any_client, secret_key=SECRET_KEY)


@pytest.fixture
def keep(deliveries):
    """Keeps something unreadable of Okta; the next number is the next second."""

    def kept(number=1, reason=Unreadable.UNKNOWN_PERSON, source="okta", **how):
        key = how.pop("key", f"{source}:dana-{number}")
        at = how.pop("at", NOW + timedelta(seconds=number))
        by = how.pop("by", deliveries)
        return by.keep_unreadable(source, key, BODY, reason, "Not known.", at)

    return kept


def make_due(client):
    for member in client.zrange("offboard:lookups:due", 0, -1):
        client.zadd("offboard:lookups:due", {member: 1})
        client.hdel(f"offboard:delivery:{member}", "not_before")


def let_go(client, kept_id):
    """Let a worker's lease of a look-up run out."""
    client.hset(f"offboard:delivery:{kept_id}", "held_until", 1)


def everything_in(client):
    """Every name and every value of the store, as one text."""
    found = []
    for key in client.scan_iter("*"):
        match client.type(key):
            case "hash":
                found.append((key, client.hgetall(key)))
            case "zset":
                found.append((key, client.zrange(key, 0, -1)))
            case _:
                found.append((key, client.get(key)))
    return str(found)


def test_what_is_kept_is_listed_by_what_may_be_shown_and_opened_as_it_came(
    deliveries, keep
):
    kept_id = keep()

    kept = Kept(
        id=kept_id,
        source="okta",
        state=KeptState.QUARANTINE,
        reason=Unreadable.UNKNOWN_PERSON,
        text="Not known.",
        received_at=NOW + timedelta(seconds=1),
        expires_at=NOW + timedelta(days=30, seconds=1),
        size=71,
        digest="2163d62c575879b1273b4c4ad9a8892c00f6865a4d5e3898785b3adf6164b6bd",
    )
    assert deliveries.page() == (kept,)
    assert deliveries.load(kept_id) == kept
    assert deliveries.open(kept_id) == KeptBody("okta", "okta:dana-1", BODY)


def test_a_repeat_is_the_same_record(deliveries, keep):
    first, second = keep(), keep(at=NOW + DAY)

    assert first == second
    [kept] = deliveries.page()
    assert kept.received_at == NOW + timedelta(seconds=1)
    assert deliveries.counts() == ({}, {"okta": 1})


def test_a_repeat_that_fails_for_another_reason_stands_under_that_one(deliveries, keep):
    first = keep()
    second = keep(reason=Unreadable.TWO_PEOPLE, at=NOW + DAY)

    [kept] = deliveries.page()
    assert first == second == kept.id
    assert kept.reason is Unreadable.TWO_PEOPLE
    assert kept.received_at == NOW + timedelta(seconds=1)
    assert kept.expires_at == NOW + timedelta(days=30, seconds=1)
    assert [one.reason for one in deliveries.untold()] == [Unreadable.TWO_PEOPLE]


@pytest.mark.parametrize("secret_key", [SECRET_KEY, None], ids=["setting", "made"])
def test_nothing_of_the_sender_s_is_readable_in_the_store(any_client, keep, secret_key):
    deliveries = Deliveries(any_client, secret_key=secret_key)
    keep(by=deliveries)
    deliveries.keep_look_up(HINT, BODY, NOW)
    any_client.hset("offboard:control", "planted", "Dana Lee")

    text = everything_in(any_client)

    assert text.lower().count("dana") == 1
    assert "E-157" not in text
    assert "employee.left" not in text


def test_a_key_that_was_made_is_made_once_for_all(any_client, keep):
    one, other = Deliveries(any_client), Deliveries(any_client)
    kept_id = keep(by=one)

    other.keep_unreadable("okta", "okta:2", {}, Unreadable.BAD_TIME, "Bad.", NOW)

    assert other.open(kept_id).body == BODY


def test_what_was_sealed_before_the_setting_came_can_be_opened_after(any_client, keep):
    kept_id = keep(by=Deliveries(any_client))

    after = Deliveries(any_client, secret_key=SECRET_KEY)

    assert after.open(kept_id).body == BODY


def test_what_was_sealed_with_a_key_that_is_gone_is_listed_and_stays_shut(
    any_client, keep
):
    kept_id = keep()

    other = Deliveries(any_client, secret_key=Secret("j" * 32))

    assert other.open(kept_id) is None
    assert [one.id for one in other.page()] == [kept_id]


def test_pages_follow_each_other_from_the_oldest_on(deliveries, keep):
    ids = [keep(number) for number in (3, 1, 2)]
    oldest_first = [ids[1], ids[2], ids[0]]

    first = deliveries.page(limit=2)
    rest = deliveries.page(first[-1].id, limit=2)

    assert [one.id for one in (*first, *rest)] == oldest_first


def test_a_page_begins_where_the_one_before_ended_though_that_was_dropped(
    deliveries, keep
):
    ids = [keep(number) for number in (1, 2)]
    deliveries.drop(ids[0])

    assert [one.id for one in deliveries.page(ids[0])] == [ids[1]]


def test_what_is_dropped_is_gone_for_good(deliveries, keep, any_client):
    kept_id = keep()

    first, second = deliveries.drop(kept_id), deliveries.drop(kept_id)

    assert (first, second) == (True, False)
    assert deliveries.page() == ()
    assert deliveries.open(kept_id) is None
    assert deliveries.counts() == ({}, {})
    assert keep() != kept_id


def test_what_was_acted_on_by_its_key_goes_by_itself(deliveries, keep):
    keep(1), keep(2)

    assert deliveries.resolved("okta:dana-1") is True
    assert deliveries.resolved("okta:dana-1") is False
    assert deliveries.resolved("okta:never") is False
    assert [one.received_at.second for one in deliveries.page()] == [
        (NOW + timedelta(seconds=2)).second
    ]


def test_a_look_up_waits_under_one_record_and_is_not_listed(deliveries, any_client):
    first = deliveries.keep_look_up(HINT, BODY, NOW)
    second = deliveries.keep_look_up(HINT, BODY, NOW + DAY)
    make_due(any_client)

    assert first == second
    assert deliveries.page() == ()
    assert deliveries.load(first) is None
    assert deliveries.drop(first) is False
    assert deliveries.counts() == ({"hibob": 1}, {})
    assert deliveries.due(10) == [first]


def test_a_look_up_that_is_taken_is_nobody_else_s_for_a_minute(deliveries, any_client):
    deliveries.keep_look_up(HINT, BODY, NOW)
    make_due(any_client)
    deliveries.due(10)

    assert deliveries.due(10) == []
    [(_, at)] = any_client.zrange("offboard:lookups:due", 0, -1, withscores=True)
    assert 30 < at / 1000 - datetime.now(UTC).timestamp() <= 60


def test_one_worker_alone_gets_a_look_up(deliveries):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)

    mine, other = deliveries.claim(kept_id), deliveries.claim(kept_id)

    assert mine == LookUp(kept_id, "hibob", HINT, NOW, 0, 1, mine.token)
    assert other is None


def test_who_died_over_a_look_up_leaves_it_and_is_counted(deliveries, any_client):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    deliveries.claim(kept_id)
    let_go(any_client, kept_id)

    second = deliveries.claim(kept_id)

    assert second.begun == 2


def test_a_look_up_that_is_put_off_counts_its_tries_and_nobody_s_death(
    deliveries, any_client
):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    deliveries.again(deliveries.claim(kept_id), NOW + DAY)

    assert deliveries.due(10) == []
    assert deliveries.claim(kept_id) is None
    make_due(any_client)
    again = deliveries.claim(kept_id)
    assert (again.tries, again.begun, again.waits_since) == (1, 1, NOW)


def test_what_a_busy_worker_left_is_sent_again_soon(deliveries, any_client):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    make_due(any_client)
    deliveries.due(10)
    before = datetime.now(UTC).timestamp()

    deliveries.busy(kept_id)

    after = datetime.now(UTC).timestamp()
    [(_, at)] = any_client.zrange("offboard:lookups:due", 0, -1, withscores=True)
    assert before < at / 1000 <= after + 2


def test_what_is_another_s_or_put_off_is_never_sent_sooner(deliveries, any_client):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    mine = deliveries.claim(kept_id)
    deliveries.busy(kept_id)
    held = any_client.zscore("offboard:lookups:due", kept_id)
    deliveries.again(mine, NOW + DAY)
    deliveries.busy(kept_id)
    put_off = any_client.zscore("offboard:lookups:due", kept_id)

    assert held / 1000 - datetime.now(UTC).timestamp() > 100
    assert put_off / 1000 == (NOW + DAY).timestamp()


def test_what_is_not_there_is_not_sent(deliveries, keep):
    deliveries.busy("01A")
    deliveries.busy(keep())

    assert deliveries.due(10) == []


def test_a_worker_that_comes_late_changes_nothing(deliveries, any_client):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    late = deliveries.claim(kept_id)
    let_go(any_client, kept_id)
    mine = deliveries.claim(kept_id)

    deliveries.again(late, NOW + DAY)
    failed = deliveries.fail(late, Unreadable.LOOK_UP_FAILED, "No.", NOW)

    assert failed is False
    assert deliveries.claim(kept_id) is None
    assert deliveries.fail(mine, Unreadable.LOOK_UP_FAILED, "No.", NOW) is True


def test_who_is_late_with_what_is_done_brings_nothing_back(deliveries, any_client):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    late = deliveries.claim(kept_id)
    deliveries.resolved(HINT.event_key)

    deliveries.again(late, NOW)
    failed = deliveries.fail(late, Unreadable.LOOK_UP_FAILED, "No.", NOW)

    assert failed is False
    assert deliveries.counts() == ({}, {})
    assert not any_client.exists(f"offboard:delivery:{kept_id}")


def test_a_look_up_that_is_given_up_stands_in_quarantine(deliveries, any_client):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    mine = deliveries.claim(kept_id)

    deliveries.fail(mine, Unreadable.LOOK_UP_FAILED, "Not for a day.", NOW + DAY)

    [kept] = deliveries.page()
    assert (kept.id, kept.reason) == (kept_id, Unreadable.LOOK_UP_FAILED)
    assert (kept.received_at, kept.expires_at) == (NOW, NOW + 31 * DAY)
    assert deliveries.open(kept_id) == KeptBody("hibob", "hibob:ev-dana", BODY)
    assert deliveries.counts() == ({}, {"hibob": 1})
    make_due(any_client)
    assert deliveries.due(10) == []


def test_what_was_given_up_and_comes_again_is_looked_up_again(deliveries):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)
    mine = deliveries.claim(kept_id)
    deliveries.fail(mine, Unreadable.LOOK_UP_FAILED, "No.", NOW + DAY)

    again = deliveries.keep_look_up(HINT, BODY, NOW + 2 * DAY)

    assert again == kept_id
    assert deliveries.page() == ()
    assert deliveries.claim(kept_id).waits_since == NOW + 2 * DAY


def test_a_kind_is_told_once_and_again_after_it_was_emptied(deliveries, keep):
    first = keep(1)
    [kind] = deliveries.untold()
    deliveries.told(kind)
    keep(2)
    between = deliveries.untold()
    deliveries.drop(first)
    still = deliveries.untold()
    deliveries.resolved("okta:dana-2")
    emptied = deliveries.untold()
    keep(3)

    [again] = deliveries.untold()

    assert kind == Kind("okta", Unreadable.UNKNOWN_PERSON, 1, kind.since, first)
    assert (between, still, emptied) == ((), (), ())
    assert again.since != kind.since


def test_each_source_and_reason_is_a_kind_of_its_own(deliveries, keep):
    keep(1), keep(2), keep(3, Unreadable.BAD_TIME), keep(4, source="scim")

    found = [(one.source, one.reason, one.count) for one in deliveries.untold()]

    assert found == [
        ("okta", "bad_time", 1),
        ("okta", "unknown_person", 2),
        ("scim", "unknown_person", 1),
    ]


def test_what_runs_out_is_told_three_days_ahead_and_once(deliveries, keep):
    first, second, later = keep(1), keep(2, at=NOW + DAY / 2), keep(3, at=NOW + 3 * DAY)
    early = deliveries.running_out(NOW + 26 * DAY)

    found = deliveries.running_out(NOW + 27 * DAY + timedelta(seconds=2))
    [(kind, members)] = found.items()
    deliveries.warned(members)

    assert early == {}
    assert kind == RunningOut(
        "okta",
        Unreadable.UNKNOWN_PERSON,
        2,
        NOW + timedelta(days=30, seconds=1),
        first,
    )
    assert [one.rpartition("|")[2] for one in members] == [first, second]
    assert deliveries.running_out(NOW + 28 * DAY) == {}
    assert later not in str(members)


def test_another_kind_that_runs_out_later_that_day_is_not_told_yet(deliveries, keep):
    keep(1), keep(2, source="scim", at=NOW + DAY / 2)

    found = deliveries.running_out(NOW + 27 * DAY + timedelta(seconds=2))

    assert [one.source for one in found] == ["okta"]


def test_what_was_not_written_down_as_told_has_the_same_name_again(deliveries, keep):
    keep()

    at = NOW + 28 * DAY
    assert list(deliveries.running_out(at)) == list(deliveries.running_out(at))


def test_what_is_kept_for_a_day_is_told_of_at_half_of_it(any_client, keep):
    deliveries = Deliveries(any_client, life=DAY)
    keep(0, by=deliveries)

    assert deliveries.running_out(NOW + timedelta(hours=11)) == {}
    assert len(deliveries.running_out(NOW + timedelta(hours=12))) == 1


def test_what_expired_loses_its_body_and_stays_listed_until_it_is_dropped(
    deliveries, keep, any_client
):
    kept_id = keep()
    before = deliveries.expire(NOW + 30 * DAY)
    after = deliveries.expire(NOW + 31 * DAY)

    [kept] = deliveries.page()
    assert (before, after) == (0, 1)
    assert (kept.id, kept.state) == (kept_id, KeptState.EXPIRED)
    assert deliveries.open(kept_id) is None
    assert not any_client.hexists(f"offboard:delivery:{kept_id}", "box")
    assert deliveries.counts() == ({}, {"okta": 1})
    assert (deliveries.untold(), deliveries.running_out(NOW + 40 * DAY)) == ((), {})
    assert deliveries.drop(kept_id) is True
    assert deliveries.counts() == ({}, {})


def test_what_expired_and_comes_again_has_a_body_again(deliveries, keep):
    kept_id = keep()
    deliveries.expire(NOW + 31 * DAY)

    again = keep(at=NOW + 32 * DAY)

    [kept] = deliveries.page()
    assert again == kept_id == kept.id
    assert (kept.state, kept.expires_at) == (KeptState.QUARANTINE, NOW + 62 * DAY)
    assert deliveries.open(kept_id).body == BODY
    assert deliveries.counts() == ({}, {"okta": 1})


def test_a_lost_answer_of_the_store_changes_nothing(any_client, keep):
    lossy = Deliveries(AnswersGetLost(any_client))
    kept_id = keep(by=lossy)
    look_up = lossy.keep_look_up(HINT, BODY, NOW)

    first = lossy.claim(look_up)
    lossy.again(first, NOW - DAY)
    second = lossy.claim(look_up)
    failed = lossy.fail(second, Unreadable.LOOK_UP_FAILED, "No.", NOW)
    dropped = lossy.drop(kept_id)

    assert (first.begun, second.begun, second.tries) == (1, 1, 1)
    assert (failed, dropped) == (True, True)
    assert lossy.counts() == ({}, {"hibob": 1})
    assert [one.source for one in lossy.page()] == ["hibob"]


def test_workers_at_once_share_no_look_up(store_place, client):
    with ThreadPoolExecutor(8) as pool, connect(store_place.store_url) as shared:
        deliveries = Deliveries(shared)
        kept_id = deliveries.keep_look_up(HINT, BODY, NOW)

        claims = list(pool.map(lambda _: deliveries.claim(kept_id), range(40)))

    assert len([one for one in claims if one]) == 1


def test_repeats_at_once_are_one_record(store_place, client, keep):
    with ThreadPoolExecutor(8) as pool, connect(store_place.store_url) as shared:
        deliveries = Deliveries(shared)

        ids = set(pool.map(lambda _: keep(by=deliveries), range(40)))

        assert len(ids) == 1
        assert deliveries.counts() == ({}, {"okta": 1})


def test_ten_thousand_are_paged_and_told_of_as_they_should(client, keep):
    deliveries = Deliveries(client, secret_key=SECRET_KEY)
    first = keep(by=deliveries)
    copied = copies_of(client, first, 9_999)
    late = NOW + 28 * DAY

    began = time.monotonic()
    begin = deliveries.page(limit=100)
    middle = deliveries.page(copied[4_999], limit=100)
    [(running, members)] = deliveries.running_out(late).items()
    deliveries.warned(members)
    took = time.monotonic() - began

    assert [one.id for one in begin] == [first, *copied[:99]]
    assert [one.id for one in middle] == copied[5_000:5_100]
    assert (running.count, len(members)) == (10_000, 10_000)
    assert deliveries.running_out(late) == {}
    # Seconds: of a mass that is gone through one by one it would be minutes.
    assert took < 60


def copies_of(client, kept_id, many):
    """Put copies of a delivery beside it, each with an id of its own; return those."""
    fields = client.hgetall(f"offboard:delivery:{kept_id}")
    ids = [f"7{number:025d}" for number in range(many)]
    with client.pipeline() as pipe:
        for one in ids:
            pipe.hset(f"offboard:delivery:{one}", mapping=fields)
        pipe.zadd("offboard:quarantine", dict.fromkeys(ids, 0))
        members = [f"okta|unknown_person|{one}" for one in ids]
        at = int(fields["warn_at"])
        pipe.zadd("offboard:quarantine:warns", dict.fromkeys(members, at))
        pipe.execute()
    return ids


MINE = LookUp("01A", "hibob", HINT, NOW, 0, 1, "t")


@pytest.mark.parametrize(
    "move",
    [
        lambda one: one.keep_look_up(HINT, BODY, NOW),
        lambda one: one.keep_unreadable("a", "a:1", {}, Unreadable.BAD_TIME, "", NOW),
        lambda one: one.resolved("a:1"),
        lambda one: one.drop("01A"),
        lambda one: one.page(),
        lambda one: one.open("01A"),
        lambda one: one.due(1),
        lambda one: one.claim("01A"),
        lambda one: one.again(MINE, NOW),
        lambda one: one.fail(MINE, Unreadable.BAD_TIME, "", NOW),
        lambda one: one.busy("01A"),
        lambda one: one.done(MINE),
        lambda one: one.untold(),
        lambda one: one.running_out(NOW),
        lambda one: one.expire(NOW),
        lambda one: one.counts(),
    ],
)
@pytest.mark.parametrize("secret_key", [SECRET_KEY, None])
def test_a_store_that_is_away_is_said(short_folder, move, secret_key):
    with (
        connect(f"unix://{short_folder}/nobody") as client,
        pytest.raises(StoreAwayError),
    ):
        move(Deliveries(client, secret_key=secret_key))


def test_a_look_up_whose_key_is_gone_has_no_hint(any_client, deliveries):
    kept_id = deliveries.keep_look_up(HINT, BODY, NOW)

    other = Deliveries(any_client, secret_key=Secret("j" * 32))

    assert replace(other.claim(kept_id), token="") == LookUp(
        kept_id, "hibob", None, NOW, 0, 1, ""
    )

"""A case that cannot be read costs only itself, and is on a list that people see."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import fakeredis
import pytest
from factories import NOON
from store.store_scenes import DANA, KIM, NOW, Room, a_case, a_case_target, due_notices
from structlog.testing import capture_logs

from config.secret import Secret
from workers.offboarding.errors import CaseDamagedError
from workers.offboarding.health import Verdict
from workers.offboarding.model import Channel, Step, Work
from workers.offboarding.notice import NoticeKind
from workers.salvaging import DamageWatch
from workers.signing import SigningKey
from workers.stalling import StuckWatch
from workers.store.damaged import Damaged
from workers.store.evidence import Evidence
from workers.store.notices import Notices
from workers.store.progress import Progress
from workers.tasks import perform

HEAD = "offboard:case:01A"
SPOILT = [
    lambda client: client.hset(HEAD, "head", "{"),
    lambda client: client.hset(HEAD, "status", "mislaid"),
    lambda client: client.hdel(HEAD, "rev"),
    lambda client: client.hset(HEAD, "rev", "x"),
    lambda client: client.hset(f"{HEAD}:targets", "t", '{"target":1}'),
    lambda client: client.hset(f"{HEAD}:reports", "r", "[]"),
    lambda client: client.rpush(f"{HEAD}:joins", '{"source":'),
]


class Place:
    """Two cases, of which the first can be spoilt, and what watches them."""

    def __init__(self, client, channels=(Channel.SLACK,)):
        self.client, self.now = client, NOON
        self.room = Room(client)
        self.room.open(a_case("01A", leaver=DANA))
        self.room.open(a_case("01B", leaver=KIM))
        self.damaged, self.notices = Damaged(client), Notices(client)
        self.evidence = Evidence(client)
        self.watch = DamageWatch(
            self.damaged,
            self.room.cases,
            self.evidence,
            self.notices,
            channels,
            clock=lambda: self.now,
        )

    def spoil(self):
        self.client.hset(HEAD, "head", "{")

    def mend(self):
        head = self.client.hget("offboard:case:01B", "head")
        self.client.hset(HEAD, "head", head.replace("01B", "01A"))

    def meet(self):
        return [one.id for one in self.room.cases.load_all(["01A", "01B"])]

    def look(self, **passed):
        self.now += timedelta(**passed)
        self.watch.look()
        return due_notices(self.client, self.notices)


@pytest.fixture
def client():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield client


@pytest.fixture
def place(client):
    return Place(client)


@pytest.mark.parametrize("spoil", SPOILT)
def test_the_others_are_read_beside_one_that_cannot_be(place, spoil):
    spoil(place.client)

    with capture_logs() as logs:
        found = place.meet()

    assert found == ["01B"]
    assert [(one["event"], one["case_id"]) for one in logs] == [("case.damaged", "01A")]
    assert place.damaged.listed() == ["01A"]


def test_who_asks_for_it_alone_is_told_that_it_is_there(place):
    place.spoil()

    with pytest.raises(CaseDamagedError, match="case 01A"):
        place.room.cases.load("01A")


def test_a_store_that_takes_no_write_is_read_all_the_same(place, monkeypatch):
    import redis

    def refused(*_):
        raise redis.ReadOnlyError

    place.spoil()
    monkeypatch.setattr(place.client, "sadd", refused)

    assert place.meet() == ["01B"]


def test_it_is_told_once_with_its_id_and_what_can_be_done(place):
    place.spoil()
    place.meet()

    [notice] = place.look()
    again = place.look(hours=1)

    assert again == [notice]
    assert notice.kind is NoticeKind.CASE_DAMAGED
    assert notice.about == ("case 01A",)
    assert [one.command for one in notice.items] == [
        "offboard doctor",
        "offboard exposure",
        "offboard evidence export 01A",
    ]


def test_without_a_channel_it_is_told_once_there_is_one(place, client):
    place.spoil()
    place.meet()
    mute = DamageWatch(
        place.damaged,
        place.room.cases,
        place.evidence,
        place.notices,
        (),
        clock=lambda: NOON,
    )
    mute.look()

    assert len(place.look()) == 1


def test_a_mass_of_them_is_one_notice(place):
    place.damaged.met([f"01{number:03}" for number in range(40)])

    [notice] = place.look()

    assert notice.about == ("40 cases",)
    assert len(notice.items) == 12
    assert "30 more are named by `offboard doctor`" in notice.headline[0]


def test_the_check_up_names_it_until_it_can_be_read(place):
    place.spoil()
    place.meet()

    [bad] = place.watch.checks()
    place.mend()
    [good] = place.watch.checks()

    assert (bad.what, bad.verdict) == ("case_records", Verdict.FAILED)
    assert "01A" in bad.text
    assert bad.command == "offboard evidence export 01A"
    assert good.verdict is Verdict.OK


def test_one_that_is_damaged_again_is_told_again(place):
    place.spoil()
    place.meet()
    place.look()
    place.mend()
    place.look(minutes=10)
    place.spoil()
    place.meet()

    first, second = place.look()
    assert first.about == second.about == ("case 01A",)


def test_a_ledger_that_cannot_be_read_is_told_and_keeps_no_case_from_its_watch(place):
    place.client.rpush(f"{HEAD}:ledger", "{")
    watch = StuckWatch(
        place.room.cases,
        Progress(place.client),
        place.notices,
        (Channel.SLACK,),
        patience=timedelta(hours=1),
        clock=lambda: place.now,
    )
    place.now = NOW + timedelta(hours=5)
    watch._not_yet = place.now

    watch.look()

    kinds = {one.kind: one for one in place.look()}
    assert {*kinds} == {NoticeKind.STUCK, NoticeKind.CASE_DAMAGED}
    assert kinds[NoticeKind.STUCK].about == ("2 cases",)
    assert [one.verdict for one in place.watch.checks()] == [Verdict.FAILED]


def test_the_check_up_and_the_sealing_agree_on_what_cannot_be_read(place):
    """What one took off the list and the other put back would be told for ever."""
    place.client.lset(f"{HEAD}:ledger", 0, '{"at":"2026-02-16T10:00:00Z","what":NaN}')
    place.evidence.seal(SigningKey(Secret("11" * 32)), NOW)

    [check] = place.watch.checks()

    assert check.verdict is Verdict.FAILED
    assert place.damaged.listed() == ["01A"]


@pytest.mark.parametrize(("step", "due"), [("plan", "due"), ("foresee", "ahead")])
def test_its_work_comes_back_later_and_the_work_of_others_is_done(place, step, due):
    place.spoil()
    work = Work("01A", Step(step))
    place.client.zadd(f"offboard:{due}", {f"01A|{step}|": 1})
    office = SimpleNamespace(
        works=place.room.works, dry=SimpleNamespace(cases=place.room.cases)
    )

    assert perform(office, work) == ()

    until = place.client.zscore(f"offboard:{due}", f"01A|{step}|") / 1000
    assert 500 < until - time.time() <= 600
    assert work not in place.room.works.sweep()


def test_a_target_that_cannot_be_read_gives_the_lease_of_it_back_at_once(place):
    mine = a_case_target("us-south")
    place.room.plan("01A", mine)
    place.client.hset(f"{HEAD}:targets", mine.target.id, "{")
    member = f"01A|reset|{mine.target.id}"
    place.client.zadd("offboard:due", {member: 1})
    tools = SimpleNamespace(
        cases=place.room.cases, works=place.room.works, clock=lambda: datetime.now(UTC)
    )
    office = SimpleNamespace(works=place.room.works, dry=tools, armed=tools)

    assert perform(office, Work("01A", Step.RESET, mine.target.id)) == ()

    until = place.client.zscore("offboard:due", member) / 1000
    assert 500 < until - time.time() <= 600
    place.room.plan("01B", mine)
    place.client.zadd("offboard:due", {f"01B|reset|{mine.target.id}": 1})
    theirs = place.room.claim(Step.RESET, mine.target.id, "01B", shared=True)
    assert theirs is not None


def test_work_that_is_over_is_not_made_due_by_it(place):
    place.room.works.put_off(Work("01A", Step.REPORT))

    assert "01A|report|" not in place.room.due()


def test_a_second_try_at_it_makes_it_no_later_than_one(place):
    lossy = replace(place.room)
    lossy.works.put_off(Work("01A", Step.PLAN))
    first = place.client.zscore("offboard:due", "01A|plan|")

    lossy.works.put_off(Work("01A", Step.PLAN))

    assert place.client.zscore("offboard:due", "01A|plan|") - first < 1000


def test_another_departure_of_the_same_person_is_not_lost_with_it(place):
    place.spoil()

    taken = place.room.open(a_case("01C", leaver=DANA))

    assert (taken.verdict, taken.case_id) == ("joined", "01A")

"""The format of a store: who may work on it, who is there, on and back."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from store_scenes import Room, a_case

from config.settings import Settings
from workers.desk.opening import open_desks, open_store, open_upgrading
from workers.desk.upgrading import UpgradeRefusedError, Upgrading
from workers.offboarding.errors import CaseDamagedError, StoreAwayError
from workers.offboarding.health import Verdict
from workers.offboarding.model import Channel, Step, Work
from workers.offboarding.notice import Notice, NoticeKind
from workers.store.connection import connect
from workers.store.damaged import Damaged
from workers.store.formats import FORMAT, NewerError
from workers.store.notices import Notices
from workers.store.versions import StoreFormatError, Versions, this_process
from workers.telling import tell

MEMBER = "01A|plan|"
# What a format might have that the one before does not know, found by its text.
NEWS = {"NoticeKind.new": '"kind":"taken_[o]ver"', "Case.harmless": None}


def upgrading(client):
    return Upgrading(Versions(client), pause=lambda _: None)


def refused():
    return pytest.raises(UpgradeRefusedError, match="An older version is connected")


def a_notice():
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Notice("n1", NoticeKind.TAKEN_OVER, at, "acc1", ("x",), ("Gone.",), ())


def test_a_store_nobody_used_is_in_the_newest_format(client):
    assert Versions(client).begin() == 2
    assert client.get("offboard:format") == "2"


@pytest.mark.parametrize("used", ["sweeps", "swept"])
def test_a_store_that_an_older_version_used_stays_in_its_format(client, used):
    client.set(f"offboard:{used}", "1")

    assert Versions(client).begin() == 1
    assert client.get("offboard:format") is None


def test_a_store_of_cases_alone_stays_in_its_format(client):
    Room(client).open()

    assert Versions(client).begin() == 1


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("3", "Start the version that wrote it; to come back to this one"),
        ("0", "Upgrade by one version at a time."),
    ],
)
def test_a_store_that_cannot_be_read_is_refused_before_anything_is_changed(
    client, store_place, stored, said
):
    client.set("offboard:format", stored)
    before = client.keys("*")

    with pytest.raises(StoreFormatError, match=said):
        open_store(Settings(store_url=store_place.store_url, paused=True))

    assert client.keys("*") == before


def test_whoever_runs_when_a_newer_format_begins_writes_nothing_from_then_on(room):
    room.open()
    claim = room.claim(Step.PLAN)
    before = room.client.hgetall("offboard:case:01A")
    room.client.set("offboard:format", "3")

    for write in (
        lambda: room.open(a_case("01B")),
        lambda: room.works.renew(claim),
        lambda: room.works.sweep(),
        lambda: room.cases.adopt(a_case()),
    ):
        with pytest.raises(StoreAwayError, match="format 3, and this version reads 1"):
            write()

    assert room.client.hgetall("offboard:case:01A") == before
    assert room.client.zcard("offboard:index:all") == 1


def test_in_the_format_before_nothing_is_marked(room):
    room.open()
    Notices(room.client).add(a_notice(), [Channel.MAIL])

    assert room.client.hget("offboard:case:01A", "format") is None
    assert room.client.hget("offboard:notice:n1", "format") is None


def test_in_the_new_format_each_record_says_so(room):
    room.open()
    room.client.set("offboard:format", "2")
    room.open(a_case("01B", leaver=a_case().leaver))
    Notices(room.client).add(a_notice(), [Channel.MAIL])

    # What the second departure joined is one of the new format too.
    assert room.client.hget("offboard:case:01A", "format") == "2"
    assert room.client.hget("offboard:notice:n1", "format") == "2"
    assert room.cases.load("01A").id == "01A"


def test_a_case_of_a_newer_version_is_no_damage_and_its_work_stays(room):
    room.open()
    room.client.hset("offboard:case:01A", "format", 3)
    work = Work("01A", Step.PLAN)

    assert room.cases.read(["01A"]).damaged == ["01A"]
    with pytest.raises(CaseDamagedError):
        room.cases.load("01A")
    with pytest.raises(CaseDamagedError):
        room.works.begin(work)

    assert Damaged(room.client).listed() == []
    assert room.client.zscore("offboard:due", MEMBER) is not None
    room.client.hset("offboard:case:01A", "format", 2)
    room.client.zadd("offboard:due", {MEMBER: 0})
    assert room.works.begin(work).case.id == "01A"


def test_a_notice_of_a_newer_version_is_left_to_it_and_told_by_nobody(any_client):
    notices = Notices(any_client)
    notices.add(a_notice(), [Channel.MAIL])
    any_client.hset("offboard:notice:n1", "format", 3)

    tell(notices, {}, "n1", Channel.MAIL, lambda: datetime.now(UTC))

    with pytest.raises(NewerError):
        notices.load("n1")
    assert notices.waiting() == 1
    assert any_client.hget("offboard:notice:n1", "begun:mail") is None


def test_notices_of_unknown_kinds_and_channels_hold_nothing_up(any_client):
    notices = Notices(any_client)
    notices.add(a_notice(), [Channel.MAIL])
    text = any_client.hget("offboard:notice:n1", "notice")
    any_client.hset("offboard:notice:n1", "notice", text.replace("taken_over", "new"))
    any_client.hset("offboard:notice:n1", "line:pager", "{}")
    any_client.zadd("offboard:notices:due", {"n1|pager": 0})

    assert notices.due(10) == [("n1", Channel.MAIL)]
    tell(notices, {}, "n1", Channel.MAIL, lambda: datetime.now(UTC))

    assert notices.waiting() == 2
    assert notices.line("n1", Channel.MAIL).state == "pending"


def test_who_is_connected_is_seen_and_so_is_who_has_no_name(client, store_place):
    me = this_process("worker", "1.2.0")
    with (
        connect(store_place.store_url, name=me.name) as named,
        connect(store_place.store_url, name="") as unnamed,
    ):
        named.ping()
        unnamed.ping()
        found = Versions(client).processes()

    assert me in found
    assert "" in {one.kind for one in found}
    assert (me.oldest, me.newest) == (1, FORMAT)


@pytest.mark.parametrize(
    ("name", "is_sure", "stored"),
    [
        ("", False, 1),
        ("", True, 2),
        ("offboard/worker/0.9.0/0-1/vm-7", False, 1),
        ("offboard/worker/1.1.0/1-2/vm-7", False, 2),
        ("offboard/worker/1.2.0/2-3/vm-7", False, 2),
        ("a-tool-of-others", False, 2),
    ],
)
def test_an_upgrade_is_finished_only_where_no_older_version_is_connected(
    client, store_place, name, is_sure, stored
):
    client.set("offboard:sweeps", 1)

    with connect(store_place.store_url, name=name) as other:
        other.ping()
        with refused() if stored == 1 else nullcontext():
            upgrading(client).finish(is_sure=is_sure)

    assert Versions(client).stored() == stored


def test_who_asks_is_no_older_version_itself(client, store_place):
    client.set("offboard:sweeps", 1)
    way = open_upgrading(Settings(store_url=store_place.store_url))

    assert way.finish().stored == 2


def test_where_connections_are_hidden_a_person_has_to_be_sure(client, store_place):
    client.set("offboard:sweeps", 1)
    allowed = ("~*", "+@all", "-client|list")
    client.execute_command("ACL", "SETUSER", "shy", "on", ">planted-pw", *allowed)
    socket = store_place.store_url.removeprefix("unix://").partition("?")[0]

    with connect(f"unix://shy@{socket}?password=planted-pw") as shy:
        standing = upgrading(shy).standing()
        with pytest.raises(UpgradeRefusedError, match="does not say who is connected"):
            upgrading(shy).finish()
    client.execute_command("ACL", "DELUSER", "shy")

    assert standing.processes is None


def test_a_server_that_takes_no_names_is_worked_on_all_the_same(client, store_place):
    allowed = ("~*", "+@all", "-client|setname")
    client.execute_command("ACL", "SETUSER", "shy", "on", ">planted-pw", *allowed)
    socket = store_place.store_url.removeprefix("unix://").partition("?")[0]

    settings = Settings(store_url=f"unix://shy@{socket}?password=planted-pw")
    store = open_store(settings)
    # What asks whether the store answers has connections of its own.
    open_desks(replace(settings, broker_url="redis://127.0.0.1:1/1"))(settings).check()
    client.execute_command("ACL", "DELUSER", "shy")

    assert store.versions is not None


def test_the_way_back_takes_the_marks_away(room):
    room.client.set("offboard:format", "2")
    room.open()
    Notices(room.client).add(a_notice(), [Channel.MAIL])

    assert upgrading(room.client).back() == 2

    assert Versions(room.client).stored() == 1
    assert room.client.hget("offboard:case:01A", "format") is None
    with pytest.raises(UpgradeRefusedError, match="in format 1 already"):
        upgrading(room.client).back()


def test_the_way_back_is_refused_where_the_version_before_could_not_read_a_record(room):
    class WithNews(Versions):
        def unreadable(self, news=NEWS):
            return super().unreadable(news)

    room.client.set("offboard:format", "2")
    room.open()
    Notices(room.client).add(a_notice(), [Channel.MAIL])
    way = Upgrading(WithNews(room.client), pause=lambda _: None)

    with pytest.raises(UpgradeRefusedError, match=r"records: 1 with NoticeKind\.new\."):
        way.back()

    assert Versions(room.client).stored() == 2
    assert room.client.hget("offboard:case:01A", "format") == "2"


def test_what_is_written_while_one_goes_back_is_found_and_the_format_stays(room):
    class WithNews(Versions):
        def unreadable(self, news=NEWS):
            return super().unreadable(news)

    def while_on_its_way(_):
        Notices(room.client).add(a_notice(), [Channel.MAIL])
        room.client.hset("offboard:notice:n1", "format", 2)

    room.client.set("offboard:format", "2")
    way = Upgrading(WithNews(room.client), pause=while_on_its_way)

    with pytest.raises(UpgradeRefusedError):
        way.back()

    assert Versions(room.client).stored() == 2


def test_the_doctor_says_what_is_left_to_be_finished(client):
    client.set("offboard:sweeps", 1)
    [before] = upgrading(client).checks()
    upgrading(client).finish(is_sure=True)
    [after] = upgrading(client).checks()

    assert (before.what, before.verdict) == ("store_format", Verdict.WARNING)
    assert before.command == "offboard upgrade finish"
    assert after.verdict is Verdict.OK


def test_two_who_change_the_format_do_not_change_it_twice(client):
    client.set("offboard:format", "1")
    versions = Versions(client)

    assert versions.change(1, 2)
    assert not versions.change(1, 2)

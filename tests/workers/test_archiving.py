"""Archiving: in the file first and then out of the store, whoever dies in between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis
from store.store_scenes import KIM, NOW, Room, a_case, a_case_target, settled

from workers.archiving import Archiving
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.evidence_check import Checker
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Entry,
    FollowUp,
    Leaver,
    ReportKind,
    ReportLine,
    ReportState,
    Step,
)
from workers.offboarding.notice import NoticeKind
from workers.offboarding.ports import Change
from workers.offboarding.seen_user import SeenUser, UserStanding
from workers.sealing import open_sealing
from workers.signing import signature_holds
from workers.store.archive import Archive
from workers.store.backfill import Backfill
from workers.store.evidence import Evidence
from workers.store.graph import GraphMemory
from workers.store.names import KnownNames
from workers.store.notices import Notices
from workers.store.old_cases import OldCases

BOTH = {"00u1": "dana.lee@example.com", "00u2": "kim.roe@example.com"}
DAY = timedelta(days=1)


class WorkerDied(BaseException):
    """Stands for kill -9: nothing after it runs."""


class DiesBeforeRemoving(OldCases):
    def remove(self, case, entries):
        raise WorkerDied


class Unsealed(Evidence):
    def is_sealed(self, case_id):
        return False


class Place:
    """A store, a folder, and a clock some days ahead of the store's."""

    def __init__(self, client, folder):
        self.room = Room(client)
        self.client, self.folder = client, folder
        self.later = 731 * DAY
        self.names, self.notices = KnownNames(client), Notices(client)
        self.sealing = open_sealing(Evidence(client), None, lambda: datetime.now(UTC))
        self.archiving = Archiving(
            OldCases(client),
            self.room.cases,
            Backfill(client),
            Evidence(client),
            Archive(folder),
            self.names,
            GraphMemory(client),
            self.notices,
            (Channel.SLACK,),
            ("okta", "entra_graph"),
            730 * DAY,
            lambda: datetime.now(UTC) + self.later,
        )

    def with_parts(self, **parts):
        self.archiving = replace(self.archiving, **parts)

    def look(self):
        # What is due waits for workers, and there are none here.
        self.sealing.seal()
        self.client.delete("offboard:due", "offboard:archiving:turn")
        self.archiving.look()

    def settle(self, case_id="01A", **changed):
        case = a_case(case_id, **changed)
        target = a_case_target()
        self.room.planned(target, case=case)
        claim = self.room.intend(case_id=case_id)
        self.room.works.finish(claim, Change(targets=(settled(),)))
        return self.room.report(case_id, result=CaseResult.SAFE)

    def archived(self):
        files = sorted(self.folder.rglob("*"))
        return [str(one.relative_to(self.folder)) for one in files if one.is_file()]

    def kept(self):
        return self.room.cases.ids(limit=1000)


@pytest.fixture
def binary_client(store_place):
    """The same server; a dump is no text."""
    with redis.Redis.from_url(store_place.store_url) as client:
        yield client


@pytest.fixture
def place(client, tmp_path):
    return Place(client, tmp_path / "archive")


def test_a_case_goes_to_its_file_when_its_time_is_over(place):
    place.settle()

    place.look()

    file = f"{NOW.year}/01A.jsonl"
    assert place.archived() == [file]
    lines = (place.folder / file).read_bytes().splitlines(keepends=True)
    checker = Checker(signature_holds)
    checker.read(file, lines)
    found = checker.compare()
    assert (found.cases, found.faults) == (1, [])
    assert any(b'"case.opened"' in line for line in lines)
    assert place.kept() == []


def test_nothing_goes_before_its_time(place):
    place.settle()
    place.later = 729 * DAY

    place.look()

    assert place.archived() == []
    assert place.kept() == ["01A"]


def test_what_is_not_over_never_goes(place):
    place.room.open()
    tomorrow = NOW + 900 * DAY
    scheduled = a_case(
        "01B", leaver=KIM, status=CaseStatus.SCHEDULED, starts_at=tomorrow
    )
    place.room.open(scheduled)
    for case_id in ("01A", "01B"):
        place.client.zadd("offboard:index:ended", {case_id: 1})

    place.look()

    assert place.archived() == []
    assert place.kept() == ["01B", "01A"]


@pytest.mark.parametrize(
    ("targets", "reports"),
    [
        ((settled(follow_ups=(FollowUp("refresh_master", "Do it."),)),), ()),
        ((), (ReportLine(Channel.SLACK, ReportKind.FINAL),)),
    ],
)
def test_a_case_that_leaves_something_to_do_stays_and_is_no_bar_to_others(
    place, targets, reports
):
    place.settle()
    place.client.zadd("offboard:due", {"01A|aftercare|": 1})
    claim = place.room.claim(Step.AFTERCARE)
    place.room.works.finish(claim, Change(targets=targets, reports=reports))
    place.settle("01B", leaver=KIM)

    place.look()

    assert place.archived() == [f"{NOW.year}/01B.jsonl"]
    assert place.kept() == ["01A"]
    assert place.archiving.old.due(place.archiving.clock() - 730 * DAY, 9) == []
    assert place.archiving.old.due(place.archiving.clock() - 728 * DAY, 9) == ["01A"]


def test_a_report_that_could_not_be_sent_keeps_nothing_for_ever(place):
    place.settle()
    place.client.zadd("offboard:due", {"01A|aftercare|": 1})
    failed = ReportLine(Channel.SLACK, ReportKind.FINAL, state=ReportState.FAILED)
    claim = place.room.claim(Step.AFTERCARE)
    place.room.works.finish(claim, Change(reports=(failed,)))

    place.look()

    assert place.kept() == []


def test_what_is_not_sealed_stays(place):
    place.settle()
    place.with_parts(packs=Unsealed(place.client))

    place.look()

    assert place.archived() == []
    assert place.kept() == ["01A"]


def test_who_dies_before_removing_leaves_it_to_the_next_who_writes_the_same(place):
    place.settle()
    whole = place.archiving.old
    place.with_parts(old=DiesBeforeRemoving(place.client))
    with pytest.raises(WorkerDied):
        place.look()
    assert place.kept() == ["01A"]
    file = place.folder / f"{NOW.year}/01A.jsonl"
    first = file.read_bytes()

    place.with_parts(old=whole)
    place.look()

    assert file.read_bytes() == first
    assert place.kept() == []


def copied(client):
    return {key: client.dump(key) for key in client.keys(b"offboard:*")}


def put_back(client, copy):
    client.flushdb()
    for key, value in copy.items():
        client.restore(key, 0, value)


def test_an_older_store_that_is_put_back_takes_nothing_from_the_archive(
    binary_client, place
):
    place.settle()
    place.sealing.seal()
    older = copied(binary_client)
    place.client.zadd("offboard:due", {"01A|aftercare|": 1})
    claim = place.room.claim(Step.AFTERCARE)
    late = Entry(NOW, "follow_up.done")
    place.room.works.finish(claim, Change(entries=(late,)))
    place.look()
    first = (place.folder / f"{NOW.year}/01A.jsonl").read_bytes()
    put_back(binary_client, older)

    place.look()

    assert place.kept() == []
    assert place.archived() == [f"{NOW.year}/01A.2.jsonl", f"{NOW.year}/01A.jsonl"]
    assert (place.folder / f"{NOW.year}/01A.jsonl").read_bytes() == first
    (member,) = place.client.zrange("offboard:notices:due", 0, -1)
    notice = place.notices.load(member.rpartition("|")[0])
    assert notice.kind is NoticeKind.ARCHIVED_BESIDE
    assert f"{NOW.year}/01A.2.jsonl" in notice.headline[0]


def test_where_the_folder_cannot_be_written_nothing_goes_and_it_is_told_once(place):
    place.folder.write_text("a file is in the way")
    place.settle()

    place.look()
    place.look()

    assert place.kept() == ["01A"]
    (member,) = place.client.zrange("offboard:notices:due", 0, -1)
    notice = place.notices.load(member.rpartition("|")[0])
    assert "Not a directory" in str(notice.headline)
    assert place.client.ttl("offboard:archiving:turn") > 500


def test_after_a_failure_it_waits_some_minutes(place):
    place.folder.write_text("a file is in the way")
    place.settle()
    place.look()
    place.folder.unlink()

    place.archiving.look()

    assert place.kept() == ["01A"]


def test_what_failed_once_is_told_anew_where_it_fails_another_time(place):
    place.folder.write_text("a file is in the way")
    place.settle()
    place.look()
    place.folder.unlink()
    place.look()
    assert place.kept() == []
    place.settle("01B", leaver=KIM)
    place.with_parts(archive=Archive(place.folder / f"{NOW.year}/01A.jsonl"))

    place.look()

    assert place.client.zcard("offboard:notices:due") == 2


def test_other_work_goes_first(place):
    place.settle()
    place.client.zadd("offboard:due", {"01Z|plan|": 1})

    place.archiving.look()

    assert place.kept() == ["01A"]


def test_one_worker_at_a_time(place):
    place.settle()
    assert place.archiving.old.begin()

    place.client.delete("offboard:due")
    place.archiving.look()

    assert place.kept() == ["01A"]


def test_hundreds_go_in_turns(place):
    for number in range(250):
        leaver = Leaver(email=f"p{number}@example.com")
        place.room.open(a_case(f"{number:026}", leaver=leaver))
        place.room.cancel(f"{number:026}")

    place.look()
    assert len(place.kept()) == 50
    place.look()
    assert place.kept() == []
    assert len(place.archived()) == 250


def test_the_ids_of_who_left_are_forgotten_with_the_case(place):
    place.names.learn("okta", BOTH)
    place.settle()

    place.look()

    assert place.names.of("okta", ["00u1", "00u2"]) == {"00u2": "kim.roe@example.com"}


def test_who_left_in_two_cases_that_go_together_is_forgotten_too(place):
    place.names.learn("okta", BOTH)
    place.settle()
    place.settle("01B")

    place.look()

    assert place.kept() == []
    assert place.names.of("okta", ["00u1", "00u2"]) == {"00u2": "kim.roe@example.com"}


def test_how_a_deleted_user_of_graph_stood_is_forgotten_with_the_name(place):
    graph = place.archiving.graph
    gone, there = SeenUser(UserStanding.DELETED), SeenUser(UserStanding.ENABLED)
    names = {"g1": "dana.lee@example.com", "g2": "dana.lee@example.com"}
    graph.take_page({"g1": gone, "g2": there}, names)
    place.settle()

    place.look()

    assert graph.seen_of(["g1", "g2"]) == {"g2": there}
    assert place.names.of("entra_graph", ["g1", "g2"]) == {}


def test_who_stayed_or_has_another_case_is_still_known(place):
    place.names.learn("okta", BOTH)
    place.settle()
    place.room.open(a_case("01B"))
    place.client.zadd("offboard:index:ended", {"01B": 9e15})
    place.room.open(a_case("01C", leaver=KIM))
    place.room.cancel("01C")

    place.look()

    assert place.kept() == ["01B"]
    assert place.names.of("okta", ["00u1", "00u2"]) == BOTH


def test_a_store_that_is_away_is_no_fault_of_the_folder(place):
    class Away(OldCases):
        def due(self, before, limit):
            raise StoreAwayError("The store: TimeoutError.")

    place.with_parts(old=Away(place.client))

    with pytest.raises(StoreAwayError):
        place.look()

    assert place.client.zcard("offboard:notices:due") == 0


def test_a_case_that_cannot_be_read_keeps_no_other_from_its_file(place):
    place.settle()
    place.settle("01B", leaver=KIM)
    place.client.hset("offboard:case:01A", "head", "{")

    place.look()

    assert place.archived() == [f"{NOW.year}/01B.jsonl"]
    assert place.kept() == ["01A"]
    place.look()
    assert place.kept() == ["01A"]

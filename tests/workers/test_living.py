"""When a process may say that it lives: on a real store, with a clock of our own."""

import os

import pytest
from structlog.testing import capture_logs

from config import alive_file
from workers.living import Living, Pulse
from workers.store.connection import connect
from workers.store.heartbeats import Heartbeats


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


class Place:
    """One process, its clock, its store, its temporary directory, its broker."""

    def __init__(self, client, kind="worker"):
        self.clock = Clock()
        self.fault = None
        self.heartbeats = Heartbeats(client)
        self.pulse = Pulse(self.clock)
        self.living = Living(kind, self.pulse, self.heartbeats, lambda: self.fault)
        self.kind = kind

    def passes(self, seconds, *, turning=True, taking=True):
        """Let time pass in steps of five seconds, and have it judge at each."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += 5
            if turning:
                self.pulse.turn()
            if taking:
                self.pulse.took()
            self.hide_file()
            self.living.say()

    def hide_file(self):
        alive_file.remove(self.kind)

    @property
    def has_file(self):
        return alive_file.age_seconds(self.kind) is not None

    @property
    def in_store(self):
        return [one.kind for one in self.heartbeats.all()]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path / f"offboard-{os.geteuid()}"


@pytest.fixture
def place(client):
    return Place(client)


def beat_lives(client):
    Heartbeats(client).say("other-1", "beat", "1")


def test_a_loop_that_turns_is_said_to_live_in_both_places(place, folder):
    place.passes(10)

    assert place.in_store == ["worker"]
    assert place.has_file
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_is_said_in_the_store_before_the_loop_turned_once(place):
    place.passes(5, turning=False)

    assert place.in_store == []
    assert place.has_file


def test_a_loop_that_hangs_looks_alive_nowhere(place, client):
    place.passes(10)
    place.passes(20, turning=False)
    client.delete("offboard:heartbeats")

    with capture_logs() as lines:
        place.passes(120, turning=False)

    assert not place.has_file
    assert place.in_store == []
    (line,) = [one for one in lines if one["event"] == "heartbeat.stopped"]
    assert line["log_level"] == "error"


def test_a_loop_that_waits_for_its_broker_is_not_to_be_started_again(place):
    place.passes(10)
    place.fault = "ConnectionError"

    place.passes(600, turning=False)

    assert place.has_file


def test_after_its_broker_is_back_it_has_a_while_and_no_longer(place):
    place.fault = "ConnectionError"
    place.passes(600, turning=False)
    place.fault = None

    place.passes(60, turning=False)
    assert place.has_file

    place.passes(60, turning=False)
    assert not place.has_file


def test_a_store_that_is_away_makes_nobody_look_dead(tmp_path):
    place = Place(connect(f"unix://{tmp_path}/nobody.sock"))

    place.passes(600, turning=False)

    assert place.has_file


def test_a_worker_that_takes_nothing_though_beat_lives_looks_alive_no_more(
    place, client
):
    beat_lives(client)
    place.passes(290, taking=False)
    assert place.has_file

    place.passes(60, taking=False)

    assert not place.has_file


def test_without_a_beat_there_is_nothing_to_take(place):
    place.passes(900, taking=False)

    assert place.has_file


def test_a_beat_of_itself_takes_no_tasks(client):
    place = Place(client, "beat")

    place.passes(900, taking=False)

    assert place.has_file


def test_who_comes_back_says_so_once(place):
    place.passes(10)
    place.passes(120, turning=False)

    with capture_logs() as lines:
        place.passes(20)

    assert place.has_file
    assert [one["event"] for one in lines] == ["heartbeat.resumed"]


def test_who_ends_leaves_neither_file_nor_word(place):
    place.passes(10)

    place.living.end()

    assert not place.has_file
    assert place.in_store == []


def test_a_folder_that_others_may_write_proves_nothing(place, folder):
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)

    with capture_logs() as lines:
        place.living.say()

    assert [one["event"] for one in lines] == ["heartbeat.no_file"]
    with pytest.raises(alive_file.FolderError):
        alive_file.age_seconds("worker")


def test_a_link_in_its_place_is_not_followed(place, folder, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(alive_file.FolderError):
        alive_file.touch("worker")

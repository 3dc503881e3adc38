"""Backups of the embedded store: made while it runs, and a store made of one."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from embedded_scenes import is_free

from workers.backup import BackupError, create, restore
from workers.embedded import Embedded, EmbeddedError
from workers.offboarding.errors import StoreAwayError
from workers.store.connection import connect
from workers.store.versions import StoreFormatError


@pytest.fixture
def here(short_folder):
    return Embedded(short_folder / "a")


@pytest.fixture
def there(short_folder):
    return Embedded(short_folder / "b")


def names_in(folder):
    return {one.name for one in folder.iterdir()}


def client_of(place, database=0):
    return connect(f"{place.store_url.removesuffix('0')}{database}")


def fill(place):
    client = client_of(place)
    client.set("offboard:x", "kept")
    client.zadd("offboard:index:all", {"01A": 0, "01B": 0})
    client_of(place, 1).set("queue", "a message")


@pytest.fixture
def backup(here, run_embedded, short_folder):
    """A backup of a store that had two cases and a queue."""
    with run_embedded(here.folder):
        fill(here)
        return create(here, short_folder / "backup.rdb").file


def test_a_backup_restores_what_was_there(backup, there, run_embedded):
    made = restore(there, backup)

    with run_embedded(there.folder):
        client = client_of(there)
        assert client.get("offboard:x") == "kept"
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert made.cases == 2


def test_a_backup_of_a_newer_version_leaves_nothing_behind(
    here, there, run_embedded, short_folder
):
    with run_embedded(here.folder):
        fill(here)
        client_of(here).set("offboard:format", 3)
        file = create(here, short_folder / "newer.rdb").file

    with pytest.raises(StoreFormatError, match="in format 3"):
        restore(there, file)

    assert not there.folder.exists()


def test_what_is_restored_is_on_disk_as_every_store_is(backup, there, run_embedded):
    restore(there, backup)

    with run_embedded(there.folder) as server:
        client_of(there).set("offboard:y", "written after")
        server.kill()
        server.wait()
    # The server itself goes a moment after what started it.
    deadline = time.monotonic() + 30
    while not is_free(there):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with run_embedded(there.folder):
        assert client_of(there).mget("offboard:x", "offboard:y") == [
            "kept",
            "written after",
        ]


def test_the_copy_is_marked_and_the_living_store_is_not(
    here, there, run_embedded, short_folder
):
    with run_embedded(here.folder):
        fill(here)
        before = client_of(here).time()[0]
        create(here, short_folder / "b.rdb")
        living = client_of(here).keys("*copied*")
    restore(there, short_folder / "b.rdb")

    with run_embedded(there.folder):
        mark = client_of(there).get("offboard:copied")
    assert living == []
    assert before <= int(mark) / 1000 <= before + 60


def test_the_queue_is_left_out(backup, there, run_embedded):
    restore(there, backup)

    with run_embedded(there.folder):
        assert client_of(there, 1).keys() == []


def test_a_snapshot_that_something_else_made_is_marked_when_it_is_restored(
    here, there, run_embedded
):
    with run_embedded(here.folder):
        client_of(here).set("offboard:x", "kept")
        client_of(here).save()

    restore(there, here.folder / "dump.rdb")

    with run_embedded(there.folder):
        assert client_of(there).mget("offboard:x", "offboard:copied") == ["kept", "0"]


def test_a_backup_leaves_nothing_behind_and_only_this_user_can_read_it(backup, here):
    left = names_in(here.folder)

    assert left <= {"store.lock", "backup.lock", "appendonlydir", "store.sock"}
    assert backup.stat().st_mode & 0o777 == 0o600
    assert names_in(backup.parent) == {"a", "backup.rdb"}


def test_a_backup_overwrites_nothing(here, run_embedded, short_folder):
    there_already = short_folder / "b.rdb"
    there_already.write_text("precious")

    with run_embedded(here.folder), pytest.raises(BackupError, match="there already"):
        create(here, there_already)

    assert there_already.read_text() == "precious"


def test_a_file_that_cannot_be_written_is_said_so_and_nothing_is_left(
    here, run_embedded, short_folder
):
    with run_embedded(here.folder), pytest.raises(BackupError, match="be written"):
        create(here, short_folder / "no" / "such" / "folder.rdb")

    assert "backing-up" not in names_in(here.folder)


def test_a_store_that_does_not_run_is_not_backed_up(here, short_folder):
    here.folder.mkdir()

    with pytest.raises(StoreAwayError):
        create(here, short_folder / "b.rdb")

    assert not (short_folder / "b.rdb").exists()


def test_two_backups_at_once_are_both_whole(here, there, run_embedded, short_folder):
    files = [short_folder / "1.rdb", short_folder / "2.rdb"]
    with run_embedded(here.folder), ThreadPoolExecutor() as pool:
        fill(here)
        made = list(pool.map(lambda file: create(here, file), files))

    assert [one.cases for one in made] == [2, 2]
    assert restore(there, files[1]).cases == 2


def test_a_store_that_is_there_is_never_replaced(backup, there, run_embedded):
    with run_embedded(there.folder):
        client_of(there).set("offboard:x", "newer")

    with pytest.raises(BackupError, match="Move it away"):
        restore(there, backup)

    with run_embedded(there.folder):
        assert client_of(there).get("offboard:x") == "newer"


def test_nothing_is_restored_under_a_store_that_runs(backup, there, run_embedded):
    with (
        run_embedded(there.folder),
        pytest.raises(EmbeddedError, match="Another store runs"),
    ):
        restore(there, backup)


@pytest.mark.parametrize("harm", ["cut", "changed", "no backup", "empty"])
def test_what_is_no_whole_backup_leaves_no_store(backup, there, harm):
    whole = backup.read_bytes()
    backup.write_bytes(
        {
            "cut": whole[:-30],
            "changed": whole[:-12] + bytes([whole[-12] ^ 1]) + whole[-11:],
            "no backup": b"something else",
            "empty": b"",
        }[harm]
    )

    with pytest.raises(BackupError, match="cannot be read as a backup"):
        restore(there, backup)

    assert not there.folder.exists()


def test_a_restore_that_is_refused_leaves_a_folder_as_it_was(there, short_folder):
    there.folder.mkdir()
    (there.folder / "notes.txt").write_text("somebody's")
    damaged = short_folder / "backup.rdb"
    damaged.write_bytes(b"no backup")

    with pytest.raises(BackupError):
        restore(there, damaged)

    assert names_in(there.folder) == {"notes.txt"}


def test_a_restore_that_is_refused_leaves_a_store_its_lock(backup, there, run_embedded):
    with run_embedded(there.folder):
        client_of(there).set("offboard:x", "newer")
    before = names_in(there.folder)

    with pytest.raises(BackupError, match="Move it away"):
        restore(there, backup)

    assert names_in(there.folder) == before >= {"store.lock"}


def test_a_backup_that_is_not_there_is_named(there, short_folder):
    with pytest.raises(BackupError, match=r"nowhere\.rdb is not a file"):
        restore(there, short_folder / "nowhere.rdb")


def test_a_restore_that_was_killed_is_begun_again(backup, there):
    making = there.folder / "restoring"
    making.mkdir(parents=True)
    (making / "dump.rdb").write_bytes(b"half")

    assert restore(there, backup).cases == 2

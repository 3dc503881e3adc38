"""The embedded server: one a folder, for this user alone, ended with its parent."""

import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from embedded_scenes import is_free

from workers.embedded import Embedded, EmbeddedError, serve
from workers.store.connection import connect, unsafe_settings

SERVE = "import sys; from pathlib import Path; from workers.embedded import *; \
sys.exit(serve(Embedded(Path(sys.argv[1]))))"


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def server_pid(place):
    with connect(place.store_url) as client:
        return client.info("server")["process_id"]


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def sockets_of(pid):
    """Return the inodes of its sockets; it may open and close others meanwhile."""
    inodes = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            link = str(one.readlink())
            if link.startswith("socket:["):
                inodes.add(link.removeprefix("socket:[").removesuffix("]"))
    return inodes


def test_a_place_is_read_from_the_stores_url():
    assert Embedded.at("embedded:/srv/store") == Embedded(Path("/srv/store"))
    assert Embedded.at("embedded:var/store") == Embedded(Path.cwd() / "var/store")
    assert Embedded.at("redis://127.0.0.1/0") is None


def test_the_addresses_of_store_and_broker_differ_in_the_database():
    place = Embedded(Path("/srv/a store"))

    assert place.store_url == "unix:///srv/a%20store/store.sock?db=0"
    assert place.broker_url == "redis+socket:///srv/a store/store.sock?virtual_host=1"


def test_too_long_a_path_is_a_clear_error(tmp_path):
    place = Embedded(tmp_path / ("x" * 107))

    with pytest.raises(EmbeddedError) as refused:
        serve(place)

    assert str(refused.value) == (
        "The store's folder has too long a path for a socket: "
        "choose a shorter one in STORE_URL."
    )
    assert not place.folder.exists()


def test_the_longest_path_there_can_be_works(short_folder, run_embedded):
    left = 107 - len(str(short_folder / "x" / "store.sock")) + 1
    place = Embedded(short_folder / ("x" * left))

    with run_embedded(place.folder), connect(place.store_url) as client:
        assert client.ping()
        assert len(str(place.socket)) == 107


def test_a_folder_with_a_space_in_its_name_works(short_folder, run_embedded):
    place = Embedded(short_folder / "a store")

    with run_embedded(place.folder), connect(place.store_url) as client:
        assert client.ping()


def test_a_folder_that_cannot_be_made_is_a_clear_error(short_folder):
    (short_folder / "file").write_text("")

    with pytest.raises(EmbeddedError, match="The store's folder cannot be used: "):
        serve(Embedded(short_folder / "file" / "store"))


def test_folder_socket_and_files_are_this_users_alone(short_folder, run_embedded):
    place = Embedded(short_folder / "store")

    with run_embedded(place.folder), connect(place.store_url) as client:
        client.set("a", "b")
        written = list(place.folder.rglob("*.aof"))
        modes = [mode_of(one) for one in written]
        folder, socket = mode_of(place.folder), mode_of(place.socket)

    assert (folder, socket) == (0o700, 0o600)
    assert modes != []
    assert set(modes) == {0o600}


def test_it_keeps_what_it_acknowledges(store_place):
    with connect(store_place.store_url) as client:
        assert unsafe_settings(client) == []


def test_it_listens_on_no_network(store_place):
    pid = server_pid(store_place)

    inodes = sockets_of(pid)
    lines = [
        line.split()
        for table in ("tcp", "tcp6", "udp", "udp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]

    assert inodes != set()
    assert not inodes & {line[9] for line in lines}


def test_it_gets_nothing_of_the_environment(short_folder, run_embedded, monkeypatch):
    monkeypatch.setenv("OFFBOARD_SLACK_BOT_TOKEN", "xoxb-secret")
    place = Embedded(short_folder)

    with run_embedded(short_folder):
        environ = Path(f"/proc/{server_pid(place)}/environ").read_bytes()

    assert b"OFFBOARD" not in environ


def test_a_second_server_on_one_folder_is_refused(store_place):
    with pytest.raises(EmbeddedError, match=r"^Another store runs on this folder\.$"):
        serve(store_place)

    with connect(store_place.store_url) as client:
        assert client.ping()


def test_sigterm_ends_it_in_order(short_folder, run_embedded):
    with run_embedded(short_folder) as process:
        pid = server_pid(Embedded(short_folder))
        process.terminate()
        code = process.wait(60)

    assert code == 0
    assert is_gone(pid)
    assert not Embedded(short_folder).socket.exists()


def test_sigterm_before_it_answers_ends_it_as_well(short_folder, until):
    with subprocess.Popen([sys.executable, "-c", SERVE, str(short_folder)]) as process:
        until((short_folder / "store.lock").exists)
        process.terminate()

        code = process.wait(60)

    # The signal may come before there is anything to pass it on to.
    assert code in (0, -signal.SIGTERM)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_it_ends_when_its_parent_is_killed_and_the_folder_is_free_again(
    short_folder, run_embedded, until
):
    place = Embedded(short_folder)
    with run_embedded(short_folder) as process:
        with connect(place.store_url) as client:
            client.set("kept", "yes")
        process.kill()
        process.wait()
        until(lambda: is_free(place))

    with run_embedded(short_folder), connect(place.store_url) as client:
        assert client.get("kept") == "yes"


def test_no_second_one_starts_while_an_orphan_has_the_folder(
    short_folder, run_embedded, until
):
    place = Embedded(short_folder)
    with run_embedded(short_folder) as process:
        pid = server_pid(place)
        # As where no kernel tells it of its parent's end: it cannot act on the signal.
        os.kill(pid, signal.SIGSTOP)
        process.kill()
        process.wait()
        with pytest.raises(EmbeddedError, match="Another store runs"):
            serve(place)
        os.kill(pid, signal.SIGCONT)
        until(lambda: is_free(place))

    with run_embedded(short_folder):
        assert server_pid(place) != pid


def test_a_socket_left_by_a_killed_server_is_not_taken_for_an_answer(
    short_folder, run_embedded
):
    place = Embedded(short_folder)
    with run_embedded(short_folder) as process:
        os.kill(server_pid(place), signal.SIGKILL)
        assert process.wait(60) == 247
    left_behind = place.socket.exists()

    # "up" is said only after an answer; the very first call must therefore work.
    with run_embedded(short_folder), connect(place.store_url) as client:
        assert client.ping()
    assert left_behind


def test_a_server_that_dies_at_its_start_is_a_clear_error(short_folder):
    (short_folder / "appendonlydir").write_text("no folder")

    ended = subprocess.run(
        [sys.executable, "-c", SERVE, str(short_folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "EmbeddedError: The embedded server ended with 1." in ended.stderr

"""A store that could lose what it acknowledged is refused; one that is away is said."""

import contextlib
import os
import signal
import subprocess

import pytest
import redis
from store_scenes import Room, a_case, waits_counted
from structlog.testing import capture_logs

from config.settings import Settings
from workers.desk.opening import UnsafeStoreError, await_store, open_store
from workers.embedded import Embedded, _binary
from workers.offboarding.errors import StoreAwayError
from workers.store.connection import connect, unsafe_settings
from workers.store.switches import Switches


@pytest.fixture
def run_server(short_folder, until):
    """Starts a real server with settings of the test's own; gives its address."""
    with contextlib.ExitStack() as ending:

        def run(**changed):
            options = {
                "port": "0",
                "unixsocket": str(short_folder / "s"),
                "dir": str(short_folder),
                "save": "",
                "appendonly": "yes",
                "appendfsync": "always",
                "maxmemory-policy": "noeviction",
                **{name.replace("_", "-"): value for name, value in changed.items()},
            }
            flags = [
                part
                for name, value in options.items()
                for part in (
                    f"--{name}",
                    *([value] if isinstance(value, str) else value),
                )
            ]
            server = ending.enter_context(
                subprocess.Popen([str(_binary()), *flags], stdout=subprocess.DEVNULL)
            )
            ending.callback(server.kill)
            url = f"unix://{short_folder}/s"
            until(lambda: answers(url))
            return url

        yield run


def answers(url):
    with redis.Redis.from_url(url) as client, contextlib.suppress(redis.RedisError):
        return client.ping()
    return False


WRONG = [
    ({"appendonly": "no"}, "appendonly is no, must be yes"),
    ({"appendfsync": "everysec"}, "appendfsync is everysec, must be always"),
    (
        {"maxmemory_policy": "allkeys-lru"},
        "maxmemory-policy is allkeys-lru, must be noeviction",
    ),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_a_server_that_may_lose_writes_is_refused(run_server, changed, said):
    url = run_server(**changed)

    with pytest.raises(UnsafeStoreError) as refused:
        open_store(Settings(store_url=url))

    assert str(refused.value) == (
        f"The store may lose what it acknowledged: {said}. Mend it, or set "
        "OFFBOARD_STORE_UNSAFE=1 and accept that departures can vanish."
    )


def test_everything_that_is_wrong_is_said_at_once(run_server):
    url = run_server(appendonly="no", appendfsync="no", maxmemory_policy="volatile-ttl")

    with connect(url) as client:
        assert len(unsafe_settings(client)) == 3


def test_a_server_where_config_was_renamed_is_refused(run_server):
    url = run_server(rename_command=("CONFIG", ""))

    with pytest.raises(UnsafeStoreError, match="CONFIG GET is not allowed"):
        open_store(Settings(store_url=url))


def test_a_server_where_config_is_not_for_us_is_refused(run_server):
    url = run_server()
    with connect(url) as client:
        client.acl_setuser(
            "web",
            enabled=True,
            passwords=["+pw"],
            keys=["*"],
            commands=["+@all", "-config"],
        )

    with pytest.raises(UnsafeStoreError, match="CONFIG GET is not allowed"):
        open_store(Settings(store_url=url.replace("unix://", "unix://web:pw@")))


def test_an_unsafe_server_that_was_accepted_is_used_and_loudly(run_server):
    url = run_server(appendonly="no")

    with capture_logs() as said:
        store = open_store(Settings(store_url=url, store_unsafe=True))

    store.switches.ping()
    assert said == [
        {
            "event": "store.unsafe",
            "log_level": "error",
            "accepted": True,
            "faults": ["appendonly is no, must be yes"],
        }
    ]


def test_a_safe_server_is_opened_without_a_word(settings, client):
    with capture_logs() as said:
        store = open_store(settings())

    assert said == []
    assert not store.switches.is_paused("acc1")


def test_a_service_that_starts_paused_pauses_the_store_once(settings, client):
    open_store(settings(paused=True)).switches.pause(paused=False)

    store = open_store(settings(paused=True))

    assert not store.switches.is_paused("acc1")


def test_a_server_that_is_dead_is_known_at_once(short_folder, monkeypatch):
    naps = []
    monkeypatch.setattr("redis.retry.sleep", naps.append)
    with (
        connect(f"unix://{short_folder}/none", timeout_seconds=2) as client,
        pytest.raises(StoreAwayError) as away,
    ):
        Room(client).open()

    assert naps == []
    assert str(away.value) == "The store: ConnectionError."


def test_a_server_that_hangs_is_waited_for_once(run_embedded, short_folder):
    place = Embedded(short_folder)
    with (
        run_embedded(short_folder),
        connect(place.store_url, timeout_seconds=2) as client,
    ):
        pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            with (
                waits_counted() as waits,
                pytest.raises(StoreAwayError, match="TimeoutError"),
            ):
                Room(client).open()
        finally:
            os.kill(pid, signal.SIGCONT)

    assert waits == [2]


def test_a_store_that_cannot_write_is_away(run_server):
    url = run_server(maxmemory="1mb")
    with connect(url) as client:
        client.config_set("maxmemory", "1")

        with pytest.raises(StoreAwayError):
            Room(client).open()


def test_a_server_that_comes_back_is_used_again_by_the_same_client(
    run_embedded, short_folder
):
    place = Embedded(short_folder)
    with connect(place.store_url) as client:
        room = Room(client)
        with run_embedded(short_folder):
            room.open()
        with pytest.raises(StoreAwayError):
            room.open(a_case("01B"))
        with run_embedded(short_folder):
            assert room.open(a_case("01B")).verdict == "joined"


def test_who_waits_for_the_store_goes_on_when_it_answers():
    class Ill:
        left = 2

        def ping(self):
            self.left -= 1
            if self.left >= 0:
                raise StoreAwayError("The store: ConnectionError.")

    with capture_logs() as said:
        await_store(Ill())

    assert [one["event"] for one in said] == ["store.awaited", "store.awaited"]


def test_what_was_answered_is_there_after_kill_9(run_embedded, short_folder):
    place = Embedded(short_folder)
    with run_embedded(short_folder), connect(place.store_url) as client:
        room = Room(client)
        pid = client.info("server")["process_id"]
        for number in range(50):
            room.open(
                a_case(f"{number:03}", dry_run=True), idempotency=(f"k{number}", "d")
            )
        os.kill(pid, signal.SIGKILL)

    with run_embedded(short_folder), connect(place.store_url) as client:
        room = Room(client)
        names = [f"{number:03}" for number in range(50)]
        assert [one.id for one in room.cases.load_all(names)] == names
        assert sorted(room.cases.ids(limit=99)) == names
        assert room.due() == [f"{name}|plan|" for name in names]
        assert room.open(a_case("x"), idempotency=("k7", "d")).case_id == "007"


def test_pings_of_a_dead_server_say_so(short_folder):
    with (
        connect(f"unix://{short_folder}/none") as client,
        pytest.raises(StoreAwayError),
    ):
        Switches(client).ping()

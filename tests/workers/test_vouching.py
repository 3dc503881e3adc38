"""The dead man's switch: called while the service works, on a real store and server."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from structlog.testing import capture_logs

from config.settings import Secret
from workers.desk.opening import now_utc
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.health import Verdict
from workers.store.connection import connect
from workers.store.owners import Owners
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches
from workers.store.vouched import Vouches
from workers.vouching import Vouching, call

EVERY = timedelta(hours=6)
SECRET_PART = "5f3e-a-token-in-the-path"


@pytest.fixture
def switch():
    """A dead man's switch that keeps what it was asked."""

    class Switch(BaseHTTPRequestHandler):
        asked, status = [], 200

        def do_GET(self):
            Switch.asked.append((self.command, self.path, dict(self.headers)))
            self.send_response(Switch.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Switch) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        Switch.url = f"http://127.0.0.1:{server.server_port}/{SECRET_PART}"
        yield Switch
        server.shutdown()
        thread.join()


class Place:
    """A store as a service that works leaves it, and one worker of it."""

    def __init__(self, client, url, accounts=("acct1", "acct2")):
        self.client = client
        self.owners = Owners(client)
        self.notes = SurveyNotes(client)
        self.accounts = accounts
        self.swept(ago=0)
        for each in accounts:
            self.surveyed(each, ago=timedelta(hours=1))
        self.vouching = Vouching(
            Secret(url) if url else None,
            Vouches(client),
            switches=Switches(client),
            owners=self.owners,
            notes=self.notes,
            account_ids=accounts,
            every=EVERY,
            clock=now_utc,
        )

    def swept(self, *, ago):
        at = now_utc().timestamp() - ago
        self.client.set("offboard:swept", int(at * 1000))

    def surveyed(self, account_id, *, ago):
        self.owners.put(AccountIndex(account_id, (), now_utc() - ago), None)

    def fails(self, account_id, *, ago):
        self.notes.began(account_id, now_utc() - ago)
        self.notes.failed(account_id, "IAM refused the key.")

    def look(self):
        """Look, and return the events that were logged."""
        with capture_logs() as lines:
            self.vouching.look()
        assert SECRET_PART not in str(lines)
        return [one["event"] for one in lines]

    def a_minute_later(self):
        self.client.delete("offboard:vouch:turn")
        return self.look()

    @property
    def check(self):
        (found,) = self.vouching.checks()
        assert SECRET_PART not in str(found)
        return found


@pytest.fixture
def place(client, switch):
    return Place(client, switch.url)


def test_a_service_that_works_calls_once_a_minute_whoever_looks(place, client, switch):
    other = Place(client, switch.url)

    assert place.look() == ["vouch.given"]
    other.look()
    place.look()

    assert [(one[0], one[1]) for one in switch.asked] == [("GET", f"/{SECRET_PART}")]
    assert 30 < client.ttl("offboard:vouch:turn") <= 55
    assert place.a_minute_later() == []
    assert len(switch.asked) == 2
    assert place.check.verdict is Verdict.OK


def test_nothing_is_said_along_that_names_us_or_proves_anything(place, switch):
    place.look()

    headers = {name.lower() for name in switch.asked[0][2]}
    assert not headers & {"authorization", "cookie"}


def test_without_a_sweep_it_falls_silent_and_says_so_once(place, switch):
    place.look()
    place.swept(ago=31)

    assert place.a_minute_later() == ["vouch.withheld"]
    assert place.look() == []
    assert len(switch.asked) == 1
    assert place.check.verdict is Verdict.FAILED
    assert "no sweep for 30 s" in place.check.text


def test_a_single_broken_account_does_not_silence_it(place, switch):
    place.fails("acct1", ago=timedelta(days=3))
    place.surveyed("acct2", ago=timedelta(hours=11))

    place.look()

    assert len(switch.asked) == 1


@pytest.mark.parametrize("way", ["failing", "old", "never"])
def test_when_no_account_is_seen_any_more_it_falls_silent(place, client, switch, way):
    for each in place.accounts:
        if way == "failing":
            place.fails(each, ago=timedelta(hours=13))
        elif way == "old":
            place.surveyed(each, ago=timedelta(hours=13))
        else:
            client.delete(f"offboard:owners:{each}")

    assert place.look() == ["vouch.withheld"]
    assert switch.asked == []


def test_a_fault_that_passes_does_not_silence_it(place, switch):
    for each in place.accounts:
        place.fails(each, ago=timedelta(hours=1))

    place.look()

    assert len(switch.asked) == 1


def test_a_worker_without_accounts_is_not_asked_for_surveys(client, switch):
    place = Place(client, switch.url, accounts=())

    place.look()

    assert len(switch.asked) == 1


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_told_once_and_tried_again_soon(
    place, switch, status
):
    switch.status = status

    assert place.look() == ["vouch.failed"]
    assert place.look() == []

    assert len(switch.asked) == 2
    assert place.check.verdict is Verdict.FAILED
    switch.status = 200
    assert place.look() == ["vouch.given"]
    assert place.check.verdict is Verdict.OK


def test_one_that_cannot_be_reached_names_no_address():
    said = call(Secret(f"http://127.0.0.1:1/{SECRET_PART}"))

    assert said == "it cannot be reached (ConnectionError)"


def test_no_proxy_of_the_environment_is_asked_for_loopback(switch, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert call(Secret(switch.url)) == ""


def test_without_an_address_nothing_is_called_and_the_doctor_warns(client):
    place = Place(client, None)

    assert place.look() == []
    assert place.check.verdict is Verdict.WARNING
    assert not client.exists("offboard:vouch:turn")


def test_a_store_that_cannot_be_written_is_not_vouched_for(switch, tmp_path, client):
    place = Place(client, switch.url)
    away = connect(f"unix://{tmp_path}/nobody.sock")
    place.vouching._vouches = Vouches(away)

    with pytest.raises(StoreAwayError):
        place.vouching.look()

    assert switch.asked == []


def test_one_that_was_not_called_lately_is_not_known_to_be_well(place, client):
    assert place.check.verdict is Verdict.UNPROVEN

"""Every sample of every source, played by the command at a real service."""

import json
import threading

import fakeredis
import pytest
from click.testing import CliRunner
from fake_desk import FakeDesk
from played import (
    ELSEWHERE,
    environ_of,
    is_conditional,
    meant_by,
    outcome_of,
    says_it_is_kept,
)
from structlog.testing import capture_logs
from werkzeug.serving import make_server

from config.settings import Settings
from service.app import now_utc
from service.cli import main
from service.sources.samples import SAMPLES_OF
from workers.desk.scim_users import ScimUsers
from workers.store.scim import ScimTable

USER = "dana.lee@example.com"
ALL = [
    (source, sample.kind)
    for source, samples in SAMPLES_OF.items()
    for sample in samples
    if source not in ELSEWHERE
]


class Service:
    """The real application on loopback, with a desk in memory."""

    def __init__(self, settings, an_app):
        self.desk = FakeDesk()
        # Whose users are kept here has a table; the fake server serves all threads.
        self.desk.scim = ScimUsers(
            ScimTable(fakeredis.FakeRedis(decode_responses=True)),
            hear=self.desk.hear,
            quarantine=self.desk.quarantine,
        )
        app = an_app(settings, self.desk, now_utc)
        self._server = make_server("127.0.0.1", 0, app)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


@pytest.fixture
def serve(an_app):
    running = []

    def served(source):
        settings = Settings.from_env(environ_of(source))
        running.append(Service(settings, an_app))
        return running[-1]

    # The command's stdout is swapped for a test, and logs would be written there.
    with capture_logs():
        yield served
        for one in running:
            one.close()


@pytest.fixture
def send():
    def sent(source, kind, url, *words, user=USER):
        environ = {"OFFBOARD_URL": url, **environ_of(source)}
        command = ["source", "send", source, kind, "--user", user, *words]
        return CliRunner(env=environ).invoke(main, command)

    return sent


def test_there_are_samples():
    assert len(ALL) >= 24


@pytest.mark.parametrize(("source", "kind"), ALL)
def test_a_sample_is_taken_in_and_leads_to_what_it_says(serve, send, source, kind):
    service = serve(source)

    done = send(source, kind, service.url, "-o", "json")

    (sample,) = [one for one in SAMPLES_OF[source] if one.kind == kind]
    assert done.exit_code == 0, done.output
    answers = json.loads(done.stdout)["answers"]
    assert all(200 <= one["status"] < 300 for one in answers)
    meant = meant_by(sample.leads_to)
    assert meant in (None, outcome_of(service.desk))
    if not is_conditional(sample.leads_to):
        assert bool(service.desk.kept) == says_it_is_kept(sample.leads_to)
    people = [*service.desk.departures, *service.desk.withdrawals]
    assert {one.leaver.email for one in people} <= {USER}


@pytest.mark.parametrize("source", [one for one in SAMPLES_OF if one not in ELSEWHERE])
def test_two_plays_of_a_departure_are_two_events(serve, send, source):
    service = serve(source)
    kind = SAMPLES_OF[source][0].kind

    send(source, kind, service.url)
    send(source, kind, service.url)

    keys = [one.event_key for one in service.desk.heard]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(("source", "kind"), ALL)
def test_no_secret_comes_to_the_screen(serve, send, source, kind):
    service = serve(source)

    done = send(source, kind, service.url)

    assert done.exit_code == 0, done.output
    secrets = Settings.from_env(environ_of(source)).secrets()
    assert not [one for one in secrets if one in done.output]


@pytest.mark.parametrize("source", ["standard", "bearer", "hub", "cloudevents"])
def test_a_person_may_be_named_by_iam_id(serve, send, source):
    service = serve(source)

    done = send(source, "departed", service.url, user="IBMid-55AB")

    assert done.exit_code == 0
    assert service.desk.departures[0].leaver.iam_id == "IBMid-55AB"


def test_a_scheduled_departure_lies_ten_days_ahead(serve, send):
    service = serve("hub")

    send("hub", "scheduled", service.url)

    (departure,) = service.desk.departures
    ahead = departure.effective_at - departure.occurred_at
    assert ahead.days == 10


def test_the_bad_event_of_a_batch_is_kept(serve, send):
    service = serve("cloudevents")

    send("cloudevents", "batch", service.url)

    assert len(service.desk.departures) == 1
    assert len(service.desk.kept) == 1

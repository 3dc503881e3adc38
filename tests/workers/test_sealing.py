"""What seals: with the key that is set, or with one that the store keeps."""

from types import SimpleNamespace

from structlog.testing import capture_logs

from config.settings import Secret
from workers.app import SEAL
from workers.desk import open_desk
from workers.desk.opening import now_utc
from workers.offboarding.health import Verdict
from workers.offboarding.model import Channel, Departure, Leaver
from workers.sealing import open_sealing
from workers.store.evidence import Evidence
from workers.tasks import register
from workers.wiring import back_office

KEY = Secret("11" * 32)


class Silent:
    def send(self, *works):
        pass

    def survey(self):
        pass


class Tasks:
    def __init__(self):
        self.tasks = {}
        self.conf = SimpleNamespace(broker_url="redis://127.0.0.1")

    def task(self, name):
        return lambda run: self.tasks.setdefault(name, run)


def test_without_a_key_one_is_made_and_kept_and_said_to_be_weak(client):
    with capture_logs() as logs:
        first = open_sealing(Evidence(client), None, now_utc)
        second = open_sealing(Evidence(client), None, now_utc)

    assert first.fingerprint == second.fingerprint
    assert first.check.verdict is Verdict.WARNING
    assert "whoever can write the store can forge" in first.check.text
    assert "evidence.key_in_store" in [one["event"] for one in logs]
    assert "OFFBOARD_EVIDENCE_KEY is not set" in str(logs)
    assert client.get("offboard:evidence:seed") not in str(logs)


def test_a_key_that_is_set_is_not_put_into_the_store(client):
    sealing = open_sealing(Evidence(client), KEY, now_utc)

    assert sealing.check.verdict is Verdict.OK
    assert client.keys("*seed*") == []
    assert KEY.reveal() not in str(sealing.check)


def test_the_task_seals_what_the_desk_wrote(settings, client):
    given = settings(evidence_key=KEY)
    office, app = back_office(given, Silent()), Tasks()
    register(app, lambda: office)
    desk = open_desk(given)
    case_id = desk.open(Departure("api", Leaver("dana.lee@example.com"))).case.id

    app.tasks[SEAL]()

    assert Evidence(client).is_sealed(case_id)
    assert desk.evidence_of(case_id).unsealed == 0


def test_reports_name_the_fingerprint(settings, client):
    given = settings(
        evidence_key=KEY, slack_webhook_url=Secret("https://example.com/hook")
    )

    office = back_office(given, Silent())

    notifier = office.dry.notifiers[Channel.SLACK]
    wording = notifier._notifier._wording
    assert wording.evidence_key == office.sealing.fingerprint


def test_a_store_that_is_away_leaves_it_to_the_next_turn(settings, client):
    office, app = back_office(settings(evidence_key=KEY), Silent()), Tasks()
    register(app, lambda: office)
    office.sealing._evidence = Evidence(Away())

    with capture_logs() as logs:
        app.tasks[SEAL]()

    assert [one["event"] for one in logs] == ["seal.left"]


class Away:
    """A client whose server is gone."""

    def register_script(self, _):
        return None

    def exists(self, _):
        import redis

        raise redis.ConnectionError

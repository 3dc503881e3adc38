"""What the settings say is what the steps go by."""

import sys
import time
from dataclasses import replace
from datetime import timedelta
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import pytest
from structlog.testing import capture_logs

from config.settings import AccountSettings, Secret
from workers import directories
from workers.app import ARCHIVE, BRAKE, LOOK_UP, SEAL, SWEEP, WATCH
from workers.desk import open_desk
from workers.desk.opening import now_utc
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heard import Hint, Unreadable
from workers.offboarding.model import Departure, Leaver
from workers.offboarding.ports import Retirement
from workers.tasks import register
from workers.wiring import back_office

ID = "acct1/us-south/g"


class Silent:
    def send(self, *works):
        pass

    def survey(self):
        pass

    def ask(self, question_id):
        pass

    def look_up(self, kept_id):
        pass


def test_the_steps_go_by_the_settings(settings, client):
    given = settings(
        max_targets_per_case=3,
        canary=False,
        preflight_unknown="go",
        settle_minutes=5.0,
        retire_old_keys="delete",
        refresh_masters=True,
    )

    office = back_office(given, Silent())

    for tools in (office.dry, office.armed):
        assert tools.max_targets == 3
        assert tools.canary is False
        assert tools.lets_unknown_go is True
        assert tools.settle == timedelta(minutes=5)
        assert tools.retirement is Retirement.DELETE
        assert tools.refreshes_masters is True


def test_by_default_the_steps_take_the_careful_way(settings, client):
    tools = back_office(settings(), Silent()).armed

    assert (tools.max_targets, tools.canary, tools.lets_unknown_go) == (20, True, False)
    assert tools.retirement is Retirement.OFF
    assert tools.refreshes_masters is False


def test_the_steps_see_what_approvers_accepted_at_the_desk(settings, client):
    given = settings()
    desk = open_desk(given)
    until = now_utc() + timedelta(days=1)

    spot = desk.accept_blind_spot(ID, reason="No role.", until=until, actor="lead")

    tools = back_office(given, Silent()).armed
    assert tools.blind_spots.among([ID, "acct1/eu-de/g"]) == {ID: spot}


class Tasks:
    """A Celery app as far as the tasks go: theirs by name, and what was sent."""

    def __init__(self):
        self.tasks, self.sent = {}, {}
        self.conf = SimpleNamespace(broker_url="redis://127.0.0.1")

    def task(self, name):
        return lambda run: self.tasks.setdefault(name, run)

    def send_task(self, name, args, **_):
        self.sent[name] = args


HINT = Hint("hibob", "hibob:1", "employee.left", "E-157")


def test_a_look_up_that_the_web_stored_is_swept_to_a_worker_and_made(settings, client):
    given = settings(slack_webhook_url=Secret("https://example.com/hook"))
    office, app = back_office(given, Silent()), Tasks()
    register(app, lambda: office)
    kept_id = open_desk(given).await_look_up(HINT, {"id": "E-157"})
    client.zadd("offboard:lookups:due", {kept_id: 1})

    app.tasks[SWEEP]()
    app.tasks[LOOK_UP](*app.sent[LOOK_UP])
    app.tasks[WATCH]()

    assert app.sent[LOOK_UP] == [kept_id]
    [kept] = office.deliveries.page()
    assert (kept.id, kept.reason) == (kept_id, Unreadable.LOOK_UP_NOT_SET_UP)
    assert office.notices.waiting() == 1


@pytest.mark.parametrize(("task", "args"), [(LOOK_UP, ("01A",)), (WATCH, ())])
def test_a_store_that_is_away_leaves_the_intake_to_its_next_turn(
    settings, client, task, args
):
    def away(*_):
        raise StoreAwayError("away")

    office, app = back_office(settings(), Silent()), Tasks()
    look_ups = SimpleNamespace(look_up=away)
    broken = replace(office, look_ups=look_ups, minding=SimpleNamespace(look=away))
    register(app, lambda: broken)

    with capture_logs() as logs:
        app.tasks[task](*args)

    assert [one["event"] for one in logs] == [f"{task.rpartition('.')[2]}.left"]


def test_a_directory_is_opened_where_its_file_is_there_and_it_is_set_up(
    settings, monkeypatch
):
    names = ("set_up", "not_set_up")
    monkeypatch.setattr(
        directories,
        "ROOMS",
        {"hibob": "set_up", "gusto": "not_set_up", "personio": "never_written"},
    )
    for name in names:
        room = ModuleType(f"workers.directories.{name}")
        room.__spec__ = ModuleSpec(room.__name__, None)
        room.open_directory = lambda _, name=name: name if name == "set_up" else None
        monkeypatch.setitem(sys.modules, room.__name__, room)

    assert directories.open_directories(settings()) == {"hibob": "set_up"}


def braked(settings, client):
    """Have the brake hold a departure; return desk, worker and tasks."""
    given = settings(
        armed=True,
        max_cases_per_hour=1,
        slack_webhook_url=Secret("https://hooks.example.com/services/T/B/x"),
    )
    desk, office = open_desk(given), back_office(given, Silent())
    app = Tasks()
    register(app, lambda: office)
    for number in (1, 2):
        leaver = Leaver(f"person{number}@example.com")
        desk.open(Departure("okta", leaver, event_key=f"okta:{number}"))
    client.hset("offboard:brake:episode", "began", 1)
    return desk, office, app


def test_a_brake_at_the_desk_is_told_by_a_worker(settings, client):
    _, office, app = braked(settings, client)

    app.tasks[BRAKE]()

    ((notice_id, channel),) = office.notices.due(10)
    assert (office.notices.load(notice_id).kind, channel) == ("brake", "slack")


def test_in_a_restored_store_that_is_told_and_its_brake_is_not(settings, client):
    desk, office, app = braked(settings, client)
    client.set("offboard:copied", "1")

    app.tasks[SWEEP]()
    app.tasks[BRAKE]()
    app.tasks[WATCH]()

    ((notice_id, _),) = office.notices.due(10)
    assert office.notices.load(notice_id).kind == "restored"
    assert [one.leaver.email for one in desk.restored().due] == [
        "person1@example.com",
        "person2@example.com",
    ]


def test_nothing_of_an_old_copy_is_archived_before_people_have_looked(
    settings, client, tmp_path
):
    given = settings(retention_days=30, archive_folder=str(tmp_path / "archive"))
    desk, office = open_desk(given), back_office(given, Silent())
    app = Tasks()
    register(app, lambda: office)
    case_id = desk.open(Departure("api", Leaver("dana.lee@example.com"))).case.id
    desk.cancel(case_id, actor="kim")
    client.set("offboard:copied", "1")
    app.tasks[SWEEP]()
    app.tasks[SEAL]()
    client.delete("offboard:due")
    client.zadd("offboard:index:ended", {case_id: 1})

    app.tasks[ARCHIVE]()
    before = client.exists(f"offboard:case:{case_id}")
    desk.pause(None, paused=False)
    app.tasks[ARCHIVE]()

    assert (before, client.exists(f"offboard:case:{case_id}")) == (1, 0)


def test_how_long_is_too_long_comes_from_the_settings(settings, client):
    client.set("offboard:swept", int((time.time() - 600) * 1000))
    short, long = (
        back_office(settings(restored_after_minutes=minutes), Silent())
        for minutes in (5.0, 15.0)
    )

    assert long.switches.is_restored() is False
    long.works.see_whether_old()
    assert long.switches.paused().everywhere is False
    assert short.switches.is_restored() is True
    short.works.see_whether_old()
    assert short.switches.paused().everywhere is True


def test_accounts_have_the_rooms_and_approvers_that_their_entries_name(
    settings, client
):
    accounts = (
        AccountSettings(
            "acct1",
            name="production",
            reader=Secret("a-key"),
            slack_channel_id="C2",
            mail_to=("team@example.com",),
            approvers=("sam",),
        ),
        AccountSettings("acct2", reader=Secret("a-key"), mail_to=("lab@example.com",)),
        AccountSettings("acct3", reader=Secret("a-key")),
    )
    given = settings(
        account_id=None,
        functional_id_apikey=None,
        accounts_file=accounts,
        slack_webhook_url=None,
        slack_bot_token=Secret("xoxb-1"),
        slack_channel_id="C1",
        smtp_host="127.0.0.1",
        mail_from="offboard@example.com",
        mail_to=("ops@example.com",),
    )

    office = back_office(given, Silent())

    rooms = {each: tuple(there) for each, there in office.dry.rooms.items()}
    assert rooms == {"acct1": ("slack", "mail"), "acct2": ("mail",)}
    assert office.notices.rooms == rooms
    assert [one.account_id for one in office.armed.approvers.accounts] == ["acct1"]

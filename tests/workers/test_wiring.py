"""What the settings say is what the steps go by."""

from datetime import timedelta

from config.secret import Secret
from workers.app import BRAKE, make_app
from workers.desk import open_desk
from workers.desk.opening import now_utc
from workers.offboarding.model import Departure, Leaver
from workers.offboarding.ports import Retirement
from workers.tasks import register
from workers.wiring import back_office

ID = "acct1/us-south/g"


class Silent:
    def send(self, *works):
        pass

    def ask(self, question_id):
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


def test_a_brake_at_the_desk_is_told_by_a_worker(settings, client):
    given = settings(
        armed=True,
        max_cases_per_hour=1,
        slack_webhook_url=Secret("https://hooks.example.com/services/T/B/x"),
    )
    desk, office = open_desk(given), back_office(given, Silent())
    app = make_app("memory://")
    register(app, office)
    for number in (1, 2):
        leaver = Leaver(f"person{number}@example.com")
        desk.open(Departure("okta", leaver, event_key=f"okta:{number}"))
    client.hset("offboard:brake:episode", "began", 1)

    app.tasks[BRAKE]()

    ((notice_id, channel),) = office.notices.due(10)
    assert (office.notices.load(notice_id).kind, channel) == ("brake", "slack")

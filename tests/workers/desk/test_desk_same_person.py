"""Nobody approves what they asked for, through whichever two doors they come."""

import hashlib
import json
import re
from dataclasses import replace
from itertools import count, product
from urllib.parse import urlencode

import pytest
from desk_scenes import NOW

from config.secret import Secret
from config.settings import RoleOf, SlackUser, Token
from service.app import create_app
from service.context import Context, give_context
from service.pages import session
from service.people import Person
from simulator.slack_hand import SLACK_SIGNING_SECRET, signed
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseStatus, Note, Plan, Step, Work
from workers.offboarding.ports import Change

DANA, LEE = "dana@example.com", "lee@example.com"
TEAM = "T0SIMULATED"
IDS = {DANA: "U0DANA", LEE: "U0LEE"}
PROXY = Secret("a secret of the proxy, 32 letters")
KIM = "kim.ito@example.com"
DOORS = ("api", "token page", "proxy page", "oidc page", "slack")


def a_token(person):
    text = f"ofb_{person}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    # Written as people write it, and under a name of its own.
    return Token(person.split("@")[0], "approver", digest, person.title())


GIVEN = {
    "api_tokens": (a_token(DANA), a_token(LEE)),
    "account_id": "acct1",
    "auth_users": (RoleOf(DANA, "approver"), RoleOf(LEE, "approver")),
    "auth_proxy_secret": (PROXY,),
    "auth_oidc_issuer": "https://idp.example.com",
    "auth_oidc_client_id": "offboard",
    "auth_oidc_client_secret": Secret("a secret of the provider"),
    "public_url": "http://localhost",
    "slack_signing_secret": (Secret(SLACK_SIGNING_SECRET),),
    "slack_users": tuple(
        SlackUser(TEAM, user, "approver", person) for person, user in IDS.items()
    ),
}


# An application takes long to build, and holds nothing of a test but its context.
BUILT = {}


class Building:
    """One service with all its doors, and people who come through them."""

    def __init__(self, make_desk, settings, clock):
        self.clock = clock
        self.apps = {}
        for mode in ("token", "proxy", "oidc"):
            given = settings(auth_mode=mode, **GIVEN)
            desk = make_desk(auth_mode=mode, **GIVEN)
            if mode not in BUILT:
                BUILT[mode] = create_app(given, desk, clock=clock)
            give_context(BUILT[mode], Context(given, desk, clock))
            self.apps[mode] = BUILT[mode]
        self.triggers = count()

    def ask(self, door, person):
        """Ask for a departure."""
        if door == "api":
            return self.call(person, f"/offboard/{KIM}")
        if door == "slack":
            asked = self.slack("command", person, text=f"run {KIM} --apply")
            start = asked.json["blocks"][1]["elements"][0]
            return self.press(person, start["action_id"], json.loads(start["value"]))
        return self.send(door, person, "/new", user=KIM)

    def approve(self, door, person, case_id, plan):
        """Approve a plan."""
        if door == "api":
            path = f"/api/cases/{case_id}/approve"
            return self.call(person, path, {"plan_hash": plan})
        if door == "slack":
            bound = {"case": case_id, "plan": plan}
            return self.press(person, "offboard.approve", bound)
        return self.send(door, person, f"/cases/{case_id}/approve", plan_hash=plan)

    def call(self, person, path, body=None):
        headers = {"Authorization": f"Bearer ofb_{person}"}
        client = self.apps["token"].test_client()
        return client.post(path, json=body, headers=headers)

    def press(self, person, action, value):
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": IDS[person]},
            "actions": [{"action_id": action, "value": json.dumps(value)}],
            "trigger_id": next(self.triggers),
            "response_url": "https://hooks.slack.com/actions/T0/1/x",
        }
        return self.slack("interactive", person, payload=json.dumps(payload))

    def slack(self, where, person, **fields):
        ids = {"team_id": TEAM, "user_id": IDS[person]}
        raw = urlencode({**ids, **fields}).encode()
        at = int(self.clock().timestamp())
        headers = signed(raw, secret=SLACK_SIGNING_SECRET, at=at)
        client = self.apps["token"].test_client()
        answer = client.post(f"/slack/{where}", data=raw, headers=headers)
        assert answer.status_code == 200
        return answer

    def send(self, door, person, path, **fields):
        """Send a form of a page, as the browser of somebody signed in does."""
        client = self.browser(door.split()[0], person)
        shown = client.get("/new").get_data(as_text=True)
        key = re.search(r'name="form_key" value="([0-9a-f]+)"', shown)[1]
        headers = {"Sec-Fetch-Site": "same-origin"}
        return client.post(path, data={"form_key": key, **fields}, headers=headers)

    def browser(self, mode, person):
        client = self.apps[mode].test_client()
        if mode == "token":
            headers = {"Sec-Fetch-Site": "same-origin"}
            client.post("/login", data={"token": f"ofb_{person}"}, headers=headers)
        elif mode == "proxy":
            client.environ_base["HTTP_X_OFFBOARD_PROXY_SECRET"] = PROXY.reveal()
            client.environ_base["HTTP_X_FORWARDED_EMAIL"] = person.upper()
        else:
            with self.apps[mode].test_request_context():
                answer = self.apps[mode].response_class()
                session.begin_for(answer, Person("oidc", person, ()))
            name, _, value = answer.headers["Set-Cookie"].partition("=")
            client.set_cookie(name, value.split(";")[0])
        return client


@pytest.fixture
def building(make_desk, settings, clock):
    return Building(make_desk, settings, clock)


@pytest.fixture
def hold(cases, works):
    """Has a guard hold the one case there is."""

    def held():
        [case_id] = cases.ids(limit=10)
        claim = works.claim(Work(case_id, Step.PLAN))
        note = Note(Reason.TOO_MANY_TARGETS, "21 resets.")
        waits = replace(
            cases.load(case_id),
            status=CaseStatus.WAITING,
            plan=Plan("sha256:1", NOW, (note,)),
        )
        works.finish(claim, Change(case=waits))
        return case_id

    return held


@pytest.mark.parametrize(("asks", "approves"), list(product(DOORS, DOORS)))
def test_who_asked_through_one_door_does_not_approve_through_another(
    building, hold, cases, asks, approves
):
    building.ask(asks, DANA)
    case_id = hold()

    building.approve(approves, DANA, case_id, "sha256:1")
    own = cases.load(case_id)
    building.approve(approves, LEE, case_id, "sha256:1")
    other = cases.load(case_id)

    assert (own.status, own.plan.approved_by) == (CaseStatus.WAITING, None)
    assert other.status is CaseStatus.OPEN
    assert other.plan.approved_by.lower() == LEE


@pytest.mark.parametrize("approves", DOORS)
def test_another_plan_than_the_one_looked_at_is_approved_through_no_door(
    building, hold, cases, approves
):
    building.ask("api", DANA)
    case_id = hold()

    building.approve(approves, LEE, case_id, "sha256:0")

    assert cases.load(case_id).status is CaseStatus.WAITING

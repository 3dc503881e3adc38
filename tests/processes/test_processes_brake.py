"""The brake through real processes: a rush of departures, and one decision about it."""

import json

import pytest

from tests.processes.installation import offboard, told, until
from workers.embedded import Embedded
from workers.store.connection import connect

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"
ROBIN = "robin.park@example.com"
OWN_NOTHING = [f"nobody.{number}@example.com" for number in range(1, 6)]
BRAKE = "wait for one decision"
DIGEST = "Daily digest"


def slack_with(service, text):
    messages = map(told, service.simulator.slack.messages)
    return [one for one in messages if text in one]


def brake(service, *words, role="operator"):
    return offboard(service, "brake", *words, "-o", "json", role=role)


def rush(service, *users):
    """Have people leave at once, in this order; return their cases' ids."""
    answers = [
        service.tell(user, f"msg_{user.split('@')[0].replace('.', '_')}")
        for user in users
    ]
    assert {one.status_code for one in answers} == {202}
    return [one.json()["cases"][0] for one in answers]


def a_day_later(service):
    """Have the last digest be of a day long ago, as if days had passed."""
    place = Embedded.at(service.environ["OFFBOARD_STORE_URL"])
    with connect(place.store_url) as client:
        client.hset("offboard:digest", "day", "2020-01-01")


def kinds_of(case):
    return {(one["channel"], one["kind"]) for one in case["reports"]}


def states_of(case):
    return {one["state"] for one in case["reports"]}


def statuses(service, case_ids):
    return [service.case(one)["status"] for one in case_ids]


def test_a_rush_waits_for_one_decision_told_once_and_owners_first(install, simulator):
    for number, email in enumerate(OWN_NOTHING):
        simulator.account.add_person(f"IBMid-55000NOBD{number}", email, name=email[:8])
    service = install(MAX_CASES_PER_HOUR="2")
    service.start("up")
    service.await_ready()
    service.surveyed()

    # Who came first goes on, whoever they are.
    one, two, three, robin, dana = rush(service, *OWN_NOTHING[:3], ROBIN, LEAVER)
    gone_on = [service.settled(each) for each in (one, two)]
    [message] = until(lambda: slack_with(service, BRAKE))
    shown = brake(service, "show", role="viewer")
    refused = brake(service, "release", "--yes")
    unsure = brake(service, "release", role="approver")
    while_held = statuses(service, [three, robin, dana])
    writes_while_held = list(simulator.journal.writes())
    a_day_later(service)
    digest = until(lambda: slack_with(service, DIGEST))
    until(lambda: states_of(service.case(one)) == {"sent"})
    released = brake(service, "release", "--yes", role="approver")
    cases = [service.settled(each) for each in (three, robin, dana)]
    after = brake(service, "show", role="viewer")

    assert [case["result"] for case in gone_on] == ["clean", "clean"]
    # Who owned nothing had no message but the digest, and that told what waits too.
    assert "3 departures wait behind the brake" in digest[0]
    # In the order in which their cases ended.
    found = "2 people left and owned nothing; nothing was done: "
    either = ("`nobody.1`, `nobody.2`.", "`nobody.2`, `nobody.1`.")
    assert any(found + names in digest[0] for names in either)
    assert len(slack_with(service, DIGEST)) == 1
    assert slack_with(service, gone_on[0]["id"]) == []
    assert kinds_of(service.case(one)) == {("slack", "digest"), ("mail", "digest")}
    assert while_held == ["waiting"] * 3
    assert writes_while_held == []
    body = json.loads(shown.stdout)
    assert shown.returncode == 4
    assert (body["on"], body["limit"], body["opened_last_hour"]) == (True, 2, 5)
    waiting = [(one["case_id"], one["targets"]) for one in body["waiting"]]
    assert waiting == [(dana, 3), (robin, 1), (three, 0)]
    # One message, which names who owns something and counts the others.
    places = [message.index(name) for name in ("Dana Lee", "Robin Park")]
    assert places == sorted(places)
    assert max(places) < message.index("1 departure of people who own nothing")
    assert not any(email in message for email in OWN_NOTHING)
    assert "3 of them wait for one decision" in message
    assert "offboard brake release" in message
    assert len(brake_mails(simulator)) == 1
    # It takes the role, and a word of the person.
    assert (refused.returncode, unsure.returncode) == (5, 2)
    assert released.returncode == 0, released.stderr
    assert json.loads(released.stdout)["released"] == 3
    assert [case["result"] for case in cases] == ["clean", "safe", "safe"]
    assert len(simulator.journal.resets()) == 4
    assert after.returncode == 0
    assert len(slack_with(service, BRAKE)) == 1

    # The hour is not over: the next rush waits as a whole, and is refused.
    more = rush(service, *OWN_NOTHING[3:])
    until(lambda: len(slack_with(service, BRAKE)) > 1)
    held_again = statuses(service, more)
    cancelled = brake(service, "refuse", "--yes", role="approver")

    assert held_again == ["waiting", "waiting"]
    assert cancelled.returncode == 0, cancelled.stderr
    assert json.loads(cancelled.stdout)["refused"] == 2
    assert statuses(service, more) == ["cancelled", "cancelled"]
    assert json.loads(brake(service, "show").stdout)["on"] is False
    assert len(slack_with(service, BRAKE)) == 2
    assert len(simulator.journal.resets()) == 4


def brake_mails(simulator):
    subjects = [one.message["Subject"] for one in simulator.mail.messages]
    return [one for one in subjects if "The brake is on" in one]

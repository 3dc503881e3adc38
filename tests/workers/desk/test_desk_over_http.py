"""The routes on the desk as it is, with a real store: nothing is played here."""

import hashlib
from dataclasses import replace

import pytest
from desk_scenes import NOW, a_target, asked

from config.settings import Token
from service.app import create_app
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseStatus, FollowUp, Note, Plan, Step, Work
from workers.offboarding.ports import Change

PLACE = {"account_id": "acct1", "region": "us-south", "resource_group": "g1"}
TOO_MANY = Note(Reason.TOO_MANY_TARGETS, "21 resets.")


def a_token(name, person=None):
    digest = hashlib.sha256(f"ofb_{name}".encode()).hexdigest()
    return Token(name, "approver", digest, person)


TOKENS = (a_token("laptop", "dana"), a_token("phone", "dana"), a_token("lead"))


@pytest.fixture
def ask(make_desk, settings, clock):
    """Asks as the bearer of one of the three tokens."""
    given = {"api_tokens": TOKENS, "account_id": "acct1"}
    app = create_app(settings(**given), make_desk(**given), clock=clock)

    def asked(path, body=None, *, who="lead", method="POST"):
        headers = {"Authorization": f"Bearer ofb_{who}"}
        return app.test_client().open(path, method=method, json=body, headers=headers)

    return asked


@pytest.fixture
def held(make_desk, cases, works):
    """Opens a case that the person dana asked for, and has a guard hold it."""

    def made():
        departure = asked(person="dana")
        case_id = make_desk(account_id="acct1").open(departure).case.id
        follow_up = FollowUp("refresh_master", "Refresh it.", "c1")
        target = a_target(follow_ups=(follow_up,))
        claim = works.claim(Work(case_id, Step.PLAN))
        waits = replace(
            cases.load(case_id),
            status=CaseStatus.WAITING,
            plan=Plan("sha256:1", NOW, (TOO_MANY,)),
        )
        works.finish(claim, Change(case=waits, targets=(target,)))
        return f"/api/cases/{case_id}"

    return made


def test_a_held_case_is_approved_by_another_person_for_the_plan_that_is_shown(
    ask, held
):
    url = held()
    plan = ask(url, method="GET").json["plan"]
    body = {"plan_hash": plan["hash"]}

    own = ask(f"{url}/approve", body, who="phone")
    other = ask(f"{url}/approve", {"plan_hash": "sha256:0"})
    done = ask(f"{url}/approve", body)

    assert plan["refused"] == [{"reason": "too_many_targets", "text": "21 resets."}]
    assert (own.status_code, own.json["reason"]) == (409, "own_request")
    assert (other.status_code, other.json["reason"]) == (409, "other_plan")
    assert done.status_code == 202
    assert done.json["case"]["plan"]["approved_by"] == "lead"
    assert done.json["case"]["status"] == "open"


def test_a_held_case_is_refused(ask, held):
    url = held()
    body = {"plan_hash": ask(url, method="GET").json["plan"]["hash"]}

    first, second = ask(f"{url}/refuse", body), ask(f"{url}/refuse", body)

    assert (first.status_code, first.json["case"]["status"]) == (202, "cancelled")
    assert (second.status_code, second.json["reason"]) == (409, "not_waiting")


def test_a_follow_up_is_ticked_off_and_another_is_not_there(ask, held):
    url = held()

    done, again = (ask(f"{url}/follow-ups/1/done") for _ in range(2))

    [follow_up] = done.json["case"]["targets"][0]["follow_ups"]
    assert follow_up["done_at"]
    assert again.json == done.json
    missing = ask(f"{url}/follow-ups/2/done")
    assert (missing.status_code, missing.json["title"]) == (404, "No such follow-up")
    assert missing.json["detail"] == "The case has no follow-up 2; it has 1."


def test_an_adoption_is_opened_once_and_shown_as_one(ask):
    body = {"account_id": "acct1", "regions": ["us-south"], "dry_run": True}

    opened = ask("/api/adoptions", body)
    shown = ask(opened.headers["Location"], method="GET").json

    assert opened.status_code == 202
    assert opened.json["case"] == shown
    assert (shown["kind"], shown["leaver"]) == ("adoption", None)
    assert shown["scope"] == {"regions": ["us-south"], "resource_groups": []}


def test_an_adoption_in_an_account_that_is_not_here_is_a_conflict(ask):
    answer = ask("/api/adoptions", {"account_id": "acct9", "functional_id": "nobody"})

    assert (answer.status_code, answer.json["reason"]) == (409, "no_such_account")
    assert answer.json["detail"] == (
        "account_id: this service has no account acct9; it has: acct1."
    )


def test_a_blind_spot_is_accepted_for_a_month_at_most_listed_and_taken_back(ask):
    accepted = ask("/api/blind-spots", PLACE | {"reason": "Being made.", "days": 30})
    listed = ask("/api/blind-spots", method="GET")
    withdrawn = ask("/api/blind-spots/withdraw", PLACE)

    assert accepted.status_code == 202
    assert listed.json == {"blind_spots": [accepted.json["blind_spot"]]}
    assert listed.json["blind_spots"][0] | PLACE == listed.json["blind_spots"][0]
    assert withdrawn.json == {"withdrawn": True}
    assert ask("/api/blind-spots", method="GET").json == {"blind_spots": []}

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from broken import BROKEN_JSON, bent
from fake_desk import NOW, SETTINGS, FakeDesk
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from structlog.testing import capture_logs

from config.settings import Secret
from config.sources import OktaSettings, Sources
from service.app import create_app
from service.sources.samples.okta import SAMPLES
from service.sources.samples.sample import Asked
from workers.offboarding.heard import Authn, Heard, HeardKind, Names, Unreadable
from workers.offboarding.model import Departure, Leaver, Withdrawal

FIXTURES = Path(__file__).parents[2] / "fixtures" / "okta"
SECRET = "okta-demo-secret"
OLD = "my-shared-secret"
AUTHORIZED = {"Authorization": SECRET, "Content-Type": "application/json"}
MINE = OktaSettings(secret=(Secret(SECRET), Secret(OLD)))
DANA = {
    "type": "User",
    "id": "00u1",
    "alternateId": "Dana.Lee@example.com",
    "displayName": "Dana Lee",
}
ADMIN = {"type": "User", "id": "00uadmin", "alternateId": "it.admin@example.com"}


@pytest.fixture
def settings():
    return replace(SETTINGS, sources=Sources(okta=MINE))


@pytest.fixture
def with_okta(with_settings):
    def made(**changed):
        return with_settings(sources=Sources(okta=replace(MINE, **changed)))

    return made


def an_event(type_="user.lifecycle.deactivate", **changed):
    return {
        "uuid": "u-1",
        "published": "2026-02-16T09:15:04.120Z",
        "eventType": type_,
        "outcome": {"result": "SUCCESS"},
        "actor": ADMIN,
        "target": [DANA],
        **changed,
    }


def a_delivery(*events):
    return {
        "eventType": "com.okta.event_hook",
        "eventId": "e-1",
        "data": {"events": list(events)},
    }


def send(client, body, headers=AUTHORIZED):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/events/okta", data=raw, headers=headers)


def sample(name):
    return json.loads((FIXTURES / name).read_bytes())


def test_the_sample_batch_opens_one_case_and_is_answered_with_nothing(client, desk):
    raw = (FIXTURES / "okta-batch-deactivate.json").read_bytes()

    answer = send(client, raw)

    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert desk.departures == [
        Departure(
            source="okta",
            leaver=Leaver(email="dana.lee@example.com"),
            event_key="okta:a1b6e4d0-1111-11f0-8000-000000000001",
            request_id=answer.headers["X-Request-ID"],
            occurred_at=datetime(2026, 3, 2, 9, 15, 4, 120000, UTC),
            authn="static_header",
        )
    ]
    assert desk.kept == []


def test_the_published_delivery_of_a_login_is_ignored(client, desk):
    raw = (FIXTURES / "okta-event-hook-delivery.json").read_bytes()

    answer = send(client, raw)

    assert answer.status_code == 204
    assert (desk.heard, desk.kept) == ([], [])


def test_the_published_log_event_is_told_about_the_user_and_not_the_actor(client, desk):
    answer = send(client, a_delivery(sample("okta-log-event-user-deactivate.json")))

    assert answer.status_code == 204
    assert desk.heard == [
        Heard(
            source="okta",
            event_key="okta:ab62c0bc-2837-11eb-9823-9fb8f750c5a9",
            native_type="user.lifecycle.deactivate",
            kind=HeardKind.DISABLED,
            names=Names(
                emails=("john.doe@example.com",), ids=("00u3m90rxKjGQ0G6L1d6",)
            ),
            occurred_at=datetime(2020, 11, 16, 18, 15, 12, 862000, UTC),
            authn=Authn.STATIC_HEADER,
        )
    ]


def test_the_published_verification_is_answered_as_published(client):
    asked, _, expected = (
        (FIXTURES / "okta-verification.http").read_text().partition("\n---")
    )
    lines = asked.strip().splitlines()[1:]
    headers = dict(line.split(": ", 1) for line in lines)

    answer = client.get("/events/okta", headers=headers)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.data.decode() == expected.strip().splitlines()[-1]


@pytest.mark.parametrize("given", [None, "", "wrong-secret-0", f"Bearer {SECRET}"])
def test_a_verification_without_the_secret_is_refused(client, given):
    headers = {"X-Okta-Verification-Challenge": "abc"}
    headers |= {} if given is None else {"Authorization": given}

    answer = client.get("/events/okta", headers=headers)

    assert answer.status_code == 401
    assert b"abc" not in answer.data


@pytest.mark.parametrize("challenge", [None, "", "x" * 513, "caf\u00e9", "a\tb"])
def test_a_verification_without_a_plain_challenge_is_malformed(client, challenge):
    headers = {"Authorization": SECRET}
    headers |= {} if challenge is None else {"X-Okta-Verification-Challenge": challenge}

    answer = client.get("/events/okta", headers=headers)

    assert answer.status_code == 400


def test_the_longest_challenge_is_echoed(client):
    headers = {"Authorization": SECRET, "X-Okta-Verification-Challenge": "x" * 512}

    answer = client.get("/events/okta", headers=headers)

    assert answer.json == {"verification": "x" * 512}


@pytest.mark.parametrize("secret", [SECRET, OLD])
def test_either_of_two_secrets_holds(client, secret):
    answer = send(
        client, a_delivery(an_event()), {**AUTHORIZED, "Authorization": secret}
    )

    assert answer.status_code == 204


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "okta-demo-secre",
        "okta-demo-secret ,",
        "OKTA-DEMO-SECRET",
        f"Bearer {SECRET}",
        f"Basic {SECRET}",
        "caf\u00e9",
        "\udc80",
        "x" * 9000,
        f"{SECRET},{OLD}",
    ],
)
def test_a_wrong_authorization_is_401_and_nothing_is_heard(client, desk, given):
    headers = {"Content-Type": "application/json"}
    headers |= {} if given is None else {"Authorization": _as_sent(given)}

    answer = send(client, a_delivery(an_event()), headers)

    assert answer.status_code == 401
    assert answer.json["detail"] == "The sender could not be authenticated."
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted == [("okta", "header", NOW)]


def _as_sent(text):
    # What a server hands on is the header's bytes as Latin-1.
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_a_broken_body_is_400(client, desk, name):
    answer = send(client, BROKEN_JSON[name])

    assert answer.status_code == 400
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_a_broken_body_of_somebody_else_is_401(client, name):
    answer = send(client, BROKEN_JSON[name], {"Content-Type": "application/json"})

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"data": []},
        {"data": {}},
        {"data": {"events": None}},
        {"data": {"events": {}}},
    ],
)
def test_a_body_without_a_list_of_events_is_400(client, body):
    answer = send(client, body)

    assert answer.status_code == 400


def test_an_empty_list_of_events_is_answered_like_any(client, desk):
    answer = send(client, a_delivery())

    assert answer.status_code == 204
    assert desk.noted == [("okta", "delivered", NOW)]


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", ""])
def test_another_content_type_is_415(client, media_type):
    headers = {**AUTHORIZED, "Content-Type": media_type}

    answer = send(client, a_delivery(an_event()), headers)

    assert answer.status_code == 415


def test_a_body_over_a_mebibyte_is_413(client):
    answer = send(client, b" " * (1024 * 1024 + 1))

    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_another_method_is_405(client, method):
    answer = client.open("/events/okta", method=method, headers=AUTHORIZED)

    assert answer.status_code == 405


def test_a_secret_in_the_path_is_404_and_not_logged(client):
    with capture_logs() as logs:
        answer = client.post(f"/events/okta/{SECRET}", json={})

    assert answer.status_code == 404
    assert SECRET not in repr(logs)


def test_a_repeat_is_answered_like_the_first_and_has_no_second_effect(client, desk):
    first = send(client, a_delivery(an_event()))
    second = send(client, a_delivery(an_event()))

    assert (first.status_code, second.status_code) == (204, 204)
    assert len(desk.departures) == 1


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("user.lifecycle.deactivate", HeardKind.DISABLED),
        ("user.lifecycle.delete.initiated", HeardKind.DELETED),
        ("user.lifecycle.delete.completed", HeardKind.DELETED),
    ],
)
def test_these_types_tell_of_a_departure(client, desk, type_, kind):
    send(client, a_delivery(an_event(type_)))

    assert desk.heard[0].kind is kind
    assert desk.heard[0].native_type == type_
    assert desk.departures[0].leaver == Leaver(email="dana.lee@example.com")


@pytest.mark.parametrize(
    "type_",
    [
        "user.lifecycle.suspend",
        "user.lifecycle.unsuspend",
        "user.lifecycle.create",
        "user.account.lock",
        "user.account.unlock",
        "user.account.reset_password",
        "user.account.update_profile",
        "user.account.privilege.grant",
        "user.session.clear",
        "group.user_membership.remove",
        "application.user_membership.remove",
        "user.lifecycle.deactivate.something",
        "USER.LIFECYCLE.DEACTIVATE",
    ],
)
def test_these_types_trigger_nothing(client, desk, type_):
    answer = send(client, a_delivery(an_event(type_)))

    assert answer.status_code == 204
    assert (desk.departures, desk.withdrawals, desk.kept) == ([], [], [])


@pytest.mark.parametrize(
    "type_", ["user.lifecycle.reactivate", "user.lifecycle.activate"]
)
def test_these_types_cancel(client, desk, type_):
    answer = send(client, a_delivery(an_event(type_)))

    assert desk.withdrawals == [
        Withdrawal(
            source="okta",
            leaver=Leaver(email="dana.lee@example.com"),
            event_key="okta:u-1",
            request_id=answer.headers["X-Request-ID"],
            occurred_at=datetime(2026, 2, 16, 9, 15, 4, 120000, UTC),
        )
    ]
    assert desk.departures == []


@pytest.mark.parametrize(
    "result", ["FAILURE", "SKIPPED", "ALLOW", "DENY", "CHALLENGE", "UNKNOWN", "success"]
)
def test_only_a_success_acts(client, desk, result):
    send(client, a_delivery(an_event(outcome={"result": result})))

    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("outcome", [None, {}, [], {"result": None}, {"result": 1}])
def test_a_departure_without_an_outcome_goes_to_quarantine(client, desk, outcome):
    answer = send(client, a_delivery(an_event(outcome=outcome)))

    assert answer.status_code == 204
    assert [one[3] for one in desk.kept] == [Unreadable.UNKNOWN_SHAPE]
    assert desk.heard == []


def test_a_suspension_departs_where_that_is_set(with_okta, desk):
    send(
        with_okta(suspend_departs=True), a_delivery(an_event("user.lifecycle.suspend"))
    )

    assert desk.heard[0].kind is HeardKind.DISABLED
    assert len(desk.departures) == 1


def test_the_removal_from_the_app_that_means_ibm_cloud_departs(with_okta, desk):
    app = {"type": "AppInstance", "id": "0oaibm", "alternateId": "IBM Cloud"}
    event = an_event("application.user_membership.remove", target=[app, DANA])

    send(with_okta(ibm_cloud_app_id="0oaibm"), a_delivery(event))

    assert desk.heard[0].kind is HeardKind.DISABLED
    assert desk.departures[0].leaver == Leaver(email="dana.lee@example.com")


@pytest.mark.parametrize(
    "targets",
    [
        [{"type": "AppInstance", "id": "0oaother"}, DANA],
        [{"type": "AppUser", "id": "0oaibm"}, DANA],
        [DANA],
        None,
    ],
)
def test_the_removal_from_another_app_is_ignored(with_okta, desk, targets):
    event = an_event("application.user_membership.remove", target=targets)

    send(with_okta(ibm_cloud_app_id="0oaibm"), a_delivery(event))

    assert (desk.heard, desk.kept) == ([], [])


def test_the_user_is_found_wherever_it_stands_among_the_targets(client, desk):
    others = [
        {"type": "AppInstance", "id": "0oa", "alternateId": "kim@example.com"},
        {"type": "UserGroup", "id": "00g", "alternateId": "unknown"},
        "no target",
        None,
    ]

    send(client, a_delivery(an_event(target=[*others, DANA, dict(DANA)])))

    assert desk.heard[0].names == Names(emails=("dana.lee@example.com",), ids=("00u1",))


@pytest.mark.parametrize("login", ["unknown", "", None, "dlee", "dana lee@example.com"])
def test_a_login_that_is_no_email_leaves_the_id(client, desk, login):
    desk.known = {"00u1": "dana.lee@example.com"}

    send(client, a_delivery(an_event(target=[DANA | {"alternateId": login}])))

    assert desk.heard[0].names == Names(ids=("00u1",))
    assert desk.departures[0].leaver == Leaver(email="dana.lee@example.com")


def test_an_id_that_nobody_knows_waits_in_quarantine(client, desk):
    answer = send(client, a_delivery(an_event(target=[DANA | {"alternateId": None}])))

    assert answer.status_code == 204
    assert [(one[1], one[3]) for one in desk.kept] == [
        ("okta:u-1", Unreadable.UNKNOWN_PERSON)
    ]


@pytest.mark.parametrize(
    "targets",
    [
        [DANA, ADMIN],
        [DANA, DANA | {"id": "00u2"}],
        [DANA, DANA | {"id": None, "alternateId": "kim@example.com"}],
        [
            {"type": "User", "alternateId": one}
            for one in ("a@example.com", "b@b.example")
        ],
    ],
)
def test_two_people_in_one_event_are_nobody(client, desk, targets):
    send(client, a_delivery(an_event(target=targets)))

    assert [one[3] for one in desk.kept] == [Unreadable.TWO_PEOPLE]
    assert desk.departures == []


@pytest.mark.parametrize("targets", [None, [], {}, [{"type": "AppInstance"}], [None]])
def test_no_user_among_the_targets_goes_to_quarantine_and_the_actor_is_spared(
    client, desk, targets
):
    send(client, a_delivery(an_event(target=targets)))

    assert [one[3] for one in desk.kept] == [Unreadable.NO_PERSON]
    assert desk.departures == []


def test_a_wrong_time_goes_to_quarantine(client, desk):
    send(client, a_delivery(an_event(published="yesterday")))

    assert [one[3] for one in desk.kept] == [Unreadable.BAD_TIME]


@pytest.mark.parametrize(
    "bad", [None, 7, "text", [], {}, {"eventType": 1}, an_event(target=[DANA, ADMIN])]
)
def test_one_bad_element_loses_only_itself(client, desk, bad):
    kim = {"type": "User", "id": "00u2", "alternateId": "kim@example.com"}
    events = an_event(), bad, an_event(uuid="u-3", target=[kim])

    answer = send(client, a_delivery(*events))

    assert answer.status_code == 204
    assert [one.leaver.email for one in desk.departures] == [
        "dana.lee@example.com",
        "kim@example.com",
    ]
    ((source, key, body, _),) = desk.kept
    assert (source, key[:5]) == ("okta", "okta:")
    assert json.dumps(body)


def test_an_event_without_a_uuid_has_the_same_key_each_time(client, desk):
    event = an_event()
    del event["uuid"]

    send(client, a_delivery(event))
    send(client, a_delivery(event))

    assert len({one.event_key for one in desk.heard}) == 1
    assert desk.heard[0].event_key.startswith("okta:sha256:")
    assert len(desk.departures) == 1


def test_what_a_log_shows_holds_neither_secret_nor_person(client):
    with capture_logs() as logs:
        send(client, a_delivery(an_event(), an_event(uuid="u-2", target=[])))
        send(client, a_delivery(an_event()), {"Authorization": "wrong-secret-0"})

    shown = repr(logs).lower()
    assert SECRET not in shown
    assert "wrong-secret-0" not in shown
    assert "dana" not in shown


@pytest.mark.parametrize(
    ("kind", "status", "departures", "withdrawals"),
    [
        ("deactivate", 204, 1, 0),
        ("delete", 204, 1, 0),
        ("suspend", 204, 0, 0),
        ("reactivate", 204, 0, 1),
        ("login", 204, 0, 0),
        ("failed", 204, 0, 0),
        ("verify", 200, 0, 0),
    ],
)
def test_each_sample_is_played_and_leads_to_what_it_says(
    client, desk, settings, kind, status, departures, withdrawals
):
    (played,) = [one for one in SAMPLES if one.kind == kind]

    (sent,) = played.make(Asked("Dana.Lee@example.com", NOW, settings))
    answer = client.open(
        sent.path, method=sent.method, data=sent.body, headers=dict(sent.headers)
    )

    assert answer.status_code == status
    assert (len(desk.departures), len(desk.withdrawals)) == (departures, withdrawals)
    assert desk.kept == []


def test_no_sample_is_left_untried():
    assert [one.kind for one in SAMPLES] == [
        "deactivate",
        "delete",
        "suspend",
        "reactivate",
        "login",
        "failed",
        "verify",
    ]


FUZZED = create_app(
    replace(SETTINGS, sources=Sources(okta=MINE)), FakeDesk(), clock=lambda: NOW
).test_client()


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fall_over(raw):
    assert send(FUZZED, raw).status_code in (204, 400)


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(bent(sample("okta-batch-deactivate.json")))
def test_no_bent_sample_makes_it_fall_over(raw):
    assert send(FUZZED, raw).status_code in (204, 400)

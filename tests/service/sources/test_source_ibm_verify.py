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
from config.sources import IbmVerifySettings, Sources
from service.app import create_app
from service.sources.samples.ibm_verify import SAMPLES
from service.sources.samples.sample import Asked
from workers.offboarding.heard import Authn, Heard, HeardKind, Hint, Names, Unreadable
from workers.offboarding.model import Leaver, SamePerson

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ibm_verify"
SECRET = "verify-demo-secret"
AUTHORIZED = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
MINE = IbmVerifySettings(secret=(Secret(SECRET), Secret("verify-old-secret")))
KEY = (
    "ibm_verify:7a0c5b1e-0000-4000-8000-00000000c001"
    ":e1b0c6a2-0000-4000-8000-00000000d001"
)
AT = datetime(2026, 3, 2, 9, 16, 18, 367000, UTC)
DANA = Leaver(email="dana.lee@example.com")


@pytest.fixture
def settings():
    return replace(SETTINGS, sources=Sources(ibm_verify=MINE))


@pytest.fixture
def with_verify(with_settings):
    def made(**changed):
        return with_settings(sources=Sources(ibm_verify=replace(MINE, **changed)))

    return made


def sample(name="ibm-verify-user-deleted.json"):
    return json.loads((FIXTURES / name).read_bytes())


def an_event(top=None, **data):
    body = sample() | (top or {})
    return body | {"data": body["data"] | data}


def send(client, body, headers=AUTHORIZED):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/events/ibm_verify", data=raw, headers=headers)


def reasons(desk):
    return [one[3] for one in desk.kept]


def test_the_sample_names_the_target_by_id_alone_and_spares_the_actor(client, desk):
    raw = (FIXTURES / "ibm-verify-user-deleted.json").read_bytes()

    answer = send(client, raw)

    assert answer.status_code == 202
    assert desk.heard == [
        Heard(
            source="ibm_verify",
            event_key=KEY,
            native_type="deleted",
            kind=HeardKind.DELETED,
            names=Names(ids=("50LEAVER01",)),
            occurred_at=AT,
            authn=Authn.BEARER,
        )
    ]


def test_an_id_that_nobody_knows_waits_in_quarantine(client, desk):
    answer = send(client, sample())

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert [(one[1], one[3]) for one in desk.kept] == [(KEY, Unreadable.UNKNOWN_PERSON)]
    assert desk.departures == []


def test_an_id_that_was_learned_before_opens_a_case(client, desk):
    desk.known = {"50LEAVER01": "dana.lee@example.com"}

    send(client, sample())

    assert [one.leaver for one in desk.departures] == [DANA]


def test_an_id_of_the_identity_map_opens_a_case(client, desk):
    desk.same_people = (
        SamePerson(iam_id="IBMid-1", ids=("ibm_verify:50LEAVER01",)),
        SamePerson(iam_id="IBMid-2", ids=("ibm_verify:50ADMIN001",)),
    )

    send(client, sample())

    assert [one.leaver for one in desk.departures] == [Leaver(iam_id="IBMid-1")]


def test_the_username_is_the_person_only_where_that_is_set(with_verify, desk):
    send(with_verify(username_is_target=True), sample())

    assert desk.heard[0].names == Names(("dana.lee@example.com",), (), ("50LEAVER01",))
    assert [one.leaver for one in desk.departures] == [DANA]


def test_a_username_that_is_no_email_leaves_the_id(with_verify, desk):
    send(with_verify(username_is_target=True), an_event(username="dlee"))

    assert desk.heard[0].names == Names(ids=("50LEAVER01",))


def test_the_published_login_is_ignored(client, desk):
    answer = send(client, sample("ibm-verify-authentication-event.json"))

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert (desk.heard, desk.hints, desk.kept) == ([], [], [])


@pytest.mark.parametrize("action", ["deleted", "delete", "DELETED"])
def test_these_actions_mean_deleted(client, desk, action):
    send(client, an_event(action=action))

    assert desk.heard[0].kind is HeardKind.DELETED


def test_the_actions_are_those_that_are_set(with_verify, desk):
    client = with_verify(delete_actions=("removed",), disable_actions=("Disabled",))

    for number, action in enumerate(("removed", "disabled", "deleted")):
        send(client, an_event({"id": f"e-{number}"}, action=action))

    assert [(one.native_type, one.kind) for one in desk.heard] == [
        ("removed", HeardKind.DELETED),
        ("disabled", HeardKind.DISABLED),
    ]


@pytest.mark.parametrize("result", ["success", "Success", "SUCCESS"])
def test_the_case_of_a_success_does_not_matter(client, desk, result):
    send(client, an_event(result=result))

    assert len(desk.heard) == 1


@pytest.mark.parametrize("result", ["failure", "Failed", "pending"])
def test_only_a_success_acts(client, desk, result):
    send(client, an_event(result=result))

    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize(
    "event",
    [
        an_event(action="created"),
        an_event(action="modified"),
        an_event(action="disabled"),
        an_event(action="passwordReset"),
        an_event(action=None),
        an_event(resource="group"),
        an_event(resource="application"),
        an_event(resource=None),
        an_event({"event_type": "authentication"}),
        an_event({"event_type": "Management"}),
        an_event({"event_type": None}),
        an_event() | {"data": None},
        {},
    ],
)
def test_all_else_is_ignored(client, desk, event):
    answer = send(client, event)

    assert answer.status_code == 202
    assert (desk.heard, desk.hints, desk.kept) == ([], [], [])


def test_a_change_is_looked_up_where_the_tenant_is_set(with_verify, desk):
    client = with_verify(api_url="https://tenant.example.com")
    event = an_event(action="modified")

    answer = send(client, event)

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert desk.hints == [
        (Hint("ibm_verify", KEY, "modified", "50LEAVER01", AT), event)
    ]
    assert (desk.heard, desk.departures) == ([], [])


@pytest.mark.parametrize("result", ["failure", None])
def test_a_change_that_failed_is_not_looked_up(with_verify, desk, result):
    client = with_verify(api_url="https://tenant.example.com")

    send(client, an_event(action="modified", result=result))

    assert desk.hints == []


@pytest.mark.parametrize("targetid", [None, "", 7, ["50LEAVER01"], "x" * 300])
def test_no_target_goes_to_quarantine_and_the_actor_is_spared(client, desk, targetid):
    desk.known = {"50ADMIN001": "it.admin@example.com"}

    answer = send(client, an_event(targetid=targetid))

    assert answer.status_code == 202
    assert reasons(desk) == [Unreadable.NO_PERSON]
    assert desk.departures == []


@pytest.mark.parametrize("result", [None, "", 1])
def test_a_deletion_without_a_result_goes_to_quarantine(client, desk, result):
    send(client, an_event(result=result))

    assert reasons(desk) == [Unreadable.UNKNOWN_SHAPE]
    assert desk.heard == []


@pytest.mark.parametrize("time", [1772442978, "2026-03-02T09:16:18Z", 1e300, True])
def test_a_time_of_another_unit_goes_to_quarantine(client, desk, time):
    send(client, an_event({"time": time}))

    assert reasons(desk) == [Unreadable.BAD_TIME]


def test_an_event_may_leave_its_time_out(client, desk):
    send(client, an_event({"time": None}))

    assert desk.heard[0].occurred_at is None


def test_a_repeat_has_no_second_effect(client, desk):
    desk.known = {"50LEAVER01": "dana.lee@example.com"}

    answers = [send(client, sample()) for _ in range(2)]

    assert answers[0].json == answers[1].json
    assert len(desk.departures) == 1


@pytest.mark.parametrize("missing", [{"id": None}, {"tenantid": ""}])
def test_an_event_without_its_ids_has_the_same_key_each_time(client, desk, missing):
    for _ in range(2):
        send(client, an_event(missing))

    assert len({one.event_key for one in desk.heard}) == 1
    assert desk.heard[0].event_key.startswith("ibm_verify:sha256:")


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        SECRET,
        "Bearer ",
        "Bearer wrong-secret-0",
        f"Basic {SECRET}",
        f"Bearer {SECRET}x",
        "\x80\xff",
        "Bearer " + "x" * 9000,
    ],
)
def test_a_wrong_token_is_401_and_nothing_is_heard(client, desk, given):
    headers = {"Content-Type": "application/json"}
    headers |= {} if given is None else {"Authorization": given}

    answer = send(client, sample(), headers)

    assert answer.status_code == 401
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted == [("ibm_verify", "header", NOW)]


def test_the_old_token_holds_while_rotating(client):
    headers = {**AUTHORIZED, "Authorization": "Bearer verify-old-secret"}

    assert send(client, sample(), headers).status_code == 202


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_a_broken_body_is_400(client, desk, name):
    assert send(client, BROKEN_JSON[name]).status_code == 400
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", ""])
def test_another_content_type_is_415(client, media_type):
    answer = send(client, sample(), {**AUTHORIZED, "Content-Type": media_type})

    assert answer.status_code == 415


def test_a_body_over_a_mebibyte_is_413(client):
    assert send(client, b" " * (1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_another_method_is_405(client, method):
    answer = client.open("/events/ibm_verify", method=method, headers=AUTHORIZED)

    assert answer.status_code == 405


def test_a_secret_in_the_path_is_404_and_not_logged(client):
    with capture_logs() as logs:
        answer = client.post(f"/events/ibm_verify/{SECRET}", json=sample())

    assert answer.status_code == 404
    assert SECRET not in repr(logs)


def test_what_a_log_shows_holds_neither_secret_nor_person(client):
    with capture_logs() as logs:
        send(client, sample())
        send(client, sample(), {"Authorization": "Bearer wrong-secret-0"})

    shown = repr(logs)
    words = (SECRET, "wrong-secret-0", "dana", "it.admin")
    assert not [one for one in words if one in shown]


@pytest.mark.parametrize(
    ("kind", "heard", "hints"),
    [("delete", 1, 0), ("modify", 0, 1), ("failed", 0, 0), ("login", 0, 0)],
)
def test_each_sample_is_played_and_leads_to_what_it_says(
    with_verify, desk, settings, kind, heard, hints
):
    client = with_verify(api_url="https://tenant.example.com")
    (played,) = [one for one in SAMPLES if one.kind == kind]

    (sent,) = played.make(Asked("dana.lee@example.com", NOW, settings))
    answer = client.post(sent.path, data=sent.body, headers=dict(sent.headers))

    assert answer.status_code == 202
    assert (len(desk.heard), len(desk.hints)) == (heard, hints)


FUZZED = create_app(
    replace(
        SETTINGS,
        sources=Sources(ibm_verify=replace(MINE, username_is_target=True)),
    ),
    FakeDesk(),
    clock=lambda: NOW,
).test_client()


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_it_fall_over(raw):
    assert send(FUZZED, raw).status_code in (202, 400)


@bounded(max_examples=60, derandomize=True, deadline=None)
@given(bent(sample()))
def test_no_bent_sample_makes_it_fall_over(raw):
    assert send(FUZZED, raw).status_code in (202, 400)

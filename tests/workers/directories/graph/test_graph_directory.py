"""Graph asked back: what a reading means against what was seen before."""

from datetime import UTC, datetime

import pytest
from fake_graph import HTML, Fault, error

from workers.directories import wire
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.heard import (
    Authn,
    Heard,
    HeardKind,
    Hint,
    Names,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.offboarding.seen_user import SeenUser, UserStanding
from workers.store.names import KnownNames

DANA = "6f1d3c52-8a44-4a7e-9a51-2f7f8a1f0c01"
EMAIL = "dana.lee@example.com"
LEAVES = "2026-12-31T17:00:00Z"
LEAVES_AT = datetime(2026, 12, 31, 17, tzinfo=UTC)


@pytest.fixture
def look_up(directory):
    numbers = iter(range(1, 100))

    def looked(subject=DANA, change="updated", key=None):
        key = key or f"entra_graph:s-1:{subject}:{next(numbers)}"
        return directory.look_up(Hint("entra_graph", key, change, subject))

    return looked


@pytest.fixture
def dana(graph):
    def put(**changed):
        graph.put(DANA, **{"mail": EMAIL, "userPrincipalName": EMAIL, **changed})

    put()
    return put


def test_a_disabled_account_is_a_departure_now(look_up, dana):
    dana(accountEnabled=False)

    heard = look_up(key="entra_graph:s-1:1")

    assert heard == Heard(
        source="entra_graph",
        event_key="entra_graph:s-1:1",
        native_type="updated",
        kind=HeardKind.DISABLED,
        names=Names(emails=(EMAIL,), ids=(DANA,)),
        authn=Authn.LOOKUP,
    )


def test_an_edit_of_somebody_who_works_here_is_nothing(look_up, dana, memory):
    assert look_up() == Ignored("unchanged")
    assert memory.seen(DANA) == SeenUser(UserStanding.ENABLED)


def test_an_edit_of_who_was_disabled_long_ago_is_nothing(look_up, dana):
    dana(accountEnabled=False)
    look_up()
    dana(jobTitle="Former")

    assert look_up() == Ignored("unchanged")


def test_what_was_told_is_told_again_to_who_asks_for_the_same_event(look_up, dana):
    dana(accountEnabled=False)

    first, second = look_up(key="entra_graph:a"), look_up(key="entra_graph:a")

    assert first == second
    assert isinstance(first, Heard)


def test_an_edit_in_between_takes_no_departure_from_who_has_to_tell_it(look_up, dana):
    dana(accountEnabled=False)
    first = look_up(key="entra_graph:a")
    dana(employeeLeaveDateTime=LEAVES)
    look_up(key="entra_graph:b")

    assert look_up(key="entra_graph:a") == first


def test_a_deleted_account_is_found_among_the_deleted(look_up, dana, graph):
    look_up()
    graph.delete(DANA)

    heard = look_up()

    assert heard.kind is HeardKind.DELETED
    assert heard.names == Names(emails=(EMAIL,), ids=(DANA,))
    assert heard.occurred_at == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_the_object_id_in_front_of_a_deleted_name_is_taken_off(look_up, dana, graph):
    dana(mail=None)
    graph.delete(DANA)

    assert graph.deleted[DANA]["userPrincipalName"] != EMAIL
    assert look_up().names.emails == (EMAIL,)


def test_who_is_gone_from_both_is_deleted_and_has_an_id_alone(look_up):
    heard = look_up(change="deleted")

    assert heard.kind is HeardKind.DELETED
    assert heard.names == Names(ids=(DANA,))


def test_a_purge_after_a_deletion_is_no_second_departure(look_up, dana, graph):
    look_up()
    graph.delete(DANA)
    look_up()
    graph.purge(DANA)

    assert look_up(change="deleted") == Ignored("unchanged")


def test_the_name_is_learned_while_the_person_is_there(look_up, dana, fake_store):
    look_up()

    assert KnownNames(fake_store).of("entra_graph", [DANA]) == {DANA: EMAIL}


def test_a_guest_s_made_up_name_is_no_email(look_up, dana):
    dana(
        accountEnabled=False,
        mail=None,
        userPrincipalName="dana.lee_example.com#EXT#@t.example.net",
        employeeId="E-157",
    )

    assert look_up().names == Names(ids=(DANA, "E-157"))


def test_mail_comes_before_the_name_of_the_login(look_up, dana):
    dana(accountEnabled=False, mail="Dana.Lee@Example.com", userPrincipalName="d@x.io")

    assert look_up().names.emails == (EMAIL, "d@x.io")


# --- dates -------------------------------------------------------------------------


def test_a_date_to_come_is_a_scheduled_departure(look_up, dana):
    look_up()
    dana(employeeLeaveDateTime=LEAVES)

    heard = look_up()

    assert (heard.kind, heard.effective_at) == (HeardKind.TERMINATED, LEAVES_AT)


def test_a_moved_date_is_told_and_the_same_date_is_not(look_up, dana):
    dana(employeeLeaveDateTime=LEAVES)
    look_up()
    same = look_up()
    dana(employeeLeaveDateTime="2027-01-31T17:00:00Z")

    moved = look_up()

    assert same == Ignored("unchanged")
    assert moved.effective_at == datetime(2027, 1, 31, 17, tzinfo=UTC)


def test_a_date_moved_into_the_past_means_now(look_up, dana):
    dana(employeeLeaveDateTime=LEAVES)
    look_up()
    dana(employeeLeaveDateTime="2026-11-01T17:00:00Z")

    heard = look_up()

    assert (heard.kind, heard.effective_at) == (HeardKind.TERMINATED, None)


def test_an_old_date_of_who_works_here_is_nothing(look_up, dana):
    dana(employeeLeaveDateTime="2020-01-31T17:00:00Z")

    assert look_up() == Ignored("unchanged")


def test_the_date_that_stands_for_none_is_none(look_up, dana):
    dana(employeeLeaveDateTime="0001-01-01T00:00:00Z")

    assert look_up() == Ignored("unchanged")


def test_a_cleared_date_takes_the_departure_back(look_up, dana):
    dana(employeeLeaveDateTime=LEAVES)
    look_up()
    dana(employeeLeaveDateTime=None)

    assert look_up().kind is HeardKind.CANCELLED


def test_without_the_permission_an_empty_date_takes_nothing_back(
    look_up, dana, graph, client
):
    dana(employeeLeaveDateTime=LEAVES)
    look_up()
    graph.roles.remove("User-LifeCycleInfo.Read.All")
    client._tokens.drop(client._tokens.token())

    assert look_up() == Ignored("unchanged")


def test_a_tenant_that_refuses_the_date_alone_is_read_without_it(look_up, dana, graph):
    dana(accountEnabled=False)
    graph.faults.append(error(403, "Authorization_RequestDenied", "/users/"))

    assert look_up().kind is HeardKind.DISABLED


def test_a_date_far_ahead_waits_until_it_can_be_told(look_up, dana, memory, clock):
    dana(employeeLeaveDateTime="2029-06-30T17:00:00Z")
    early = look_up()
    clock.now = datetime(2028, 12, 1, tzinfo=UTC)

    late = look_up()

    assert early == Ignored("unchanged")
    assert late.effective_at == datetime(2029, 6, 30, 17, tzinfo=UTC)
    assert memory._client.zcard("offboard:entra_graph:again") == 1


def test_a_date_that_cannot_be_read_is_for_people(look_up, dana):
    dana(employeeLeaveDateTime="soon")

    with pytest.raises(UnreadableError):
        look_up()


# --- returns -----------------------------------------------------------------------


def test_who_is_enabled_again_is_reactivated(look_up, dana):
    dana(accountEnabled=False)
    look_up()
    dana(accountEnabled=True)

    assert look_up().kind is HeardKind.REACTIVATED


def test_who_is_restored_is_reactivated(look_up, dana, graph):
    graph.delete(DANA)
    look_up()
    dana(userPrincipalName=EMAIL)

    assert look_up().kind is HeardKind.REACTIVATED


def test_who_is_restored_and_disabled_did_not_leave_twice(look_up, dana, graph):
    graph.delete(DANA)
    look_up()
    dana(accountEnabled=False)

    assert look_up() == Ignored("unchanged")


def test_who_comes_back_with_a_date_is_told_of_once_more(look_up, dana, memory):
    dana(accountEnabled=False)
    look_up()
    dana(accountEnabled=True, employeeLeaveDateTime=LEAVES)
    back = look_up(key="entra_graph:back")
    repeated = look_up(key="entra_graph:back")

    dated = look_up()

    assert back.kind is HeardKind.REACTIVATED
    assert repeated == back
    assert (dated.kind, dated.effective_at) == (HeardKind.TERMINATED, LEAVES_AT)
    assert memory._client.zcard("offboard:entra_graph:again") == 1


def test_who_was_seen_back_by_a_copy_that_lagged_leaves_again(look_up, dana):
    dana(accountEnabled=False)
    look_up()
    dana(accountEnabled=True)
    look_up()
    dana(accountEnabled=False)

    assert look_up().kind is HeardKind.DISABLED


# --- lifecycle ---------------------------------------------------------------------


def a_lifecycle_hint(told):
    more = {"lifecycle_event": told}
    return Hint("entra_graph", "entra_graph:l", "lifecycle", "s-1", more=more)


def test_a_subscription_is_authorized_again_when_graph_asks(directory, graph):
    graph.subscriptions["s-1"] = {}

    found = directory.look_up(a_lifecycle_hint("reauthorizationRequired"))

    assert found == Ignored("lifecycle")
    assert graph.paths("POST")[-1] == "/v1.0/subscriptions/s-1/reauthorize"


@pytest.mark.parametrize("told", ["subscriptionRemoved", "missed", "Missed"])
def test_what_was_lost_is_looked_for_at_once(directory, graph, memory, told):
    memory.rest("compare", 1000)
    memory.rest("subscribe", 1000)

    found = directory.look_up(a_lifecycle_hint(told))

    assert found == Ignored("lifecycle")
    assert memory.is_due("compare")
    assert memory.is_due("subscribe")
    assert graph.seen == []


# --- Graph away, or against us -----------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_who_is_told_to_wait_waits_as_long(look_up, graph, status):
    fault = error(status, "TooManyRequests", "/users/", headers={"Retry-After": "17"})
    graph.faults.append(fault)

    with pytest.raises(TransientError) as caught:
        look_up()

    assert caught.value.retry_after_seconds == 17
    assert EMAIL not in str(caught.value)


@pytest.mark.parametrize(
    "wait", ["-1", "nan", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", "x" * 100]
)
def test_nonsense_of_how_long_to_wait_is_passed_over(look_up, graph, wait):
    graph.faults.append(
        Fault("/users/", 503, headers={"Retry-After": wait}, body=b"busy")
    )

    with pytest.raises(TransientError) as caught:
        look_up()

    assert caught.value.retry_after_seconds is None


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/users/", 500, body=b""),
        Fault("/users/", 302, headers={"Location": "http://127.0.0.1:9/"}),
        Fault("/users/", 200, body=HTML),
        Fault("/users/", 200, body=b"[]"),
        Fault("/users/", 200, body=b"\xff\xfe"),
        Fault("/users/", 200, body=b'{"id": "6f1d'),
        Fault("/users/", 200, body=b'{"id": "6f1d', is_cut=True),
        Fault("/users/", 200, body=b"[" * 100_000),
        Fault("/users/", 200, body=b"{}"),
        Fault("/users/", 200, body=b'{"accountEnabled": "no"}'),
        error(410, "Gone", "/users/"),
    ],
)
def test_whatever_else_answers_is_tried_again_and_nobody_left(
    look_up, graph, dana, memory, fault
):
    graph.faults.append(fault)

    with pytest.raises(TransientError):
        look_up()

    assert memory.seen(DANA) is None


def test_a_redirect_is_not_followed(look_up, graph, dana):
    there = f"{graph.url}/v1.0/users/elsewhere"
    graph.faults.append(Fault("/users/", 302, headers={"Location": there}))

    with pytest.raises(TransientError):
        look_up()

    assert "/v1.0/users/elsewhere" not in graph.paths()


def test_a_slow_answer_is_given_up(look_up, graph, monkeypatch):
    monkeypatch.setattr(wire, "_TIMEOUT_SECONDS", (1, 0.1))
    graph.faults.append(Fault("/users/", pause_seconds=0.5))

    with pytest.raises(TransientError):
        look_up()


def test_nobody_there_is_tried_again(look_up, graph):
    graph.close()

    with pytest.raises(TransientError) as caught:
        look_up()

    assert "127.0.0.1" not in str(caught.value)


def test_a_missing_permission_is_named(look_up, graph, dana):
    graph.faults.append(error(403, "Authorization_RequestDenied", "/users/", times=2))

    with pytest.raises(PermanentError) as caught:
        look_up()

    assert caught.value.reason is Reason.NO_ROLE
    assert "User.Read.All" in str(caught.value)
    assert "admin consent" in str(caught.value)


def test_deleted_users_that_may_not_be_read_are_nobody_s_departure(look_up, graph):
    graph.faults.append(error(403, "Authorization_RequestDenied", "deletedItems"))

    with pytest.raises(PermanentError, match=r"User\.Read\.All"):
        look_up()


def test_a_token_taken_back_is_replaced_once(look_up, graph, dana):
    graph.faults.append(error(401, "InvalidAuthenticationToken", "/users/"))

    assert look_up() == Ignored("unchanged")
    assert len([one for one in graph.paths() if one.endswith("/token")]) == 2


def test_a_token_refused_twice_is_for_people(look_up, graph, dana):
    fault = error(401, "InvalidAuthenticationToken", "/users/", times=2)
    graph.faults.append(fault)

    with pytest.raises(PermanentError, match="refuses the token") as caught:
        look_up()

    assert caught.value.reason is Reason.BAD_KEY


def test_a_wrong_client_secret_is_told_with_the_settings_to_mend(look_up, graph):
    body = b'{"error": "invalid_client", "error_codes": [7000222], "x": "app-secret-1"}'
    graph.faults.append(Fault("/token", 401, body=body))

    with pytest.raises(PermanentError) as caught:
        look_up()

    assert "invalid_client, AADSTS7000222" in str(caught.value)
    assert "CLIENT_SECRET" in str(caught.value)
    assert "app-secret-1" not in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/token", 500),
        Fault("/token", 200, body=HTML),
        Fault("/token", 200, body=b'{"access_token": 5}'),
        Fault("/token", 200, body=b'{"access_token": ""}'),
        Fault("/token", 200, body=b'{"access_token": "\\ud800"}'),
        Fault("/token", 200, body=b'{"access_token": "a\\r\\nX: b"}'),
        Fault("/token", 400, body=HTML),
        Fault("/token", 429, headers={"Retry-After": "5"}),
        Fault("/token", 400, body=b'{"error": "temporarily_unavailable"}'),
    ],
)
def test_a_token_service_that_is_away_is_tried_again(look_up, graph, fault):
    graph.faults.append(fault)

    with pytest.raises(TransientError):
        look_up()


def test_one_token_serves_many_calls(look_up, graph, dana):
    for _ in range(3):
        look_up()

    assert len([one for one in graph.paths() if one.endswith("/token")]) == 1
    (asked,) = [one for one in graph.seen if one.path.endswith("/token")]
    assert asked.path == "/t-1/oauth2/v2.0/token"
    assert b"grant_type=client_credentials" in asked.body
    assert b".default" in asked.body


def test_a_token_is_replaced_before_it_ends(graph, client):
    now = [0.0]
    client._tokens._monotonic = lambda: now[0]
    client.may_read_leave_dates()
    now[0] = 3600 - 299

    client.may_read_leave_dates()

    assert len(graph.paths()) == 2


@pytest.mark.parametrize("lasts", [10**400, -(10**400), True, 1e308, None])
def test_a_token_of_any_life_serves_this_call(look_up, graph, dana, lasts):
    graph.expires_in = lasts

    assert look_up()


def test_an_object_id_cannot_leave_its_path(look_up, graph):
    look_up("../subscriptions/s-1?x=")

    assert graph.paths("GET")[0] == "/v1.0/users/../subscriptions/s-1?x="


def test_two_who_look_up_at_once_tell_it_once(directory, memory, dana, client):
    dana(accountEnabled=False)
    put = memory.put

    def overtaken(subject, before, now, name):
        memory.put = put
        directory.look_up(Hint("entra_graph", "entra_graph:other", "updated", subject))
        return put(subject, before, now, name)

    memory.put = overtaken

    late = directory.look_up(Hint("entra_graph", "entra_graph:late", "updated", DANA))

    assert late == Ignored("unchanged")
    assert memory.seen(DANA).told_by == "entra_graph:other"


def test_a_return_is_read_once_more_soon(look_up, dana, memory):
    dana(accountEnabled=False)
    look_up()
    dana(accountEnabled=True)
    look_up()

    ((found, at),) = memory._client.zrange(
        "offboard:entra_graph:again", 0, -1, withscores=True
    )

    assert found == DANA
    assert 500 < at / 1000 - datetime.now(UTC).timestamp() <= 600


def test_a_login_that_the_machine_keeps_for_the_host_proves_nobody(
    look_up, graph, tmp_path, monkeypatch
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    graph.put("o-1", accountEnabled=False)

    look_up("o-1")

    assert {one.bearer for one in graph.seen if "/users/" in one.path} != {""}
    assert not any("Basic" in one.bearer for one in graph.seen)

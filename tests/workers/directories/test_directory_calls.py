"""What holds for each HR system's API, whatever is asked of it."""

import socket
import threading

import pytest

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.heard import Unreadable, UnreadableError

NAMES = ["bamboohr", "gusto", "hibob", "personio"]
FIRST = {
    "bamboohr": "/v1/employees/157",
    "gusto": "/v1/employees/157",
    "hibob": "/v1/people/157",
    "personio": "/v2/auth/token",
}
EVENT = {
    "bamboohr": "employee.updated",
    "gusto": "employee.terminated",
    "hibob": "employee.left",
    "personio": "employment.updated",
}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def ask(open_room, hint, name):
    def asked(subject="157", **over):
        return open_room(name, **over).look_up(hint(name, EVENT[name], subject))

    return asked


@pytest.mark.parametrize("missing", ["api_url", "api_token"])
def test_a_directory_that_is_not_set_up_is_not_there(open_room, name, missing):
    assert open_room(name, **{missing: None}) is None


@pytest.mark.parametrize(
    ("status", "headers", "reason", "seconds"),
    [
        (429, {"Retry_After": "17"}, Reason.RATE_LIMITED, 17.0),
        (429, {}, Reason.RATE_LIMITED, None),
        (503, {"Retry_After": "soon"}, Reason.UNREACHABLE, None),
        (503, {"Retry_After": "nan"}, Reason.UNREACHABLE, None),
        (500, {"Retry_After": "-5"}, Reason.UNREACHABLE, None),
        (
            503,
            {"Retry_After": f"Mon, {'9' * 20} Jan 2026 00:00:00 GMT"},
            Reason.UNREACHABLE,
            None,
        ),
        (502, {}, Reason.UNREACHABLE, None),
    ],
)
def test_an_api_that_is_busy_is_asked_again(
    hr_api, ask, name, status, headers, reason, seconds
):
    hr_api.lay(FIRST[name], b"dana.lee@example.com", status, **headers)

    with pytest.raises(TransientError) as raised:
        ask()

    assert (raised.value.reason, raised.value.retry_after_seconds) == (reason, seconds)
    assert str(raised.value) == f"The API of {name} answered {status}."


def test_a_date_to_ask_again_at_is_read_and_an_hour_is_waited_at_most(
    hr_api, ask, name
):
    hr_api.lay(FIRST[name], {}, 429, Retry_After="Fri, 01 Jan 2100 00:00:00 GMT")

    with pytest.raises(TransientError) as raised:
        ask()

    assert raised.value.retry_after_seconds == 3600.0


@pytest.mark.parametrize(
    ("status", "reason", "setting"),
    [
        (401, Reason.BAD_KEY, "_API_TOKEN and its rights"),
        (403, Reason.NO_ROLE, "_API_TOKEN and its rights"),
        (400, Reason.UNEXPECTED_ANSWER, "_API_URL"),
        (302, Reason.UNEXPECTED_ANSWER, "_API_URL"),
    ],
)
def test_an_api_that_refuses_names_what_to_look_at(
    hr_api, ask, name, status, reason, setting
):
    hr_api.lay(FIRST[name], {}, status, Location=f"{hr_api.url}/elsewhere")

    with pytest.raises(PermanentError) as raised:
        ask()

    assert raised.value.reason is reason
    assert f"see OFFBOARD_SOURCE_{name.upper()}{setting}" in str(raised.value)
    assert [path for _, path, *_ in hr_api.asked] == [FIRST[name]]


@pytest.mark.parametrize(
    "raw",
    [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * 1024 * 1024 + b'"'],
)
def test_an_answer_that_is_no_json_or_has_no_end_is_asked_for_again(
    hr_api, ask, name, raw
):
    hr_api.lay(FIRST[name], raw)

    with pytest.raises(TransientError) as raised:
        ask()

    assert raised.value.reason is Reason.UNEXPECTED_ANSWER


def test_an_api_that_is_away_is_asked_again(ask, name):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(TransientError) as raised:
        ask(api_url=f"http://127.0.0.1:{port}")

    assert str(port) not in str(raised.value)


def test_an_answer_cut_short_is_asked_for_again(ask, name):
    def serve(listening):
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        with pytest.raises(TransientError):
            ask(api_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()


@pytest.mark.parametrize(
    "subject", ["..", "../admin", "157/../158", "a b", "157?x=1", "é", "x" * 200, "."]
)
def test_an_id_that_leads_elsewhere_is_never_asked_for(hr_api, ask, name, subject):
    hr_api.lay("/v2/auth/token", {"access_token": "t"})

    with pytest.raises(UnreadableError) as raised:
        ask(subject)

    assert raised.value.reason is Unreadable.UNKNOWN_SHAPE
    assert [path for _, path, *_ in hr_api.asked if path != "/v2/auth/token"] == []


@pytest.mark.parametrize("record", [[], "text", None, 5])
def test_a_record_of_another_form_is_for_a_person_to_look_at(hr_api, ask, name, record):
    hr_api.lay("/v2/auth/token", {"access_token": "t"})
    hr_api.lay("/v2/persons/157", record)
    if name != "personio":
        hr_api.lay(FIRST[name], record)

    with pytest.raises(UnreadableError) as raised:
        ask()

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


def test_a_record_without_an_email_is_for_a_person_to_look_at(hr_api, ask, name):
    hr_api.lay("/v2/auth/token", {"access_token": "t"})
    for path in (FIRST[name], "/v2/persons/157"):
        if path != "/v2/auth/token":
            hr_api.lay(path, {"id": "157"})

    with pytest.raises(UnreadableError) as raised:
        ask()

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED
    assert "OFFBOARD_IDENTITY_MAP_FILE" in raised.value.text


def test_somebody_the_api_does_not_know_is_for_a_person_to_look_at(hr_api, ask):
    hr_api.lay("/v2/auth/token", {"access_token": "t"})

    with pytest.raises(UnreadableError) as raised:
        ask()

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


def test_a_netrc_of_the_machine_never_takes_the_tokens_place(
    hr_api, ask, name, tmp_path, monkeypatch
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    hr_api.lay("/v2/auth/token", {"access_token": "token-1"})

    with pytest.raises(UnreadableError):
        ask()

    assert [auth for _, path, _, auth, _ in hr_api.asked if "token" in path] in (
        [],
        [None],
    )
    assert hr_api.asked[-1][3] == {
        "bamboohr": "Basic dXNlci0xOndvcmQtMTp4",
        "hibob": "Basic dXNlci0xOndvcmQtMQ==",
        "gusto": "Bearer user-1:word-1",
        "personio": "Bearer token-1",
    }.get(name)

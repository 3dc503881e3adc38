"""Every published code and every class of status: again or never, and why."""

import json
from itertools import product
from pathlib import Path

import pytest
from ibmcloud_scenes import STEWARD

from config.settings import Secret
from workers.ibmcloud.client import ReadingClient
from workers.ibmcloud.session import reading_session
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[1] / "fixtures" / "published-ibm"
ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
AGAIN, NEVER, LOST = TransientError, PermanentError, LostAnswerError
RESET = "POST /global/v1/keys"

# What it is on reading, what it is on a reset: a reset is never tried again unseen.
CODES = {
    "A0006": (AGAIN, NEVER, Reason.NOT_FOUND),
    "A03e9b": (NEVER, NEVER, Reason.KEY_LIMIT),
    "A0656": (NEVER, NEVER, Reason.CANNOT_CREATE_KEY),
    "E0058": (NEVER, NEVER, Reason.WRONG_ACCOUNT),
    "G0004": (AGAIN, NEVER, Reason.NOT_FOUND),
    "G3917": (NEVER, NEVER, Reason.WRONG_PROVIDER),
    "P0005": (AGAIN, LOST, Reason.KEY_NOT_USABLE),
}
OTHER_CODES = {
    "BXNIM0151E": (NEVER, NEVER, Reason.KEY_LIMIT),
    "BXNIM0407E": (NEVER, NEVER, Reason.BAD_KEY),
    "BXNIM0408E": (NEVER, NEVER, Reason.BAD_KEY),
    "BXNIM0415E": (NEVER, NEVER, Reason.BAD_KEY),
}
STATUSES = [
    (301, AGAIN, LOST, Reason.UNEXPECTED_ANSWER),
    (304, AGAIN, LOST, Reason.UNEXPECTED_ANSWER),
    (400, NEVER, NEVER, Reason.REFUSED_BY_IBM_CLOUD),
    (401, NEVER, NEVER, Reason.BAD_KEY),
    (402, NEVER, NEVER, Reason.REFUSED_BY_IBM_CLOUD),
    (403, NEVER, NEVER, Reason.NO_ROLE),
    (404, AGAIN, NEVER, Reason.NOT_FOUND),
    (405, NEVER, NEVER, Reason.REFUSED_BY_IBM_CLOUD),
    (408, AGAIN, LOST, Reason.UNREACHABLE),
    (409, AGAIN, LOST, Reason.UNREACHABLE),
    (410, NEVER, NEVER, Reason.NOT_FOUND),
    (413, NEVER, NEVER, Reason.REFUSED_BY_IBM_CLOUD),
    (422, NEVER, NEVER, Reason.REFUSED_BY_IBM_CLOUD),
    (423, AGAIN, AGAIN, Reason.UNREACHABLE),
    (425, AGAIN, AGAIN, Reason.UNREACHABLE),
    (429, AGAIN, AGAIN, Reason.RATE_LIMITED),
    (451, NEVER, NEVER, Reason.REFUSED_BY_IBM_CLOUD),
    (500, AGAIN, LOST, Reason.UNREACHABLE),
    (501, AGAIN, LOST, Reason.UNREACHABLE),
    (502, AGAIN, LOST, Reason.UNREACHABLE),
    (503, AGAIN, LOST, Reason.UNREACHABLE),
    (504, AGAIN, LOST, Reason.UNREACHABLE),
    (599, AGAIN, LOST, Reason.UNREACHABLE),
]
BODIES = [
    "",
    "slow down",
    "<html><body>Bad Gateway</body></html>",
    '{"code": "P00',
    '["P0005"]',
    '{"code": 401, "errors": "none"}',
    '{"code": "Z9999", "incidentID": "inc-1"}',
]


def answers():
    """Every published error and every sample of one: status and body, by its name."""
    paths = (*PUBLISHED.glob("issue_*.json"), *HERE.glob("samples/ks-error-*.json"))
    found = [(one.stem, json.loads(one.read_text())["response"]) for one in paths]
    return [
        pytest.param(answer["status"], answer["body"], id=name)
        for name, answer in sorted(found, key=lambda one: one[0])
    ]


@pytest.fixture
def client(far):
    return ReadingClient(
        far.url, Tokens(Secret("k"), far.url, ACCOUNT), reading_session()
    )


def reading(far, client, status, body):
    far.answers.pop("GET /x", None)
    far.says("GET /x", body, status)
    with pytest.raises((TransientError, PermanentError)) as caught:
        client.get("/x", doing="Trying")
    return caught.value


def resetting(far, far_resets, target, status, body):
    far.answers.pop(RESET, None)
    far.calls.clear()
    far.says(RESET, body, status)
    ready = far_resets.prepare(target(), STEWARD)
    with pytest.raises((TransientError, PermanentError, LostAnswerError)) as caught:
        ready.send()
    assert far.asked(RESET) == 1
    return caught.value


def test_every_published_code_stands_in_the_table():
    codes = {
        json.loads(path.read_text())["response"]["body"]["code"]
        for path in HERE.glob("samples/ks-error-*.json")
    }

    assert codes <= set(CODES)
    assert len(codes) == 5


@pytest.mark.parametrize(("status", "body"), answers())
def test_a_published_error_on_reading(far, client, status, body):
    code = body.get("code") if isinstance(body, dict) else None
    usual = {401: (NEVER, NEVER, Reason.BAD_KEY), 429: (AGAIN, 0, Reason.RATE_LIMITED)}
    kind, _, reason = CODES.get(code) or usual[status]

    error = reading(far, client, status, body)

    assert isinstance(error, kind)
    assert error.reason is reason
    assert str(error).startswith(f"Trying: IBM Cloud answered {status}")


@pytest.mark.parametrize(("status", "body"), answers())
def test_a_published_error_on_a_reset(far, far_resets, target, status, body):
    code = body.get("code") if isinstance(body, dict) else None
    usual = {401: (0, NEVER, Reason.BAD_KEY), 429: (0, AGAIN, Reason.RATE_LIMITED)}
    _, kind, reason = CODES.get(code) or usual[status]

    error = resetting(far, far_resets, target, status, body)

    assert isinstance(error, kind)
    assert kind is LOST or error.reason is reason


@pytest.mark.parametrize("code", [*CODES, *OTHER_CODES])
def test_a_code_says_more_than_a_status_however_it_is_written(far, client, code):
    kind, _, reason = (CODES | OTHER_CODES)[code]
    bodies = [
        {"code": code},
        {"errorCode": code, "context": {"requestId": "r"}},
        {"errors": [{"code": code}], "trace": "t"},
    ]

    for status, body in product([400, 401, 403, 404, 409, 422, 500], bodies):
        error = reading(far, client, status, body)
        assert isinstance(error, kind), (status, body)
        assert error.reason is reason, (status, body)


@pytest.mark.parametrize("code", [*CODES, *OTHER_CODES])
def test_a_429_is_a_429_whatever_its_code(far, client, code):
    error = reading(far, client, 429, {"code": code})

    assert isinstance(error, TransientError)
    assert error.reason is Reason.RATE_LIMITED


@pytest.mark.parametrize(("status", "kind", "_", "reason"), STATUSES)
def test_a_status_on_reading_whatever_the_body(far, client, status, kind, _, reason):
    for body in BODIES:
        error = reading(far, client, status, body)
        assert isinstance(error, kind), body
        assert error.reason is reason, body


@pytest.mark.parametrize(("status", "_", "kind", "reason"), STATUSES)
def test_a_status_on_a_reset_whatever_the_body(
    far, far_resets, target, status, _, kind, reason
):
    for body in BODIES:
        error = resetting(far, far_resets, target, status, body)
        assert isinstance(error, kind), body
        assert kind is LOST or error.reason is reason, body


@pytest.mark.parametrize(("status", "code"), [(500, "A03e9b"), (502, "A0656")])
def test_a_5xx_on_a_reset_proves_nothing_whatever_its_code(
    far, far_resets, target, status, code
):
    error = resetting(far, far_resets, target, status, {"code": code})

    assert isinstance(error, LostAnswerError)


@pytest.mark.parametrize("code", [409, 423, 425, 408])
def test_iam_being_busy_says_nothing_of_the_key(far, code):
    far.answers.clear()
    far.says("POST /identity/token", "", code)

    with pytest.raises(TransientError):
        Tokens(Secret("k"), far.url, ACCOUNT).token()


def test_an_unusable_stored_key_costs_nobody_his_token(far, client):
    for _ in range(2):
        reading(far, client, 401, {"code": "P0005"})

    assert far.asked("POST /identity/token") == 1

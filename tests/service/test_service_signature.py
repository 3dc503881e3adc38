import json
from datetime import timedelta

import pytest
from fake_desk import NOW, OLD_SECRET, SECRET
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from config.settings import Secret
from config.sources import Sources, StandardSettings

URL = "/events/standard"
OTHER_SECRET = "whsec_" + "eHh4" * 10


@pytest.fixture
def raw(a_departure):
    return json.dumps(a_departure()).encode()


def test_the_published_library_and_we_agree(client, desk, raw, sign):
    answer = client.post(URL, data=raw, headers=sign(raw))

    assert answer.status_code == 202
    assert desk.departures[0].event_key == "standard:msg_1"


def test_either_of_two_active_secrets_will_do(client, raw, sign):
    answer = client.post(URL, data=raw, headers=sign(raw, secret=OLD_SECRET))

    assert answer.status_code == 202


def test_the_svix_names_will_do(client, raw, sign):
    answer = client.post(URL, data=raw, headers=sign(raw, prefix="svix-"))

    assert answer.status_code == 202


def test_the_two_kinds_of_names_are_not_mixed(client, raw, sign):
    headers = sign(raw, prefix="svix-")
    headers["webhook-id"] = headers.pop("svix-id")

    answer = client.post(URL, data=raw, headers=headers)

    assert answer.status_code == 401


def test_a_secret_without_its_padding_will_do(with_settings, raw, sign):
    padded = "whsec_" + "YWFh" * 8 + "YQ=="
    client = with_settings(
        sources=Sources(standard=StandardSettings(secret=(Secret(padded.rstrip("=")),)))
    )

    answer = client.post(URL, data=raw, headers=sign(raw, secret=padded))

    assert answer.status_code == 202


def test_any_of_the_listed_signatures_will_do(client, raw, sign):
    headers = sign(raw)
    wrong = sign(raw, secret=OTHER_SECRET)["webhook-signature"]
    headers["webhook-signature"] = f"v1a,AAAA {wrong} {headers['webhook-signature']}"

    answer = client.post(URL, data=raw, headers=headers)

    assert answer.status_code == 202


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_clock_may_be_five_minutes_off(client, raw, sign, seconds):
    headers = sign(raw, at=NOW + timedelta(seconds=seconds))

    answer = client.post(URL, data=raw, headers=headers)

    assert answer.status_code == 202


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_clock_may_not_be_more_off(client, desk, raw, sign, seconds):
    headers = sign(raw, at=NOW + timedelta(seconds=seconds))

    answer = client.post(URL, data=raw, headers=headers)

    assert answer.status_code == 401
    assert desk.departures == []


def test_an_id_may_have_256_characters(client, raw, sign):
    answer = client.post(URL, data=raw, headers=sign(raw, id="m" * 256))

    assert answer.status_code == 202


@pytest.mark.parametrize("id_", ["m" * 257, "msg.1", "msg 1", ""])
def test_an_authentic_id_may_still_not_be_used(client, desk, raw, sign, id_):
    answer = client.post(URL, data=raw, headers=sign(raw, id=id_))

    assert answer.status_code == 401
    assert desk.departures == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", None),
        ("webhook-id", "msg_2"),
        ("webhook-timestamp", None),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "1771236131.0"),
        ("webhook-timestamp", "1771236132"),
        ("webhook-timestamp", "+1771236131"),
        ("webhook-timestamp", " 1771236131 x"),
        ("webhook-timestamp", "1771236131e0"),
        ("webhook-timestamp", "\u0661771236131".encode().decode("latin-1")),
        ("webhook-timestamp", "9" * 400),
        ("webhook-timestamp", "nan"),
        ("webhook-signature", None),
        ("webhook-signature", ""),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "v1,%s,"),
        ("webhook-signature", "v2,%s"),
        ("webhook-signature", "V1,%s"),
        ("webhook-signature", "v1,%s nocomma"),
        ("webhook-signature", "v1,%s v2,two,commas"),
        ("webhook-signature", "v1,%s  v2,two-spaces"),
        ("webhook-signature", "v1,\xff\xfe\xe9"),
        ("webhook-signature", "v1a,%s"),
    ],
)
def test_headers_that_prove_nothing_get_one_fixed_answer(
    client, desk, raw, sign, name, value
):
    headers = sign(raw)
    good = headers["webhook-signature"].removeprefix("v1,")
    headers[name] = value and value.replace("%s", good)

    answer = client.post(
        URL, data=raw, headers={k: v for k, v in headers.items() if v is not None}
    )

    assert answer.status_code == 401
    assert answer.json["detail"] == "The sender could not be authenticated."
    assert "errors" not in answer.json
    assert desk.departures == []


def test_a_changed_body_is_not_authentic(client, desk, raw, sign):
    headers = sign(raw)

    answer = client.post(URL, data=raw + b" ", headers=headers)

    assert answer.status_code == 401
    assert desk.departures == []


def test_another_secret_is_not_ours(client, raw, sign):
    answer = client.post(URL, data=raw, headers=sign(raw, secret=OTHER_SECRET))

    assert answer.status_code == 401


def test_a_body_is_not_looked_at_before_its_sender_is_known(client):
    answer = client.post(URL, data=b"{", content_type="application/json")

    assert answer.status_code == 401


LATIN = st.binary(max_size=60).map(
    lambda text: text.decode("latin-1").replace("\n", "").replace("\r", "")
)
NAMES = [
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "Authorization",
    "Idempotency-Key",
    "X-Request-ID",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "Accept",
    "Cookie",
    "Host",
    "X-Forwarded-For",
]
ONLY = {400, 401, 411, 413, 415, 422, 202}


@bounded(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    headers=st.dictionaries(st.sampled_from(NAMES), LATIN),
    is_json=st.booleans(),
    body=st.binary(max_size=300),
)
def test_no_bytes_in_headers_and_body_break_it(client, headers, is_json, body):
    typed = headers | ({"Content-Type": "application/json"} if is_json else {})

    answer = client.post(URL, data=body, headers=typed)

    assert answer.status_code in ONLY
    assert answer.mimetype == "application/problem+json"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "data", "subjects", "format", "email", "kind", "effective_at"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@bounded(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    data=JSON,
    type_=st.sampled_from(["user.departed", "user.reactivated", "user.suspended"]),
)
def test_no_authentic_json_breaks_it(client, data, type_):
    raw = json.dumps({"type": type_, "data": data}).encode()
    stamp = NOW.replace(tzinfo=None)
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": "1771236131",
        "webhook-signature": Webhook(SECRET).sign("m", stamp, raw.decode()),
        "Content-Type": "application/json",
    }

    answer = client.post(URL, data=raw, headers=headers)

    assert answer.status_code in {202, 400, 422}

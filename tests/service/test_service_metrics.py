"""What a scrape is answered, who may scrape, and what is counted of requests."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from fake_desk import NOW, SETTINGS
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as plain

from config.secret import Secret
from config.sources import Sources, SourceSettings
from service.counting import ACCEPTED, DUPLICATE, IGNORED, QUARANTINED
from service.own_checks import own_checks
from workers.desk.scraping import WEBHOOK_OUTCOMES
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.health import Verdict
from workers.offboarding.metrics import (
    ACCOUNT,
    CASES,
    HTTP_SECONDS,
    METRICS,
    Sample,
)

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TOKENS = (Secret("scrape-me-please"), Secret("scrape-me-next"))
WEBHOOKS = "offboard_webhook_requests_total|standard|"


def counts(desk, start):
    """What was counted since it was last asked, under names that begin so."""
    found = desk.tally.taken()
    return {
        name.removeprefix(start): many
        for name, many in found.items()
        if name.startswith(start)
    }


def scrape(client, accept="", **headers):
    return client.get("/metrics", headers={"Accept": accept, **headers})


@pytest.mark.parametrize(
    ("accept", "kind", "read"),
    [
        ("", "text/plain", plain),
        ("*/*", "text/plain", plain),
        (f"{OPENMETRICS},*/*;q=0.5", "application/openmetrics-text", openmetrics),
    ],
)
def test_a_scrape_is_answered_in_the_form_it_asks_for(client, accept, kind, read):
    answer = scrape(client, accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(f"{kind}; version=")
    found = {one.name.removesuffix("_total") for one in read(answer.text)}
    assert found == {one.name.removesuffix("_total") for one in METRICS}


@pytest.mark.parametrize("read", [plain, openmetrics])
def test_labels_with_odd_characters_come_through_as_they_are(client, desk, read):
    odd = 'a "b"\\ {c="d"} ü'
    desk.samples = [Sample(ACCOUNT, ("acc1", odd, "true"), 1)]

    text = scrape(client, OPENMETRICS if read is openmetrics else "").text

    (family,) = [one for one in read(text) if one.name == "offboard_account_info"]
    assert [one.labels["name"] for one in family.samples] == [odd]


@pytest.mark.parametrize("read", [plain, openmetrics])
def test_a_histogram_has_all_that_fell_under_each_bound(client, desk, read):
    buckets = (0, 3, *[0] * 9, 1)
    desk.samples = [Sample(HTTP_SECONDS, ("/x",), 30.5, buckets)]

    text = scrape(client, OPENMETRICS if read is openmetrics else "").text

    name = "offboard_http_request_seconds"
    (family,) = [one for one in read(text) if one.name == name]
    found = {
        (one.name.removeprefix(name), one.labels.get("le")): one.value
        for one in family.samples
    }
    assert found["_bucket", "0.005"] == 0
    assert found["_bucket", "0.01"] == found["_bucket", "10.0"] == 3
    assert found["_bucket", "+Inf"] == found["_count", None] == 4
    assert found["_sum", None] == 30.5


def test_a_counter_shows_what_the_desk_says(client, desk):
    desk.samples = [Sample(CASES, ("webhook", "safe"), 7)]

    text = scrape(client).text

    assert 'offboard_cases_total{outcome="safe",trigger="webhook"} 7.0\n' in text


def test_without_the_store_a_scrape_says_that_and_what_needs_none(client, desk):
    desk.away = True
    desk.named_accounts = [Sample(ACCOUNT, ("acc1", "production", "true"), 1)]

    answer = scrape(client)

    assert answer.status_code == 200
    assert "\noffboard_store_up 0.0\n" in answer.text
    shown = re.findall(r"^(offboard_\w+)[ {]", answer.text, re.MULTILINE)
    assert shown == [
        "offboard_store_up",
        "offboard_build_info",
        "offboard_account_info",
    ]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer ofb_approver",
        "Basic scrape-me-please",
        "scrape-me-please",
        "Bearer scrape-me-please scrape-me-next",
        "Bearer \xff\xfe",
    ],
)
def test_where_a_token_is_set_nobody_scrapes_without_it(
    with_settings, desk, authorization
):
    client = with_settings(metrics_token=TOKENS)
    given = {} if authorization is None else {"Authorization": authorization}

    answer = scrape(client, **given)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["title"] == "Unauthorized"
    assert "offboard_" not in answer.text


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_either_of_two_tokens_is_let_in_while_they_rotate(with_settings, token, scheme):
    client = with_settings(metrics_token=TOKENS)

    answer = scrape(client, Authorization=f"{scheme} {token.reveal()}")

    assert answer.status_code == 200


def test_a_bug_in_a_scrape_is_one_and_not_a_store_that_is_away(client, desk):
    desk.scrape = lambda: [][0]

    assert scrape(client).status_code == 500


def test_the_library_is_loaded_by_the_first_scrape_and_not_before():
    program = (
        "import sys, service.server;"
        "print([n for n in sys.modules if n.startswith('prometheus_client')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_a_request_counts_by_its_template_and_its_answer(client, desk, as_viewer):
    client.get("/api/cases/01KHJ2V0W8Q3RZ5T7X9YABCDEF", headers=as_viewer)
    client.get("/healthz")
    client.get("/healthz")

    found = desk.tally.taken()
    assert found["offboard_http_requests_total|/api/cases/<case_id>|GET|404"] == 1
    assert found["offboard_http_requests_total|/healthz|GET|200"] == 2
    times = [
        many
        for name, many in found.items()
        if name.startswith("offboard_http_request_seconds|/healthz|")
        and not name.endswith("sum_ms")
    ]
    assert sum(times) == 2


@pytest.mark.parametrize("path", ["/nowhere", "/dana.lee@example.com", "/a|b"])
def test_what_fits_no_route_counts_under_one_name(client, desk, path):
    client.get(path)

    assert counts(desk, "offboard_http_requests_total|") == {"unmatched|GET|404": 1}


def test_a_method_that_nobody_knows_makes_no_label_of_its_own(client, desk):
    for method in ("PROPFIND", "X" * 2000):
        client.open("/healthz", method=method)

    assert counts(desk, "offboard_http_requests_total|") == {"unmatched|other|405": 2}


def test_an_event_counts_as_accepted_and_a_repeat_of_it_as_duplicate(
    tell, desk, a_departure
):
    assert tell(a_departure()).status_code == 202
    assert counts(desk, WEBHOOKS) == {ACCEPTED: 1}
    assert tell(a_departure()).status_code == 202
    assert counts(desk, WEBHOOKS) == {DUPLICATE: 1}


def test_an_event_that_is_not_for_us_counts_as_ignored(tell, desk, a_departure):
    event = {**a_departure(), "type": "user.suspended"}

    assert tell(event).status_code == 202

    assert counts(desk, WEBHOOKS) == {IGNORED: 1}


def test_an_event_that_cannot_be_read_counts_as_quarantined(tell, desk):
    nobody = {"subjects": [{"format": "opaque", "id": "E-157"}]}

    assert tell({"type": "user.departed", "data": nobody}).status_code == 202

    assert counts(desk, WEBHOOKS) == {QUARANTINED: 1}


BAD = {
    "wrong signature": ({"secret": "whsec_" + "eHh4" * 10}, {}, "bad_signature"),
    "old": ({"at": NOW.replace(year=2020)}, {}, "stale"),
    "no JSON": ({}, {"raw": b"{"}, "invalid"),
    "too large": ({}, {"raw": b"x" * 70_000}, "too_large"),
}


@pytest.mark.parametrize(("signed", "sent", "outcome"), BAD.values(), ids=BAD)
def test_a_delivery_that_is_refused_counts_by_why(tell, desk, signed, sent, outcome):
    assert tell(sent.get("raw", b"{}"), **signed).status_code >= 400

    assert counts(desk, WEBHOOKS) == {outcome: 1}


def test_a_delivery_that_the_store_could_not_take_counts_as_unavailable(
    tell, desk, a_departure
):
    desk.away = True

    assert tell(a_departure()).status_code == 503

    assert counts(desk, WEBHOOKS) == {"unavailable": 1}


def test_every_outcome_that_is_counted_is_one_that_a_scrape_shows_at_nought():
    heard = {ACCEPTED, DUPLICATE, IGNORED, QUARANTINED}
    refused = {outcome for _, _, outcome in BAD.values()}

    assert heard | refused | {"unavailable"} == set(WEBHOOK_OUTCOMES)


@pytest.mark.parametrize("path", ["/events/okta", "/events/nobody", "/events/a%7Cb"])
def test_a_source_that_is_off_or_unknown_is_no_label(client, desk, path):
    assert client.post(path, data=b"{}").status_code == 404

    assert counts(desk, "offboard_webhook_requests_total") == {}


def test_what_a_scim_client_writes_counts_and_what_it_reads_does_not(an_app, desk):
    sources = Sources(scim=SourceSettings(secret=(Secret("t" * 32),)))
    client = an_app(replace(SETTINGS, sources=sources), desk).test_client()

    client.get("/scim/v2/Users", headers={"Authorization": "Bearer wrong"})
    client.post("/scim/v2/Users", data=json.dumps({}))

    assert counts(desk, "offboard_webhook_requests_total|scim|") == {"bad_signature": 1}


def test_the_doctor_warns_where_anybody_may_scrape():
    def found(**changed):
        checks = own_checks(replace(SETTINGS, **changed))
        return [one.verdict for one in checks if one.what == "metrics_token"]

    assert found(host="0.0.0.0") == [Verdict.WARNING]  # noqa: S104 - only read
    assert found(host="127.0.0.1") == []
    assert found(host="0.0.0.0", metrics_token=TOKENS) == []  # noqa: S104 - only read


def test_who_asks_by_the_command_line_is_told_from_who_asks_by_the_api(
    client, desk, as_operator
):
    by_command = {**as_operator, "User-Agent": "offboard-cli"}

    client.post("/offboard/dana.lee@example.com", headers=by_command)
    client.post("/offboard/kim.roe@example.com", headers=as_operator)

    assert [one.source for one in desk.departures] == ["cli", "api"]


def test_a_store_away_error_is_the_only_one_that_is_answered(client, desk):
    def away():
        raise StoreAwayError("The store: TimeoutError.")

    desk.scrape = away

    assert scrape(client).status_code == 200

import base64
import hashlib
import hmac
import json
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ssf_transmitter import (
    AUDIENCE,
    AUTHORIZATION,
    CAEP,
    DISABLED,
    FIXTURES,
    ISSUER,
    NOW,
    OLD_AUTHORIZATION,
    RISC,
    SSF,
    claims,
    ec_key,
    jwk_of,
    pem_of,
    public_pem_of,
    rsa_key,
    running,
    signed,
)
from structlog.testing import capture_logs

from service.app import create_app
from service.sources import SOURCES
from service.sources.samples.sample import Asked
from service.sources.samples.ssf import SAMPLES
from service.sources.source import Part
from workers.offboarding.heard import Authn, Heard, HeardKind, Names, Unreadable
from workers.offboarding.model import Departure, Leaver, SamePerson, Withdrawal

DANA = Leaver(email="dana.lee@example.com")
HEADERS = {
    "Authorization": AUTHORIZATION,
    "Content-Type": "application/secevent+jwt",
    "Accept": "application/json",
}
FUZZ = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Has nobody given up who only stands still for a moment."""
    monkeypatch.setattr("service.sources.ssf_keys.READ_SECONDS", 60)


@pytest.fixture
def transmitter():
    with running() as made:
        yield made


@pytest.fixture
def push(an_app, transmitter, desk):
    """Pushes a token as a transmitter does, to a service with these settings."""

    def pushed(token, *, headers=None, settings=None):
        app = an_app(settings or transmitter.settings(), desk, lambda: NOW)
        raw = token.encode() if isinstance(token, str) else token
        return app.test_client().post(
            "/events/ssf", data=raw, headers=HEADERS | (headers or {})
        )

    return pushed


@pytest.fixture
def tell(push):
    """Signs claims and pushes them."""

    def told(said, *, settings=None, **header):
        return push(signed(said, **header), settings=settings)

    return told


def read_sample(name):
    # The published text has a comma too many.
    return json.loads(re.sub(r",(\s*})", r"\1", (FIXTURES / name).read_text()))


def is_taken(answer):
    return (answer.status_code, answer.data) == (202, b"")


def is_refused(answer, err):
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Language"] == "en"
    assert sorted(answer.json) == ["description", "err"]
    assert isinstance(answer.json["description"], str)
    return answer.json["err"] == err


# What is told, and what comes of it.


def test_the_sample_of_a_disabled_account_opens_a_case(tell, desk):
    answer = tell(read_sample("ssf-risc-account-disabled.json"))

    assert is_taken(answer)
    assert "Content-Type" not in answer.headers
    key = "ssf:https://idp.example.com/ 5b9b0f0c7a6d4e2f9c1d"
    at = datetime(2026, 3, 2, 9, 15, 4, tzinfo=UTC)
    assert desk.heard == [
        Heard(
            source="ssf",
            event_key=key,
            native_type=DISABLED,
            kind=HeardKind.DISABLED,
            names=Names(emails=("dana.lee@example.com",)),
            occurred_at=at,
            authn=Authn.JWS,
        )
    ]
    request_id = answer.headers["X-Request-ID"]
    assert desk.departures == [
        Departure("ssf", DANA, key, request_id=request_id, occurred_at=at, authn="jws")
    ]


def test_the_sample_of_a_verification_does_nothing(tell, desk):
    with capture_logs() as logs:
        answer = tell(read_sample("ssf-verification.json"))

    assert is_taken(answer)
    assert (desk.heard, desk.kept) == ([], [])
    ignored = {"event": "event.ignored", "reason": "verification", "log_level": "info"}
    assert ignored in logs


def test_the_published_verification_does_nothing(tell, desk, transmitter):
    settings = transmitter.settings(
        issuer="https://transmitter.example.com",
        audience="receiver.example.com/mobile",
    )

    answer = tell(read_sample("ssf-set-01.json"), settings=settings)

    assert is_taken(answer)
    assert (desk.heard, desk.kept) == ([], [])


def test_the_published_hijacking_is_told_as_an_incident(tell, desk, transmitter):
    settings = transmitter.settings(audience="636C69656E745F6964")
    desk.same_people = (
        SamePerson(
            emails=("dana.lee@example.com",),
            ids=("https://idp.example.com/ 7375626A656374",),
        ),
    )

    answer = tell(
        read_sample("risc-account-disabled-2.published.txt"), settings=settings
    )

    assert is_taken(answer)
    assert desk.departures[0].leaver == DANA
    assert desk.departures[0].reason == (
        "Incident: the account was hijacked. The person need not be leaving."
    )


def test_the_published_phone_number_names_nobody_and_is_kept(tell, desk, transmitter):
    said = read_sample("ssf-set-03.json")
    settings = transmitter.settings(audience="636C69656E745F6964")

    answer = tell(said, settings=settings)

    assert is_taken(answer)
    key = "ssf:https://idp.example.com/ 756E69717565206964656E746966696572"
    assert desk.heard == []
    assert desk.kept == [("ssf", key, said, Unreadable.NO_PERSON)]


def test_a_purged_account_opens_a_case(tell, desk):
    answer = tell(claims(f"{RISC}account-purged"))

    assert is_taken(answer)
    assert desk.heard[0].kind is HeardKind.DELETED
    assert desk.departures[0].leaver == DANA


def test_an_enabled_account_takes_a_departure_back(tell, desk):
    tell(claims())

    answer = tell(claims(f"{RISC}account-enabled", jti="j-2", iat=1772442950))

    assert is_taken(answer)
    (taken,) = desk.withdrawals
    assert taken == Withdrawal(
        "ssf",
        DANA,
        "ssf:https://idp.example.com/ j-2",
        taken.request_id,
        occurred_at=datetime(2026, 3, 2, 9, 15, 50, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("bulk-account", "Incident: a bulk account. The person need not be leaving."),
        ("left\nthe company", None),
        (["hijacking"], None),
        (None, None),
    ],
)
def test_only_known_reasons_are_told(tell, desk, reason, told):
    assert is_taken(tell(claims(payload={"reason": reason})))
    assert desk.departures[0].reason == told


@pytest.mark.parametrize(
    "type_",
    [
        f"{RISC}account-credential-change-required",
        f"{RISC}credential-compromise",
        f"{RISC}identifier-changed",
        f"{RISC}opt-in",
        f"{RISC}opt-out-initiated",
        f"{RISC}opt-out-effective",
        f"{RISC}recovery-activated",
        f"{RISC}recovery-information-changed",
        f"{RISC}sessions-revoked",
        f"{RISC}verification",
        f"{CAEP}session-revoked",
        f"{CAEP}session-established",
        f"{CAEP}session-presented",
        f"{CAEP}credential-change",
        f"{CAEP}token-claims-change",
        f"{CAEP}device-compliance-change",
        f"{CAEP}assurance-level-change",
        f"{CAEP}risk-level-change",
        f"{SSF}verification",
        "account-disabled",
        "https://example.com/secevent/risc/event-type/account-disabled",
        f"{DISABLED}/",
        "",
    ],
)
def test_what_must_not_trigger_is_acknowledged_and_ignored(tell, desk, type_):
    answer = tell(claims(type_, {"new-value": "dana.roe@example.com"}))

    assert is_taken(answer)
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted == [("ssf", "delivered", NOW)]


def test_a_recycled_identifier_is_told_and_offboards_nobody(tell, desk):
    answer = tell(claims(f"{RISC}identifier-recycled"))

    assert is_taken(answer)
    assert desk.heard == []
    assert [one[3] for one in desk.kept] == [Unreadable.TWO_PEOPLE]


@pytest.mark.parametrize("status", ["paused", "disabled", "gone", None, 3])
def test_a_stream_that_stops_is_told(tell, desk, status):
    said = claims(
        f"{SSF}stream-updated",
        {"status": status, "reason": "quota"},
        sub_id={"format": "opaque", "id": "stream-01"},
    )

    assert is_taken(tell(said))
    assert [one[3] for one in desk.kept] == [Unreadable.SENDER_STOPS]


def test_a_stream_that_is_enabled_again_needs_nobody(tell, desk):
    assert is_taken(tell(claims(f"{SSF}stream-updated", {"status": "enabled"})))
    assert desk.kept == []


def test_a_repeat_gets_the_same_answer_and_opens_no_second_case(tell, desk):
    first, second = tell(claims()), tell(claims())

    assert is_taken(first)
    assert is_taken(second)
    assert len(desk.departures) == 1


def test_an_id_that_comes_again_with_another_person_is_kept(tell, desk):
    tell(claims())
    other = {"format": "email", "email": "kim.roe@example.com"}

    assert is_taken(tell(claims(sub_id=other)))
    assert [one[3] for one in desk.kept] == [Unreadable.KEY_REUSED]
    assert len(desk.departures) == 1


@pytest.mark.parametrize(
    ("payload", "more", "at"),
    [
        ({"event_timestamp": 1772440000}, {"toe": 1772430000}, "2026-03-02T08:26:40"),
        ({}, {"toe": 1772430000}, "2026-03-02T05:40:00"),
        ({"event_timestamp": "yesterday"}, {}, "2026-03-02T09:15:04"),
        ({"event_timestamp": 1772440000000}, {}, "2026-03-02T09:15:04"),
        ({"event_timestamp": 10**400}, {"toe": True}, "2026-03-02T09:15:04"),
    ],
)
def test_when_it_happened_is_read_from_the_best_there_is(tell, desk, payload, more, at):
    assert is_taken(tell(claims(payload=payload, **more)))
    assert desk.departures[0].occurred_at == datetime.fromisoformat(f"{at}+00:00")
    assert desk.departures[0].effective_at is None


def test_a_time_that_cannot_be_read_loses_no_departure(tell, desk):
    assert is_taken(tell(claims(iat=0)))
    assert desk.departures[0].occurred_at is None


# Who is meant.


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        (
            {"format": "email", "email": " Dana.Lee@Example.com "},
            Names(emails=("dana.lee@example.com",)),
        ),
        (
            {"format": "account", "uri": "acct:dana.lee@example.com"},
            Names(emails=("dana.lee@example.com",)),
        ),
        (
            {"format": "account", "uri": "ACCT:dana%2Blee@example.com"},
            Names(emails=("dana+lee@example.com",)),
        ),
        (
            {"format": "iss_sub", "iss": "https://idp.example.com/", "sub": "00u1"},
            Names(ids=("https://idp.example.com/ 00u1",)),
        ),
        ({"format": "opaque", "id": "00u1"}, Names(ids=("00u1",))),
        (
            {
                "format": "aliases",
                "identifiers": [
                    {"format": "email", "email": "dana.lee@example.com"},
                    {"format": "phone_number", "phone_number": "+12065550100"},
                    {"format": "email", "email": "not an e-mail"},
                    {"format": "aliases", "identifiers": [{"format": "opaque"}]},
                    {"format": "opaque", "id": "00u1"},
                    {"format": "email", "email": "DANA.LEE@example.com"},
                    "junk",
                ],
            },
            Names(emails=("dana.lee@example.com",), ids=("00u1",)),
        ),
        (
            {
                "format": "complex",
                "user": {"format": "email", "email": "dana.lee@example.com"},
                "device": {"format": "opaque", "id": "device-1"},
                "tenant": {"format": "opaque", "id": "tenant-1"},
            },
            Names(emails=("dana.lee@example.com",)),
        ),
        (
            {
                "format": "complex",
                "user": {
                    "format": "aliases",
                    "identifiers": [{"format": "email", "email": "a@example.com"}],
                },
            },
            Names(emails=("a@example.com",)),
        ),
    ],
)
def test_a_person_is_named_in_every_format_that_can_name_one(
    tell, desk, subject, names
):
    assert is_taken(tell(claims(sub_id=subject)))
    assert [one.names for one in desk.heard] == [names]


@pytest.mark.parametrize(
    "member", ["device", "session", "application", "tenant", "org_unit", "group"]
)
def test_a_subject_that_is_no_person_never_triggers(tell, desk, member):
    inner = {"format": "email", "email": "dana.lee@example.com"}

    answer = tell(claims(sub_id={"format": "complex", member: inner}))

    assert is_taken(answer)
    assert (desk.heard, desk.kept) == ([], [])


@pytest.mark.parametrize(
    "subject",
    [
        {"format": "phone_number", "phone_number": "+12065550100"},
        {"format": "did", "url": "did:example:123456"},
        {"format": "uri", "uri": "https://example.com/dana"},
        {"format": "jwt_id", "iss": "https://idp.example.com/", "jti": "j"},
        {"format": "saml_assertion_id", "issuer": "i", "assertion_id": "a"},
        {"format": "ip-addresses", "ip-addresses": ["192.0.2.1"]},
        {"format": "email"},
        {"format": "email", "email": None},
        {"format": "email", "email": "a@example.com,b@example.com"},
        {"format": "email", "email": "dana.lee@example.com\n"},
        {"format": "email", "email": "x" * 300 + "@example.com"},
        {"format": "account", "uri": "mailto:dana.lee@example.com"},
        {"format": "account", "uri": "acct:dana%0A@example.com"},
        {"format": "account", "uri": "acct:dana"},
        {"format": "iss_sub", "iss": "https://idp.example.com/"},
        {"format": "iss_sub", "iss": "", "sub": "1"},
        {"format": "opaque", "id": 1},
        {"format": "opaque", "id": "a\u0000b"},
        {"format": "aliases"},
        {"format": "aliases", "identifiers": []},
        {"format": "aliases", "identifiers": {"format": "opaque", "id": "1"}},
        {"format": "complex", "user": None},
        {"format": "complex", "user": "dana.lee@example.com"},
        {"format": "complex", "user": {"format": "complex", "user": {}}},
        {"format": ["email"], "email": "dana.lee@example.com"},
        {"email": "dana.lee@example.com"},
        {},
        [],
        "dana.lee@example.com",
        None,
    ],
)
def test_a_subject_that_names_nobody_is_kept_and_acknowledged(tell, desk, subject):
    assert is_taken(tell(claims(sub_id=subject)))
    assert desk.heard == []
    assert [one[3] for one in desk.kept] == [Unreadable.NO_PERSON]


def test_a_person_known_by_an_id_alone_waits_for_the_identity_map(tell, desk):
    assert is_taken(tell(claims(sub_id={"format": "opaque", "id": "00u1"})))
    assert [one[3] for one in desk.kept] == [Unreadable.UNKNOWN_PERSON]


OLD_SUBJECTS = [
    (
        {"subject_type": "email", "email": "dana.lee@example.com"},
        Names(emails=("dana.lee@example.com",)),
    ),
    (
        {"subject_type": "iss-sub", "iss": ISSUER, "sub": "1"},
        Names(ids=(f"{ISSUER} 1",)),
    ),
    (
        {"subject_type": "iss_sub", "iss": ISSUER, "sub": "1"},
        Names(ids=(f"{ISSUER} 1",)),
    ),
]


@pytest.mark.parametrize(("subject", "names"), OLD_SUBJECTS)
def test_an_old_subject_is_read_where_that_is_switched_on(
    tell, desk, transmitter, subject, names
):
    said = claims(payload={"subject": subject}, sub_id=None)
    on = transmitter.settings(legacy_subject=True)

    assert is_taken(tell(said, settings=on))
    assert [one.names for one in desk.heard] == [names]


@pytest.mark.parametrize(("subject", "_names"), OLD_SUBJECTS)
def test_an_old_subject_is_kept_where_it_is_not(tell, desk, subject, _names):
    said = claims(payload={"subject": subject}, sub_id=None)

    assert is_taken(tell(said))
    assert desk.heard == []
    assert [one[3] for one in desk.kept] == [Unreadable.NO_PERSON]


def test_an_old_subject_never_counts_beside_a_new_one(tell, desk, transmitter):
    old = {"subject_type": "email", "email": "kim.roe@example.com"}
    on = transmitter.settings(legacy_subject=True)

    assert is_taken(tell(claims(payload={"subject": old}), settings=on))
    assert desk.departures[0].leaver == DANA


@pytest.mark.parametrize(
    "subject",
    [
        {"subject_type": "phone", "phone": "+1"},
        {"subject_type": ["email"]},
        {"format": "email", "email": "dana.lee@example.com"},
        "dana.lee@example.com",
        None,
    ],
)
def test_an_old_subject_that_names_nobody_is_kept(tell, desk, transmitter, subject):
    said = claims(payload={"subject": subject}, sub_id=None)
    on = transmitter.settings(legacy_subject=True)

    assert is_taken(tell(said, settings=on))
    assert [one[3] for one in desk.kept] == [Unreadable.NO_PERSON]


# Who sent it.


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ssf-demo-authorizatio",
        "Bearer ssf-demo-authorization2",
        "bearer ssf-demo-authorization",
        "ssf-demo-authorization",
        "Basic \x80\xff",
        "x" * 5000,
    ],
)
def test_a_wrong_authorization_is_refused_in_the_words_of_the_rfc(
    push, desk, authorization
):
    answer = push(signed(claims()), headers={"Authorization": authorization})

    assert is_refused(answer, "authentication_failed")
    assert answer.json["description"] == "The sender could not be authenticated."
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted == [("ssf", "header", NOW)]


def test_the_answers_have_the_shape_of_the_published_ones(push):
    answer = push(signed(claims()), headers={"Authorization": "wrong"})

    for figure in json.loads((FIXTURES / "rfc8935-errors.json").read_text()):
        assert answer.status_code == figure["status"]
        assert sorted(answer.json) == sorted(figure["body"])
        assert answer.headers["Content-Type"] == figure["headers"]["Content-Type"]
        assert figure["headers"]["Content-Language"].startswith(
            answer.headers["Content-Language"]
        )


def test_a_missing_authorization_is_refused_before_the_token_is_looked_at(
    transmitter, desk
):
    app = create_app(transmitter.settings(), desk, clock=lambda: NOW)
    before = transmitter.asked

    answer = app.test_client().post(
        "/events/ssf",
        data=signed(claims(), kid="k-unknown"),
        headers={"Content-Type": "application/secevent+jwt"},
    )

    assert is_refused(answer, "authentication_failed")
    assert transmitter.asked == before


def test_both_authorizations_hold_while_one_replaces_the_other(push):
    answer = push(signed(claims()), headers={"Authorization": OLD_AUTHORIZATION})

    assert is_taken(answer)


def test_the_source_does_not_exist_without_a_secret(push, transmitter):
    off = transmitter.settings(secret=())

    assert push(signed(claims()), settings=off).status_code == 404


def _hs256(said, secret):
    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    header = {"alg": "HS256", "typ": "secevent+jwt", "kid": "k1"}
    text = part(json.dumps(header).encode()) + b"." + part(json.dumps(said).encode())
    return text + b"." + part(hmac.new(secret, text, hashlib.sha256).digest())


def _tampered():
    head, _, signature = signed(claims()).split(".")
    body = json.dumps(claims(sub_id={"format": "email", "email": "kim@example.com"}))
    middle = base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()
    return f"{head}.{middle}.{signature}"


UNTRUSTED = {
    "of another key": lambda: signed(claims(), key=rsa_key("two")),
    "changed afterwards": _tampered,
    "without a signature": lambda: signed(claims()).rpartition(".")[0] + ".",
    "cut off": lambda: signed(claims())[:-10],
    "alg none": lambda: signed(claims(), key="", alg="none"),
    "alg HS256 with the public key": lambda: _hs256(
        claims(), public_pem_of(rsa_key("one"))
    ),
    "alg ES256": lambda: signed(claims(), key=ec_key(), alg="ES256"),
    "alg RS512": lambda: signed(claims(), alg="RS512"),
    "alg PS256": lambda: signed(claims(), alg="PS256"),
    "another kid": lambda: signed(claims(), kid="k2"),
    "its own key in the header": lambda: signed(
        claims(),
        key=rsa_key("two"),
        kid="k2",
        jwk=jwk_of(rsa_key("two"), kid="k2"),
    ),
}


@pytest.mark.parametrize("which", UNTRUSTED)
def test_a_token_that_the_issuer_did_not_sign_is_refused(push, desk, which):
    with capture_logs() as logs:
        answer = push(UNTRUSTED[which]())

    assert is_refused(answer, "invalid_key")
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted[0][1] in ("alg", "key", "signature")
    assert "example.com" not in str(logs)


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_no_address_in_a_header_is_ever_asked(push, transmitter, name):
    with running() as other:
        other.publish(("k2", rsa_key("two")))
        token = signed(claims(), key=rsa_key("two"), kid="k2", **{name: other.url})

        answer = push(token)

        assert is_refused(answer, "invalid_key")
        assert other.asked == 0


@pytest.mark.parametrize(
    "typ", ["secevent+jwt", "SecEvent+JWT", "application/secevent+jwt"]
)
def test_the_type_may_be_written_in_every_way_the_rfc_allows(tell, typ):
    assert is_taken(tell(claims(), typ=typ))


@pytest.mark.parametrize(
    "typ", [None, "JWT", "at+jwt", "logout+jwt", "application/jwt", "text/secevent+jwt"]
)
def test_a_token_of_another_type_is_refused(tell, desk, typ):
    assert is_refused(tell(claims(), typ=typ), "invalid_request")
    assert desk.noted == [("ssf", "typ", NOW)]


def test_a_token_without_a_kid_is_taken_while_there_is_one_key(tell):
    assert is_taken(tell(claims(), kid=None))


def test_a_header_with_something_critical_is_refused(tell):
    answer = tell(claims(), crit=["exp"], exp=1)

    assert is_refused(answer, "invalid_request")


# What the token says of itself.


@pytest.mark.parametrize(
    ("changed", "err", "cause"),
    [
        ({"iss": "https://idp.example.com"}, "invalid_issuer", "iss"),
        ({"iss": None}, "invalid_issuer", "iss"),
        ({"iss": [ISSUER]}, "invalid_issuer", "iss"),
        ({"aud": "https://other.example.com"}, "invalid_audience", "aud"),
        ({"aud": ["https://other.example.com", 1]}, "invalid_audience", "aud"),
        ({"aud": []}, "invalid_audience", "aud"),
        ({"aud": None}, "invalid_audience", "aud"),
        ({"aud": {AUDIENCE: 1}}, "invalid_audience", "aud"),
        ({"iat": 1772443301}, "invalid_request", "iat"),
        ({"iat": 1772442904000}, "invalid_request", "iat"),
        ({"iat": "1772442904"}, "invalid_request", "iat"),
        ({"iat": 1772442904.5}, "invalid_request", "iat"),
        ({"iat": True}, "invalid_request", "iat"),
        ({"iat": None}, "invalid_request", "iat"),
        ({"jti": ""}, "invalid_request", "jti"),
        ({"jti": "  "}, "invalid_request", "jti"),
        ({"jti": 7}, "invalid_request", "jti"),
        ({"jti": None}, "invalid_request", "jti"),
        ({"sub": "dana"}, "invalid_request", "sub"),
        ({"sub": ""}, "invalid_request", "sub"),
        ({"exp": 1772443900}, "invalid_request", "exp"),
        ({"exp": 1}, "invalid_request", "exp"),
        ({"events": {}}, "invalid_request", "events"),
        (
            {"events": {DISABLED: {}, f"{SSF}verification": {}}},
            "invalid_request",
            "events",
        ),
        ({"events": {DISABLED: None}}, "invalid_request", "events"),
        ({"events": [DISABLED]}, "invalid_request", "events"),
        ({"events": None}, "invalid_request", "events"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused_and_named(
    tell, desk, changed, err, cause
):
    assert is_refused(tell(claims(**changed)), err)
    assert (desk.heard, desk.kept) == ([], [])
    assert desk.noted == [("ssf", cause, NOW)]


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [AUDIENCE]},
        {"aud": ["https://other.example.com", AUDIENCE]},
        {"iat": 1772443300},
        {"iat": 1500000000},
        {"txn": "8675309", "nbf": 1, "more": {"we": ["do", "not", "know"]}},
    ],
)
def test_a_token_may_have_many_audiences_be_late_and_say_more(tell, desk, changed):
    assert is_taken(tell(claims(**changed)))
    assert desk.departures[0].leaver == DANA


def test_a_long_id_makes_a_key_that_can_be_stored(tell, desk):
    assert is_taken(tell(claims(jti="j" * 3000)))
    assert re.fullmatch("ssf:sha256:[0-9a-f]{64}", desk.departures[0].event_key)


# What is no token at all.

BROKEN_PAYLOADS = {
    "a repeated key": json.dumps(claims())[:-1].encode() + b',"iss":"x"}',
    "a repeated event": json.dumps(claims()).replace("{}", '{"a":1,"a":2}').encode(),
    "NaN": json.dumps(claims(more=float("nan"))).encode(),
    "1e999": json.dumps(claims()).encode()[:-1] + b',"more":1e999}',
    "invalid UTF-8": json.dumps(claims()).encode()[:-1] + b',"more":"\xff"}',
    "half a surrogate pair": json.dumps(claims()).encode()[:-1] + b',"more":"\\ud800"}',
    "an array": b"[" + json.dumps(claims()).encode() + b"]",
    "text": b'"events"',
    "nothing": b"",
    "cut off": json.dumps(claims()).encode()[:-1],
    "deep nesting": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a number of many digits": b'{"iat":' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("which", BROKEN_PAYLOADS)
def test_a_signed_payload_that_is_no_strict_json_is_refused(tell, desk, which):
    assert is_refused(tell(BROKEN_PAYLOADS[which]), "invalid_request")
    assert (desk.heard, desk.kept) == ([], [])


def _with_header(raw):
    _, middle, signature = signed(claims()).split(".")
    head = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return f"{head}.{middle}.{signature}".encode()


BROKEN_TOKENS = {
    "nothing": b"",
    "blanks": b" \n ",
    "JSON": json.dumps(claims()).encode(),
    "two segments": b"YQ.YQ",
    "four segments": signed(claims()).encode() + b".YQ",
    "five segments": b"YQ.YQ.YQ.YQ.YQ",
    "padding": signed(claims()).encode() + b"==",
    "invalid UTF-8": b"\xff\xfe.\xff.\xff",
    "one letter": b"a.a.a",
    "a header that is no JSON": _with_header(b"\x00\xff"),
    "a header that is an array": _with_header(b"[]"),
    "a header with a repeated key": _with_header(
        b'{"alg":"none","typ":"secevent+jwt","alg":"RS256","kid":"k1"}'
    ),
    "a header of deep nesting": _with_header(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "a kid that is no text": _with_header(
        b'{"alg":"RS256","typ":"secevent+jwt","kid":["k1"]}'
    ),
    "a type that is no text": _with_header(b'{"alg":"RS256","typ":1,"kid":"k1"}'),
}


@pytest.mark.parametrize("which", BROKEN_TOKENS)
def test_what_is_no_token_is_refused(push, desk, which):
    assert is_refused(push(BROKEN_TOKENS[which]), "invalid_request")
    assert (desk.heard, desk.kept) == ([], [])


def test_an_algorithm_that_is_no_text_is_refused(push):
    token = _with_header(b'{"alg":["RS256"],"typ":"secevent+jwt","kid":"k1"}')

    assert is_refused(push(token), "invalid_key")


def test_a_line_break_after_the_token_does_no_harm(push):
    assert is_taken(push(signed(claims()) + "\r\n"))


@pytest.mark.parametrize("type_", ["application/json", "application/jwt", "text/plain"])
def test_another_content_type_is_415_as_http_has_it(push, type_):
    answer = push(signed(claims()), headers={"Content-Type": type_})

    assert answer.status_code == 415
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_413(push):
    assert push(b"a" * (1024 * 1024 + 1)).status_code == 413


def test_a_body_of_unknown_length_is_411(push):
    answer = push(signed(claims()), headers={"Transfer-Encoding": "chunked"})

    assert answer.status_code == 411


@pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
def test_it_takes_no_other_method(transmitter, desk, method):
    app = create_app(transmitter.settings(), desk, clock=lambda: NOW)

    assert getattr(app.test_client(), method)("/events/ssf").status_code == 405


def test_a_store_that_is_away_is_503_and_the_transmitter_sends_again(tell, desk):
    desk.away = True
    answer = tell(claims())

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


# Its keys; more in the tests of the key ring.


def test_keys_that_cannot_be_had_are_503_and_no_forgery(push, desk):
    with running() as away:
        away.status = 500
        answer = push(signed(claims()), settings=away.settings())

    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "30"
    assert answer.json["type"] == "/problems/keys-away"
    assert desk.noted == [("ssf", "keys_away", NOW)]
    assert (desk.heard, desk.kept) == ([], [])


def test_a_rotated_key_is_fetched_and_the_event_not_lost(desk):
    with running() as rotating:
        app = create_app(rotating.settings(), desk, clock=lambda: NOW)
        client = app.test_client()
        client.post("/events/ssf", data=signed(claims()), headers=HEADERS)
        rotating.publish(("k2", rsa_key("two")))
        token = signed(claims(jti="j-2"), key=rsa_key("two"), kid="k2")

        answer = client.post("/events/ssf", data=token, headers=HEADERS)
        old = client.post(
            "/events/ssf", data=signed(claims(jti="j-3")), headers=HEADERS
        )

    assert is_taken(answer)
    assert is_refused(old, "invalid_key")
    assert rotating.asked == 2


def test_a_storm_of_unknown_keys_asks_the_transmitter_once(desk):
    with running() as stormed:
        app = create_app(stormed.settings(), desk, clock=lambda: NOW)
        app.test_client().post("/events/ssf", data=signed(claims()), headers=HEADERS)
        answers = []

        def storm(number):
            token = signed(claims(), kid=f"junk-{number}")
            answers.append(
                app.test_client().post("/events/ssf", data=token, headers=HEADERS)
            )

        threads = [threading.Thread(target=storm, args=(each,)) for each in range(20)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    assert len(answers) == 20
    assert all(is_refused(one, "invalid_key") for one in answers)
    assert stormed.asked == 2


# A quarantined token, read again.


def test_a_kept_token_can_be_replayed_without_its_signature(tell, desk, transmitter):
    said = claims(
        payload={"subject": {"subject_type": "email", "email": DANA.email}},
        sub_id=None,
    )
    tell(said)
    ((_, key, body, _),) = desk.kept
    kept = json.loads(json.dumps(body))

    on = transmitter.settings(legacy_subject=True)
    heard = SOURCES["ssf"].read(Part(key, kept), on, NOW)

    assert heard.names == Names(emails=("dana.lee@example.com",))
    assert heard.event_key == key


# Played without a vendor.


def asked(transmitter, **changed):
    made = {
        "user": "dana.lee@example.com",
        "at": NOW,
        "settings": transmitter.settings(),
        "signing_key": pem_of(rsa_key("one")),
    }
    return Asked(**made | changed)


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        ("account-disabled", [HeardKind.DISABLED]),
        ("account-purged", [HeardKind.DELETED]),
        ("account-enabled", [HeardKind.REACTIVATED]),
        ("verification", []),
    ],
)
def test_every_sample_is_taken_in(transmitter, desk, kind, heard):
    app = create_app(transmitter.settings(), desk, clock=lambda: NOW)
    (sample,) = [one for one in SAMPLES if one.kind == kind]

    (played,) = sample.make(asked(transmitter))
    answer = app.test_client().open(
        played.path, method=played.method, data=played.body, headers=played.headers
    )

    assert is_taken(answer)
    assert [one.kind for one in desk.heard] == heard
    assert {one.names for one in desk.heard} <= {Names(emails=(DANA.email,))}


def test_two_plays_are_two_events(transmitter):
    sample = SAMPLES[0]
    first = asked(transmitter)
    second = replace(first, at=NOW.replace(microsecond=5))
    third = replace(first, user="kim.roe@example.com")

    made = [sample.make(one)[0].body for one in (first, second, third)]
    ids = {jwt.decode(one, options={"verify_signature": False})["jti"] for one in made}

    assert len(ids) == 3


def test_a_person_without_an_email_is_played_by_an_id(transmitter):
    (played,) = SAMPLES[0].make(asked(transmitter, user="IBMid-550000ABCD"))

    said = jwt.decode(played.body, options={"verify_signature": False})
    assert said["sub_id"] == {"format": "opaque", "id": "IBMid-550000ABCD"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"signing_key": None}, "--key FILE"),
        ({"signing_key": "junk"}, "no PEM private key"),
        ({"signing_key": pem_of(ec_key())}, "no RSA key"),
    ],
)
def test_a_sample_without_a_fitting_key_says_what_is_missing(
    transmitter, changed, says
):
    with pytest.raises(ValueError, match=says):
        SAMPLES[0].make(asked(transmitter, **changed))


def test_a_sample_of_a_source_that_is_off_says_so(transmitter):
    with pytest.raises(ValueError, match="OFFBOARD_SOURCE_SSF_SECRET"):
        SAMPLES[0].make(asked(transmitter, settings=transmitter.settings(secret=())))


# Anything at all.


@pytest.fixture
def fuzzed(transmitter, desk):
    app = create_app(transmitter.settings(legacy_subject=True), desk, clock=lambda: NOW)
    client = app.test_client()

    def sent(raw, headers=HEADERS):
        answer = client.post("/events/ssf", data=raw, headers=headers)
        assert answer.status_code in (202, 400)
        return answer

    return sent


@FUZZ
@given(raw=st.binary(max_size=400))
def test_no_bytes_break_it(fuzzed, raw):
    assert fuzzed(raw).status_code == 400


@FUZZ
@given(place=st.integers(0, 10_000), put=st.binary(max_size=3), cut=st.integers(0, 40))
def test_no_changed_token_breaks_it_or_says_anything_else(
    fuzzed, desk, place, put, cut
):
    token = signed(claims()).encode()
    at = place % len(token)

    fuzzed(token[:at] + put + token[at + cut :])

    assert {one.names for one in desk.heard} <= {Names(emails=(DANA.email,))}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["format", "email", "id", "iss", "sub", "uri", "user", "identifiers"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@FUZZ
@given(
    name=st.sampled_from([*claims(), "sub", "exp", "toe", "txn"]),
    value=JUNK,
)
def test_no_claim_breaks_it(fuzzed, name, value):
    fuzzed(signed({**claims(), name: value}))


@FUZZ
@given(
    type_=st.sampled_from(
        [
            DISABLED,
            f"{RISC}account-enabled",
            f"{SSF}stream-updated",
            f"{SSF}verification",
        ]
    ),
    subject=JUNK,
    payload=st.dictionaries(
        st.sampled_from(["reason", "event_timestamp", "subject", "status"]), JUNK
    ),
)
def test_no_subject_and_no_payload_breaks_it(fuzzed, type_, subject, payload):
    answer = fuzzed(signed({**claims(type_, payload), "sub_id": subject}))

    assert answer.status_code == 202


@FUZZ
@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_no_authorization_breaks_it(fuzzed, value):
    answer = fuzzed(signed(claims()), HEADERS | {"Authorization": value})

    assert is_refused(answer, "authentication_failed")

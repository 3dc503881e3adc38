"""Signing in with an identity provider, through real HTTP on loopback."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_desk import NOW
from identity_provider import (
    EC_KEY,
    NEW_EC_KEY,
    NEW_KEY,
    SHORT_KEY,
    a_list,
    broken,
    cut_off,
    dribbling,
    elsewhere,
    huge,
    jwk,
    nonsense,
    signed,
    signed_with_the_public_key,
    silent,
    unsigned,
)
from structlog.testing import capture_logs

from config.settings import RoleOf
from service.oidc import wire

SAME = {"Sec-Fetch-Site": "same-origin"}
WELL_KNOWN = "/.well-known/openid-configuration"
AT = int(NOW.timestamp())


def who(client):
    """Name and role as the head of a page has them; None where it asks to sign in."""
    answer = client.get("/")
    found = re.search(
        r'class="name">([^<]*)</b> <small>(\w+)', answer.get_data(as_text=True)
    )
    return found.groups() if answer.status_code == 200 and found else None


def test_a_person_signs_in_and_is_led_to_where_they_wanted(with_provider, come_back):
    client = with_provider()

    answer = come_back(client, way="/gate?user=a@example.com")

    assert answer.status_code == 200
    shown = answer.get_data(as_text=True)
    assert '<meta http-equiv="refresh" content="0; url=/gate?user=a' in shown
    assert 'href="/gate?user=a@example.com"' in shown or "%40" in shown
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert who(client) == ("oidc:dana@example.com", "approver")


def test_the_session_is_strict_and_what_was_begun_is_lax_and_gone(
    with_provider, come_back
):
    client = with_provider()

    begun = client.get("/login/start").headers["Set-Cookie"]
    cookies = come_back(client).headers.getlist("Set-Cookie")

    assert begun.startswith("offboard-login=")
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=600"} <= set(begun.split("; "))
    session = next(one for one in cookies if one.startswith("offboard="))
    assert {"HttpOnly", "SameSite=Strict", "Max-Age=28800"} <= set(session.split("; "))
    gone = next(one for one in cookies if one.startswith("offboard-login=;"))
    assert "Max-Age=0" in gone


def test_over_tls_both_cookies_are_for_this_host_and_tls_alone(with_provider):
    client = with_provider(public_url="https://offboard.example.com")

    cookie = client.get("/login/start").headers["Set-Cookie"]

    assert cookie.startswith("__Host-offboard-login=")
    assert {"Secure", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_what_is_sent_to_the_provider_is_what_the_protocol_wants(with_provider):
    client = with_provider()

    first = client.get("/login/start").headers["Location"]
    second = client.get("/login/start").headers["Location"]

    sent = parse_qs(urlsplit(first).query)
    assert sent["redirect_uri"] == ["http://localhost/login/callback"]
    assert sent["code_challenge_method"] == ["S256"]
    again = parse_qs(urlsplit(second).query)
    for name in ("state", "nonce", "code_challenge"):
        assert len(sent[name][0]) >= 43
        assert sent[name] != again[name]
    assert "verifier" not in first


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"nonce": "another"}, "invalid_claim"),
        ({"nonce": ""}, "invalid_claim"),
        ({"nonce": None}, "missing_claim"),
        ({"aud": "another"}, "invalid_claim"),
        ({"aud": ["offboard", "another"], "azp": "offboard"}, "aud"),
        ({"aud": []}, "invalid_claim"),
        ({"aud": {"offboard": 1}}, "invalid_claim"),
        ({"azp": "another"}, "invalid_claim"),
        ({"iss": "https://login.example.com"}, "invalid_claim"),
        ({"iss": ["https://login.example.com"]}, "invalid_claim"),
        ({"exp": AT - 61}, "expired_token"),
        ({"exp": "tomorrow"}, "invalid_claim"),
        ({"exp": float("nan")}, "invalid_claim"),
        ({"iat": AT + 120}, "invalid_claim"),
        ({"nbf": AT + 120}, "invalid_claim"),
        ({"sub": ""}, "invalid_claim"),
        ({"sub": 7}, "invalid_claim"),
        ({"at_hash": "bm90LXRoaXMtb25l"}, "invalid_claim"),
    ],
)
def test_an_id_token_that_is_not_of_this_sign_in_proves_nobody(
    with_provider, come_back, provider, claims, cause
):
    provider.claims = claims
    client = with_provider()

    with capture_logs() as logs:
        answer = come_back(client)

    assert answer.status_code == 401
    assert "does not prove who you are" in answer.get_data(as_text=True)
    assert {"event": "login.refused", "why": cause, "log_level": "warning"} in logs
    assert who(client) is None


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "exp", "iat", "nonce"])
def test_an_id_token_without_what_it_must_have_proves_nobody(
    with_provider, come_back, provider, name
):
    provider.without = (name,)
    client = with_provider()

    assert come_back(client).status_code == 401
    assert who(client) is None


FORGED = {
    "unsigned": (unsigned, "unsupported_algorithm"),
    "hmac_by_public_key": (signed_with_the_public_key, "unsupported_algorithm"),
    "hmac_by_our_secret": (
        lambda claims: signed_with_the_public_key(claims, "the-clients-own-secret"),
        "unsupported_algorithm",
    ),
    "another_key": (lambda claims: signed(claims, key=NEW_KEY), "key"),
    "another_algorithm": (
        lambda claims: signed(claims, algorithm="RS512"),
        "unsupported_algorithm",
    ),
    "short_key": (lambda claims: signed(claims, key=SHORT_KEY, kid="short"), "key"),
    "no_key_named": (lambda claims: signed(claims, kid=None), "key"),
    "unknown_key": (lambda claims: signed(claims, kid="../keys"), "key"),
    "key_brought_along": (
        lambda claims: signed(
            claims, NEW_EC_KEY, "ec", "ES256", jwk=jwk(NEW_EC_KEY, "ec")
        ),
        "key",
    ),
    "critical": (lambda claims: signed(claims, crit=["x"], x=1), "unsupported_header"),
    "cut": (lambda claims: signed(claims)[:-8] + "AAAAAAAA", "key"),
    "no_token": (lambda claims: "not.a.token", "decode_error"),
    "empty": (lambda claims: "", "id_token"),
    "none": (lambda claims: None, "id_token"),
    "a_list": (lambda claims: ["a", "b"], "id_token"),
    "too_long": (lambda claims: signed({**claims, "x": "y" * 70_000}), "id_token"),
}


@pytest.mark.parametrize(("sign", "cause"), FORGED.values(), ids=FORGED)
# PyJWT says of some of these that they should not be made.
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_an_id_token_that_the_provider_did_not_sign_so_proves_nobody(
    with_provider, come_back, provider, sign, cause
):
    provider.keys.append(jwk(SHORT_KEY, "short"))
    provider.sign = sign
    client = with_provider()

    with capture_logs() as logs:
        answer = come_back(client)

    assert answer.status_code == 401
    assert [one["why"] for one in logs if one["event"] == "login.refused"] == [cause]
    assert who(client) is None


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: signed(claims, algorithm="PS256"),
        lambda claims: signed(claims, key=EC_KEY, kid="ec", algorithm="ES256"),
        lambda claims: signed(claims, own_field="x"),
    ],
)
def test_it_may_be_signed_in_the_ways_that_hold(
    with_provider, come_back, provider, sign
):
    provider.sign = sign
    client = with_provider()

    come_back(client)

    assert who(client) == ("oidc:dana@example.com", "approver")


def test_the_only_key_there_is_needs_no_name(with_provider, come_back, provider):
    provider.keys = provider.keys[:1]
    provider.sign = lambda claims: signed(claims, kid=None)
    client = with_provider()

    come_back(client)

    assert who(client) == ("oidc:dana@example.com", "approver")


@pytest.mark.parametrize("kid", ["two", "one"])
def test_keys_that_were_changed_are_fetched_anew(
    with_provider, come_back, provider, kid, monkeypatch
):
    monkeypatch.setattr("service.oidc.provider.RENEW_SECONDS", 0)
    client = with_provider()
    come_back(client)
    client.delete_cookie("offboard")

    provider.keys = [jwk(NEW_KEY, kid)]
    provider.sign = lambda claims: signed(claims, key=NEW_KEY, kid=kid)
    come_back(client)

    assert who(client) == ("oidc:dana@example.com", "approver")


def test_unknown_keys_do_not_make_us_ask_again_and_again(
    with_provider, come_back, provider
):
    provider.sign = lambda claims: signed(claims, key=NEW_KEY, kid="two")
    client = with_provider()

    for _ in range(4):
        come_back(client)

    assert provider.asked.count("/keys") == 1
    assert provider.asked.count(WELL_KNOWN) == 1


def _without_cookie(client, begin):
    client.delete_cookie("offboard-login")


def _of_another(client, begin):
    client.set_cookie("offboard-login", begin().split("=", 1)[1].split(";")[0])


def _forged(client, begin):
    client.set_cookie("offboard-login", "WyJhIiwiYiIsImMiLCIvIl0.aaaa.bbbb")


@pytest.mark.parametrize("spoil", [_without_cookie, _of_another, _forged])
def test_an_answer_to_what_this_browser_did_not_begin_is_refused(
    with_provider, provider, spoil
):
    client = with_provider()
    back = provider.authorize(client.get("/login/start").headers["Location"])

    other = client.application.test_client()
    spoil(client, lambda: other.get("/login/start").headers["Set-Cookie"])
    answer = client.get(back)

    assert answer.status_code == 401
    assert "was not begun in this browser" in answer.get_data(as_text=True)
    assert who(client) is None
    assert "/token" not in provider.asked


@pytest.mark.parametrize(
    "change",
    [
        lambda back: re.sub(r"state=[^&]*", "state=another", back),
        lambda back: re.sub(r"&state=[^&]*", "", back),
        lambda back: re.sub(r"state=[^&]*", "state=%ff%00", back),
        lambda back: back.split("?")[0],
    ],
)
def test_an_answer_without_its_state_is_refused(
    with_provider, come_back, provider, change
):
    client = with_provider()

    assert come_back(client, change=change).status_code == 401
    assert who(client) is None
    assert "/token" not in provider.asked


def test_an_answer_is_good_once(with_provider, provider):
    client = with_provider()
    begun = client.get("/login/start")
    cookie = begun.headers["Set-Cookie"].split(";")[0].split("=", 1)[1]
    back = provider.authorize(begun.headers["Location"])
    assert client.get(back).status_code == 200

    again = client.get(back)
    other = client.application.test_client()
    other.set_cookie("offboard-login", cookie)
    with_the_cookie_kept = other.get(back)

    assert again.status_code == 401
    # The provider takes a code once.
    assert with_the_cookie_kept.status_code == 401
    assert who(other) is None


def test_a_code_that_the_provider_refuses_signs_nobody_in(with_provider, come_back):
    client = with_provider()

    with capture_logs() as logs:
        answer = come_back(client, change=lambda b: b.replace("code=", "code=x"))

    assert answer.status_code == 401
    assert "<b>no" not in answer.get_data(as_text=True)
    assert "no" not in [one.get("why") for one in logs]


def test_what_the_provider_says_of_a_refusal_is_not_shown(with_provider, come_back):
    client = with_provider()
    said = "error=access_denied&error_description=<b>call+555</b>"

    answer = come_back(client, change=lambda b: b.replace("code=", f"{said}&code="))

    assert answer.status_code == 401
    assert "did not let you in" in answer.get_data(as_text=True)
    assert "555" not in answer.get_data(as_text=True)


def test_the_answer_of_another_provider_is_refused(with_provider, come_back, provider):
    client = with_provider()
    named = "&iss=https://login.example.com"

    assert come_back(client, change=lambda back: back + named).status_code == 401
    assert "/token" not in provider.asked


def test_a_provider_that_says_it_names_itself_must(with_provider, come_back, provider):
    provider.metadata["authorization_response_iss_parameter_supported"] = True
    client = with_provider()

    assert come_back(client).status_code == 401
    named = f"&iss={provider.url}"
    assert come_back(client, change=lambda back: back + named).status_code == 200


def test_a_secret_goes_into_the_body_where_the_provider_wants_it(
    with_provider, come_back, provider
):
    provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    client = with_provider()

    come_back(client)

    assert who(client) == ("oidc:dana@example.com", "approver")


@pytest.fixture
def impatient(patience, monkeypatch):
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(wire, "READ_SECONDS", 0.3)


@pytest.mark.parametrize(
    "answer", [broken, nonsense, a_list, huge, elsewhere, silent, dribbling, cut_off]
)
def test_a_provider_that_cannot_be_used_is_told_and_nothing_else_stands_still(
    with_provider, provider, answer, impatient, as_viewer
):
    provider.answers[WELL_KNOWN] = answer
    client = with_provider()

    started = client.get("/login/start")

    assert started.status_code == 503
    assert started.headers["Retry-After"] == "60"
    assert "cannot be used at the moment" in started.get_data(as_text=True)
    assert "Set-Cookie" not in started.headers
    assert client.get("/login").status_code == 200
    assert client.get("/api/cases", headers=as_viewer).status_code == 200


@pytest.mark.parametrize("path", ["/token", "/keys"])
@pytest.mark.parametrize(
    "answer", [broken, nonsense, a_list, huge, elsewhere, silent, dribbling, cut_off]
)
def test_a_provider_that_fails_half_way_signs_nobody_in(
    with_provider, come_back, provider, path, answer, request
):
    client = with_provider()
    # What is published is read while it is waited for, then the patience ends.
    assert client.get("/login/start").status_code == 303
    provider.answers[path] = answer
    request.getfixturevalue("impatient")

    assert come_back(client).status_code == 503
    assert who(client) is None


def test_a_provider_that_nobody_hears_of_is_told(with_provider):
    client = with_provider(auth_oidc_issuer="http://127.0.0.1:9")

    assert client.get("/login/start").status_code == 503


def test_a_provider_that_is_down_is_told_and_then_used_again(
    with_provider, come_back, provider, monkeypatch
):
    monkeypatch.setattr("service.oidc.metadata.PAUSE_SECONDS", 0)
    client = with_provider()
    provider.answers[WELL_KNOWN] = broken
    assert client.get("/login/start").status_code == 503

    del provider.answers[WELL_KNOWN]
    come_back(client)

    assert who(client) == ("oidc:dana@example.com", "approver")


def test_after_a_failure_nobody_waits_for_the_same_one(with_provider, provider):
    provider.answers[WELL_KNOWN] = broken
    client = with_provider()

    for _ in range(3):
        assert client.get("/login/start").status_code == 503

    assert provider.asked == [WELL_KNOWN]


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://login.example.com"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "http://login.example.com/token"},
        {"token_endpoint": "https://a:b@login.example.com/token"},
        {"jwks_uri": "ftp://login.example.com/keys"},
        {"jwks_uri": ["https://login.example.com/keys"]},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://[login"},
        {"authorization_endpoint": "https://login.example.com/\r\nX: y"},
    ],
)
def test_a_provider_that_calls_itself_otherwise_or_leads_astray_is_not_used(
    with_provider, provider, metadata
):
    provider.metadata = metadata
    client = with_provider()

    answer = client.get("/login/start")

    assert answer.status_code == 503
    assert "Location" not in answer.headers


def test_no_more_than_three_wait_for_a_provider(with_provider):
    client = with_provider()
    client.get("/login/start")
    places = client.application.extensions["offboard"].kept["oidc"]._places
    assert [places.acquire(blocking=False) for _ in range(3)] == [True] * 3

    assert client.get("/login/start").status_code == 503
    places.release()
    assert client.get("/login/start").status_code == 303


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["everyone"], "viewer"),
        ("cluster-approvers", "approver"),
        (["cluster-approvers", "everyone", 7, None], "approver"),
    ],
)
def test_the_highest_role_of_the_groups_holds(
    with_provider, come_back, provider, groups, role
):
    provider.claims["groups"] = groups
    client = with_provider()

    come_back(client)

    assert who(client) == ("oidc:dana@example.com", role)


@pytest.mark.parametrize(
    "groups",
    [
        [],
        None,
        "everyone,cluster-approvers",
        "Everyone",
        {"everyone": True},
        [["everyone"]],
    ],
)
def test_who_is_in_no_group_is_told_what_is_missing(
    with_provider, come_back, provider, groups
):
    provider.claims["groups"] = groups
    client = with_provider()

    answer = come_back(client)

    assert answer.status_code == 403
    shown = answer.get_data(as_text=True)
    assert "signed in as dana@example.com" in shown
    assert "OFFBOARD_AUTH_ROLES" in shown
    assert who(client) is None


def test_a_person_may_have_a_role_of_their_own(with_provider, come_back, provider):
    provider.without = ("groups",)
    provider.told = {"sub": "00u1"}
    client = with_provider(auth_users=(RoleOf("dana@example.com", "operator"),))

    come_back(client)

    assert who(client) == ("oidc:dana@example.com", "operator")


def test_what_the_id_token_lacks_is_asked_for(with_provider, come_back, provider):
    provider.without = ("groups", "email", "email_verified")
    client = with_provider()

    come_back(client)

    assert provider.asked[-1] == "/userinfo"
    assert who(client) == ("oidc:dana@example.com", "approver")


def test_what_is_told_of_somebody_else_is_refused(with_provider, come_back, provider):
    provider.without = ("groups",)
    provider.told = {"sub": "00u2", "groups": ["cluster-approvers"]}
    client = with_provider()

    assert come_back(client).status_code == 401
    assert who(client) is None


@pytest.mark.parametrize(
    ("without", "told"),
    [
        # One is named by the ID token, and another is verified elsewhere.
        (["email_verified"], {"email": "eve@example.com", "email_verified": True}),
        (["email_verified"], {"email_verified": True}),
        # And the other way round.
        (["email"], {"email": "dana@example.com"}),
        (["email"], {"email": "dana@example.com", "email_verified": False}),
    ],
)
def test_one_address_is_not_verified_by_what_is_said_of_another(
    with_provider, come_back, provider, without, told
):
    provider.without = ("groups", *without)
    provider.told = {"sub": "00u1", "groups": ["cluster-approvers"], **told}
    client = with_provider()

    assert come_back(client).status_code == 403
    assert who(client) is None


def test_one_address_may_be_named_and_verified_in_two_places(
    with_provider, come_back, provider
):
    provider.without = ("groups", "email_verified")
    provider.told = {
        "sub": "00u1",
        "groups": ["cluster-approvers"],
        "email": "dana@example.com",
        "email_verified": True,
    }
    client = with_provider()

    come_back(client)

    assert who(client) == ("oidc:dana@example.com", "approver")


@pytest.mark.parametrize("verified", [False, None, "false", 1, "yes"])
def test_an_address_that_is_not_verified_names_nobody(
    with_provider, come_back, provider, verified
):
    provider.claims["email_verified"] = verified
    client = with_provider()

    answer = come_back(client)

    assert answer.status_code == 403
    assert "OFFBOARD_AUTH_OIDC_USER_CLAIM" in answer.get_data(as_text=True)
    assert who(client) is None


@pytest.mark.parametrize(
    "email",
    [
        "",
        " ",
        "a b@example.com",
        "a@example.com,b@example.com",
        "dana@example.com\n",
        "d\u0430na@example.com",
        "dana@example.com\u200b",
        "x" * 250 + "@example.com",
        7,
        ["dana@example.com"],
    ],
)
def test_a_name_that_could_be_two_or_look_like_another_is_nobodys(
    with_provider, come_back, provider, email
):
    provider.claims["email"] = email
    client = with_provider()

    assert come_back(client).status_code == 403
    assert who(client) is None


def test_another_claim_may_name_people(with_provider, come_back, provider):
    provider.claims["email_verified"] = False
    provider.claims["preferred_username"] = "Dana.Lee@Example.com"
    client = with_provider(auth_oidc_user_claim="preferred_username")

    come_back(client)

    assert who(client) == ("oidc:dana.lee@example.com", "approver")


@pytest.mark.parametrize(
    "changed",
    [
        {"auth_roles": (RoleOf("others", "viewer"),)},
        {"auth_oidc_client_id": "another"},
        {"auth_oidc_issuer": "https://login.example.com"},
        {"auth_mode": "token"},
    ],
)
def test_a_session_ends_with_what_gave_it(with_provider, come_back, changed):
    client = with_provider()
    come_back(client)
    cookie = client.get_cookie("offboard").value

    after = with_provider(**changed)
    after.set_cookie("offboard", cookie)

    assert who(after) is None


def test_a_role_that_is_changed_changes_at_once(with_provider, come_back):
    client = with_provider()
    come_back(client)
    cookie = client.get_cookie("offboard").value

    after = with_provider(auth_roles=(RoleOf("everyone", "viewer"),))
    after.set_cookie("offboard", cookie)

    assert who(after) == ("oidc:dana@example.com", "viewer")


def test_a_cookie_of_one_way_to_sign_in_is_none_in_another(
    with_provider, sign_in_by_token
):
    client = with_provider()
    client.set_cookie("offboard", sign_in_by_token())

    assert who(client) is None


def test_signing_out_ends_both_sessions(with_provider, come_back, provider, press):
    client = with_provider()
    come_back(client)

    answer = press(client, "/logout")

    shown = answer.get_data(as_text=True)
    out = re.search(r'url=([^"]*)"', shown)[1].replace("&amp;", "&")
    sent = parse_qs(urlsplit(out).query)
    assert out.startswith(f"{provider.url}/logout?")
    assert sent["post_logout_redirect_uri"] == ["http://localhost/login"]
    assert sent["client_id"] == ["offboard"]
    assert who(client) is None


def test_signing_out_works_while_the_provider_is_down(
    with_provider, come_back, provider, press, monkeypatch
):
    client = with_provider()
    come_back(client)
    provider.answers[WELL_KNOWN] = broken
    client.application.extensions["offboard"].kept.clear()

    answer = press(client, "/logout")

    assert answer.headers["Location"] == "/login"
    assert who(client) is None


def test_a_form_needs_the_key_of_its_person(with_provider, come_back, press, desk):
    client = with_provider()
    come_back(client)

    assert press(client, "/pause", form_key="0" * 64).status_code == 403
    assert press(client, "/pause", site="cross-site").status_code == 403
    assert press(client, "/pause").status_code == 303
    assert desk.paused == [(None, True)]


def test_no_token_signs_anybody_in(with_provider):
    client = with_provider()

    answer = client.post("/login", data={"token": "ofb_viewer"}, headers=SAME)

    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers
    assert 'name="token"' not in client.get("/login").get_data(as_text=True)


@pytest.mark.parametrize("way", ["https://example.com/", "//example.com", "/\\e"])
def test_it_leads_to_pages_of_ours_only(with_provider, come_back, way):
    shown = come_back(with_provider(), way=way).get_data(as_text=True)

    assert 'content="0; url=/"' in shown


def test_what_is_secret_is_in_no_log(with_provider, come_back):
    with capture_logs() as logs:
        answer = come_back(with_provider())

    assert answer.status_code == 200
    assert "login.accepted" in [one["event"] for one in logs]
    said = repr(logs)
    for secret in ("the-clients-own-secret", "an-access-token", "code=", "eyJ"):
        assert secret not in said


def test_the_way_to_a_provider_is_in_other_modes_nowhere(with_settings):
    client = with_settings()

    assert client.get("/login/start").status_code == 404
    assert client.get("/login/callback?code=a&state=b").status_code == 404

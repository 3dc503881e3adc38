"""People whom a proxy in front has signed in: who is believed, and who is not."""

import re

import pytest
from factories import a_case
from fake_desk import NOW
from structlog.testing import capture_logs

from config.settings import RoleOf, Secret
from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseStatus, Note, Plan

SECRET = "only-the-proxy-knows"
FROM_PROXY = {
    "X-Offboard-Proxy-Secret": SECRET,
    "X-Forwarded-Email": "Dana.Lee@example.com",
    "X-Forwarded-Groups": "everyone,cluster-approvers",
}
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def behind(with_settings):
    """A service behind a proxy."""

    def made(**changed):
        given = {
            "auth_mode": "proxy",
            "auth_proxy_secret": (Secret(SECRET), Secret("the-one-before-it")),
            "auth_proxy_groups_header": "X-Forwarded-Groups",
            "auth_roles": (
                RoleOf("everyone", "viewer"),
                RoleOf("cluster-approvers", "approver"),
            ),
        }
        return with_settings(**{**given, **changed})

    return made


def who(answer):
    found = re.search(
        r'class="name">([^<]*)</b> <small>(\w+)', answer.get_data(as_text=True)
    )
    return found.groups() if found else None


def test_whom_the_proxy_names_is_in(behind):
    answer = behind().get("/", headers=FROM_PROXY)

    assert answer.status_code == 200
    assert who(answer) == ("proxy:dana.lee@example.com", "approver")
    assert "Set-Cookie" not in answer.headers
    assert "Sign out" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "secret",
    [
        None,
        "",
        "another-secret",
        SECRET.upper(),
        SECRET + "x",
        SECRET[:-1],
        f"{SECRET}, {SECRET}",
        "the-one-after-it",
        "\xff\xfe",
    ],
)
@pytest.mark.parametrize("path", ["/", "/exposure", "/login", "/settings"])
def test_a_name_without_the_proxys_secret_is_not_believed(behind, secret, path):
    headers = {**FROM_PROXY, "X-Offboard-Proxy-Secret": secret}
    sent = {name: value for name, value in headers.items() if value is not None}

    with capture_logs() as logs:
        answer = behind().get(path, headers=sent)

    assert answer.status_code == 401
    assert who(answer) is None
    assert "did not come through the proxy" in answer.get_data(as_text=True)
    refused = [one for one in logs if one["event"] == "proxy.refused"]
    assert [(one["why"], one["names_somebody"]) for one in refused] == [
        ("secret", True)
    ]
    assert SECRET not in answer.get_data(as_text=True)
    assert "dana" not in repr(logs).lower()
    assert not secret or secret not in repr(logs)


def test_the_secret_before_is_good_while_it_is_rotated(behind):
    headers = {**FROM_PROXY, "X-Offboard-Proxy-Secret": "the-one-before-it"}

    assert behind().get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "user",
    [
        "",
        " ",
        "a@example.com,b@example.com",
        "a@example.com, b@example.com",
        "a@example.com b@example.com",
        "a@example.com;b",
        "a\tb@example.com",
        "a\x7f@example.com",
        "d\xe4na@example.com",
        "x" * 300,
    ],
)
def test_a_header_that_names_nobody_or_two_is_refused(behind, user):
    headers = {**FROM_PROXY, "X-Forwarded-Email": user}

    answer = behind().get("/", headers=headers)

    assert answer.status_code == 401
    assert "X-Forwarded-Email" in answer.get_data(as_text=True)


def test_a_header_that_is_missing_or_comes_twice_is_refused(behind):
    without = [one for one in FROM_PROXY.items() if one[0] != "X-Forwarded-Email"]
    twice = [*FROM_PROXY.items(), ("X-Forwarded-Email", "boss@example.com")]

    assert behind().get("/", headers=without).status_code == 401
    assert behind().get("/", headers=twice).status_code == 401


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("everyone", "viewer"),
        ("everyone, cluster-approvers ,", "approver"),
        ("cluster-approvers,others", "approver"),
    ],
)
def test_the_highest_role_of_the_groups_holds(behind, groups, role):
    answer = behind().get("/", headers={**FROM_PROXY, "X-Forwarded-Groups": groups})

    assert who(answer) == ("proxy:dana.lee@example.com", role)


@pytest.mark.parametrize(
    "groups",
    ["", "others", "Everyone", "every one", "a\x00everyone", "everyone," * 2000],
)
def test_who_is_in_no_group_is_told_what_is_missing(behind, groups):
    answer = behind().get("/", headers={**FROM_PROXY, "X-Forwarded-Groups": groups})

    assert answer.status_code == 403
    shown = answer.get_data(as_text=True)
    assert "signed in as dana.lee@example.com" in shown
    assert "OFFBOARD_AUTH_ROLES" in shown
    assert "OFFBOARD_AUTH_USERS" in shown


def test_groups_of_a_header_that_is_not_set_up_are_nobodys(behind):
    client = behind(
        auth_proxy_groups_header=None,
        auth_users=(RoleOf("dana.lee@example.com", "viewer"),),
    )

    answer = client.get("/", headers=FROM_PROXY)

    assert who(answer) == ("proxy:dana.lee@example.com", "viewer")


@pytest.mark.parametrize("mode", ["token", "oidc"])
def test_in_other_modes_no_header_names_anybody(behind, mode):
    answer = behind(auth_mode=mode).get("/", headers=FROM_PROXY)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=/")


def test_other_headers_can_be_named(behind):
    client = behind(
        auth_proxy_user_header="Cf-Access-Authenticated-User-Email",
        auth_proxy_secret_header="X-Ours",
    )
    headers = {
        "X-Ours": SECRET,
        "Cf-Access-Authenticated-User-Email": "robin@example.com",
        "X-Forwarded-Email": "boss@example.com",
        "X-Forwarded-Groups": "everyone",
    }

    assert who(client.get("/", headers=headers)) == (
        "proxy:robin@example.com",
        "viewer",
    )


def test_each_request_is_judged_anew(behind):
    client = behind()
    assert client.get("/", headers=FROM_PROXY).status_code == 200

    assert client.get("/").status_code == 401


def _form_key(client, headers):
    shown = client.get("/settings", headers=headers).get_data(as_text=True)
    return re.search(r'name="form_key" value="([0-9a-f]+)"', shown)[1]


def test_a_form_needs_the_key_of_its_person(behind, desk):
    client = behind(auth_users=(RoleOf("robin@example.com", "approver"),))
    robin = {**FROM_PROXY, "X-Forwarded-Email": "robin@example.com"}
    key = _form_key(client, FROM_PROXY)

    def sent(headers, **form):
        return client.post("/pause", headers=headers, data=form).status_code

    assert sent({**robin, **SAME}, form_key=key) == 403
    assert sent({**FROM_PROXY, **SAME}) == 403
    assert sent({**FROM_PROXY, "Sec-Fetch-Site": "cross-site"}, form_key=key) == 403
    assert desk.paused == []
    assert sent({**FROM_PROXY, **SAME}, form_key=key) == 303
    assert desk.paused == [(None, True)]


def test_too_small_a_role_is_refused(behind):
    viewer = {**FROM_PROXY, "X-Forwarded-Groups": "everyone"}

    answer = behind().get("/settings", headers=viewer)

    assert answer.status_code == 403
    assert "This needs the role operator; you have viewer" in answer.get_data(
        as_text=True
    )


def test_no_token_and_no_cookie_signs_anybody_in(behind, sign_in_by_token):
    client = behind()
    client.set_cookie("offboard", sign_in_by_token())

    posted = client.post("/login", data={"token": "ofb_viewer"}, headers=SAME)

    assert posted.status_code == 404
    assert client.get("/").status_code == 401
    assert 'name="token"' not in client.get("/login").get_data(as_text=True)


def test_there_is_no_session_to_end(behind):
    client = behind()
    key = _form_key(client, FROM_PROXY)

    answer = client.post(
        "/logout", headers={**FROM_PROXY, **SAME}, data={"form_key": key}
    )

    assert answer.status_code == 404


def test_programs_keep_their_tokens_and_the_proxy_opens_no_api(behind, as_viewer):
    client = behind()

    assert client.get("/api/cases", headers=as_viewer).status_code == 200
    assert client.get("/api/cases", headers=FROM_PROXY).status_code == 401


HELD = Plan(
    "sha256:" + "a" * 64, NOW, (Note(Reason.TOO_MANY_TARGETS, "21 targets are many."),)
)


@pytest.mark.parametrize(
    ("asker", "status"), [("dana.lee@example.com", 409), ("sam", 303)]
)
def test_who_asked_with_a_token_does_not_approve_on_a_page(behind, desk, asker, status):
    case = a_case(
        id="01KHJ2V0W8Q3RZ5T7X9YABCDEF",
        status=CaseStatus.WAITING,
        plan=HELD,
        askers=(asker,),
    )
    desk.put(case)
    client = behind()

    answer = client.post(
        f"/cases/{case.id}/approve",
        headers={**FROM_PROXY, **SAME},
        data={"form_key": _form_key(client, FROM_PROXY), "plan_hash": HELD.hash},
    )

    assert answer.status_code == status
    approved = [one[-2:] for one in desk.asked if one[0] == "approve"]
    assert approved == (
        [("proxy:dana.lee@example.com", "dana.lee@example.com")]
        if status == 303
        else []
    )

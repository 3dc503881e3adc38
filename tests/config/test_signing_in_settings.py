"""How people sign in: what each mode needs, and what is a fault at start."""

import sys

import pytest

from config.settings import RoleOf, Secret, Settings, SettingsError, environ_for

PROXY = {
    "OFFBOARD_AUTH_MODE": "proxy",
    "OFFBOARD_AUTH_PROXY_SECRET": "only-the-proxy-knows",
    "OFFBOARD_AUTH_USERS": "Dana.Lee@Example.com:approver, 00u1:viewer",
}
OIDC = {
    "OFFBOARD_AUTH_MODE": "oidc",
    "OFFBOARD_AUTH_OIDC_ISSUER": "https://login.example.com/",
    "OFFBOARD_AUTH_OIDC_CLIENT_ID": "offboard",
    "OFFBOARD_AUTH_OIDC_CLIENT_SECRET": "our-secret-there",
    "OFFBOARD_AUTH_ROLES": "everyone:viewer,urn:team:night:operator",
    "OFFBOARD_PUBLIC_URL": "https://offboard.example.com",
}


def faults(environ, process="web"):
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ, process=process)
    return caught.value.faults


def test_people_sign_in_with_tokens_where_nothing_else_is_said():
    settings = Settings.from_env({})

    assert settings.auth_mode == "token"
    assert settings.auth_roles == settings.auth_users == ()


def test_a_proxy_needs_its_secret_and_people_with_roles():
    settings = Settings.from_env(PROXY)

    assert settings.auth_proxy_secret == (Secret("only-the-proxy-knows"),)
    assert settings.auth_users == (
        RoleOf("dana.lee@example.com", "approver"),
        RoleOf("00u1", "viewer"),
    )
    assert settings.auth_proxy_user_header == "X-Forwarded-Email"
    assert settings.auth_proxy_groups_header is None
    assert settings.secrets() == ("only-the-proxy-knows",)


def test_the_issuer_is_kept_to_its_last_slash():
    settings = Settings.from_env(OIDC)

    assert settings.auth_oidc_issuer == "https://login.example.com/"
    assert settings.auth_oidc_scopes == ("openid", "email", "profile")
    assert settings.auth_roles == (
        RoleOf("everyone", "viewer"),
        RoleOf("urn:team:night", "operator"),
    )


@pytest.mark.parametrize("mode", ["proxy", "oidc"])
def test_what_a_mode_needs_is_named_together(mode):
    found = faults({"OFFBOARD_AUTH_MODE": mode})

    names = {
        "proxy": ["OFFBOARD_AUTH_PROXY_SECRET"],
        "oidc": [
            "OFFBOARD_AUTH_OIDC_ISSUER",
            "OFFBOARD_AUTH_OIDC_CLIENT_ID",
            "OFFBOARD_AUTH_OIDC_CLIENT_SECRET",
            "OFFBOARD_PUBLIC_URL",
        ],
    }
    assert [one.split(":")[0] for one in found] == ["OFFBOARD_AUTH_ROLES", *names[mode]]
    assert f"AUTH_MODE={mode}" in found[0]


def test_only_the_web_signs_people_in():
    for process in ("beat", "store", "command"):
        settings = Settings.from_env(OIDC | PROXY, process=process)

        assert settings.auth_proxy_secret == ()
        assert settings.auth_oidc_client_secret is None
    kept = environ_for("beat", OIDC | PROXY)
    assert "OFFBOARD_AUTH_OIDC_CLIENT_SECRET" not in kept
    assert "OFFBOARD_AUTH_PROXY_SECRET" not in kept


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"OFFBOARD_AUTH_MODE": "basic"}, "OFFBOARD_AUTH_MODE"),
        ({"OFFBOARD_AUTH_USERS": "dana"}, "OFFBOARD_AUTH_USERS"),
        ({"OFFBOARD_AUTH_USERS": ":viewer"}, "OFFBOARD_AUTH_USERS"),
        ({"OFFBOARD_AUTH_USERS": "dana:admin"}, "OFFBOARD_AUTH_USERS"),
        ({"OFFBOARD_AUTH_USERS": "d@e:viewer,D@E:operator"}, "OFFBOARD_AUTH_USERS"),
        ({"OFFBOARD_AUTH_PROXY_SECRET": "short"}, "OFFBOARD_AUTH_PROXY_SECRET"),
        (
            {"OFFBOARD_AUTH_PROXY_USER_HEADER": "X_Forwarded_Email"},
            "OFFBOARD_AUTH_PROXY_USER_HEADER",
        ),
        (
            {"OFFBOARD_AUTH_PROXY_USER_HEADER": "x-offboard-proxy-secret"},
            "OFFBOARD_AUTH_PROXY_USER_HEADER",
        ),
        ({"OFFBOARD_AUTH_ROLES": "a:viewer"}, "OFFBOARD_AUTH_PROXY_GROUPS_HEADER"),
    ],
)
def test_what_a_proxy_cannot_do_with_is_a_fault(changed, told):
    assert [one.split(":")[0] for one in faults(PROXY | changed)] == [told]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"OFFBOARD_AUTH_OIDC_ISSUER": "http://login.example.com"},
            "OFFBOARD_AUTH_OIDC_ISSUER",
        ),
        (
            {"OFFBOARD_AUTH_OIDC_ISSUER": "https://login.example.com?a=b"},
            "OFFBOARD_AUTH_OIDC_ISSUER",
        ),
        ({"OFFBOARD_AUTH_OIDC_SCOPES": "email"}, "OFFBOARD_AUTH_OIDC_SCOPES"),
        (
            {"OFFBOARD_PUBLIC_URL": "http://offboard.example.com"},
            "OFFBOARD_PUBLIC_URL",
        ),
    ],
)
def test_what_a_provider_cannot_do_with_is_a_fault(changed, told):
    assert [one.split(":")[0] for one in faults(OIDC | changed)] == [told]


def test_without_its_library_it_does_not_start(monkeypatch):
    monkeypatch.setitem(sys.modules, "authlib", None)

    assert faults(OIDC) == [
        "OFFBOARD_AUTH_MODE: oidc needs Authlib: pip install offboard[oidc]."
    ]


def test_without_its_library_all_else_starts(monkeypatch):
    monkeypatch.setitem(sys.modules, "authlib", None)

    assert Settings.from_env(PROXY).auth_mode == "proxy"


def test_a_secret_may_come_as_a_file(tmp_path):
    (tmp_path / "it").write_text("only-the-proxy-knows\n")
    given = {**PROXY, "OFFBOARD_AUTH_PROXY_SECRET_FILE": str(tmp_path / "it")}
    del given["OFFBOARD_AUTH_PROXY_SECRET"]

    settings = Settings.from_env(given)

    assert settings.auth_proxy_secret == (Secret("only-the-proxy-knows"),)

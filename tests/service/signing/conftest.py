import re

import pytest
from identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

from config.settings import RoleOf, Secret


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Has nobody given up who only stands still for a moment."""
    monkeypatch.setattr("service.oidc.wire.READ_SECONDS", 60)


@pytest.fixture
def provider():
    running = IdentityProvider()
    yield running
    running.close()


@pytest.fixture
def with_provider(with_settings, provider):
    """A browser before a service that signs people in with the provider."""

    def made(**changed):
        given = {
            "auth_mode": "oidc",
            "auth_oidc_issuer": provider.url,
            "auth_oidc_client_id": CLIENT_ID,
            "auth_oidc_client_secret": Secret(CLIENT_SECRET),
            "auth_roles": (
                RoleOf("everyone", "viewer"),
                RoleOf("cluster-approvers", "approver"),
            ),
            "public_url": "http://localhost",
        }
        return with_settings(**{**given, **changed})

    return made


@pytest.fixture
def come_back(provider):
    """Signs in at the provider and comes back; the answer to that."""

    def came(client, *, way="/exposure", change=lambda back: back):
        begun = client.get(f"/login/start?next={way}")
        assert begun.status_code == 303, begun.get_data(as_text=True)
        back = change(provider.authorize(begun.headers["Location"]))
        return client.get(back)

    return came


@pytest.fixture
def press():
    """Sends a form as the page that holds it would."""

    def pressed(client, path, *, site="same-origin", **fields):
        shown = client.get("/settings").get_data(as_text=True)
        key = re.search(r'name="form_key" value="([0-9a-f]+)"', shown)[1]
        data = {"form_key": key, **fields}
        return client.post(path, data=data, headers={"Sec-Fetch-Site": site})

    return pressed


@pytest.fixture
def sign_in_by_token(with_settings):
    """Signs somebody in where tokens do that; the cookie they have then."""

    def signed_in():
        client = with_settings().application.test_client()
        client.post(
            "/login",
            data={"token": "ofb_approver"},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        return client.get_cookie("offboard").value

    return signed_in

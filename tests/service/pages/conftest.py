import re

import pytest


@pytest.fixture
def sign_in(app):
    """Signs a client in as one of the three: ``ofb_viewer``, ``ofb_operator``, …"""

    def signed_in(token="ofb_approver"):  # noqa: S107 - made up
        client = app.test_client()
        client.post(
            "/login", data={"token": token}, headers={"Sec-Fetch-Site": "same-origin"}
        )
        return client

    return signed_in


@pytest.fixture
def press():
    """Sends a form as the page that holds it would."""

    def pressed(client, path, *, site="same-origin", **fields):
        shown = client.get("/").get_data(as_text=True)
        key = re.search(r'name="form_key" value="([0-9a-f]+)"', shown)
        data = {"form_key": key[1] if key else "", **fields}
        headers = {} if site is None else {"Sec-Fetch-Site": site}
        return client.post(path, data=data, headers=headers)

    return pressed

"""The whole way to an identity provider and back, in a real browser.

The provider is ``localhost`` and the service ``127.0.0.1``: two sites to a browser, so
that what it does with cookies on the way back is what it does with a real provider.
"""

import threading
from dataclasses import replace

import pytest
from fake_desk import NOW, SETTINGS
from identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider
from werkzeug.serving import make_server

from config.settings import RoleOf, Secret
from service.app import create_app


@pytest.fixture
def provider():
    running = IdentityProvider(host="localhost")
    yield running
    running.close()


@pytest.fixture
def base(desk, provider):
    """A service that knows its own address before it is made."""
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    settings = replace(
        SETTINGS,
        auth_mode="oidc",
        auth_oidc_issuer=provider.url,
        auth_oidc_client_id=CLIENT_ID,
        auth_oidc_client_secret=Secret(CLIENT_SECRET),
        auth_roles=(RoleOf("cluster-approvers", "approver"),),
        public_url=address,
    )
    server.app = create_app(settings, desk, clock=lambda: NOW)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield address
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def page(browser, base):
    context = browser.new_context(base_url=base)
    opened, said = context.new_page(), []
    opened.set_default_timeout(60_000)
    opened.on("console", lambda one: said.append(one.text))
    opened.on("pageerror", lambda one: said.append(str(one)))
    yield opened
    context.close()
    assert said == []


def test_somebody_signs_in_goes_on_and_signs_out_again(
    page, base, provider, faults_for_readers
):
    page.goto("/exposure")
    assert page.url == f"{base}/login?next=/exposure"
    assert faults_for_readers(page) == []

    page.click("text=Sign in with localhost")
    assert page.url.startswith(f"{provider.url}/authorize?")
    asked = []
    page.on("request", lambda one: one.is_navigation_request() and asked.append(one))
    page.click("text=Dana Lee")
    page.wait_for_url(f"{base}/exposure")
    # With the strict session at once, on a road that began on another site.
    assert [one.url.split("?")[0] for one in asked] == [
        f"{base}/login/callback",
        f"{base}/exposure",
    ]
    assert page.inner_text(".who .name") == "oidc:dana@example.com"
    cookies = {one["name"]: one for one in page.context.cookies(base)}
    assert set(cookies) == {"offboard"}
    assert cookies["offboard"]["sameSite"] == "Strict"
    assert cookies["offboard"]["httpOnly"]

    page.goto("/settings")
    page.click("summary >> text=Pause")
    page.click("main button >> text=Pause")
    page.wait_for_url(f"{base}/settings?did=pause")

    page.click("text=Sign out")
    page.wait_for_url(f"{provider.url}/logout?**")
    page.goto("/exposure")
    assert page.url == f"{base}/login?next=/exposure"


def test_a_link_from_elsewhere_finds_who_is_signed_in(page, base, provider):
    page.goto("/login")
    page.click("text=Sign in with localhost")
    page.click("text=Dana Lee")
    page.wait_for_url(f"{base}/")

    page.goto(f"{provider.url}/elsewhere")
    page.evaluate(f"location.href = '{base}/exposure'")

    page.wait_for_url(f"{base}/exposure")
    assert page.inner_text("h1") == "Exposure"


def test_it_works_without_scripts(browser, base, provider):
    context = browser.new_context(base_url=base, java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(60_000)

    page.goto("/gate")
    page.click("text=Sign in with localhost")
    page.click("text=Dana Lee")

    page.wait_for_url(f"{base}/gate")
    assert page.inner_text(".who .name") == "oidc:dana@example.com"
    context.close()

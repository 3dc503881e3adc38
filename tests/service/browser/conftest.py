"""A real Chromium in front of the pages; without one these tests are skipped."""

import os
import shutil
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fake_desk import SETTINGS, FakeDesk
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server


def _chromium():
    """The browser there is; what only points to a snap that is not there is none."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser"):
        path = name and shutil.which(name)
        said = path and subprocess.run(
            [path, "--version"], capture_output=True, timeout=60, check=False
        )
        if said and said.returncode == 0:
            return path
    return None


CHROMIUM = _chromium()
SHOTS = os.environ.get("OFFBOARD_TEST_SHOTS")
AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


def pytest_collection_modifyitems(items):
    mark = pytest.mark.skip(reason="no Chromium: apt-get install chromium")
    if CHROMIUM:
        # A browser that leaves a page hangs up on what it was being sent.
        mark = pytest.mark.filterwarnings(
            "ignore::pytest.PytestUnraisableExceptionWarning"
        )
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(mark)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


@pytest.fixture
def desk():
    return FakeDesk()


@pytest.fixture
def settings():
    return replace(SETTINGS, armed=True, smtp_host="mail.example.com")


@pytest.fixture
def base(settings, desk, an_app):
    server = make_server("127.0.0.1", 0, an_app(settings, desk), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def open_page(browser, base, request):
    """Opens pages; whatever a page complains of, or asks of others, fails the test."""
    contexts, said = [], []

    def opened(*, width=1280, dark=False, scripts=True, token="ofb_approver"):  # noqa: S107 - made up
        context = browser.new_context(
            base_url=base,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda one: said.append(str(one)))

        def only_ours(route):
            if route.request.url.startswith(f"{base}/"):
                route.continue_()
            else:
                said.append(f"asked of others: {route.request.url}")
                route.abort()

        context.route("**/*", only_ours)
        if token:
            page.goto("/login")
            page.fill("#token", token)
            page.click("main button[type=submit]")
        return page

    yield opened
    if SHOTS:
        for at, context in enumerate(contexts):
            name = f"{request.node.name}-{at}.png".replace("/", "_")
            context.pages[0].screenshot(path=Path(SHOTS) / name, full_page=True)
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def faults_for_readers():
    """Answers what axe finds against a page."""

    def found(page):
        results = Axe().run(page, options=AXE_RULES)
        return [
            (one["id"], [node["target"] for node in one["nodes"]])
            for one in results.response["violations"]
        ]

    return found

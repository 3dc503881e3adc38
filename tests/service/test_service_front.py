"""Settings of files that change while the front door answers."""

from hashlib import sha256

import pytest
from fake_desk import FakeDesk

from config.settings import Settings
from service.context import context_of
from service.front import watch_settings

KEPT = "kept-for-these-settings"
HERE = {"Sec-Fetch-Site": "same-origin"}


def entry(name, role, text):
    return f"{name}:{role}:{sha256(text.encode()).hexdigest()}"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(entry("kim", "operator", "ofb_kim"))
    return path


@pytest.fixture
def watched(an_app, file):
    """The application, going by the file; ``looks`` has a change taken in."""
    environ = {"OFFBOARD_API_TOKENS_FILE": str(file)}
    settings = Settings.from_env(environ)
    app = an_app(settings, FakeDesk())
    context_of(app).kept[KEPT] = "old"
    watch = watch_settings(app, settings, environ, lambda _: FakeDesk())
    app.looks = watch.catch_up
    return app


def ask(app, text, path="/api/cases"):
    client = app.test_client()
    return client.get(path, headers={"Authorization": f"Bearer {text}"})


def test_a_token_that_is_taken_out_is_refused_and_a_new_one_is_known(watched, file):
    assert ask(watched, "ofb_kim").status_code == 200

    file.write_text(entry("lee", "viewer", "ofb_lee"))
    watched.looks()

    assert ask(watched, "ofb_kim").status_code == 401
    assert ask(watched, "ofb_lee").status_code == 200


def test_a_changed_role_holds_at_once(watched, file):
    file.write_text(entry("kim", "viewer", "ofb_kim"))

    watched.looks()

    answer = ask(watched, "ofb_kim")
    assert answer.headers["Offboard-Role"] == "viewer"
    assert ask(watched, "ofb_kim", "/api/quarantine").status_code == 200


def test_a_session_ends_with_the_token_that_it_was_begun_with(watched, file):
    client = watched.test_client()
    client.post("/login", data={"token": "ofb_kim"}, headers=HERE)
    assert client.get("/settings").status_code == 200

    file.write_text(entry("lee", "viewer", "ofb_lee"))
    watched.looks()

    assert client.get("/settings").location == "/login?next=/settings"


def test_a_faulty_file_leaves_the_tokens_in_force_and_is_said_until_it_is_mended(
    watched, file
):
    before = file.read_text()
    file.write_text("no-entry-at-all")
    watched.looks()
    client = watched.test_client()
    client.post("/login", data={"token": "ofb_kim"}, headers=HERE)

    page = client.get("/settings").get_data(as_text=True)
    checks = ask(watched, "ofb_kim", "/api/doctor").get_json()["checks"]

    assert "What the files of the settings say is not in force" in page
    assert "OFFBOARD_API_TOKENS" in page
    (said,) = [one for one in checks if one["what"] == "settings_files"]
    assert said["verdict"] == "failed"
    assert "no-entry-at-all" not in page + said["text"]
    file.write_text(before)
    watched.looks()
    page = client.get("/settings").get_data(as_text=True)
    assert "is not in force" not in page


def test_what_is_kept_between_requests_goes_with_its_settings(watched, file):
    context = context_of(watched)

    file.write_text(entry("lee", "viewer", "ofb_lee"))
    watched.looks()

    assert context.kept == {}
    assert [one.name for one in context.settings.api_tokens] == ["lee"]

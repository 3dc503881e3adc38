import json
import logging
from dataclasses import replace
from datetime import datetime

import pytest
import structlog
from click.testing import CliRunner
from fake_api import TOKEN, FakeApi
from fake_desk import NOW, SECRET, SETTINGS, FakeDesk
from standardwebhooks.webhooks import Webhook

from service.app import create_app
from service.cli import main
from service.commands.waiting import Pace
from service.context import Context, give_context

FAST = Pace(poll_seconds=0.01, patience_seconds=0.05, pauses=(0.01, 0.01))


@pytest.fixture
def desk():
    return FakeDesk()


@pytest.fixture
def settings():
    return SETTINGS


# An application takes long to build, and holds nothing of a test but its context and
# whether SCIM is served.
BUILT = {True: [], False: []}


@pytest.fixture
def an_app():
    """Makes applications; those that earlier tests have used are given out again."""
    numbers = {serves_scim: iter(range(1000)) for serves_scim in BUILT}

    def made(settings, desk, clock=lambda: NOW):
        serves_scim = settings.sources.scim.is_on
        number, built = next(numbers[serves_scim]), BUILT[serves_scim]
        if number == len(built):
            built.append(create_app(settings, desk, clock=clock))
        give_context(built[number], Context(settings, desk, clock))
        return built[number]

    return made


@pytest.fixture
def app(an_app, desk, settings):
    return an_app(settings, desk)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def as_viewer():
    return {"Authorization": "Bearer ofb_viewer"}


@pytest.fixture
def as_operator():
    return {"Authorization": "Bearer ofb_operator"}


@pytest.fixture
def as_approver():
    return {"Authorization": "Bearer ofb_approver"}


@pytest.fixture
def sign():
    """Signs with the published library: it is the oracle here."""

    def signed(body, *, id="msg_1", at=NOW, secret=SECRET, prefix="webhook-"):
        naive = datetime.fromtimestamp(at.timestamp(), at.tzinfo)
        signature = Webhook(secret).sign(id, naive, body.decode())
        return {
            f"{prefix}id": id,
            f"{prefix}timestamp": str(int(at.timestamp())),
            f"{prefix}signature": signature,
            "Content-Type": "application/json",
        }

    return signed


@pytest.fixture
def tell(client, sign):
    """Posts an event as an authentic sender does."""

    def told(event, **how):
        raw = event if isinstance(event, bytes) else json.dumps(event).encode()
        return client.post("/events/standard", data=raw, headers=sign(raw, **how))

    return told


@pytest.fixture
def a_departure():
    def made(**data):
        return {
            "type": "user.departed",
            "data": {
                "subjects": [{"format": "email", "email": "dana.lee@example.com"}],
                **data,
            },
        }

    return made


@pytest.fixture
def with_settings(an_app, desk):
    """A client of an application whose settings differ."""

    def made(**changed):
        changed_settings = replace(SETTINGS, **changed)
        return an_app(changed_settings, desk).test_client()

    return made


@pytest.fixture
def api():
    running = FakeApi()
    yield running
    running.close()


@pytest.fixture
def logs_as_before():
    """For commands that set logging up, as processes do."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def offboard(api):
    """Types a command at the service that `api` plays."""

    def typed(*words, env=None, pace=FAST):
        environ = {"OFFBOARD_URL": api.url, "OFFBOARD_TOKEN": TOKEN, **(env or {})}
        done = CliRunner(env=environ).invoke(main, list(words), obj=pace)
        assert TOKEN not in done.output
        return done

    return typed
